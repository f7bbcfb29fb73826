"""From the judge's memory to verdicts with counts, evidence, intervals and plain sentences.

Costs some 100 µs per KPI; `failed` is the question to ask after every single request.
"""

import math
from dataclasses import dataclass

from gonogo.domain.plan import Past
from gonogo.domain.traffic import Counts, Endpoint, Kpi, Unit
from gonogo.domain.verdict import Evidence, Interval, Judgement, KpiAssessment, Test, Verdict, worst
from gonogo.judge.alternatives import Vector
from gonogo.judge.forecast import divergence, relative_information, requests_for
from gonogo.judge.intervals import log_limit_kept, log_ratio_kept, ratio_interval, share_interval
from gonogo.judge.kpi_tests import Cell, KpiTests
from gonogo.judge.memory import Memory, must_fit
from gonogo.judge.onset import unspent_after
from gonogo.judge.past import HALF
from gonogo.judge.plan import JudgePlan
from gonogo.judge.sentences import Findings, deciding_sentence, kpi_sentence
from gonogo.judge.verdicts import LEANING, Standing, kpi_verdict

# Canary requests that the baseline's traffic leads one to expect before their total lack is no accident.
SURELY_EXPECTED = 10.0
# How far the odds of reaching the canary may lie from the planned ones, and the chance of a wrong alarm.
SPLIT_TOLERANCE = 1.2
SPLIT_ALARM = 0.001


def assess(plan: JudgePlan, memory: Memory, minimum_requests: int) -> Judgement:
    """The verdict on every KPI and on the release.

    `minimum_requests` counts canary requests of the present step over all endpoints; a KPI of one
    endpoint needs its share of them, rounded down.
    """
    must_fit(plan, memory)
    release = _Release.of(memory, max(1, minimum_requests))
    parts = [
        _kpi(plan, kpi, tests, row, release)
        for kpi, tests, row in zip(plan.kpis, memory.tests.kpis, memory.values, strict=True)
    ]
    verdict = worst(part.verdict for part in parts)
    return Judgement(verdict, tuple(parts), deciding_sentence(verdict, parts))


@dataclass(frozen=True, slots=True)
class _Release:
    """What one KPI's verdict needs to know of the release as a whole."""

    minimum: int
    baseline: float
    canary: float
    step_baseline: float
    step_canary: float
    alpha: float
    planned: float

    @classmethod
    def of(cls, memory: Memory, minimum: int) -> "_Release":
        """Counts of the KPI of all requests, or of the busiest where no KPI covers all."""
        rows = list(zip(memory.tests.plan.kpis, memory.values, strict=True))
        whole = [row for kpi, row in rows if kpi.endpoint == Endpoint()] or [row for _, row in rows]
        row = max(whole, key=lambda row: float(row[Cell.CANARY] + row[Cell.BASELINE]))
        return cls(
            minimum,
            float(row[Cell.BASELINE]),
            float(row[Cell.CANARY]),
            float(row[Cell.STEP_BASELINE]),
            float(row[Cell.STEP_CANARY]),
            memory.tests.plan.alpha,
            float(row[Cell.PLANNED]),
        )

    @property
    def split_fits(self) -> bool:
        """Whether the requests of this step may be split as planned, give or take a fifth in odds."""
        total = self.step_baseline + self.step_canary
        if not self.planned or not total:
            return True
        found = share_interval(self.step_canary, total, SPLIT_ALARM)
        odds = self.planned / (1 - self.planned)
        least, most = odds / SPLIT_TOLERANCE, odds * SPLIT_TOLERANCE
        return found.high >= least / (1 + least) and found.low <= most / (1 + most)

    @property
    def split(self) -> tuple[float, float]:
        """The canary's share of this step's requests, found and planned."""
        total = self.step_baseline + self.step_canary
        return (self.step_canary / total if total else 0.0), self.planned

    def minimum_for(self, kpi: Kpi, row: Vector) -> int:
        """The minimum, scaled to how much of the traffic the KPI counts."""
        total = self.baseline + self.canary
        if (kpi.endpoint == Endpoint() and kpi.unit is Unit.REQUEST) or not total:
            return self.minimum
        share = min(1.0, float(row[Cell.BASELINE] + row[Cell.CANARY]) / total)
        return max(math.floor(self.minimum * share), int(self.step_canary < self.minimum))

    def expected(self, row: Vector) -> float:
        """Canary requests that the KPI's baseline traffic of this step leads one to expect."""
        if not self.step_baseline:
            return 0.0
        return float(row[Cell.STEP_BASELINE]) * self.step_canary / self.step_baseline


def _kpi(
    plan: JudgePlan, kpi: Kpi, tests: KpiTests, row: Vector, release: _Release
) -> KpiAssessment:
    alone = bool(row[Cell.ALONE])
    proofs = _proofs(kpi, tests, row, alone=alone)
    needed = math.log(1 / plan.miss)
    evidence = (
        *_evidence(kpi, tests, row, release.alpha),
        *_past_evidence(plan, tests, row, release.alpha),
    )
    kept = tuple(proof >= needed for proof in proofs.values())
    standing = _standing(kpi, row, release, evidence, kept)
    verdict = kpi_verdict(standing)
    baseline = Counts(int(row[Cell.BASELINE_BAD]), int(row[Cell.BASELINE]))
    canary = Counts(int(row[Cell.CANARY_BAD]), int(row[Cell.CANARY]))
    ratio = _ratio(tests, row)
    share = share_interval(canary.bad, canary.total) if canary.total else None
    more: int | None = 0
    if verdict is Verdict.INCONCLUSIVE and standing.seen < standing.minimum:
        more = standing.minimum - standing.seen
    elif verdict not in {Verdict.FAIL, Verdict.PASS}:
        more = _more(kpi, row, evidence, {test: needed - proof for test, proof in proofs.items()})
    findings = Findings(
        kpi, standing, alone, baseline, canary, evidence, ratio, share, more, release.split
    )
    return KpiAssessment(
        kpi.name,
        verdict,
        baseline,
        canary,
        evidence,
        ratio,
        share,
        more,
        kpi_sentence(verdict, findings),
    )


