"""What counters gained from sample to sample, exactly.

A counter that fell was reset, and what it shows is what it gained since: nothing is extrapolated, and
what it gained between its last sample and the reset is not known and not counted. A series is counted
from its second sample on. One that appears on an instance that was known before (the first 500 of a
process) began at zero, so its first sample counts too.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from gonogo.adapters.prometheus.client import Series
from gonogo.domain.errors import Unavailable

INSTANCE = "instance"
_WHOLE = 1e-6


@dataclass(frozen=True, slots=True)
class Place:
    """Where a series was scraped: the value of the label that tells arms apart, and its instance."""

    arm: str
    instance: str


@dataclass(frozen=True, slots=True)
class Gain:
    """What one series gained up to a sample."""

    place: Place
    at: float
    gained: int


@dataclass
class Counters:
    """The series of one selector, from one question to the next.

    `arm` is the label that tells arms apart, `summed` are labels in which series of one instance may
    differ. `what` names the selector in sentences. Times are seconds since 1970.
    """

    what: str
    arm: str
    summed: frozenset[str]
    hole: float
    holes: list[tuple[float, str]] = field(default_factory=list)
    _last: dict[tuple[tuple[str, str], ...], tuple[float, float]] = field(default_factory=dict)

    def forget(self) -> None:
        """Begin anew: what comes next is only where counting starts."""
        self._last.clear()
        self.holes.clear()

    def begin(self, found: Iterable[Series], until: Mapping[Place, float]) -> None:
        """Note where counters stand, counting nothing. Raises Unavailable as `take` does."""
        found = list(found)
        self._check(found)
        for series in found:
            end = until.get(self.place(series), float("-inf"))
            seen = [sample for sample in series.samples if sample[0] <= end]
            if seen:
                self._last[_identity(series)] = seen[-1]

    def take(
        self,
        found: Iterable[Series],
        known: Mapping[Place, float],
        until: Mapping[Place, float] | None = None,
    ) -> list[Gain]:
        """What was gained since the samples that were taken before.

        `known` says since when each place was scraped; a new series there began at zero. Samples
        later than `until` of their place are left for the next time. Where samples are further apart
        than `hole`, a reset between them could have gone unseen: nothing is counted there and `holes`
        says so. Raises Unavailable when several series stand where one is needed, when a label is
        missing, and when what was gained is no whole number.
        """
        found = list(found)
        self._check(found)
        gains: list[Gain] = []
        for series in found:
            place = self.place(series)
            end = float("inf") if until is None else until.get(place, float("-inf"))
            identity = _identity(series)
            before = self._last.get(identity)
            for at, value in series.samples:
                if at > end or (before is not None and at <= before[0]):
                    continue
                gained = self._gained(place, before, (at, value), known)
                if gained:
                    gains.append(Gain(place, at, gained))
                before = (at, value)
            if before is not None:
                self._last[identity] = before
        return gains

    def place(self, series: Series) -> Place:
        """Raises Unavailable when the label that tells arms apart is missing."""
        value = series.labels.get(self.arm, "")
        if not value:
            raise Unavailable(
                f"{self.what}: a series has no label {self.arm} to tell arms apart by"
            )
        return Place(value, series.labels.get(INSTANCE, ""))

    def _gained(
        self,
        place: Place,
        before: tuple[float, float] | None,
        sample: tuple[float, float],
        known: Mapping[Place, float],
    ) -> int:
        at, value = sample
        if before is None:
            gained = value if known.get(place, float("inf")) < at else 0.0
        else:
            if at - before[0] > self.hole:
                self.holes.append((at, f"{self.what}: no sample for {at - before[0]:.0f} s"))
                return 0
            gained = value - before[1] if value >= before[1] else value
        whole = round(gained)
        if abs(gained - whole) > _WHOLE * max(1.0, abs(value)):
            raise Unavailable(
                f"{self.what}: gained {gained:g}, which is no whole number: it does not count requests"
            )
        return whole

    def _check(self, found: Iterable[Series]) -> None:
        """One series per instance, but for labels that are added up."""
        first: dict[Place, Series] = {}
        for series in found:
            place = self.place(series)
            other = first.setdefault(place, series)
            names = {*series.labels, *other.labels} - self.summed - {"le"}
            differ = sorted(
                name for name in names if series.labels.get(name) != other.labels.get(name)
            )
            if differ:
                where = place.instance or place.arm
                raise Unavailable(
                    f"{self.what}: several series for {where}, which differ in {', '.join(differ)}",
                    hint="select one of them, or name the labels that are to be added up",
                )


def _identity(series: Series) -> tuple[tuple[str, str], ...]:
    return tuple(sorted(series.labels.items()))
