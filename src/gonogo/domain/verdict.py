"""What the judge says, with everything a reader needs to check it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from gonogo.domain.gauge import Gauge
from gonogo.domain.traffic import Counts


class Verdict(StrEnum):
    """The judge's answer, worst first.

    FAIL: evidence of harm crossed its limit; stop at once. NO_DATA: nothing was seen; never promotes.
    INCONCLUSIVE: too little seen, a source that cannot be trusted, or a split that does not match; hold.
    UNPROVEN: enough was seen and shows no harm, but not that limits are kept; the step's end advances it.
    PASS: limits are shown to be kept; the step may end early.
    """

    FAIL = "fail"
    NO_DATA = "no_data"
    INCONCLUSIVE = "inconclusive"
    UNPROVEN = "unproven"
    PASS = "pass"  # noqa: S105


_WORST_FIRST = tuple(Verdict)


def worst(verdicts: Iterable[Verdict]) -> Verdict:
    """The worst of several verdicts; no verdict at all is NO_DATA."""
    return min(verdicts, key=_WORST_FIRST.index, default=Verdict.NO_DATA)


class Test(StrEnum):
    """Which comparison a piece of evidence comes from.

    PAST: after promotion, against what was recorded of the service before.
    """

    __test__ = False  # not a test case, whatever pytest makes of the name

    RELATIVE = "relative"
    ABSOLUTE = "absolute"
    PAST = "past"


@dataclass(frozen=True, slots=True)
class Evidence:
    """One e-process: FAIL when log10(e) reaches `threshold` = log10(1/its share of α).

    `tolerance` is a ratio for RELATIVE and a share of bad requests otherwise. A test that may only
    warn has no share of α: its `alpha` is 0.
    """

    test: Test
    log10_e: float
    threshold: float
    peak: float
    alpha: float
    tolerance: float


@dataclass(frozen=True, slots=True)
class Interval:
    """An estimate with an interval that holds at every look at once."""

    estimate: float | None
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class KpiAssessment:
    """One KPI's verdict: counts on both arms, the evidence of each test, and one plain sentence.

    `ratio` estimates canary share / baseline share; `share` estimates the canary's share of bad
    requests. `more_requests` is how many more canary requests are expected to be needed for an
    answer, or None where no number can honestly be given.
    """

    kpi: str
    verdict: Verdict
    baseline: Counts
    canary: Counts
    evidence: tuple[Evidence, ...]
    ratio: Interval | None
    share: Interval | None
    more_requests: int | None
    sentence: str


@dataclass(frozen=True, slots=True)
class GaugeAssessment:
    """One gauge's verdict: its newest value and when it was read, and one plain sentence.

    `worst` is the value that lay farthest beyond the bound, or nearest to it, in this release;
    `beyond_since` is when the present stretch beyond the bound began.
    """

    gauge: Gauge
    verdict: Verdict
    value: float | None
    at: datetime | None
    worst: float | None
    beyond_since: datetime | None
    sentence: str


@dataclass(frozen=True, slots=True)
class Judgement:
    """The verdict over all KPIs of a release at one look, rates and gauges."""

    verdict: Verdict
    kpis: tuple[KpiAssessment, ...]
    sentence: str
    gauges: tuple[GaugeAssessment, ...] = ()