def _standing(
    kpi: Kpi,
    row: Vector,
    release: _Release,
    evidence: tuple[Evidence, ...],
    kept: tuple[bool, ...],
) -> Standing:
    """All that the verdict follows from."""
    seen = int(row[Cell.STEP_CANARY])
    compared = kpi.limit is not None or bool(row[Cell.ALONE]) or bool(row[Cell.STEP_BASELINE])
    return Standing(
        failed=bool(row[Cell.FAILED]),
        anything=release.canary > 0 or row[Cell.CANARY] > 0,
        seen=seen,
        minimum=release.minimum_for(kpi, row),
        comparable=compared or not seen,
        missing=not seen and release.expected(row) >= SURELY_EXPECTED,
        split_fits=release.split_fits,
        leaning=any(item.log10_e >= math.log10(LEANING) for item in evidence),
        kept=kept,
    )


def _evidence(kpi: Kpi, tests: KpiTests, row: Vector, alpha: float) -> tuple[Evidence, ...]:
    found = []
    threshold = math.log10(1 / alpha)
    if kpi.ratio is not None:
        left = row[Cell.RELATIVE_LEFT] * unspent_after(float(row[Cell.COMPARED]))
        value = math.log10(float(row[tests.in_relative].sum() + left))
        peak = math.log10(float(row[Cell.RELATIVE_PEAK]))
        found.append(Evidence(Test.RELATIVE, value, threshold, max(peak, value), alpha, kpi.ratio))
    if kpi.limit is not None:
        left = row[Cell.ABSOLUTE_LEFT] * unspent_after(float(row[Cell.STEP_CANARY]))
        value = math.log10(float(row[tests.in_absolute].sum() + left))
        peak = math.log10(float(row[Cell.ABSOLUTE_PEAK]))
        found.append(Evidence(Test.ABSOLUTE, value, threshold, max(peak, value), alpha, kpi.limit))
    return tuple(found)


def _past_evidence(
    plan: JudgePlan, tests: KpiTests, row: Vector, alpha: float
) -> tuple[Evidence, ...]:
    """The comparison with the past: while it runs, and where it has a part of α from the start."""
    tolerated = float(row[Cell.PAST_TOLERATED])
    stops = plan.past is Past.STOP
    if tests.past_ratio is None or (tolerated <= 0 and not stops):
        return ()
    threshold = math.log10(1 / (HALF * alpha))
    left = row[Cell.PAST_LEFT] * unspent_after(float(row[Cell.STEP_CANARY]))
    value = math.log10(float(row[tests.in_past].sum() + left)) if tolerated > 0 else 0.0
    peak = max(math.log10(float(row[Cell.PAST_PEAK])), value)
    part = alpha if stops else 0.0
    return (Evidence(Test.PAST, value, threshold, peak, part, max(tolerated, 0.0)),)


def _proofs(kpi: Kpi, tests: KpiTests, row: Vector, *, alone: bool) -> dict[Test, float]:
    """Evidence (nats) of this step that limits are kept, for every test that can run."""
    proofs = {}
    if kpi.ratio is not None and not alone:
        proofs[Test.RELATIVE] = log_ratio_kept(row[tests.in_ratios], kpi.ratio)
    if kpi.limit is not None:
        proofs[Test.ABSOLUTE] = log_limit_kept(
            float(row[Cell.STEP_CANARY_BAD]), float(row[Cell.STEP_CANARY]), kpi.limit
        )
    return proofs


def _ratio(tests: KpiTests, row: Vector) -> Interval | None:
    if tests.relative is None or not row[Cell.BASELINE] or not row[Cell.CANARY]:
        return None
    likelihood = row[tests.in_ratios][:-1] + row[tests.in_earlier][:-1]
    return ratio_interval(likelihood, float(row[Cell.CANARY_BAD]), float(row[Cell.BASELINE_BAD]))


def _more(
    kpi: Kpi, row: Vector, evidence: tuple[Evidence, ...], unproven: dict[Test, float]
) -> int | None:
    """Requests to the first FAIL when some tolerance looks broken, else to PASS; None: out of reach."""
    seen, total = float(row[Cell.STEP_CANARY]), float(row[Cell.STEP_BASELINE])
    if not seen:
        return None
    canary = (float(row[Cell.STEP_CANARY_BAD]) + 0.5) / (seen + 1)
    whole = float(row[Cell.BASELINE])
    baseline = (float(row[Cell.BASELINE_BAD]) + 0.5) / (whole + 1)
    failing: list[int | None] = []
    passing: list[int | None] = []
    for item in evidence:
        if item.test not in unproven:
            continue
        if item.test is Test.ABSOLUTE:
            worse = canary > item.tolerance
            information = divergence(canary, item.tolerance)
        elif not total:
            continue
        else:
            worse = canary > item.tolerance * baseline
            share = seen / (seen + total)
            information = relative_information(canary, baseline, share, item.tolerance)
        if worse:
            missing = (item.threshold - item.log10_e) * math.log(10)
            failing.append(requests_for(missing, information))
        else:
            passing.append(requests_for(unproven[item.test], information))
    if failing:
        return min((number for number in failing if number is not None), default=None)
    numbers = [number for number in passing if number is not None]
    return max(numbers) if numbers and len(numbers) == len(unproven) else None
