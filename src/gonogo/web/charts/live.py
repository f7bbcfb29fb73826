"""The six charts of a canary as plain data, for pages that draw them in the browser.

The same values as in the drawn charts: what a page shows live and what the report keeps cannot differ.
"""

import math
from collections.abc import Callable, Sequence
from typing import Any

from gonogo.domain.look import Look
from gonogo.domain.story import busiest_kpi
from gonogo.domain.traffic import Arm
from gonogo.domain.verdict import GaugeAssessment, Test
from gonogo.usecases.judging.bands import Distribution, distributions
from gonogo.usecases.judging.forest import Standing
from gonogo.web.charts import bands, exposure_chart, forest_chart, frame, gauge_chart, series
from gonogo.web.charts.bands import Banded
from gonogo.web.replay import chosen

MOST_COLUMNS = 400
Column = list[float | None]


def live_series(looks: Sequence[Look], *, slow_from: Sequence[float] = ()) -> dict[str, Any]:
    """Every series of one release as values that JSON knows.

    Shapes: `at` has one entry per column (at most about 400: all turning points, the others evenly
    spaced); every list called a column below is as long and has null where nothing was measured, so
    that uPlot breaks the line there: `[at, column, …]` is its data. `at` and all instants are seconds
    since 1970 UTC, durations are seconds, shares are between 0 and 1, differences between −1 and 1,
    evidence is log10 e. No number is infinite: an open end is null.

    - `sequence`: how many looks there were; the data is new when it has grown.
    - `gaps`: [{from, to, why}], stretches that were not measured.
    - `forest`: [{kpi, test, standing, estimate, low, high, tolerance}] of the last look, in the unit of
      the test (ratio or share); harm in units of its tolerance is value / tolerance.
    - `kpis`: [{kpi, verdict, sentence, evidence, difference, ratio, raw}]:
      `evidence`: {test: {log10_e: column, threshold, crossed_at}}; `difference` and `ratio` (null where
      no ratio is judged): {estimate, low, high, tolerance: columns, standing, told};
      `raw`: {arm: {bad, total, share: columns}}, counted from the start on.
    - `exposure`: {planned: column, requests: {arm: column}, groups: [{from, to, planned, observed, low,
      high, requests}]}; low and high hold 99 of 100 groups when the split is as planned.
    - `latency`: {slow_from: [seconds], arms: {arm: {requests, unanswered, seconds, share, low, high,
      quantiles: [{part, estimate, low, high}]}}}; its four lists belong together and are no columns.
    - `gauges`: [{gauge, verdict, sentence, bound, limit, unit, at: [seconds], value: [number or null]}] of
      the gauges judged at the last look; `at` and `value` belong together, are no columns and have null
      between readings that lie too far apart.

    Takes some 50 ms per KPI and 1,000 looks: call it off the event loop, and only when there are new
    ones.
    """
    places = chosen(looks, MOST_COLUMNS)
    columns = _Columns(looks, places)
    kpis = series.kpi_names(looks)
    last = looks[-1].judgement if looks else None
    return {
        "sequence": len(looks),
        "at": [looks[place].at.timestamp() for place in places],
        "gaps": [
            {"from": gap.start.timestamp(), "to": gap.end.timestamp(), "why": gap.why}
            for gap in frame.gaps(looks)
        ],
        "forest": [_forest_row(row) for row in forest_chart.rows(last)] if last else [],
        "kpis": [_kpi(looks, kpi, columns) for kpi in kpis],
        "exposure": _exposure(looks, columns),
        "latency": _latency(distributions(looks), slow_from),
        "gauges": [_gauge(looks, found) for found in last.gauges] if last else [],
    }


def _gauge(looks: Sequence[Look], found: GaugeAssessment) -> dict[str, Any]:
    at: list[float] = []
    value: Column = []
    shown = frame.frame_of(looks)
    for run in gauge_chart.runs(looks, found.gauge):
        if at:
            at.append(at[-1])
            value.append(None)
        for point in series.thin(run, shown) if shown is not None else run:
            at.append(point.at.timestamp())
            value.append(_finite(point.value))
    return {
        "gauge": found.gauge.name,
        "verdict": found.verdict.value,
        "sentence": found.sentence,
        "bound": found.gauge.bound.value,
        "limit": found.gauge.value,
        "unit": found.gauge.unit.value,
        "at": at,
        "value": value,
    }


