"""What each test of a KPI measured against what it tolerates: read once, for every page and chart."""

import math
from dataclasses import dataclass
from enum import StrEnum

from gonogo.domain.verdict import Evidence, Interval, KpiAssessment, Test


class Standing(StrEnum):
    """What an interval says against its tolerance."""

    SAFE = "safe"
    LEARNING = "learning"
    HARMFUL = "harmful"
    NOT_MEASURED = "not measured"


@dataclass(frozen=True, slots=True)
class Measured:
    """One test of a KPI. `interval` is in the test's own unit (a ratio or a share), as its tolerance is."""

    evidence: Evidence
    interval: Interval | None
    standing: Standing


def measured(found: KpiAssessment) -> tuple[Measured, ...]:
    """The tests of a KPI that tolerate something, in the judge's order."""
    return tuple(
        _measured(found, evidence)
        for evidence in found.evidence
        if evidence.tolerance  # a comparison with the past that has not begun tolerates nothing yet
    )


def standing_of(interval: Interval | None, tolerance: float) -> Standing:
    """Beyond the tolerance: harmful; wholly within: safe; across: learning."""
    if interval is None:
        return Standing.NOT_MEASURED
    if interval.low > tolerance:
        return Standing.HARMFUL
    return Standing.SAFE if interval.high <= tolerance else Standing.LEARNING


def place_of(tolerances: float) -> float:
    """Where a value in units of its tolerance stands between 0 and 1: u/(1+u), so that 0 and ∞ both have
    a place, nothing is cut off and the limit stands in the middle."""
    return 1.0 if math.isinf(tolerances) else tolerances / (1 + tolerances)


def _measured(found: KpiAssessment, evidence: Evidence) -> Measured:
    interval = found.ratio if evidence.test is Test.RELATIVE else found.share
    if interval is not None and (math.isnan(interval.low) or math.isnan(interval.high)):
        interval = None
    return Measured(evidence, interval, _standing(interval, evidence))


def _standing(interval: Interval | None, evidence: Evidence) -> Standing:
    if max(evidence.log10_e, evidence.peak) >= evidence.threshold:
        return Standing.HARMFUL
    return standing_of(interval, evidence.tolerance)
