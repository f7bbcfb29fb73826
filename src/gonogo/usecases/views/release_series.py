"""What was judged of a release over time, as columns for charts: grown look by look.

Why grown: a page is pushed several times a second, and a rollout has thousands of looks; each look is
eaten once, and a push carries the newest few. What was not measured is None, so that a line breaks
there and never falls to zero. A whole series has at most about MOST points: every turning point, then
evenly spaced ones.
"""

import math
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from gonogo.domain.latency import Latencies
from gonogo.domain.look import Look
from gonogo.domain.traffic import Arm, Counts, Increment
from gonogo.domain.verdict import Interval, KpiAssessment, Test
from gonogo.judge.difference import differences
from gonogo.judge.distribution import Distribution, distribution

MOST = 600
TAIL = 40
"""Looks that a push carries; a page that missed more asks for the whole series."""
SMALLEST_GROUP = 50
MOST_GROUPS = 120
SPREAD = 2.58
"""Standard deviations within which 99 of 100 groups fall when the router splits as planned."""

Column = list[float | None]


@dataclass(slots=True)
class _TestLine:
    """One test: its evidence over time, its limit, and where it first stood at or beyond it."""

    tolerance: float
    threshold: float
    evidence: Column
    crossed: tuple[float, float] | None = None


class _Feed:
    """Gives the increment of the look that is being eaten."""

    increment = Increment("")

    def __iter__(self) -> Iterator[Increment]:
        return self

    def __next__(self) -> Increment:
        return self.increment


@dataclass(slots=True)
class _KpiLines:
    """One KPI: counts of both arms so far, and canary − baseline with a band that holds at every look.

    `tolerated` is the difference from which on the canary breaks a limit, as the baseline stands.
    """

    canary: Counts = field(default_factory=Counts)
    baseline: Counts = field(default_factory=Counts)
    counts: list[tuple[int, int, int, int] | None] = field(default_factory=list)
    bands: list[Interval | None] = field(default_factory=list)
    tolerated: Column = field(default_factory=list)
    tests: dict[Test, _TestLine] = field(default_factory=dict)
    feed: _Feed = field(default_factory=_Feed)
    difference: Iterator[Interval | None] = field(init=False)

    def __post_init__(self) -> None:
        self.difference = differences(self.feed)


@dataclass(slots=True)
class _Group:
    """Consecutive looks at one planned share, with the requests of each arm in them."""

    start: float
    end: float
    planned: float
    canary: int = 0
    total: int = 0


