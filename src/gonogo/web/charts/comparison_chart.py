"""Canary against baseline: the share of bad events of both arms of one KPI, from the start on."""

from collections.abc import Sequence

from markupsafe import Markup

from gonogo.domain.look import Look
from gonogo.domain.traffic import Arm
from gonogo.domain.verdict import Test
from gonogo.web.charts import series, svg
from gonogo.web.charts.frame import AXIS, Frame, axis, backdrop, frame_of, replay
from gonogo.web.charts.scale import Scale, grid, round_values
from gonogo.web.wording import share, shorten

HEIGHT = 170
FIRST = 10
"""Events an arm must have before its line begins: a share of one event says 0 or 100 %."""


def comparison(looks: Sequence[Look], kpi: str, frame: Frame | None = None) -> Markup:
    """The chart as an SVG string. Ticks at the bottom are looks at which the canary failed someone.

    An arm's line begins at its tenth event, or at its first where it never had ten. The dotted line
    is the highest tolerated share, where the KPI has one.
    """
    frame = frame or frame_of(looks)
    if frame is None:
        return svg.nothing(f"Nothing was counted for {shorten(kpi, 40)}.")
    lines = {arm: _runs(looks, kpi, arm, frame) for arm in Arm}
    values = [point.value for found in lines.values() for run in found for point in run]
    if not values:
        return svg.nothing(f"Nothing was counted for {shorten(kpi, 40)}.")
    limit = _limit(looks, kpi)
    high = max(*values, 0.0)
    if limit is not None and limit <= max(4 * high, 0.02):
        high = max(high, limit)
    high = min(1.0, high * 1.12) or 0.01
    scale = Scale(0.0, high, HEIGHT)
    drawn = backdrop(frame, looks, HEIGHT)
    drawn += grid(scale, [(value, share(value)) for value in round_values(0.0, high)])
    if limit is not None and limit <= high:
        y = scale.down(limit)
        drawn.append(svg.line(0, y, 100, y, "limit"))
        drawn.append(svg.text(f"limit {share(limit)}", 16, y - 4, "limit-text"))
    drawn.append(svg.stretched(HEIGHT, [_stairs(arm, lines[arm], frame, scale) for arm in Arm]))
    drawn += _failures(looks, kpi, frame)
    drawn += replay(HEIGHT)
    drawn += axis(frame, HEIGHT)
    return svg.drawing(HEIGHT + AXIS, _sentence(looks, kpi), drawn, "chart time")


def _runs(looks: Sequence[Look], kpi: str, arm: Arm, frame: Frame) -> tuple[series.Run, ...]:
    after = dict(zip((id(look) for look in looks), series.totals(looks, kpi, arm), strict=True))
    final = max((found.total for found in after.values()), default=0)
    first = FIRST if final >= FIRST else 1

    def value(look: Look) -> float | None:
        found = after[id(look)]
        return found.share if found.total >= first else None

    return series.runs(looks, value, frame)


def _stairs(arm: Arm, runs: Sequence[series.Run], frame: Frame, scale: Scale) -> Markup:
    drawn = [[(frame.across(at.at), scale.down(at.value)) for at in run] for run in runs]
    return svg.stairs(drawn, f"line {arm.value}")


def _limit(looks: Sequence[Look], kpi: str) -> float | None:
    found = (series.evidence(look, kpi, Test.ABSOLUTE) for look in reversed(looks))
    return next((one.tolerance for one in found if one is not None), None)


def _failures(looks: Sequence[Look], kpi: str, frame: Frame) -> list[Markup]:
    """One tick per place on the axis, however many failures fall on it."""
    places = {
        round(frame.across(look.at) * 2) / 2
        for look in looks
        if series.gained(look, kpi, Arm.CANARY).bad
    }
    return [svg.line(x, HEIGHT - 9, x, HEIGHT, "failure") for x in sorted(places)]


def _sentence(looks: Sequence[Look], kpi: str) -> str:
    parts = []
    for arm in (Arm.CANARY, Arm.BASELINE):
        found = series.totals(looks, kpi, arm)[-1]
        told = f"{found.bad:,} of {found.total:,} bad ({share(found.share)})"
        parts.append(f"{arm.value} {told if found.total else 'not measured'}")
    return f"Share of bad events for {shorten(kpi, 80)} over time: {', '.join(parts)} at the end."
