"""A rollout as it stands: its step, what the judge says of every KPI, and what an answer still takes.

Four states that must not be taken for one another are told apart: nothing was seen, too little was
seen, the source cannot be read, and what was seen says neither yes nor no.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from gonogo.domain.look import Look
from gonogo.domain.plan import Step
from gonogo.domain.release import Release, Stage
from gonogo.domain.story import Story, busiest_kpi, canary_counts, deciding_look
from gonogo.domain.verdict import GaugeAssessment, Interval, KpiAssessment, Test, Verdict
from gonogo.judge.outlook import smallest_visible
from gonogo.usecases.judging.forest import Measured, Standing, measured, place_of
from gonogo.usecases.views.release_series import Series

RECENT = timedelta(minutes=1)
"""The rate of requests is that of so long before the newest look."""


class Sight(StrEnum):
    """What the judge can see."""

    NOT_STARTED = "not started"
    NO_DATA = "no data"
    TOO_LITTLE = "too little data"
    UNREACHABLE = "source unreachable"
    UNDECIDED = "inconclusive"
    SEEN = "seen"


@dataclass(frozen=True, slots=True)
class ForestRow:
    """One test of one KPI. `low`, `high` and `middle` are places between 0 and 1 on an axis on which
    the tolerance stands at one half: u/(1+u) for a value of u tolerances, so that nothing is cut off."""

    test: Test
    interval: Interval | None
    tolerance: float
    standing: Standing
    log10_e: float
    threshold: float
    low: float = 0.0
    high: float = 0.0
    middle: float | None = None


@dataclass(frozen=True, slots=True)
class KpiLine:
    """One KPI. `points` is canary − baseline as shares, with a band that holds at every look at once;
    `wait` is how long an answer may take yet."""

    found: KpiAssessment
    forest: tuple[ForestRow, ...]
    points: Interval | None
    more_requests: int | None
    wait: timedelta | None
    smallest: float | None


@dataclass(frozen=True, slots=True)
class Rollout:
    """All of it. `seen` of `minimum` canary requests came in this step, `rate` a second of late.

    `ends` is when the step ends at the earliest; `looked` when the judge looked last, whose trouble
    with its source, if any, is `gap`; `away` says that it was the desk that was not there. `decided` is
    when the evidence crossed its limit. `whole` says that all customers were given to it once, whatever
    came of that.
    """

    release: Release
    sight: Sight
    verdict: Verdict | None
    sentence: str
    share: float
    step: int
    steps: tuple[Step, ...]
    ends: datetime | None
    seen: int
    minimum: int
    rate: float | None
    wait: timedelta | None
    kpis: tuple[KpiLine, ...]
    gauges: tuple[GaugeAssessment, ...]
    looked: datetime | None
    gap: str
    decided: datetime | None
    whole: bool = False
    away: bool = False


_TO_ALL = f"desk:release:{Stage.PROMOTING.value}"
_PROMOTED = frozenset({Stage.PROMOTING, Stage.VERIFYING, Stage.WATCHING, Stage.RELEASED})
_BACK = frozenset({Stage.ROLLING_BACK, Stage.VERIFYING_ROLLBACK, Stage.ROLLED_BACK})


def rollout(story: Story, series: Series) -> Rollout:
    """The rollout of a release as far as it was recorded."""
    release, looks = story.release, story.looks
    steps = release.plan.rollout.steps
    inside = 0 <= release.step < len(steps)
    # Charts and sentences stop at the deciding look: what came after it decided nothing.
    decided = deciding_look(story)
    last = decided or (looks[-1] if looks else None)
    rate = _rate(looks)
    seen = _seen(looks, release.step) if inside else 0
    minimum = steps[release.step].minimum_requests if inside else 0
    kpis = (
        ()
        if last is None
        else tuple(
            _kpi(each, rate, series.difference(each.kpi, last.at)) for each in last.judgement.kpis
        )
    )
    running = release.stage is Stage.CANARY and inside and release.step_since is not None
    return Rollout(
        release=release,
        sight=_sight(last, seen, minimum),
        verdict=None if last is None else last.judgement.verdict,
        sentence="" if last is None else last.judgement.sentence,
        share=_share(release),
        step=release.step,
        steps=steps,
        ends=release.step_since + steps[release.step].hold
        if running and release.step_since is not None
        else None,
        seen=seen,
        minimum=minimum,
        rate=rate,
        wait=_wait(max(0, minimum - seen), rate),
        kpis=kpis,
        gauges=() if last is None else last.judgement.gauges,
        looked=None if last is None else looks[-1].at,
        gap=(looks[-1].gap or "") if looks else "",
        decided=None if decided is None else decided.at,
        away=bool(looks) and looks[-1].unwatched,
        whole=any(entry.action == _TO_ALL for entry in story.audit),
    )


def _share(release: Release) -> float:
    steps = release.plan.rollout.steps
    if release.stage in _BACK:
        return 0.0
    if release.stage in _PROMOTED:
        return 1.0
    return steps[release.step].share if 0 <= release.step < len(steps) else 0.0


def _sight(last: Look | None, seen: int, minimum: int) -> Sight:
    if last is None:
        return Sight.NOT_STARTED
    if last.gap is not None and not last.unwatched:
        return Sight.UNREACHABLE
    verdict = last.judgement.verdict
    if verdict is Verdict.NO_DATA:
        return Sight.NO_DATA
    if verdict is Verdict.INCONCLUSIVE:
        return Sight.TOO_LITTLE if seen < minimum else Sight.UNDECIDED
    return Sight.SEEN


def _seen(looks: Sequence[Look], step: int) -> int:
    return canary_counts((look for look in looks if look.step == step), busiest_kpi(looks)).total


def _rate(looks: Sequence[Look]) -> float | None:
    """Canary requests a second over the last while at the present share; None before two looks."""
    if len(looks) < 2:
        return None
    last = looks[-1]
    recent = [look for look in looks if last.at - look.at <= RECENT and look.share == last.share]
    span = (last.at - recent[0].at).total_seconds()
    # The first look's requests came before the span that is measured.
    total = canary_counts(recent[1:], busiest_kpi(looks)).total
    return total / span if span > 0 else None


def _wait(requests: int | None, rate: float | None) -> timedelta | None:
    if not requests or not rate or requests / rate > timedelta.max.total_seconds():
        return None
    return timedelta(seconds=requests / rate)


def _kpi(found: KpiAssessment, rate: float | None, points: Interval | None) -> KpiLine:
    more = found.more_requests
    return KpiLine(
        found=found,
        forest=tuple(_row(each) for each in measured(found)),
        points=points,
        more_requests=more,
        wait=_wait(more, rate),
        smallest=None if found.verdict is Verdict.FAIL else smallest_visible(found),
    )


def _row(found: Measured) -> ForestRow:
    evidence, interval = found.evidence, found.interval
    row = ForestRow(
        test=evidence.test,
        interval=interval,
        tolerance=evidence.tolerance,
        standing=found.standing,
        log10_e=evidence.log10_e,
        threshold=evidence.threshold,
    )
    if interval is None:
        return row
    middle = interval.estimate
    return replace(
        row,
        low=_place(interval.low, row.tolerance),
        high=_place(interval.high, row.tolerance),
        middle=None if middle is None else _place(middle, row.tolerance),
    )


def _place(value: float, tolerance: float) -> float:
    return place_of(max(0.0, value) / tolerance)
