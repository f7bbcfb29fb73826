"""The way of a release: one bar per stage, with people's acts and the judge's word across them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from markupsafe import Markup

from gonogo.web.charts import svg
from gonogo.web.charts.frame import AXIS, Frame, axis, backdrop
from gonogo.web.wording import seconds, shorten

ROW = 24
TOP = 20


@dataclass(frozen=True, slots=True)
class Span:
    """A stage and how long the release stood in it. `end` is None when it still stands there."""

    label: str
    start: datetime
    end: datetime | None
    tone: str = "plain"


def timeline(spans: Sequence[Span], frame: Frame) -> Markup:
    """The chart as an SVG string; `frame` is the release's whole time and carries the marks.

    `tone` of a span is one of plain, canary, harm, safe, waiting.
    """
    if not spans:
        return svg.nothing("No stage was recorded.")
    height = TOP + ROW * len(spans) + 6
    drawn = backdrop(frame, (), height)
    for index, span in enumerate(spans):
        drawn += _bar(span, frame, TOP + ROW * index)
    drawn += axis(frame, height)
    told = "; ".join(f"{span.label} {_length(span)}" for span in spans)
    return svg.drawing(height + AXIS, f"Stages of the release in order: {told}.", drawn)


def _length(span: Span) -> str:
    return "until now" if span.end is None else seconds((span.end - span.start).total_seconds())


def _bar(span: Span, frame: Frame, top: float) -> list[Markup]:
    x = frame.across(span.start)
    end = frame.across(span.end or frame.end)
    label = f"{shorten(span.label, 30)} · {_length(span)}"
    bar = svg.box(x, top + 4, max(end - x, 0.5), ROW - 8, f"stage-bar {span.tone}")
    if end < 55:
        named = svg.text(label, end + 1.2, top + 16, "bar-text")
    elif x > 45:
        named = svg.text(label, x - 1.2, top + 16, "bar-text", "end")
    else:
        named = svg.text(label, x + 1.2, top + 16, "bar-text inside")
    return [bar, named]
