"""A release as one line of a list, without its plan: what a history of many thousands is made of."""

from dataclasses import dataclass
from datetime import datetime

from gonogo.domain.release import Stage


@dataclass(frozen=True, slots=True)
class ReleaseLine:
    """`number` grows with every release that is opened; the rest is as in `Release`."""

    number: int
    id: str
    service: str
    version: str
    commit: str
    previous: str | None
    actor: str
    created_at: datetime
    stage: Stage
    stage_since: datetime
    reason: str
    exposed: bool
    attempt: int


@dataclass(frozen=True, slots=True)
class ReleaseSearch:
    """Which releases are looked for, the last opened first; what is None does not matter.

    `text` is part of a version, a commit's beginning, a person's name or part of a reason, in any case of
    letters. `since` and `until` bound when a release was opened. `before` is the number of the last one
    seen.
    """

    service: str | None = None
    stages: tuple[Stage, ...] | None = None
    text: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    before: int | None = None
    limit: int = 50