class Series:
    """The columns of one release. `total` looks were eaten."""

    def __init__(self) -> None:
        self._times: list[float] = []
        self._shares: list[float] = []
        self._gaps: list[str] = []
        self._turns: set[int] = set()
        self._step = -2
        self._kpis: dict[str, _KpiLines] = {}
        self._groups: list[_Group] = []
        self._open: _Group | None = None
        self._latencies: dict[Arm, Latencies] = {}
        self._timed = 0
        self._ladders: dict[str, Any] = {}

    @property
    def total(self) -> int:
        """How many looks it has."""
        return len(self._times)

    def add(self, look: Look) -> None:
        """Eat the next look."""
        at = look.at.timestamp()
        place = self.total
        if look.step != self._step or bool(look.gap) != bool(self._gaps[-1] if place else ""):
            self._turns |= {place, max(0, place - 1)}
        self._step = look.step
        self._times.append(at)
        self._shares.append(look.share)
        self._gaps.append(look.gap or "")
        increments = _gained(look)
        assessed = {each.kpi: each for each in look.judgement.kpis}
        for name in dict.fromkeys((*assessed, *increments)):
            lines = self._kpis.get(name)
            if lines is None:
                lines = self._kpis[name] = _KpiLines(
                    counts=[None] * place, bands=[None] * place, tolerated=[None] * place
                )
            self._grow(lines, increments.get(name), assessed.get(name), place, gap=bool(look.gap))
        for lines in self._kpis.values():
            _pad(lines, self.total)
        self._expose(look, increments)
        if look.latencies is not None and look.gap is None:
            for arm, gained in (
                (Arm.CANARY, look.latencies.canary),
                (Arm.BASELINE, look.latencies.baseline),
            ):
                known = self._latencies.get(arm)
                self._latencies[arm] = gained if known is None else known + gained

    def difference(self, kpi: str, at: datetime) -> Interval | None:
        """Canary − baseline of a KPI as it stood at a moment, as shares; None where it is not known."""
        lines = self._kpis.get(kpi)
        place = bisect_right(self._times, at.timestamp()) - 1
        return None if lines is None or place < 0 else lines.bands[place]

    def _grow(
        self,
        lines: _KpiLines,
        gained: Increment | None,
        found: KpiAssessment | None,
        place: int,
        *,
        gap: bool,
    ) -> None:
        if gained is not None:
            if gained.canary.bad and not lines.canary.bad:
                self._turns.add(place)
            lines.canary += gained.canary
            lines.baseline += gained.baseline
        canary, baseline = lines.canary, lines.baseline
        known = (canary.bad, canary.total, baseline.bad, baseline.total)
        lines.counts.append(None if gap else known)
        lines.feed.increment = gained or Increment("")
        band = next(lines.difference)
        lines.bands.append(None if gap else band)
        for each in () if found is None else found.evidence:
            line = lines.tests.get(each.test)
            if line is None:
                line = _TestLine(each.tolerance, each.threshold, [None] * place)
                lines.tests[each.test] = line
            line.threshold = each.threshold
            line.evidence.append(None if gap else _finite(each.log10_e))
            top = max(each.log10_e, each.peak)
            if line.crossed is None and top >= each.threshold:
                line.crossed = (self._times[place], top)
                self._turns.add(place)
        lines.tolerated.append(None if gap else _tolerated(lines))

    def _expose(self, look: Look, increments: dict[str, Increment]) -> None:
        """Put looks together until enough requests are in them, never across a gap or a step."""
        at = look.at.timestamp()
        if look.gap is not None or self._open is None or self._open.planned != look.share:
            self._open = None if look.gap is not None else _Group(at, at, look.share)
            return
        group = self._open
        busiest = max(
            increments.values(),
            key=lambda each: each.canary.total + each.baseline.total,
            default=None,
        )
        group.end = at
        if busiest is not None:
            group.canary += busiest.canary.total
            group.total += busiest.canary.total + busiest.baseline.total
        if group.total >= SMALLEST_GROUP:
            self._groups.append(group)
            self._open = _Group(at, at, look.share)
        if len(self._groups) > MOST_GROUPS:
            self._groups = _halved(self._groups)

    def whole(self) -> dict[str, Any]:
        """Everything, thinned."""
        return self._data(self._chosen())

    def tail(self) -> dict[str, Any]:
        """The newest looks, for whoever has those before them."""
        return self._data(range(max(0, self.total - TAIL), self.total))

    def _chosen(self) -> Sequence[int]:
        total = self.total
        if total <= MOST:
            return range(total)
        turns = sorted(self._turns | {0, total - 1})
        if len(turns) > MOST // 2:
            turns = turns[:: math.ceil(len(turns) / (MOST // 2))]
        left = MOST - len(turns)
        even = (round(index * (total - 1) / (left - 1)) for index in range(left))
        return sorted({*turns, *even})

    def _data(self, places: Sequence[int]) -> dict[str, Any]:
        return {
            "total": self.total,
            "places": list(places),
            "at": [round(self._times[place], 3) for place in places],
            "planned": [None if self._gaps[each] else self._shares[each] for each in places],
            "gaps": _stretches(self._times, self._gaps),
            "kpis": [
                {"kpi": name, **_columns(lines, places)} for name, lines in self._kpis.items()
            ],
            "exposure": [_exposure(group) for group in self._groups],
            "latency": self._latency(),
        }

    def _latency(self) -> dict[str, Any]:
        """Both arms' distributions; drawn anew once a tenth more requests were timed."""
        timed = sum(each.total for each in self._latencies.values())
        if timed > self._timed * 1.1 or not self._ladders:
            self._timed = timed
            self._ladders = {
                arm.value: _ladder(distribution(found))
                for arm, found in self._latencies.items()
                if found.total
            }
        return self._ladders


def _gained(look: Look) -> dict[str, Increment]:
    found: dict[str, Increment] = {}
    for each in look.increments if look.gap is None else ():
        known = found.get(each.kpi, Increment(each.kpi))
        found[each.kpi] = Increment(
            each.kpi, known.baseline + each.baseline, known.canary + each.canary
        )
    return found


def _pad(lines: _KpiLines, total: int) -> None:
    lines.counts.extend([None] * (total - len(lines.counts)))
    lines.bands.extend([None] * (total - len(lines.bands)))
    lines.tolerated.extend([None] * (total - len(lines.tolerated)))
    for line in lines.tests.values():
        line.evidence.extend([None] * (total - len(line.evidence)))


def _halved(groups: list[_Group]) -> list[_Group]:
    """Every two neighbours of one planned share put together."""
    found: list[_Group] = []
    rest = list(reversed(groups))
    while rest:
        first = rest.pop()
        if rest and rest[-1].planned == first.planned:
            second = rest.pop()
            first = _Group(
                first.start,
                second.end,
                first.planned,
                first.canary + second.canary,
                first.total + second.total,
            )
        found.append(first)
    return found


def _exposure(group: _Group) -> list[float]:
    """Start, end, planned, observed, and where 99 of 100 groups of its size fall; requests per arm."""
    half = SPREAD * math.sqrt(group.planned * (1 - group.planned) / group.total)
    return [
        round(group.start, 3),
        round(group.end, 3),
        group.planned,
        group.canary / group.total,
        max(0.0, group.planned - half),
        min(1.0, group.planned + half),
        group.canary,
        group.total - group.canary,
    ]


def _columns(lines: _KpiLines, places: Iterable[int]) -> dict[str, Any]:
    places = list(places)
    counts = [lines.counts[place] for place in places]
    bands = [lines.bands[place] for place in places]
    return {
        "canary": [None if each is None else [each[0], each[1]] for each in counts],
        "baseline": [None if each is None else [each[2], each[3]] for each in counts],
        "estimate": [None if each is None else _finite(each.estimate) for each in bands],
        "tolerated": [_finite(lines.tolerated[place]) for place in places],
        "low": [None if each is None else _finite(each.low) for each in bands],
        "high": [None if each is None else _finite(each.high) for each in bands],
        "tests": [
            {
                "test": test.value,
                "tolerance": line.tolerance,
                "threshold": round(line.threshold, 4),
                "evidence": [line.evidence[place] for place in places],
                "crossed": line.crossed,
            }
            for test, line in lines.tests.items()
        ],
    }


def _tolerated(lines: _KpiLines) -> float | None:
    """The smallest difference that breaks a limit, given the baseline's share so far."""
    baseline = lines.baseline.share
    found = []
    for test, line in lines.tests.items():
        if test is Test.ABSOLUTE:
            found.append(line.tolerance - (baseline or 0.0))
        elif baseline is not None:
            found.append((line.tolerance - 1) * baseline)
    return max(0.0, min(found)) if found else None


def _ladder(arm: Distribution) -> dict[str, Any]:
    """One arm's distribution of times: rungs as seconds, share and band; then its quantiles."""
    return {
        "total": arm.total,
        "rungs": [[each.seconds, each.share, each.low, each.high] for each in arm.rungs],
        "quantiles": [[each.part, each.estimate, each.low, each.high] for each in arm.quantiles],
    }


def _stretches(times: Sequence[float], gaps: Sequence[str]) -> list[list[Any]]:
    """Start, end and reason of every stretch that was not measured."""
    found: list[list[Any]] = []
    for place, gap in enumerate(gaps):
        if not gap:
            continue
        if found and place and gaps[place - 1] == gap:
            found[-1][1] = times[place]
        else:
            found.append([times[max(0, place - 1)], times[place], gap])
    return found[-50:]


def _finite(value: float | None) -> float | None:
    return None if value is None or not math.isfinite(value) else round(value, 6)
