"""What is counted: one request, the arms it can fall on, and what makes it bad."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum


class Arm(StrEnum):
    """The two sides of a comparison."""

    BASELINE = "baseline"
    CANARY = "canary"


@dataclass(frozen=True, slots=True)
class Counts:
    """Bad events and all events, 0 ≤ bad ≤ total."""

    bad: int = 0
    total: int = 0

    def __post_init__(self) -> None:
        if not 0 <= self.bad <= self.total:
            raise ValueError(f"counts must satisfy 0 ≤ bad ≤ total, not {self.bad} of {self.total}")

    def __add__(self, other: "Counts") -> "Counts":
        return Counts(self.bad + other.bad, self.total + other.total)

    @property
    def good(self) -> int:
        """Events that were not bad."""
        return self.total - self.bad

    @property
    def share(self) -> float | None:
        """Bad events per event, or None before the first event."""
        return self.bad / self.total if self.total else None


@dataclass(frozen=True, slots=True)
class Increment:
    """What one KPI gained on both arms since the look before."""

    kpi: str
    baseline: Counts = Counts()
    canary: Counts = Counts()


@dataclass(frozen=True, slots=True)
class BadStatus:
    """A request is bad when its status lies in one of these closed ranges (5xx = (500, 599)).

    A request that got no answer from the version at all is always bad.
    """

    ranges: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class SlowerThan:
    """A request is bad when the version took longer than this, or did not answer at all."""

    limit: timedelta


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Which requests a KPI looks at. `path` may hold `*` for one segment and a last `**` for the rest."""

    method: str | None = None
    path: str | None = None

    def matches(self, method: str, path: str) -> bool:
        """Whether a request of this method and path (query string left off) belongs to it."""
        if self.method is not None and self.method != method:
            return False
        return self.path is None or re.fullmatch(_pattern(self.path), path) is not None


def _pattern(path: str) -> str:
    parts = {"**": ".*", "*": "[^/]*"}
    return "".join(parts.get(piece, re.escape(piece)) for piece in re.split(r"(\*\*|\*)", path))


@dataclass(frozen=True, slots=True)
class Request:
    """One finished request as the router saw it.

    `address` is `host:port` of the instance that answered or should have. `status` is None when that
    instance gave no answer (refused, closed, timed out), even where a retry elsewhere saved the
    customer. `seconds` is the server's own time. `client` is the customer's address.
    """

    at: datetime
    address: str
    status: int | None
    seconds: float
    method: str
    path: str
    client: str
    forced: bool = False


ONCE_IN = timedelta(minutes=1)
"""For how long a customer is set aside after a bad answer unless a plan says otherwise."""


class Unit(StrEnum):
    """What a KPI counts: requests, or customers, each once in a while (domain.repeats)."""

    REQUEST = "request"
    CLIENT = "client"


@dataclass(frozen=True, slots=True)
class Kpi:
    """A ratio of bad requests to all requests on one endpoint (the SRE workbook's SLI).

    `limit` is the highest tolerated share of bad requests (absolute test); `ratio` is how many times
    the baseline's share is tolerated (relative test). At least one of the two is given. `once_in` is
    for how long a customer is set aside after a bad answer, or after having been counted at all where
    the unit is the client (`domain.repeats`); None: every request counts.
    """

    name: str
    bad: BadStatus | SlowerThan
    endpoint: Endpoint = Endpoint()
    limit: float | None = None
    ratio: float | None = None
    unit: Unit = Unit.REQUEST
    once_in: timedelta | None = None

    def __post_init__(self) -> None:
        if self.limit is None and self.ratio is None:
            raise ValueError(f'KPI "{self.name}" has neither a limit nor a ratio to the baseline')
        if self.limit is not None and not 0 < self.limit < 1:
            raise ValueError(f'KPI "{self.name}": limit must lie between 0 and 1, not {self.limit}')
        if self.ratio is not None and self.ratio < 1:
            raise ValueError(f'KPI "{self.name}": ratio must be at least 1, not {self.ratio}')
        if self.once_in is None and self.unit is Unit.CLIENT:
            raise ValueError(
                f'KPI "{self.name}" counts customers and needs a time to count each once'
            )
        if self.once_in is not None and self.once_in <= timedelta():
            raise ValueError(f'KPI "{self.name}": once_in must be longer than 0 s')

    def count(self, request: Request) -> Counts | None:
        """This request's share in the KPI, or None when it is about other requests."""
        if not self.endpoint.matches(request.method, request.path):
            return None
        return Counts(bad=int(is_bad(self.bad, request)), total=1)


def is_bad(rule: BadStatus | SlowerThan, request: Request) -> bool:
    """Whether the rule calls this request bad. No answer from the version is always bad."""
    if request.status is None:
        return True
    if isinstance(rule, SlowerThan):
        return request.seconds > rule.limit.total_seconds()
    # Asked of every request: a generator takes three times as long.
    for low, high in rule.ranges:  # noqa: SIM110
        if low <= request.status <= high:
            return True
    return False
