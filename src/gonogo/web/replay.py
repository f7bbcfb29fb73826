"""Which looks a reader is shown one by one, and what the replay says at each of them."""

from collections.abc import Sequence
from dataclasses import dataclass

from gonogo.domain.look import Look
from gonogo.domain.traffic import Arm, Counts
from gonogo.domain.verdict import Test, Verdict
from gonogo.web.charts import Frame, series
from gonogo.web.wording import clock_exact, count, number, share

MOST_ROWS = 60
MOST_POINTS = 200


@dataclass(frozen=True, slots=True)
class LookRow:
    """One look of one KPI. `evidence` is log10 e per test; None where it was not measured."""

    look: Look
    canary: Counts
    baseline: Counts
    evidence: tuple[float | None, ...]


def chosen(looks: Sequence[Look], most: int) -> tuple[int, ...]:
    """Places of at most about `most` looks: every turning point, then evenly spaced ones.

    Turning points are the first and last look, the first bad canary answer, the first look of each
    step, the first failing one, and the first of each gap.
    """
    if len(looks) <= most:
        return tuple(range(len(looks)))
    found = {0, len(looks) - 1}
    bad = (i for i, look in enumerate(looks) if any(one.canary.bad for one in look.increments))
    failing = (i for i, look in enumerate(looks) if look.judgement.verdict is Verdict.FAIL)
    found.update(place for place in (next(bad, None), next(failing, None)) if place is not None)
    turns = [
        place
        for place in range(1, len(looks))
        if looks[place].step != looks[place - 1].step
        or (looks[place].gap is not None and looks[place - 1].gap is None)
    ]
    found.update(turns[: most // 2])
    left = max(most - len(found), 2)
    found.update(round(index * (len(looks) - 1) / (left - 1)) for index in range(left))
    return tuple(sorted(found))


def rows(looks: Sequence[Look], kpi: str, tests: Sequence[Test]) -> tuple[LookRow, ...]:
    """The table behind the charts of one KPI."""
    canary = series.totals(looks, kpi, Arm.CANARY)
    baseline = series.totals(looks, kpi, Arm.BASELINE)
    return tuple(
        LookRow(
            look=looks[place],
            canary=canary[place],
            baseline=baseline[place],
            evidence=tuple(_log10_e(looks[place], kpi, test) for test in tests),
        )
        for place in chosen(looks, MOST_ROWS)
    )


def points(looks: Sequence[Look], kpis: Sequence[str], frame: Frame) -> list[list[object]]:
    """What the script shows: [x in per cent, time, share, verdict, [canary, baseline, evidence] per KPI].

    Everything is text made here, so that the script formats nothing.
    """
    places = chosen(looks, MOST_POINTS)
    told = [_told(looks, kpi, places) for kpi in kpis]
    return [
        [
            round(frame.across(looks[place].at), 2),
            clock_exact(looks[place].at),
            share(looks[place].share),
            _verdict(looks[place]),
            [column[index] for column in told],
        ]
        for index, place in enumerate(places)
    ]


def _verdict(look: Look) -> str:
    if look.gap is not None:
        return "not measured"
    return look.judgement.verdict.value.replace("_", " ")


def _told(looks: Sequence[Look], kpi: str, places: Sequence[int]) -> list[tuple[str, str, str]]:
    canary = series.totals(looks, kpi, Arm.CANARY)
    baseline = series.totals(looks, kpi, Arm.BASELINE)
    tests = series.tests(looks, kpi)
    return [
        (
            counts(canary[place]),
            counts(baseline[place]),
            " · ".join(_shown(_log10_e(looks[place], kpi, test)) for test in tests) or "–",
        )
        for place in places
    ]


def counts(value: Counts) -> str:
    """`9 of 61`."""
    return f"{count(value.bad)} of {count(value.total)}"


def _shown(value: float | None) -> str:
    return "–" if value is None else number(value)


def _log10_e(look: Look, kpi: str, test: Test) -> float | None:
    found = series.evidence(look, kpi, test) if look.gap is None else None
    return None if found is None else found.log10_e
