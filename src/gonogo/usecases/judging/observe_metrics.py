"""What the judge would have said of counts that a metric source has: live, or of a time that is past.

The source may be a Prometheus or the router of a running desk. Nothing is moved or stored.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from fnmatch import fnmatchcase
from typing import Any

from gonogo.domain.errors import InvalidInput, Unavailable
from gonogo.domain.plan import Plan
from gonogo.domain.prometheus import (
    LABEL_NAME,
    Buckets,
    CounterPair,
    PrometheusCounts,
    unfit_selector,
)
from gonogo.domain.slot import Slot, SlotRole
from gonogo.domain.traffic import Arm, Counts, Increment, Kpi, SlowerThan
from gonogo.judge.plan import RETRIES, JudgePlan
from gonogo.ports.clock import Clock
from gonogo.ports.metrics import Batch, MetricPast, MetricSource
from gonogo.usecases.judging.observe import (
    ERRORS,
    Stop,
    Watching,
    judge_by_options,
    watched,
    watched_view,
)

__all__ = ["Arms", "JudgePlan", "OnStart", "RouterPlace", "Wanted", "Watcher"]

LONGEST_PAST = timedelta(days=31)
_ROUND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Arms:
    """Which values are which arm: shell patterns; the canary's is tried first."""

    canary: str
    baseline: str = "*"

    def arm(self, value: str) -> Arm | None:
        """The arm, or None for a value of neither."""
        if fnmatchcase(value, self.canary):
            return Arm.CANARY
        return Arm.BASELINE if fnmatchcase(value, self.baseline) else None


