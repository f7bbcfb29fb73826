"""Evidence of harm over time: log10 e of each test of one KPI, with the line it must not reach."""

from collections.abc import Sequence
from datetime import datetime
from functools import partial

from markupsafe import Markup

from gonogo.domain.look import Look
from gonogo.domain.verdict import Evidence, Test
from gonogo.web.charts import series, svg
from gonogo.web.charts.frame import AXIS, Frame, axis, backdrop, frame_of, replay
from gonogo.web.charts.scale import Scale, grid, round_values
from gonogo.web.wording import number, shorten

HEIGHT = 170


def evidence(looks: Sequence[Look], kpi: str, frame: Frame | None = None) -> Markup:
    """The chart as an SVG string; an empty one that says so when the KPI was never judged.

    A solid line is the relative test, a dashed one the absolute test; each has its own threshold.
    The first crossing keeps its mark, whatever came after it.
    """
    frame = frame or frame_of(looks)
    tests = series.tests(looks, kpi)
    if frame is None or not tests:
        return svg.nothing(f"No evidence was recorded for {shorten(kpi, 40)}.")
    last = {test: _last(looks, kpi, test) for test in tests}
    lines = {test: series.runs(looks, partial(_value, kpi=kpi, test=test), frame) for test in tests}
    crossings = {test: series.crossing(looks, kpi, test) for test in tests}
    values = [point.value for found in lines.values() for run in found for point in run]
    values += [crossing[1] for crossing in crossings.values() if crossing is not None]
    highest = max((found.threshold for found in last.values()), default=1.0)
    low, high = min(-0.5, *values, 0.0), max(highest * 1.2, *values, 0.0)
    scale = Scale(low - 0.04 * (high - low), high, HEIGHT)
    drawn = backdrop(frame, looks, HEIGHT)
    drawn += grid(scale, [(value, number(value)) for value in round_values(low, high)])
    drawn += _limits(list(last.values()), scale)
    drawn.append(
        svg.stretched(HEIGHT, [_stairs(test, lines[test], frame, scale) for test in tests])
    )
    for crossing in crossings.values():
        if crossing is not None:
            x, y = frame.across(crossing[0]), scale.down(crossing[1])
            drawn += [svg.dot(x, y, 8, "halo"), svg.dot(x, y, 4.5, "crossing")]
    drawn += replay(HEIGHT)
    drawn += axis(frame, HEIGHT)
    return svg.drawing(HEIGHT + AXIS, _sentence(kpi, last, crossings), drawn, "chart time")


def _value(look: Look, kpi: str, test: Test) -> float | None:
    found = series.evidence(look, kpi, test)
    return None if found is None else found.log10_e


def _last(looks: Sequence[Look], kpi: str, test: Test) -> Evidence:
    found = (series.evidence(look, kpi, test) for look in reversed(looks))
    return next(one for one in found if one is not None)


def _stairs(test: Test, runs: Sequence[series.Run], frame: Frame, scale: Scale) -> Markup:
    drawn = [[(frame.across(at.at), scale.down(at.value)) for at in run] for run in runs]
    return svg.stairs(drawn, f"line canary {test.value}")


def _limits(found: Sequence[Evidence], scale: Scale) -> list[Markup]:
    drawn: list[Markup] = []
    for threshold in sorted({round(one.threshold, 6) for one in found}):
        y = scale.down(threshold)
        drawn.append(svg.line(0, y, 100, y, "limit"))
        drawn.append(svg.text(f"limit {number(threshold)}", 16, y - 4, "limit-text"))
    return drawn


def _sentence(
    kpi: str, last: dict[Test, Evidence], crossings: dict[Test, tuple[datetime, float] | None]
) -> str:
    parts = []
    for test, found in last.items():
        part = f"{test.value} test at {number(found.log10_e)}, limit {number(found.threshold)}"
        crossing = crossings[test]
        parts.append(f"{part}, {'crossed' if crossing else 'never crossed'}")
    return f"Evidence of harm for {shorten(kpi, 80)}, log10 e over time: {'; '.join(parts)}."
