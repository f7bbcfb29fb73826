"""Whether customers still come through a router, told from its counts alone."""

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True)
class Traffic:
    """What a router says: the number of customers' requests so far by its process, and open ones."""

    pid: int | None = None
    requests: int = 0
    open: int = 0


@dataclass(slots=True)
class Quiet:
    """Whether customers have stopped coming, judged by how often they came.

    A service that is asked once in a minute is silent most of the time. So the silence that counts is
    `least`, or twenty times the mean pause between requests while one watched, if that is longer; and
    where not a single one came, nothing is known.
    """

    least: timedelta
    began: float
    last: Traffic = Traffic()
    last_at: float | None = None
    seen: int = 0

    def see(self, found: Traffic, now: float) -> int:
        """Take a reading at `now` (seconds of any steady clock); how many came since the one before."""
        before = self.last
        same = before.pid == found.pid
        came = found.requests - before.requests if same else (found.requests if before.pid else 0)
        self.last = found
        self.seen += came
        if came or found.open:
            self.last_at = now
        return came

    @property
    def needed(self) -> float:
        """How many seconds of silence count."""
        if not self.seen or self.last_at is None:
            return self.least.total_seconds()
        watched = max(self.last_at - self.began, 0.001)
        return max(self.least.total_seconds(), 20 * watched / self.seen)

    def is_quiet(self, now: float) -> bool:
        """Whether it has been silent for long enough, or (seen nothing at all) for the least time."""
        since = self.began if self.last_at is None else self.last_at
        return self.last.open == 0 and now - since >= self.needed
