"""What all charts of one release share: the time axis, its marks, and the stretches not measured."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from markupsafe import Markup

from gonogo.domain.look import Look
from gonogo.web.charts import svg
from gonogo.web.wording import clock, date

INSET = 1.5
"""Per cent left free at an edge, so that nothing is cut there."""

LABELS = 9.0
"""Per cent left free at the left for the labels of the vertical scale."""

AXIS = 22
"""Pixels under a plot for its time axis."""

_STEPS = (
    *(1, 2, 5, 10, 15, 20, 30),
    *(60 * minutes for minutes in (1, 2, 5, 10, 15, 20, 30)),
    *(3600 * hours for hours in (1, 2, 3, 6, 12)),
)


class MarkKind(StrEnum):
    """What a vertical line stands for."""

    STAGE = "stage"
    PERSON = "person"
    JUDGE = "judge"


@dataclass(frozen=True, slots=True)
class Mark:
    """A vertical line; `number` is its row in the timeline's table."""

    at: datetime
    kind: MarkKind
    number: int


@dataclass(frozen=True, slots=True)
class Frame:
    """A stretch of time that is drawn over the same width in every chart.

    `left` is how many per cent of the width lie before it.
    """

    start: datetime
    end: datetime
    marks: tuple[Mark, ...] = ()
    left: float = LABELS

    @property
    def length(self) -> timedelta:
        """How long it is, never nothing."""
        return max(self.end - self.start, timedelta(milliseconds=1))

    def across(self, at: datetime) -> float:
        """Where an instant stands, in per cent of the width; outside ones at the nearer end."""
        part = (at - self.start) / self.length
        return self.left + (100 - self.left - INSET) * min(1.0, max(0.0, part))

    def holds(self, at: datetime) -> bool:
        """Whether an instant lies in it."""
        return self.start <= at <= self.end


def frame_of(
    looks: Sequence[Look], marks: Iterable[Mark] = (), until: datetime | None = None
) -> Frame | None:
    """The stretch over which was judged, to `until` where that is later; None without any look."""
    if not looks:
        return None
    end = max(look.at for look in looks)
    start = min(look.at for look in looks)
    if until is not None:
        end = max(end, until)
    if end - start < timedelta(milliseconds=100):
        start, end = start - timedelta(milliseconds=500), end + timedelta(milliseconds=500)
    return Frame(start, end, tuple(marks))


@dataclass(frozen=True, slots=True)
class Gap:
    """A stretch whose counts were dropped, and why."""

    start: datetime
    end: datetime
    why: str


def gaps(looks: Sequence[Look]) -> tuple[Gap, ...]:
    """The stretches not measured; looks with a gap that follow one another for one reason are one."""
    found: list[Gap] = []
    for index, look in enumerate(looks):
        if look.gap is None:
            continue
        start = looks[index - 1].at if index else look.at
        if found and found[-1].end == start and found[-1].why == look.gap:
            start = found.pop().start
        found.append(Gap(start, look.at, look.gap))
    return tuple(found)


def ticks(start: datetime, end: datetime) -> tuple[datetime, ...]:
    """At most five round instants."""
    length = (end - start).total_seconds()
    days = (86400 * 2**power for power in range(12))
    step = next(step for step in (*_STEPS, *days) if length / step <= 4.5 or step > 1e8)
    if length < 2:
        return (start, end)
    first = math.ceil(start.timestamp() / step) * step
    found = [first + step * index for index in range(6)]
    return tuple(datetime.fromtimestamp(at, UTC) for at in found if at <= end.timestamp())


def axis(frame: Frame, height: float) -> list[Markup]:
    """The time axis under a plot that is `height` pixels high; the date stands where it changes."""
    drawn = [svg.line(0, height, 100, height, "axis")]
    last_end = -100.0
    day = date(frame.start)
    for at in ticks(frame.start, frame.end):
        x = frame.across(at)
        changed = date(at) != day
        day = date(at)
        label = f"{day[5:]} {clock(at)[:5]}" if changed else clock(at)
        drawn.append(svg.line(x, height, x, height + 4, "axis"))
        if x - last_end < 18:
            continue
        anchor = "start" if x < 8 else ("end" if x > 91 else "middle")
        drawn.append(svg.text(label, x, height + 17, "tick", anchor))
        last_end = x
    return drawn


def backdrop(frame: Frame, looks: Sequence[Look], height: float) -> list[Markup]:
    """Stretches not measured, and the numbered marks, behind a plot `height` pixels high."""
    drawn: list[Markup] = []
    for gap in gaps(looks):
        x, end = frame.across(gap.start), frame.across(gap.end)
        drawn.append(svg.box(x, 0, max(end - x, 0.4), height, "gap"))
    last = -100.0
    for mark in frame.marks:
        if not frame.holds(mark.at):
            continue
        x = frame.across(mark.at)
        drawn.append(svg.line(x, 12, x, height, f"mark {mark.kind.value}"))
        if x - last >= 4.5:
            drawn.append(svg.text(str(mark.number), x, 9, f"number {mark.kind.value}", "middle"))
            last = x
    return drawn


def replay(height: float) -> list[Markup]:
    """The crosshair and the veil over what comes after it; a script moves them, else they are unseen."""
    return [
        svg.element("rect", class_="veil", x="100%", y=0, width="100%", height=height),
        svg.element("line", class_="cross", x1="-1%", y1=12, x2="-1%", y2=height),
    ]
