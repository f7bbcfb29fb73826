"""A judgement as one picture: the forest of all tests, then each KPI's charts over time."""

from collections.abc import Sequence

from markupsafe import Markup

from gonogo.domain.look import Look
from gonogo.usecases.judging.bands import distributions
from gonogo.web import charts
from gonogo.web.charts import svg
from gonogo.web.charts.bands import difference_over_time, ratio_over_time
from gonogo.web.charts.bands import last as last_band
from gonogo.web.charts.series import kpi_names
from gonogo.web.wording import shorten

WIDTH = 860
MARGIN = 24
TITLE = 34
MOST_KPIS = 12
"""More KPIs than this make a picture that nobody reads; the forest still has all of them."""


def plot(looks: Sequence[Look]) -> str:
    """One SVG file, complete in itself, of fixed width; says so when there is nothing to draw."""
    if not looks:
        return charts.standalone(_sheet([("Nothing was counted.", svg.nothing("no rows"))]))
    last = looks[-1].judgement
    parts = [(f"Verdict: {last.verdict.value.replace('_', ' ')}", charts.forest(last))]
    for kpi in kpi_names(looks)[:MOST_KPIS]:
        name = shorten(kpi, 60)
        parts.append((f"{name}: share of bad requests", charts.comparison(looks, kpi)))
        difference, ratio = difference_over_time(looks, kpi), ratio_over_time(looks, kpi)
        if last_band(difference) is not None:
            title = f"{name}: canary − baseline in points, with the band that holds at every look"
            parts.append((title, charts.difference(looks, kpi, None, difference)))
        if last_band(ratio) is not None:
            title = f"{name}: canary / baseline, with the band that holds at every look"
            parts.append((title, charts.ratio(looks, kpi, None, ratio)))
        parts.append((f"{name}: evidence of harm, log10 of the odds", charts.evidence(looks, kpi)))
    timed = distributions(looks)
    if timed:
        parts.append(("How long answers took: share answered within a time", charts.latency(timed)))
    return charts.standalone(_sheet(parts))


def _sheet(parts: Sequence[tuple[str, Markup]]) -> Markup:
    drawn: list[Markup] = []
    y = float(MARGIN)
    for title, chart in parts:
        drawn.append(svg.element("text", title, x=MARGIN, y=y + 14, class_="name"))
        height = _height(chart)
        drawn.append(
            svg.element(
                "svg",
                chart,
                x=MARGIN,
                y=y + TITLE,
                width=WIDTH - 2 * MARGIN,
                height=height,
                overflow="hidden",
            )
        )
        y += TITLE + height + MARGIN
    paper = svg.element("rect", width="100%", height="100%", style="fill:var(--paper)")
    return svg.element(
        "svg",
        paper,
        *drawn,
        xmlns="http://www.w3.org/2000/svg",
        class_="chart",
        width=WIDTH,
        height=y,
        direction="ltr",
    )


def _height(chart: Markup) -> float:
    """The height that a chart of gonogo.web.charts says it has, in pixels."""
    return float(str(chart).split(' height="', 1)[1].split('"', 1)[0])
