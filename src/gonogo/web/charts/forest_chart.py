"""The forest: one row per test of a KPI, its estimate and interval in units of what is tolerated."""

from dataclasses import dataclass

from markupsafe import Markup

from gonogo.domain.verdict import Interval, Judgement, Test
from gonogo.usecases.judging.forest import Standing, measured, place_of
from gonogo.web.charts import svg
from gonogo.web.charts.frame import INSET
from gonogo.web.wording import number, share, shorten

ROW = 62
TOP = 26


ICONS = {
    Standing.SAFE: "✓",
    Standing.LEARNING: "…",
    Standing.HARMFUL: "✕",
    Standing.NOT_MEASURED: "–",
}


@dataclass(frozen=True, slots=True)
class Row:
    """One test of one KPI: `interval` in its own unit (a ratio or a share), `tolerance` likewise."""

    kpi: str
    test: Test
    interval: Interval | None
    tolerance: float
    standing: Standing

    @property
    def told(self) -> str:
        """The estimate with its interval and limit, in words and numbers."""
        if self.interval is None:
            return "not measured"
        unit = number if self.test is Test.RELATIVE else share
        low, high = unit(self.interval.low), unit(self.interval.high)
        middle = "" if self.interval.estimate is None else f"{unit(self.interval.estimate)} "
        of = " × baseline" if self.test is Test.RELATIVE else ""
        return f"{middle}[{low}, {high}]{of}, limit {unit(self.tolerance)}"


def rows(judgement: Judgement) -> tuple[Row, ...]:
    """The rows of a judgement, KPIs in its order."""
    return tuple(
        Row(found.kpi, each.evidence.test, each.interval, each.evidence.tolerance, each.standing)
        for found in judgement.kpis
        for each in measured(found)
    )


def forest(judgement: Judgement) -> Markup:
    """The chart as an SVG string. 1 is the limit and stands in the middle; beyond it is hatched.

    What is beyond the limit has a place too, up to ∞: see `place_of`.
    """
    found = rows(judgement)
    if not found:
        return svg.nothing("No KPI was judged.")
    height = TOP + ROW * len(found)
    middle = place(1.0)
    drawn = [svg.box(middle, TOP - 6, 100 - middle, height - TOP + 6, "beyond")]
    for value, label in ((0.0, "0"), (0.5, "½"), (1.0, "1 = limit"), (2.0, "2"), (5.0, "5")):
        x = place(value)
        drawn.append(svg.line(x, TOP - 6, x, height, "limit" if value == 1 else "grid"))
        drawn.append(svg.text(label, x, 13, "tick", "start" if value == 0 else "middle"))
    drawn.append(svg.text("∞", 100 - INSET, 13, "tick", "end"))
    for index, row in enumerate(found):
        drawn += _drawn(row, TOP + ROW * index)
    sentence = "; ".join(
        f"{shorten(row.kpi, 80)} {row.test.value}: {row.told}, {row.standing}" for row in found
    )
    return svg.drawing(height, f"Harm in units of its tolerance. {sentence}.", drawn)


def place(value: float) -> float:
    """Where a value in units of its tolerance stands, in per cent of the width."""
    return INSET + (100 - 2 * INSET) * place_of(value)


def _name(row: Row, y: float) -> Markup:
    names = {Test.RELATIVE: "baseline", Test.ABSOLUTE: "limit", Test.PAST: "its past"}
    against = names[row.test]
    return svg.element(
        "text",
        svg.element("tspan", shorten(row.kpi, 20), class_="name"),
        svg.element("tspan", f" to {against}", class_="told"),
        x="0%",
        y=y,
    )


def _drawn(row: Row, top: float) -> list[Markup]:
    word = row.standing.value
    tone = word.replace(" ", "-")
    drawn = [
        svg.line(0, top + ROW, 100, top + ROW, "grid"),
        _name(row, top + 18),
        svg.text(f"{ICONS[row.standing]} {word}", 100, top + 18, f"word {tone}", "end"),
        svg.text(row.told, 0, top + 54, "told"),
    ]
    if row.interval is None:
        return drawn
    low, high = (
        place(max(0.0, end) / row.tolerance) for end in (row.interval.low, row.interval.high)
    )
    y = top + 32
    drawn.append(svg.line(low, y, high, y, f"interval {tone}"))
    drawn += [svg.line(x, y - 5, x, y + 5, f"whisker {tone}") for x in (low, high)]
    if row.interval.estimate is not None:
        x = place(max(0.0, row.interval.estimate) / row.tolerance)
        drawn.append(svg.dot(x, y, 5.5, f"estimate {tone}"))
    return drawn
