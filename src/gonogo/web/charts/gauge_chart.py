"""A gauge over time: what was read of it, its bound, and the stretches in which nothing was read."""

from collections.abc import Iterator, Sequence

from markupsafe import Markup

from gonogo.domain.gauge import Bound, Gauge, Reading
from gonogo.domain.look import Look
from gonogo.web.charts import series, svg
from gonogo.web.charts.frame import AXIS, Frame, axis, backdrop, frame_of, replay
from gonogo.web.charts.scale import Scale, grid, round_values
from gonogo.web.wording import shorten

HEIGHT = 150


def gauge(looks: Sequence[Look], shown: Gauge, frame: Frame | None = None) -> Markup:
    """The chart as an SVG string; an empty one that says so when nothing was ever read.

    A line holds from one reading to the next and is broken where they lie further apart than a reading
    is fresh for. Values beyond the bound are in the hatched part, and the worst of them is marked.
    """
    frame = frame or frame_of(looks)
    lines = [] if frame is None else [tuple(series.thin(run, frame)) for run in runs(looks, shown)]
    if frame is None or not lines:
        return svg.nothing(f"Nothing was read of {shorten(shown.name, 40)}.")
    values = [point.value for run in lines for point in run]
    low, high = min(0.0, shown.value, *values), max(shown.value, *values)
    room = (high - low) * 0.12 or 1.0
    scale = Scale(low if low >= 0 else low - room, high + room, HEIGHT)
    limit = scale.down(shown.value)
    beyond = (0.0, limit) if shown.bound is Bound.AT_MOST else (limit, HEIGHT - limit)
    drawn = [svg.box(0, beyond[0], 100, beyond[1], "beyond")]
    drawn += backdrop(frame, looks, HEIGHT)
    drawn += grid(scale, [(value, shown.shown(value)) for value in round_values(low, high, 3)])
    drawn.append(svg.line(0, limit, 100, limit, "limit"))
    drawn.append(svg.text(shown.allowed, 16, limit - 4, "limit-text"))
    held = [_held(run, shown, frame) for run in lines]
    stairs = [[(frame.across(at.at), scale.down(at.value)) for at in run] for run in held]
    drawn.append(svg.stretched(HEIGHT, [svg.stairs(stairs, "line canary")]))
    worst = _worst(shown, [point for run in lines for point in run])
    if shown.is_beyond(worst.value):
        drawn.append(svg.dot(frame.across(worst.at), scale.down(worst.value), 4.5, "crossing"))
    drawn += replay(HEIGHT)
    drawn += axis(frame, HEIGHT)
    told = f"{shorten(shown.name, 80)} over time, {shown.allowed} is allowed"
    sentence = f"{told}; worst {shown.shown(worst.value)}, last {shown.shown(values[-1])}."
    return svg.drawing(HEIGHT + AXIS, sentence, drawn, "chart time")


def _held(run: series.Run, shown: Gauge, frame: Frame) -> series.Run:
    """The last value holds until the next was due, so that a single reading can be seen."""
    until = min(run[-1].at + shown.every, frame.end)
    return (*run, series.Point(max(until, run[-1].at), run[-1].value))


def readings(looks: Sequence[Look], name: str) -> Iterator[Reading]:
    """Everything that was read of one gauge, troubles too, in order."""
    return (found for look in looks for found in look.readings if found.gauge == name)


def runs(looks: Sequence[Look], shown: Gauge) -> tuple[series.Run, ...]:
    """Unbroken stretches of readings."""
    found: list[list[series.Point]] = []
    for reading in readings(looks, shown.name):
        if reading.value is None:
            continue
        point = series.Point(reading.at, reading.value)
        if not found or reading.at - found[-1][-1].at > shown.fresh_for:
            found.append([])
        found[-1].append(point)
    return tuple(tuple(run) for run in found)


def _worst(shown: Gauge, points: Sequence[series.Point]) -> series.Point:
    pick = max if shown.bound is Bound.AT_MOST else min
    return pick(points, key=lambda point: point.value)
