"""Requests per arm: how much had been counted by when."""

import math
from collections.abc import Sequence
from functools import partial

from markupsafe import Markup

from gonogo.domain.look import Look
from gonogo.domain.story import busiest_kpi
from gonogo.domain.traffic import Arm
from gonogo.web.charts import series, svg
from gonogo.web.charts.frame import AXIS, Frame, axis, backdrop, frame_of, replay
from gonogo.web.charts.scale import Scale, grid
from gonogo.web.wording import count

HEIGHT = 170


def requests(looks: Sequence[Look], frame: Frame | None = None) -> Markup:
    """The chart as an SVG string: judged requests on each arm so far, on a logarithmic scale."""
    frame = frame or frame_of(looks)
    kpi = busiest_kpi(looks)
    if frame is None or kpi is None:
        return svg.nothing("No request was judged.")
    after = {
        arm: dict(zip((id(look) for look in looks), series.totals(looks, kpi, arm), strict=True))
        for arm in Arm
    }
    final = {arm: series.totals(looks, kpi, arm)[-1].total for arm in Arm}
    if not any(final.values()):
        return svg.nothing("No request was judged.")

    def value(look: Look, arm: Arm) -> float | None:
        total = after[arm][id(look)].total
        return math.log10(total) if total else None

    most = max(final.values())
    scale = Scale(0.0, math.log10(most) * 1.05 or 1.0, HEIGHT)
    powers = range(math.floor(math.log10(most)) + 1)
    drawn = backdrop(frame, looks, HEIGHT)
    drawn += grid(scale, [(float(power), count(10**power)) for power in powers])
    paths = []
    for arm in Arm:
        runs = series.runs(looks, partial(value, arm=arm), frame)
        stairs = [[(frame.across(at.at), scale.down(at.value)) for at in run] for run in runs]
        paths.append(svg.stairs(stairs, f"line {arm.value}"))
    drawn.append(svg.stretched(HEIGHT, paths))
    drawn += replay(HEIGHT)
    drawn += axis(frame, HEIGHT)
    told = ", ".join(f"{arm.value} {count(final[arm])}" for arm in Arm)
    sentence = f"Judged requests on each arm over time, on a logarithmic scale: {told} at the end."
    return svg.drawing(HEIGHT + AXIS, sentence, drawn, "chart time")
