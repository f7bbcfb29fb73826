"""Counts of KPIs from a Prometheus: the same port as the router's log lines.

Guarantees:

- Only raw samples are used, each once, with exact reset handling (`counters`).
- What is not a whole, fresh, unambiguous answer is Unavailable with one sentence, never data. After it
  counting goes on where it stopped, or begins anew where that would be a guess.
- Nothing that was scraped before the subscription is counted. No series at all is no data.
- All and bad requests are taken up to the same scrape of an instance, so a bad one is never counted
  without its request.

Not known from counters are customers who were hurt and how long answers took. `requests` is what the
KPI with most requests counted. A decision waits for the next scrape and the next question.
"""

import asyncio
import math
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from gonogo.adapters.prometheus.client import ANSWER_WITHIN, Client, Series
from gonogo.adapters.prometheus.counters import Counters, Place
from gonogo.domain.errors import InvalidInput, Unavailable
from gonogo.domain.prometheus import Buckets, CounterPair, PrometheusCounts
from gonogo.domain.traffic import Counts, Kpi, SlowerThan
from gonogo.ports.clock import Clock
from gonogo.ports.metrics import Batch, MetricStream

_LONGEST_ABSENCE = 3600.0
"""Seconds without an answer after which counting begins anew."""


class PrometheusMetrics:
    """`ports.metrics.MetricSource` and `ports.metrics.MetricPast` over one Prometheus.

    Batches carry the values of the label `origin.arm` where others carry addresses. `within` is in
    seconds: how long an answer may take.
    """

    def __init__(
        self, origin: PrometheusCounts, clock: Clock, *, within: float = ANSWER_WITHIN
    ) -> None:
        self._origin = origin
        self._clock = clock
        self._within = within

    @asynccontextmanager
    async def subscribe(
        self, service: str, environment: str, kpis: tuple[Kpi, ...]
    ) -> AsyncIterator[MetricStream]:
        """See `ports.metrics.MetricSource.subscribe`. Raises InvalidInput for a KPI without selectors."""
        measures = [_Measure.of(kpi, self._origin) for kpi in kpis]
        async with Client(self._origin.url, self._within) as client:
            stream = _Stream(self._origin, self._clock, client, measures)
            await stream.open()
            yield stream

    async def past(
        self, kpis: tuple[Kpi, ...], start: datetime, end: datetime
    ) -> AsyncIterator[Batch]:
        """See `ports.metrics.MetricPast.past`."""
        measures = [_Measure.of(kpi, self._origin) for kpi in kpis]
        async with Client(self._origin.url, self._within) as client:
            for measure in measures:
                await measure.ask(client, (end - start).total_seconds(), end.timestamp())
        width = self._origin.every.total_seconds()
        found: dict[int, _Sums] = {}
        for measure in measures:
            for one in measure.take():
                found.setdefault(math.floor(one.at / width), _Sums()).add(measure.kpi, one)
            for at, why in measure.holes():
                found.setdefault(math.floor(at / width), _Sums()).gap = why
        for number in sorted(found):
            yield found[number].batch(datetime.fromtimestamp((number + 1) * width, UTC))


@dataclass(frozen=True, slots=True)
class _Gained:
    """What one place gained at one scrape."""

    place: Place
    at: float
    counts: Counts


@dataclass
class _Sums:
    """One batch in the making."""

    counts: dict[tuple[str, str], Counts] = field(default_factory=dict)
    gap: str | None = None

    def add(self, kpi: Kpi, gained: _Gained) -> None:
        key = (gained.place.arm, kpi.name)
        self.counts[key] = self.counts.get(key, Counts()) + gained.counts

    def batch(self, at: datetime) -> Batch:
        if self.gap is not None:
            return Batch(at=at, gap=self.gap)
        requests: dict[str, int] = {}
        for (arm, _), counts in self.counts.items():
            requests[arm] = max(requests.get(arm, 0), counts.total)
        return Batch(at=at, counts=self.counts, requests=requests)


