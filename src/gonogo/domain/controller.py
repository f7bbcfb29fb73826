"""The tasks by which a desk works, as they are seen from outside."""

from dataclasses import dataclass
from enum import StrEnum


class ControllerKind(StrEnum):
    """What a task is for: finding releases to drive, driving one, keeping what serves, sending."""

    CLAIMS = "claims"
    RELEASE = "release"
    FLEET = "fleet"
    OUTBOX = "outbox"


@dataclass(frozen=True, slots=True)
class ControllerSeen:
    """One task now.

    `of` is the service, or the service and environment (`shop/production`), that it is about; empty
    for a task that is about everything. `doing` is what it does now, for `doing_seconds` already, and
    longer than `limit_seconds` it should not take. `beat_seconds` is how long ago it last gave a sign
    of life. `restarts` counts how often this task had to be begun anew since the desk started,
    `restarted_seconds` is how long ago that was for the last time and `trouble` why; `left_behind`
    counts those before it that did not even end when they were told to.
    """

    kind: ControllerKind
    of: str
    release: str | None
    doing: str
    doing_seconds: float
    limit_seconds: float
    beat_seconds: float
    restarts: int = 0
    restarted_seconds: float | None = None
    trouble: str = ""
    left_behind: int = 0

    @property
    def stuck(self) -> bool:
        """Whether it takes longer than it may."""
        return self.doing_seconds > self.limit_seconds

    @property
    def name(self) -> str:
        """What people call it."""
        about = self.of if self.release is None else f"{self.release} of {self.of}"
        return f"{self.kind.value} {about}".rstrip()
