"""Exposure: what share of customers the canary was meant to get, and what it got."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from markupsafe import Markup

from gonogo.domain.look import Look
from gonogo.domain.story import busiest_kpi
from gonogo.domain.traffic import Arm
from gonogo.web.charts import series, svg
from gonogo.web.charts.frame import AXIS, Frame, axis, backdrop, frame_of, replay
from gonogo.web.charts.scale import Scale, grid, round_values
from gonogo.web.wording import share

HEIGHT = 170
MOST_GROUPS = 60
SMALLEST_GROUP = 50
SPREAD = 2.58
"""Standard deviations within which 99 of 100 groups fall when the router splits as planned."""


@dataclass(frozen=True, slots=True)
class Group:
    """Consecutive looks at one planned share: how many requests each arm got in them."""

    start: datetime
    end: datetime
    planned: float
    canary: int
    total: int

    @property
    def observed(self) -> float:
        """The share that the canary got."""
        return self.canary / self.total

    @property
    def band(self) -> tuple[float, float]:
        """Where 99 of 100 groups of this size fall when the split is as planned."""
        half = SPREAD * math.sqrt(self.planned * (1 - self.planned) / self.total)
        return max(0.0, self.planned - half), min(1.0, self.planned + half)


def exposure(
    looks: Sequence[Look], frame: Frame | None = None, out_at: datetime | None = None
) -> Markup:
    """The chart as an SVG string: planned share as steps, observed share as bars with their band.

    Looks are put together until a group has at least fifty requests, because one request is 0 or
    100 %. `out_at` is when the canary was confirmed to be out of rotation.
    """
    frame = frame or frame_of(looks, until=out_at)
    if frame is None:
        return svg.nothing("No customer was sent to the canary.")
    found = groups(looks)
    high = max([look.share for look in looks] + [group.observed for group in found])
    scale = Scale(0.0, min(1.0, high * 1.15) or 0.01, HEIGHT)
    drawn = backdrop(frame, looks, HEIGHT)
    drawn += grid(scale, [(value, share(value)) for value in round_values(0.0, scale.high)])
    drawn += _bands(found, frame, scale)
    drawn.append(svg.stretched(HEIGHT, [_planned(looks, frame, scale, out_at)]))
    for group in found:
        y = scale.down(group.observed)
        drawn.append(svg.line(frame.across(group.start), y, frame.across(group.end), y, "observed"))
    drawn += replay(HEIGHT)
    drawn += axis(frame, HEIGHT)
    highest = share(max(look.share for look in looks))
    sentence = f"Planned and observed share of customers over time; planned at most {highest}."
    return svg.drawing(HEIGHT + AXIS, sentence, drawn, "chart time")


def groups(looks: Sequence[Look]) -> tuple[Group, ...]:
    """Looks put together until there are enough requests in them, never across a gap or a step.

    Requests are those of the KPI that counted most canary events. What is left over at the end of a
    stretch and is smaller than a group is not shown as one.
    """
    kpi = busiest_kpi(looks)
    if kpi is None:
        return ()
    everything = sum(series.totals(looks, kpi, arm)[-1].total for arm in Arm)
    enough = max(SMALLEST_GROUP, everything // MOST_GROUPS)
    found: list[Group] = []
    start: Look | None = None
    canary = total = 0
    for look in looks:
        if start is None or look.gap is not None or look.share != start.share:
            start, canary, total = (None if look.gap is not None else look), 0, 0
        if start is None:
            continue
        mine = series.gained(look, kpi, Arm.CANARY).total
        canary, total = canary + mine, total + mine
        total += series.gained(look, kpi, Arm.BASELINE).total
        if total >= enough:
            found.append(Group(start.at, look.at, look.share, canary, total))
            start, canary, total = look, 0, 0
    return tuple(found)


def _bands(found: Sequence[Group], frame: Frame, scale: Scale) -> list[Markup]:
    drawn = []
    for group in found:
        low, high = group.band
        x = frame.across(group.start)
        top = scale.down(high)
        drawn.append(
            svg.box(x, top, frame.across(group.end) - x, scale.down(low) - top, "expected")
        )
    return drawn


def _planned(looks: Sequence[Look], frame: Frame, scale: Scale, out_at: datetime | None) -> Markup:
    changes = [
        looks[0],
        *(new for old, new in pairwise(looks) if new.share != old.share),
    ]
    points = [(frame.across(look.at), scale.down(look.share)) for look in changes]
    end = out_at if out_at is not None and out_at >= looks[-1].at else looks[-1].at
    points.append((frame.across(end), scale.down(looks[-1].share)))
    if end is out_at:
        points.append((frame.across(end), scale.down(0.0)))
    return svg.stairs([points], "line canary")