class _Measure:
    """One KPI: its counters of all and of bad (or, from buckets, of fast) requests."""

    def __init__(
        self, kpi: Kpi, source: CounterPair | Buckets, origin: PrometheusCounts, limit: timedelta
    ) -> None:
        self.kpi = kpi
        self._limit = limit
        self._source = source
        hole = origin.stale.total_seconds()
        summed = frozenset(origin.summed)
        self._all = Counters(f'all of "{kpi.name}"', origin.arm, summed, hole)
        self._part = Counters(f'part of "{kpi.name}"', origin.arm, summed, hole)
        self._known: dict[Place, float] = {}
        self._until: dict[Place, float] = {}
        self._answers: tuple[list[Series], list[Series]] = ([], [])

    @classmethod
    def of(cls, kpi: Kpi, origin: PrometheusCounts) -> "_Measure":
        source = origin.counts.get(kpi.name)
        if source is None:
            raise InvalidInput(
                f'nothing says which counters of Prometheus belong to "{kpi.name}"',
                hint="give it selectors, or take it out",
            )
        slow = kpi.bad.limit if isinstance(kpi.bad, SlowerThan) else None
        if isinstance(source, Buckets) and slow is None:
            raise InvalidInput(f'"{kpi.name}" counts failures; buckets only tell slow requests')
        return cls(kpi, source, origin, slow or timedelta())

    async def ask(self, client: Client, seconds: float, at: float | None) -> None:
        """Get the samples. All comes before part: a scrape in between adds to the part alone."""
        if isinstance(self._source, CounterPair):
            whole = await client.samples(self._source.total, seconds, at)
            self._answers = (whole, await client.samples(self._source.bad, seconds, at))
            return
        found = await client.samples(self._source.selector, seconds, at)
        bound = self._bound(found)
        self._answers = (
            [series for series in found if _le(series) == math.inf],
            [series for series in found if _le(series) == bound],
        )

    def _bound(self, found: Iterable[Series]) -> float:
        """The bucket whose bound is the KPI's limit."""
        limit = self._limit.total_seconds()
        bounds = sorted({_le(series) for series in found} - {math.inf})
        exact = [bound for bound in bounds if math.isclose(bound, limit, rel_tol=1e-9)]
        if exact or not bounds:
            return exact[0] if exact else limit
        near = sorted(bounds, key=lambda bound: abs(math.log(max(bound, 1e-9) / limit)))[:2]
        raise Unavailable(
            f'"{self.kpi.name}" asks for {limit:g} s, and no bucket ends there',
            hint=f"use one of {' and '.join(f'{bound:g} s' for bound in sorted(near))}",
        )

    def newest(self) -> float | None:
        """When the newest sample of all requests was taken, now or before."""
        times = [series.samples[-1][0] for series in self._answers[0] if series.samples]
        return max([*times, *self._until.values()], default=None)

    def begin(self) -> None:
        """Note where counters stand."""
        self._note()
        self._all.begin(self._answers[0], self._until)
        self._part.begin(self._answers[1], self._until)

    def take(self) -> list[_Gained]:
        """What was gained, by place and scrape. Raises Unavailable when it makes no sense."""
        self._note()
        sums: dict[tuple[Place, float], list[int]] = {}
        for gain in self._all.take(self._answers[0], self._known):
            sums.setdefault((gain.place, gain.at), [0, 0])[0] += gain.gained
        for gain in self._part.take(self._answers[1], self._known, self._until):
            sums.setdefault((gain.place, gain.at), [0, 0])[1] += gain.gained
        return [
            self._gained(place, at, *both) for (place, at), both in sorted(sums.items(), key=str)
        ]

    def _gained(self, place: Place, at: float, whole: int, part: int) -> _Gained:
        bad = part if isinstance(self._source, CounterPair) else whole - part
        if not 0 <= bad <= whole:
            raise Unavailable(
                f'"{self.kpi.name}": {bad} of {whole} requests bad at {place.instance or place.arm}:'
                " the bad ones are no part of all",
                hint="both selectors must be of one counter, the second with a condition more",
            )
        return _Gained(place, at, Counts(bad, whole))

    def holes(self) -> list[tuple[float, str]]:
        """Where samples were missing since this was last asked."""
        found = [*self._all.holes, *self._part.holes]
        self._all.holes.clear()
        self._part.holes.clear()
        return found

    def forget(self) -> None:
        """Begin anew."""
        self._all.forget()
        self._part.forget()

    def _note(self) -> None:
        for series in self._answers[0]:
            if series.samples:
                place = self._all.place(series)
                first, last = series.samples[0][0], series.samples[-1][0]
                self._known[place] = min(self._known.get(place, math.inf), first)
                self._until[place] = max(self._until.get(place, 0.0), last)


