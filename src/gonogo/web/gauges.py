"""Gauges in a report: a chart and the table behind it for each."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from gonogo.domain.gauge import Gauge
from gonogo.domain.look import Look
from gonogo.domain.story import Story, deciding_look
from gonogo.domain.verdict import GaugeAssessment
from gonogo.web.charts import Frame, gauge_chart

MOST_ROWS = 60


@dataclass(frozen=True, slots=True)
class Row:
    """One reading in words."""

    at: datetime
    told: str


@dataclass(frozen=True, slots=True)
class GaugePanel:
    """One gauge: its chart, what the judge said of it at the deciding or last look, and its readings."""

    gauge: Gauge
    assessment: GaugeAssessment | None
    chart: str
    rows: tuple[Row, ...]
    readings: int


def panels(story: Story, frame: Frame | None) -> tuple[GaugePanel, ...]:
    """Every gauge of the release's plan, in the plan's order."""
    if frame is None:
        return ()
    closing = deciding_look(story) or story.looks[-1]
    said = {found.gauge.name: found for found in closing.judgement.gauges}
    return tuple(
        _panel(story.looks, gauge, said.get(gauge.name), frame)
        for gauge in story.release.plan.gauges
    )


def _panel(
    looks: Sequence[Look], gauge: Gauge, assessment: GaugeAssessment | None, frame: Frame
) -> GaugePanel:
    found = list(gauge_chart.readings(looks, gauge.name))
    last = len(found) - 1
    places = sorted({index * last // max(MOST_ROWS - 1, 1) for index in range(MOST_ROWS)})
    turning = {
        index
        for index in range(1, len(found))
        if (found[index].value is None) != (found[index - 1].value is None)
    }
    chosen = sorted({*places, *sorted(turning)[:MOST_ROWS]}) if found else []
    rows = tuple(
        Row(
            found[index].at,
            gauge.shown(value)
            if (value := found[index].value) is not None
            else f"not read: {found[index].trouble}",
        )
        for index in chosen
    )
    return GaugePanel(gauge, assessment, gauge_chart.gauge(looks, gauge, frame), rows, len(found))