class _Columns:
    """Turns a value per look into a column."""

    def __init__(self, looks: Sequence[Look], places: Sequence[int]) -> None:
        self._looks, self._places = looks, places

    def __call__(self, value: Callable[[int], float | None]) -> Column:
        return [
            None if self._looks[place].gap is not None else _finite(value(place))
            for place in self._places
        ]


def _finite(value: float | None) -> float | None:
    return None if value is None or not math.isfinite(value) else value


def _forest_row(row: forest_chart.Row) -> dict[str, Any]:
    interval = row.interval
    return {
        "kpi": row.kpi,
        "test": row.test.value,
        "standing": row.standing.value,
        "estimate": None if interval is None else _finite(interval.estimate),
        "low": None if interval is None else _finite(interval.low),
        "high": None if interval is None else _finite(interval.high),
        "tolerance": row.tolerance,
    }


def _kpi(looks: Sequence[Look], kpi: str, columns: _Columns) -> dict[str, Any]:
    said = series.assessment(looks[-1], kpi)
    tests = series.tests(looks, kpi)
    difference = bands.difference_over_time(looks, kpi)
    ratio = bands.ratio_over_time(looks, kpi) if Test.RELATIVE in tests else None
    return {
        "kpi": kpi,
        "verdict": None if said is None else said.verdict.value,
        "sentence": None if said is None else said.sentence,
        "evidence": {test.value: _evidence(looks, kpi, test, columns) for test in tests},
        "difference": _banded(difference, columns, bands.told_difference),
        "ratio": None if ratio is None else _banded(ratio, columns, bands.told_ratio),
        "raw": {arm.value: _raw(looks, kpi, arm, columns) for arm in Arm},
    }


def _evidence(looks: Sequence[Look], kpi: str, test: Test, columns: _Columns) -> dict[str, Any]:
    found = [series.evidence(look, kpi, test) for look in looks]
    crossed = series.crossing(looks, kpi, test)
    return {
        "log10_e": columns(lambda place: None if (one := found[place]) is None else one.log10_e),
        "threshold": next((one.threshold for one in reversed(found) if one is not None), None),
        "crossed_at": None if crossed is None else crossed[0].timestamp(),
    }


def _banded(
    found: Sequence[Banded], columns: _Columns, told: Callable[[Banded | None], str]
) -> dict[str, Any]:
    def end(name: str) -> Column:
        return columns(lambda place: getattr(found[place].interval, name, None))

    last = bands.last(found)
    return {
        "estimate": end("estimate"),
        "low": end("low"),
        "high": end("high"),
        "tolerance": columns(lambda place: found[place].tolerance),
        "standing": Standing.NOT_MEASURED.value if last is None else last.standing.value,
        "told": told(last),
    }


def _raw(looks: Sequence[Look], kpi: str, arm: Arm, columns: _Columns) -> dict[str, Any]:
    found = series.totals(looks, kpi, arm)
    return {
        "bad": columns(lambda place: found[place].bad),
        "total": columns(lambda place: found[place].total),
        "share": columns(lambda place: found[place].share),
    }


def _exposure(looks: Sequence[Look], columns: _Columns) -> dict[str, Any]:
    kpi = busiest_kpi(looks)
    totals = {} if kpi is None else {arm: series.totals(looks, kpi, arm) for arm in Arm}

    def requests(arm: Arm) -> Column:
        return columns(lambda place: totals[arm][place].total)

    return {
        "planned": columns(lambda place: looks[place].share),
        "requests": {arm.value: requests(arm) for arm in totals},
        "groups": [
            {
                "from": group.start.timestamp(),
                "to": group.end.timestamp(),
                "planned": group.planned,
                "observed": group.observed,
                "low": group.band[0],
                "high": group.band[1],
                "requests": group.total,
            }
            for group in exposure_chart.groups(looks)
        ],
    }


def _latency(found: dict[Arm, Distribution], slow_from: Sequence[float]) -> dict[str, Any]:
    return {
        "slow_from": list(slow_from),
        "arms": {
            arm.value: {
                "requests": one.total,
                "unanswered": one.unanswered,
                "seconds": [rung.seconds for rung in one.rungs],
                "share": [rung.share for rung in one.rungs],
                "low": [rung.low for rung in one.rungs],
                "high": [rung.high for rung in one.rungs],
                "quantiles": [
                    {
                        "part": each.part,
                        "estimate": each.estimate,
                        "low": each.low,
                        "high": each.high,
                    }
                    for each in one.quantiles
                ],
            }
            for arm, one in found.items()
        },
    }