@dataclass(frozen=True, slots=True)
class RouterPlace:
    """A service of the desk, whose router is read."""

    service: str
    environment: str


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to watch: a Prometheus (`origin`) or a router; live for a time, or the past.

    `arms` None: as the desk's slots say. `since`: how far back, None: from now on. `lasts`: how long
    to go on, None: until it is ended or would have stopped.
    """

    plan: JudgePlan
    at_least: int
    origin: PrometheusCounts | None = None
    router: RouterPlace | None = None
    arms: Arms | None = None
    since: timedelta | None = None
    lasts: timedelta | None = None


@dataclass
class Watcher(Watching):
    """Takes batches in. `others` are values of neither arm, `gaps` (when, why) what was not counted."""

    arms: Arms = field(kw_only=True)
    others: set[str] = field(default_factory=set)
    gaps: list[tuple[datetime, str]] = field(default_factory=list)

    def see(self, batch: Batch) -> Stop | None:
        """One more batch; the stop, the first time it would have come."""
        if batch.gap is not None:
            self.miss(batch.at, batch.gap)
            return None
        sums: dict[str, dict[Arm, Counts]] = {kpi.name: {} for kpi in self.plan.kpis}
        for (value, kpi), counts in batch.counts.items():
            arm = self._arm(value)
            if arm is not None:
                sums[kpi][arm] = sums[kpi].get(arm, Counts()) + counts
        for value, number in batch.requests.items():
            arm = self._arm(value)
            if arm is not None:
                self.requests[arm] += number
        increments = [
            Increment(kpi, found.get(Arm.BASELINE, Counts()), found.get(Arm.CANARY, Counts()))
            for kpi, found in sums.items()
            if found
        ]
        return self.weigh(batch.at, increments) if increments else None

    def _arm(self, value: str) -> Arm | None:
        arm = self.arms.arm(value)
        if arm is None and len(self.others) < 1000:
            self.others.add(value)
        return arm

    def miss(self, at: datetime, why: str) -> None:
        """Something was not counted. A reason that goes on is told once."""
        if not self.gaps or self.gaps[-1][1] != why:
            self.gaps.append((at, why))


def prometheus_by_options(
    url: str,
    *,
    total: str | None,
    bad: str | None,
    buckets: str | None,
    slower_than: timedelta | None,
    label: str,
    summed: tuple[str, ...],
    every: timedelta,
) -> PrometheusCounts:
    """A Prometheus and its selectors, from options. Raises InvalidInput."""
    if not url.startswith(("http://", "https://")):
        raise InvalidInput(f'--prometheus "{url}" is no address, as in http://127.0.0.1:9090')
    if (total is None) != (bad is None):
        raise InvalidInput(
            "--total and --bad belong together",
            hint="as in --total 'http_requests_total{job=\"shop\"}'"
            ' --bad \'http_requests_total{job="shop",status=~"5.."}\'',
        )
    if total is None and buckets is None:
        raise InvalidInput("what is to be counted? give --total and --bad, or --buckets, or --spec")
    if (buckets is None) != (slower_than is None):
        raise InvalidInput("--buckets and --slower-than belong together")
    counts: dict[str, CounterPair | Buckets] = {}
    if total is not None and bad is not None:
        counts["errors"] = CounterPair(_selector("--total", total), _selector("--bad", bad))
    if buckets is not None:
        counts["slow"] = Buckets(_selector("--buckets", buckets))
    for name in (label, *summed):
        if not LABEL_NAME.fullmatch(name):
            raise InvalidInput(f'"{name}" is no name of a label')
    if not timedelta(seconds=1) <= every <= timedelta(minutes=10):
        raise InvalidInput("--every must lie between 1s and 10m")
    return PrometheusCounts(url, counts, label, summed, every)


def _selector(option: str, text: str) -> str:
    problem = unfit_selector(text)
    if problem is not None:
        raise InvalidInput(f'{option} "{text}" {problem}')
    return text


def plan_by_options(
    origin: PrometheusCounts | None,
    limit: float | None,
    ratio: float,
    slower_than: timedelta | None,
    false_alarm: float,
) -> JudgePlan:
    """Failed and slow requests, those of them that there are counts of.

    Counters do not know customers, so their repetitions cannot be left out.
    """
    if origin is None:
        return judge_by_options(limit, ratio, slower_than, false_alarm)
    kpis = []
    if "errors" in origin.counts:
        kpis.append(Kpi("errors", ERRORS, limit=limit, ratio=ratio))
    if slower_than is not None:
        kpis.append(Kpi("slow", SlowerThan(slower_than), limit=limit, ratio=ratio))
    return JudgePlan(tuple(kpis), false_alarm / RETRIES)


def prometheus_by_spec(plan: Plan, url: str, label: str | None) -> PrometheusCounts:
    """The counters that a spec names, at this address. Raises InvalidInput where it names none."""
    if plan.metrics is None:
        raise InvalidInput(
            "the spec names no counters (metrics.prometheus)",
            hint="give --total and --bad instead of --spec, or add them to it",
        )
    return replace(plan.metrics, url=url, arm=label or plan.metrics.arm)


def counted_there(plan: JudgePlan, origin: PrometheusCounts) -> JudgePlan:
    """Without what Prometheus has no counters of; the rest is judged as strictly as in a release.

    Raises InvalidInput where nothing is left.
    """
    kpis = tuple(kpi for kpi in plan.kpis if kpi.name in origin.counts)
    if not kpis:
        raise InvalidInput("the spec names no counters of what is judged")
    left = replace(plan, kpis=kpis)
    return replace(left, false_alarm=plan.false_alarm * left.tests / plan.tests)


def arms_of(slots: tuple[Slot, ...], place: RouterPlace) -> Arms:
    """The arms that a release under way has. Raises InvalidInput where there is no canary."""
    named = {slot.role: slot.address for slot in slots if slot.address is not None}
    canary, baseline = named.get(SlotRole.CANARY), named.get(SlotRole.BASELINE)
    if canary is None or baseline is None:
        raise InvalidInput(
            f"{place.service} has no canary in {place.environment} now: nothing to compare",
            hint="begin when a release sends customers to it, or name an address: --canary 127.0.0.1:9001",
        )
    return Arms(canary, baseline)


async def follow(
    source: MetricSource,
    place: RouterPlace,
    watcher: Watcher,
    clock: Clock,
    lasts: timedelta | None,
) -> None:
    """Watch from now on, until it would have stopped, the time is over, or it is cancelled.

    Raises Unavailable when the source cannot be reached at the beginning; later on that is a gap.
    """
    begun = clock.now()
    answered = False
    async with source.subscribe(place.service, place.environment, watcher.plan.kpis) as stream:
        while watcher.stop is None and (lasts is None or clock.now() - begun < lasts):
            left = _ROUND if lasts is None else min(_ROUND, begun + lasts - clock.now())
            try:
                watcher.see(await stream.next(max(left, timedelta())))
                answered = True
            except Unavailable as error:
                if not answered:
                    raise
                watcher.miss(clock.now(), str(error))
                await asyncio.sleep(_ROUND.total_seconds())


async def look_back(source: MetricPast, watcher: Watcher, clock: Clock, since: timedelta) -> None:
    """Watch what was recorded, as if it came now. Raises Unavailable and InvalidInput."""
    if not timedelta() < since <= LONGEST_PAST:
        raise InvalidInput(f"--since must lie between 1s and {LONGEST_PAST.days}d")
    end = clock.now()
    async for batch in source.past(watcher.plan.kpis, end - since, end):
        watcher.see(batch)
        if watcher.stop is not None:
            return


def metrics_view(watcher: Watcher) -> dict[str, Any]:
    """As JSON."""
    return {
        **watched_view(watcher),
        "values_of_neither_arm": sorted(watcher.others),
        "gaps": [{"at": at.isoformat(), "why": why} for at, why in watcher.gaps],
    }


def told(watcher: Watcher, source: str) -> list[str]:
    """How things stand, in sentences."""
    said = watched(watcher)
    seen = ", ".join(f"{number:,} {arm.value}" for arm, number in watcher.requests.items())
    said.append(f"  read from {source}: {seen} requests")
    if watcher.others:
        some = ", ".join(sorted(watcher.others)[:5])
        said.append(f"  of neither arm: {some}")
    said += [f"  not counted, {at:%H:%M:%S} UTC: {why}" for at, why in watcher.gaps[-5:]]
    return said


OnStart = Callable[[Watcher, str], None]
"""Told once the watching begins: what is filled, and the name of the source."""
