"""Looks turned into lines: values over time, broken where nothing was measured, thinned honestly."""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from gonogo.domain.look import Look
from gonogo.domain.traffic import Arm, Counts
from gonogo.domain.verdict import Evidence, KpiAssessment, Test
from gonogo.web.charts.frame import Frame

BUCKETS = 240
"""Into how many columns a line is thinned; each keeps its first, last, lowest and highest value."""


@dataclass(frozen=True, slots=True)
class Point:
    """One value at one look."""

    at: datetime
    value: float


Run = tuple[Point, ...]


def runs(
    looks: Sequence[Look], value: Callable[[Look], float | None], frame: Frame
) -> tuple[Run, ...]:
    """Unbroken stretches of a value. A gap, or a look without the value, ends a stretch."""
    found: list[list[Point]] = [[]]
    for look in looks:
        measured = value(look) if look.gap is None else None
        if measured is None or not math.isfinite(measured):
            if found[-1]:
                found.append([])
            continue
        found[-1].append(Point(look.at, measured))
    return tuple(tuple(thin(run, frame)) for run in found if run)


def thin(run: Sequence[Point], frame: Frame) -> Iterator[Point]:
    """The first, last, lowest and highest point of every column of the frame, in order."""
    if len(run) <= 2:
        yield from run
        return
    bucket: list[Point] = []
    column = -1
    for point in run:
        here = int(frame.across(point.at) * BUCKETS / 100)
        if here != column and bucket:
            yield from _ends_and_extremes(bucket)
            bucket = []
        column = here
        bucket.append(point)
    yield from _ends_and_extremes(bucket)


def _ends_and_extremes(bucket: list[Point]) -> list[Point]:
    last = len(bucket) - 1
    low = min(range(len(bucket)), key=lambda index: bucket[index].value)
    high = max(range(len(bucket)), key=lambda index: bucket[index].value)
    return [bucket[index] for index in sorted({0, low, high, last})]


def assessment(look: Look, kpi: str) -> KpiAssessment | None:
    """What was said of one KPI at one look."""
    return next((found for found in look.judgement.kpis if found.kpi == kpi), None)


def evidence(look: Look, kpi: str, test: Test) -> Evidence | None:
    """The evidence of one test of one KPI at one look."""
    found = assessment(look, kpi)
    if found is None:
        return None
    return next((evidence for evidence in found.evidence if evidence.test is test), None)


def crossing(looks: Sequence[Look], kpi: str, test: Test) -> tuple[datetime, float] | None:
    """When the evidence first stood at or beyond its threshold, and where; None when it never did.

    The peak counts: evidence that crossed between two looks has crossed.
    """
    for look in looks:
        found = evidence(look, kpi, test)
        if found is not None and max(found.log10_e, found.peak) >= found.threshold:
            return look.at, max(found.log10_e, found.peak)
    return None


def tests(looks: Sequence[Look], kpi: str) -> tuple[Test, ...]:
    """The tests that were run on a KPI, in the order of their kind."""
    seen = {found.test for look in looks for found in _evidence_of(look, kpi)}
    return tuple(test for test in Test if test in seen)


def _evidence_of(look: Look, kpi: str) -> tuple[Evidence, ...]:
    found = assessment(look, kpi)
    return () if found is None else found.evidence


def kpi_names(looks: Sequence[Look]) -> tuple[str, ...]:
    """Every KPI that was counted or judged, in the order it first appears."""
    names: dict[str, None] = {}
    for look in looks:
        names.update(dict.fromkeys(found.kpi for found in look.judgement.kpis))
        names.update(dict.fromkeys(increment.kpi for increment in look.increments))
    return tuple(names)


def gained(look: Look, kpi: str, arm: Arm) -> Counts:
    """What one arm gained on a KPI in one look; nothing in a stretch that was not measured."""
    total = Counts()
    for increment in look.increments if look.gap is None else ():
        if increment.kpi == kpi:
            total += increment.canary if arm is Arm.CANARY else increment.baseline
    return total


def totals(looks: Sequence[Look], kpi: str, arm: Arm) -> tuple[Counts, ...]:
    """The counts of an arm after each look, as far as they were recorded."""
    running = Counts()
    found = []
    for look in looks:
        running += gained(look, kpi, arm)
        found.append(running)
    return tuple(found)
