"""What the judge says of a KPI or a gauge, as plain data for JSON."""

from typing import Any

from gonogo.domain.verdict import GaugeAssessment, KpiAssessment
from gonogo.judge.outlook import smallest_visible


def kpi_view(found: KpiAssessment) -> dict[str, Any]:
    """One KPI's verdict with its counts; `smallest_visible` is the smallest share of bad canary requests
    that should have been stopped by now."""
    return {
        "kpi": found.kpi,
        "verdict": found.verdict.value,
        "baseline": {"bad": found.baseline.bad, "total": found.baseline.total},
        "canary": {"bad": found.canary.bad, "total": found.canary.total},
        "more_requests": found.more_requests,
        "smallest_visible": smallest_visible(found),
        "sentence": found.sentence,
    }


def gauge_view(found: GaugeAssessment) -> dict[str, Any]:
    """One gauge's verdict with its newest value in its own unit; null where none was read."""
    return {
        "gauge": found.gauge.name,
        "verdict": found.verdict.value,
        "value": found.value,
        "at": found.at.isoformat() if found.at else None,
        "worst": found.worst,
        "bound": found.gauge.bound.value,
        "limit": found.gauge.value,
        "unit": found.gauge.unit.value,
        "sentence": found.sentence,
    }
