"""Gauges: is a number that was read from the new version beyond its bound, and for how long?

A gauge is no chance: it is what it is, so it has no part of α and no interval. What has to be guarded
is time. A stretch beyond the bound runs from one reading to another, never to now, and a silence longer
than a reading is fresh for ends it: nobody knows what the value was meanwhile, so the gap counts as
neither breach nor health, and both begin anew with the first reading after it.

Guarantees: FAIL needs readings beyond the bound that span the gauge's duration with no gap and no
reading within it between them, and is never taken back. Nothing that is missing, stale or unreadable
passes. Readings out of order, or read twice, change nothing. Constant memory.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from gonogo.domain.gauge import Bound, Gauge, Reading
from gonogo.domain.verdict import GaugeAssessment, Judgement, Verdict, worst


@dataclass(frozen=True, slots=True)
class GaugeMemory:
    """What is known of one gauge of one release.

    `at` and `value` are the newest reading. Of the stretches that go on, at most one is set:
    `beyond_since` without a break beyond the bound, `within_since` without a break within it and since
    the step began. `trouble` is why the newest attempt gave no value. `gap` is the last silence that
    ended a stretch beyond the bound, in seconds. `failed` is the sentence with which it failed.
    """

    gauge: Gauge
    at: datetime | None = None
    value: float | None = None
    worst: float | None = None
    beyond_since: datetime | None = None
    within_since: datetime | None = None
    trouble: str | None = None
    gap: float | None = None
    failed: str | None = None


GaugeMemories = tuple[GaugeMemory, ...]


def begin_gauges(gauges: Sequence[Gauge]) -> GaugeMemories:
    """Nothing is known of any of them yet."""
    return tuple(GaugeMemory(gauge) for gauge in gauges)


def next_step_of_gauges(memories: GaugeMemories) -> GaugeMemories:
    """A new rollout step: that bounds are kept is to be shown anew; a breach goes on."""
    return tuple(replace(memory, within_since=None) for memory in memories)


def observe_gauges(memories: GaugeMemories, readings: Iterable[Reading]) -> GaugeMemories:
    """What is known after these readings, taken in their order. Those of other gauges are left out."""
    known = {memory.gauge.name: memory for memory in memories}
    for reading in readings:
        memory = known.get(reading.gauge)
        if memory is not None:
            known[reading.gauge] = _after(memory, reading)
    return tuple(known[memory.gauge.name] for memory in memories)


def _after(memory: GaugeMemory, reading: Reading) -> GaugeMemory:
    gauge, value = memory.gauge, reading.value
    if value is None or not math.isfinite(value):
        return replace(memory, trouble=reading.trouble or "its value is no finite number")
    if memory.at is not None and reading.at <= memory.at:
        return replace(memory, trouble=None)
    silent = memory.at is not None and reading.at - memory.at > gauge.fresh_for
    unbroken = memory.at is not None and not silent
    farthest = value if memory.worst is None else _worse(gauge, memory.worst, value)
    found = replace(memory, at=reading.at, value=value, worst=farthest, trouble=None)
    if not gauge.is_beyond(value):
        within = memory.within_since if unbroken else None
        return replace(found, beyond_since=None, within_since=within or reading.at, gap=None)
    since = memory.beyond_since if unbroken and memory.beyond_since else reading.at
    gap = memory.gap
    if silent and memory.beyond_since is not None and memory.at is not None:
        gap = (reading.at - memory.at).total_seconds()
    failed = memory.failed
    if failed is None and reading.at - since >= gauge.lasting:
        failed = _breach(gauge, value, since, reading.at)
    return replace(found, beyond_since=since, within_since=None, gap=gap, failed=failed)


def _worse(gauge: Gauge, one: float, other: float) -> float:
    return max(one, other) if gauge.bound is Bound.AT_MOST else min(one, other)


def failed_gauge(memories: GaugeMemories) -> str | None:
    """The name of the first gauge that has failed, or None; costs next to nothing."""
    return next((memory.gauge.name for memory in memories if memory.failed is not None), None)


def assess_gauges(memories: GaugeMemories, now: datetime) -> tuple[GaugeAssessment, ...]:
    """The verdict on every gauge at this moment."""
    return tuple(_assess(memory, now) for memory in memories)


def with_gauges(judgement: Judgement, gauges: Sequence[GaugeAssessment]) -> Judgement:
    """The judgement of rates and gauges together: the worst verdict, and the sentence that goes with it."""
    verdict = worst((judgement.verdict, *(found.verdict for found in gauges)))
    alike = [found for found in gauges if found.verdict is verdict]
    sentence = judgement.sentence
    if alike and judgement.verdict is not verdict:
        sentence, alike = alike[0].sentence, alike[1:]
    if verdict is Verdict.FAIL and alike:
        names = ", ".join(found.gauge.name for found in alike)
        sentence = f"{sentence}; beyond its bound as well: {names}"
    return Judgement(verdict, judgement.kpis, sentence, tuple(gauges))


def _assess(memory: GaugeMemory, now: datetime) -> GaugeAssessment:
    verdict, told = _verdict(memory, now)
    return GaugeAssessment(
        memory.gauge,
        verdict,
        memory.value,
        memory.at,
        memory.worst,
        memory.beyond_since,
        f"{memory.gauge.name}: {told}",
    )


def _verdict(memory: GaugeMemory, now: datetime) -> tuple[Verdict, str]:
    """The table of gauges in docs/judge.md, row by row."""
    if memory.failed is not None:
        return Verdict.FAIL, memory.failed
    why = f": {memory.trouble}" if memory.trouble else ""
    if memory.at is None or memory.value is None:
        return Verdict.NO_DATA, f"no value was ever read{why}"
    shown = memory.gauge.shown(memory.value)
    age = now - memory.at
    if -age > memory.gauge.fresh_for:  # the clock was set back: what is known of now is nothing
        told = f"its newest reading, {shown}, is from {_spoken(-age.total_seconds())} ahead of now"
        return Verdict.INCONCLUSIVE, told
    if age > memory.gauge.fresh_for:
        told = f"not read for {_spoken(age.total_seconds())}{why}; it was {shown} then"
        return Verdict.INCONCLUSIVE, told
    if memory.trouble is not None:
        return Verdict.INCONCLUSIVE, f"it was {shown}, and now cannot be read{why}"
    return _read(memory, memory.at, shown)


def _read(memory: GaugeMemory, at: datetime, shown: str) -> tuple[Verdict, str]:
    """What a fresh reading says."""
    gauge, bound = memory.gauge, memory.gauge.allowed
    needed = _spoken(gauge.lasting.total_seconds())
    if memory.beyond_since is not None:
        lasted = _spoken((at - memory.beyond_since).total_seconds())
        anew = "" if memory.gap is None else f", counted anew after {_spoken(memory.gap)} unread"
        told = f"{shown} where {bound} is allowed, for {lasted} so far{anew}"
        return Verdict.INCONCLUSIVE, f"{told}; at {needed} the release is taken back"
    told = f"{shown}, within its bound of {bound}"
    if memory.within_since is not None and at - memory.within_since >= gauge.lasting:
        return Verdict.PASS, told
    return Verdict.UNPROVEN, f"{told}, but not yet for {needed} without a break in this step"


def _breach(gauge: Gauge, value: float, since: datetime, at: datetime) -> str:
    lasted = (at - since).total_seconds()
    how_long = f" for {_spoken(lasted)} without a break" if lasted else ""
    return f"{gauge.shown(value)} where {gauge.allowed} is allowed{how_long}"


def _spoken(seconds: float) -> str:
    if seconds >= 120:
        return f"{seconds / 60:.3g} min"
    return f"{seconds:.3g} s"