class _Stream:
    """One subscription. `_begun` says whether it is known where counters stand."""

    def __init__(
        self, origin: PrometheusCounts, clock: Clock, client: Client, measures: Sequence[_Measure]
    ) -> None:
        self._origin = origin
        self._clock = clock
        self._client = client
        self._measures = measures
        self._begun = False
        self._answered = 0.0
        self._next_question = 0.0

    async def open(self) -> None:
        """Note where counters stand; where that fails now, the first answer is the beginning."""
        try:
            await self._question()
        except Unavailable:
            self._begun = False
            self._next_question = 0.0

    async def next(self, within: timedelta) -> Batch:
        """See `ports.metrics.MetricStream.next`."""
        loop = asyncio.get_running_loop()
        until = loop.time() + within.total_seconds()
        while True:
            if loop.time() >= self._next_question:
                batch = await self._question()
                if batch.counts or batch.gap is not None:
                    return batch
            if self._next_question >= until:
                await asyncio.sleep(until - loop.time())
                return Batch(at=self._clock.now())
            await asyncio.sleep(self._next_question - loop.time())

    async def _question(self) -> Batch:
        loop = asyncio.get_running_loop()
        self._next_question = loop.time() + self._origin.every.total_seconds()
        stale = self._origin.stale.total_seconds()
        absent = loop.time() - self._answered if self._begun else 0.0
        lost = absent > _LONGEST_ABSENCE
        for measure in self._measures:
            await measure.ask(self._client, stale + (0.0 if lost else absent), None)
        self._see_that_it_is_fresh(stale)
        self._answered = loop.time()
        try:
            return self._counted(lost, absent)
        except Unavailable:
            # Some counters went on and others did not; what they gained cannot be told apart any more.
            self._begun = False
            raise

    def _counted(self, lost: bool, absent: float) -> Batch:
        now = self._clock.now()
        if lost or not self._begun:
            for measure in self._measures:
                measure.forget()
                measure.begin()
            self._begun = True
            why = f"Prometheus at {self._origin.url} could not be asked for {absent / 3600:.1f} h"
            return Batch(at=now, gap=why if lost else None)
        sums = _Sums()
        for measure in self._measures:
            for gained in measure.take():
                sums.add(measure.kpi, gained)
        holes = [why for measure in self._measures for _, why in measure.holes()]
        sums.gap = holes[0] if holes else None
        return sums.batch(now)

    def _see_that_it_is_fresh(self, stale: float) -> None:
        now = self._clock.now().timestamp()
        for measure in self._measures:
            newest = measure.newest()
            if newest is None:
                continue
            age = now - newest
            if abs(age) > stale:
                name = measure.kpi.name
                far = f"{_spoken(abs(age))} {'old' if age > 0 else 'in the future'}"
                raise Unavailable(
                    f'the newest sample of "{name}" in Prometheus at {self._origin.url} is {far};'
                    f" the limit is {stale:.0f} s",
                    hint="see in its pages whether the targets are up, and compare the clocks",
                )


def _spoken(seconds: float) -> str:
    """A length of time, in the largest unit of which there are two."""
    units = ((86_400, "days"), (3600, "hours"), (60, "minutes"))
    found = next(((each, name) for each, name in units if seconds >= 2 * each), None)
    return f"{seconds:.0f} seconds" if found is None else f"{seconds // found[0]:.0f} {found[1]}"


def _le(series: Series) -> float:
    try:
        return float(series.labels["le"])
    except (KeyError, ValueError):
        raise Unavailable(
            "a series of a histogram has no bound in its label le",
            hint="select the counter whose name ends in _bucket",
        ) from None
