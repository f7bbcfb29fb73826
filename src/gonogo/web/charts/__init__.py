"""Charts of a canary as pure functions of recorded values; each returns one SVG string.

A chart takes its colours from the page: `STYLE` holds the rules and `DEFS` the one pattern that the
charts refer to. `standalone` puts both into a chart, for a file of its own.
"""

from importlib.resources import files

from markupsafe import Markup

from gonogo.web.charts.band_chart import difference, ratio
from gonogo.web.charts.comparison_chart import comparison
from gonogo.web.charts.evidence_chart import evidence
from gonogo.web.charts.exposure_chart import exposure
from gonogo.web.charts.forest_chart import forest
from gonogo.web.charts.frame import INSET, Frame, Gap, Mark, MarkKind, frame_of, gaps
from gonogo.web.charts.gauge_chart import gauge
from gonogo.web.charts.latency_chart import latency
from gonogo.web.charts.requests_chart import requests
from gonogo.web.charts.timeline_chart import Span, timeline

__all__ = [
    "DEFS",
    "INSET",
    "STYLE",
    "Frame",
    "Gap",
    "Mark",
    "MarkKind",
    "Span",
    "comparison",
    "difference",
    "evidence",
    "exposure",
    "forest",
    "frame_of",
    "gaps",
    "gauge",
    "latency",
    "ratio",
    "requests",
    "standalone",
    "timeline",
]

STYLE = (files("gonogo.web") / "templates" / "charts.css").read_text(encoding="utf-8")
"""Rules for everything inside a chart, with colours for light and dark."""

DEFS = Markup(
    '<defs><pattern id="gonogo-hatch" width="6" height="6" patternUnits="userSpaceOnUse"'
    ' patternTransform="rotate(45)"><rect class="hatch" width="1.5" height="6"/></pattern></defs>'
)
"""The hatching of gaps and of what lies beyond a limit; once per document."""


def standalone(chart: str) -> str:
    """A chart as an SVG file of its own."""
    head, rest = chart.split(">", 1)
    return f"{head}><style>{STYLE}</style>{DEFS}{rest}\n"
