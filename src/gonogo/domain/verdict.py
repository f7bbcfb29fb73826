"""What the judge says, with everything a reader needs to check it."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

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
    """Which comparison a piece of evidence comes from."""

    __test__ = False  # not a test case, whatever pytest makes of the name

    RELATIVE = "relative"
    ABSOLUTE = "absolute"


@dataclass(frozen=True, slots=True)
class Evidence:
    """One e-process: FAIL when log10(e) reaches `threshold` = log10(1/its share of α)."""

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
class Judgement:
    """The verdict over all KPIs of a release at one look."""

    verdict: Verdict
    kpis: tuple[KpiAssessment, ...]
    sentence: str
