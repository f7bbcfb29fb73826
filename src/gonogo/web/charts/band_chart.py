"""Canary against baseline over time with the band that holds at every look: difference and ratio."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from markupsafe import Markup

from gonogo.domain.look import Look
from gonogo.domain.traffic import Arm
from gonogo.domain.verdict import Interval
from gonogo.usecases.judging.bands import COMPARED_FROM
from gonogo.web.charts import bands, series, svg
from gonogo.web.charts.bands import Banded
from gonogo.web.charts.forest_chart import ICONS
from gonogo.web.charts.frame import AXIS, INSET, Frame, axis, backdrop, frame_of, replay
from gonogo.web.charts.scale import HEADROOM, Scale, grid, round_values
from gonogo.web.wording import count, number, points, shorten

HEIGHT = 170
_NARROWEST, _WIDEST = 0.1, 100.0  # ratios that the logarithmic scale shows at most
_RATIOS = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0)


def difference(
    looks: Sequence[Look],
    kpi: str,
    frame: Frame | None = None,
    found: Sequence[Banded] | None = None,
) -> Markup:
    """The chart as an SVG string: canary − baseline in percentage points; 0 is no difference.

    The band begins once both arms have enough requests. Dotted is what is tolerated at the baseline's
    share so far, hatched what lies beyond it. `found` is `bands.difference_over_time`, where it is at
    hand.
    """
    found = bands.difference_over_time(looks, kpi) if found is None else found
    what = f"Difference canary − baseline for {shorten(kpi, 80)} over time, with its band"
    form = _Form(what, bands.told_difference, points, lambda value: value, _difference_marks)
    return _drawn(looks, kpi, found, form, frame)


def ratio(
    looks: Sequence[Look],
    kpi: str,
    frame: Frame | None = None,
    found: Sequence[Banded] | None = None,
) -> Markup:
    """The chart as an SVG string: canary / baseline on a logarithmic scale, where the ratio is judged."""
    found = bands.ratio_over_time(looks, kpi) if found is None else found
    what = f"Ratio canary / baseline for {shorten(kpi, 80)} over time, with its band"
    form = _Form(what, bands.told_ratio, number, _log, _ratio_marks)
    return _drawn(looks, kpi, found, form, frame)


@dataclass(frozen=True, slots=True)
class _Form:
    """What tells the two charts apart. `place` turns a value into one on an even scale."""

    what: str
    told: Callable[[Banded | None], str]
    label: Callable[[float], str]
    place: Callable[[float], float]
    marks: Callable[[float, float], Sequence[float]]


def _drawn(
    looks: Sequence[Look], kpi: str, found: Sequence[Banded], form: _Form, frame: Frame | None
) -> Markup:
    frame = frame or frame_of(looks)
    end = bands.last(found)
    if frame is None or end is None or end.interval is None:
        return svg.nothing(_too_few(looks, kpi))
    scale = _scale(found, end.interval, form)
    drawn = _beyond(looks, found, form, frame, scale)
    drawn += backdrop(frame, looks, HEIGHT)
    drawn += grid(
        scale,
        [(form.place(value), form.label(value)) for value in form.marks(scale.low, scale.high)],
    )
    lines = {
        end: _runs(looks, found, end, form, frame, scale) for end in ("low", "high", "estimate")
    }
    band = svg.area(lines["high"], lines["low"], "band canary")
    drawn.append(
        svg.stretched(HEIGHT, [band, svg.stairs(lines["estimate"], "line canary")]),
    )
    x, y = frame.across(end.at), scale.down(form.place(_middle(end.interval)))
    standing = end.standing
    word = f"{ICONS[standing]} {standing.value}"
    tone = f"word {standing.value.replace(' ', '-')}"
    drawn.append(svg.text(word, min(x, 100 - INSET), max(y - 8, HEADROOM + 10), tone, "end"))
    drawn += replay(HEIGHT)
    drawn += axis(frame, HEIGHT)
    sentence = f"{form.what}: {form.told(end)} at the end, {standing.value}."
    return svg.drawing(HEIGHT + AXIS, sentence, drawn, "chart time")


def _too_few(looks: Sequence[Look], kpi: str) -> str:
    """Why there is no band, and how far it is to one."""
    totals = {arm: series.totals(looks, kpi, arm) for arm in Arm}
    seen = " and ".join(
        f"{count(found[-1].total if found else 0)} {arm.value}" for arm, found in totals.items()
    )
    return f"No band below {COMPARED_FROM} requests on each arm: {seen} so far."


def _middle(interval: Interval) -> float:
    return interval.low if interval.estimate is None else interval.estimate


def _scale(found: Sequence[Banded], end: Interval, form: _Form) -> Scale:
    """Wide enough for every estimate, the tolerance and the last band; earlier bands may run out."""
    neutral = form.place(1.0) if form.place is _log else 0.0
    values = [neutral, form.place(end.low), form.place(end.high)]
    for one in found:
        if one.interval is not None and one.interval.estimate is not None:
            values.append(form.place(one.interval.estimate))
        if one.interval is not None and one.tolerance is not None:
            values.append(form.place(one.tolerance))
    low, high = min(values), max(values)
    room = 0.12 * (high - low) or 0.01
    return Scale(low - room, high + room, HEIGHT)


def _log(value: float) -> float:
    return math.log10(min(max(value, _NARROWEST), _WIDEST))


def _difference_marks(low: float, high: float) -> Sequence[float]:
    return round_values(low, high)


def _ratio_marks(low: float, high: float) -> Sequence[float]:
    inside = [value for value in _RATIOS if low <= math.log10(value) <= high]
    return inside if len(inside) <= 5 else [value for value in inside if value in {0.1, 1, 10, 100}]


def _runs(
    looks: Sequence[Look],
    found: Sequence[Banded],
    end: str,
    form: _Form,
    frame: Frame,
    scale: Scale,
) -> list[list[tuple[float, float]]]:
    after = dict(zip((id(look) for look in looks), found, strict=True))
    value = partial(_value, after=after, end=end, form=form)
    return [
        [(frame.across(point.at), scale.down(point.value)) for point in run]
        for run in series.runs(looks, value, frame)
    ]


def _value(look: Look, after: dict[int, Banded], end: str, form: _Form) -> float | None:
    one = after[id(look)]
    if end == "tolerance":
        return None if one.tolerance is None else form.place(one.tolerance)
    if one.interval is None:
        return None
    value: float | None = getattr(one.interval, end)
    return None if value is None else form.place(value)


def _beyond(
    looks: Sequence[Look], found: Sequence[Banded], form: _Form, frame: Frame, scale: Scale
) -> list[Markup]:
    """The hatched side and the dotted line at its edge."""
    edge = _runs(looks, found, "tolerance", form, frame, scale)
    if not edge:
        return []
    top = [[(x, float(HEADROOM)) for x, _ in run] for run in edge]
    paths = [svg.area(top, edge, "beyond"), svg.stairs(edge, "line tolerated")]
    return [svg.stretched(HEIGHT, paths)]
