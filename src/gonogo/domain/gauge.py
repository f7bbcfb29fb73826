"""A gauge: a number that is read from a running version, with a bound and a time.

It is the other kind of KPI. A rate counts requests and is judged on evidence; a gauge is a fact about
the version itself (its memory, a queue, dead letters), and what it may be is said outright.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

_LEAST_EVERY, _MOST_EVERY = timedelta(seconds=1), timedelta(seconds=10)
_LEAST_FRESH = timedelta(seconds=10)

_SIZES = ((1e12, "TB"), (1e9, "GB"), (1e6, "MB"), (1e3, "kB"))


@dataclass(frozen=True, slots=True)
class JsonNumber:
    """GET `path` on the instance answers JSON; `pointer` (RFC 6901) leads to a number in it."""

    path: str
    pointer: str


@dataclass(frozen=True, slots=True)
class Metric:
    """GET `path` on the instance answers Prometheus text; exactly one series has this name and labels.

    A series may have more labels than are asked for, as in a selector of PromQL.
    """

    path: str
    name: str
    labels: tuple[tuple[str, str], ...] = ()

    @property
    def selector(self) -> str:
        """As it is written: `queue_depth{queue="mail"}`."""
        inner = ",".join(f'{label}="{value}"' for label, value in self.labels)
        return f"{self.name}{{{inner}}}" if inner else self.name


@dataclass(frozen=True, slots=True)
class ResidentMemory:
    """Resident memory of the instance's processes, added up, in bytes."""


GaugeOrigin = JsonNumber | Metric | ResidentMemory


class Bound(StrEnum):
    """On which side of its bound a gauge is well."""

    AT_MOST = "at_most"
    AT_LEAST = "at_least"


class Unit(StrEnum):
    """What a gauge's number counts, as far as its bound says so."""

    NUMBER = "number"
    BYTES = "bytes"
    SECONDS = "seconds"


@dataclass(frozen=True, slots=True)
class Gauge:
    """One gauge: where it is read, its bound, and how long without a break it must lie beyond it."""

    name: str
    origin: GaugeOrigin
    bound: Bound
    value: float
    lasting: timedelta
    unit: Unit = Unit.NUMBER

    @property
    def every(self) -> timedelta:
        """How often it is read: ten times in its duration, within bounds that spare the service."""
        return min(max(self.lasting / 10, _LEAST_EVERY), _MOST_EVERY)

    @property
    def fresh_for(self) -> timedelta:
        """How old a reading may be and still speak for now; a longer silence is a gap."""
        return max(3 * self.every, _LEAST_FRESH)

    @property
    def allowed(self) -> str:
        """The bound in words: `at most 128 MB`."""
        word = "at most" if self.bound is Bound.AT_MOST else "at least"
        return f"{word} {self.shown(self.value)}"

    def shown(self, value: float) -> str:
        """A value with its unit, in four digits."""
        if self.unit is Unit.BYTES:
            size, unit = next((each for each in _SIZES if abs(value) >= each[0]), (1, "B"))
            return f"{value / size:.4g} {unit}"
        if self.unit is Unit.SECONDS:
            return f"{value * 1000:.4g} ms" if abs(value) < 1 else f"{value:.4g} s"
        return f"{int(value):,}" if value == int(value) and abs(value) < 1e15 else f"{value:.4g}"

    def is_beyond(self, value: float) -> bool:
        """Whether this value breaks the bound."""
        return value > self.value if self.bound is Bound.AT_MOST else value < self.value


@dataclass(frozen=True, slots=True)
class Reading:
    """What one look at a gauge found: a value that was true at `at`, or why there is none."""

    gauge: str
    at: datetime
    value: float | None = None
    trouble: str | None = None
