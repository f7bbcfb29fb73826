"""The tests of a plan, worked out once: what a look does to each bet, and where their numbers stand.

Apart from a cache of likelihood ratios nothing here changes. What is known of a release is one row of
numbers per KPI: the scalars of `Cell`, then a stake for each alternative of each of its tests.
"""

from functools import lru_cache
from typing import NamedTuple, TypeVar

import numpy as np

from gonogo.domain.plan import Past
from gonogo.judge.alternatives import (
    AbsoluteGrid,
    RelativeFactors,
    RelativeGrid,
    Vector,
    absolute_grid,
    likely_bad,
    relative_grid,
)
from gonogo.judge.past import HALF, past_grid
from gonogo.judge.plan import JudgePlan

HIGHEST_LOG = 300.0  # natural logarithm of the largest gain in one look
KEPT = 512  # likelihood ratios are kept for this many different looks: some 2 MB

Key = TypeVar("Key")
Value = TypeVar("Value")


class Cell:
    """Where the scalars of a KPI's row stand; the grids follow. Plain numbers: an enum's cost a third."""

    BASELINE_BAD = 0
    BASELINE = 1
    CANARY_BAD = 2
    CANARY = 3
    STEP_BASELINE = 4
    STEP_CANARY_BAD = 5
    STEP_CANARY = 6
    WAIT_BASELINE_BAD = 7
    WAIT_BASELINE = 8
    WAIT_CANARY_BAD = 9
    WAIT_CANARY = 10
    COMPARED = 11  # canary requests of the step that the relative test has judged
    ABSOLUTE_LEFT = 12  # stake left unspent after the step's start
    RELATIVE_LEFT = 13
    ABSOLUTE_PEAK = 14  # highest e-value so far
    RELATIVE_PEAK = 15
    FAILED = 16
    ALONE = 17  # 1 when the canary carries all traffic by design
    PLANNED = 18  # the canary's planned share of requests in this step; 0 when it was not said
    PAST_LEFT = 19
    PAST_PEAK = 20
    PAST_TOLERATED = 21  # share; 0 before the comparison with the past begins, PAST_OVER after it


GRIDS = 22
PAST_OVER = -1.0


class Gain(NamedTuple):
    """What a look does to each point's stake.

    `one_bad` is the multiplier that the same look would have with a single bad canary request, and
    `most` the largest of it. `likelihood`: what the ratios' log-likelihood gains; None for nothing.
    """

    stakes: Vector
    one_bad: Vector
    most: float
    likelihood: Vector | None


class KpiTests:
    """The tests of one KPI with the likelihood ratios of looks met lately (a cache, no state)."""

    def __init__(
        self, absolute: AbsoluteGrid | None, relative: RelativeGrid | None, ratio: float | None
    ) -> None:
        self.absolute = absolute
        self.relative = relative
        self.past_ratio = ratio
        points = 0 if absolute is None else len(absolute.weights)
        worse = 0 if relative is None else len(relative.weights)
        ratios = 0 if relative is None else len(relative.ratios)
        self.in_absolute = slice(GRIDS, GRIDS + points)
        self.in_relative = slice(GRIDS + points, GRIDS + points + worse)
        self.in_ratios = slice(GRIDS + points + worse, GRIDS + points + worse + ratios)
        self.in_earlier = slice(self.in_ratios.stop, self.in_ratios.stop + ratios)
        bets = 0 if ratio is None else len(past_grid(0.5).weights)
        self.in_past = slice(self.in_earlier.stop, self.in_earlier.stop + bets)
        self.width = self.in_past.stop
        self._past: dict[tuple[float, float, float], Gain] = {}
        self._absolute: dict[tuple[float, float], Gain] = {}
        self._relative: dict[tuple[Block, int], Gain] = {}
        self._factors: dict[tuple[float, int], RelativeFactors] = {}

    def absolute_gain(self, grid: AbsoluteGrid, bad: float, total: float) -> Gain:
        """The gain after `bad` of `total` canary requests; total > 0."""
        known = self._absolute.get((bad, total))
        if known is None:
            known = _share_gain(grid, bad, total)
            _keep(self._absolute, (bad, total), known)
        return known

    def past_gain(self, tolerated: float, bad: float, total: float) -> Gain:
        """The same against the share that the past tolerates."""
        known = self._past.get((tolerated, bad, total))
        if known is None:
            known = _share_gain(past_grid(tolerated), bad, total)
            _keep(self._past, (tolerated, bad, total), known)
        return known

    def relative_gain(self, grid: RelativeGrid, block: "Block", level: int) -> Gain:
        """The gain after a block of both arms when the baseline's bad share was about 2^level."""
        known = self._relative.get((block, level))
        if known is None:
            known = self._work_out(grid, block, level)
            _keep(self._relative, (block, level), known)
        return known

    def _work_out(self, grid: RelativeGrid, block: "Block", level: int) -> Gain:
        baseline_bad, baseline, canary_bad, canary = block
        share = canary / (canary + baseline)
        factors = self._factors.get((share, level))
        if factors is None:
            factors = grid.factors(share, level)
            _keep(self._factors, (share, level), factors)
        stakes = _multiplier(_exponent(factors, block))
        likely = likely_bad(baseline, level)
        one_bad = _multiplier(_exponent(factors, (likely, baseline, 1.0, canary)))
        likelihood = None
        if canary_bad or baseline_bad:
            likelihood = canary_bad * factors.ratio_canary + baseline_bad * factors.ratio_baseline
        return Gain(stakes, one_bad, float(one_bad.max()), likelihood)


Block = tuple[float, float, float, float]  # baseline bad, baseline, canary bad, canary; totals > 0


def _exponent(factors: RelativeFactors, block: Block) -> Vector:
    baseline_bad, baseline, canary_bad, canary = block
    return (
        canary_bad * factors.bad_canary
        + (canary - canary_bad) * factors.good_canary
        + baseline_bad * factors.bad_baseline
        + (baseline - baseline_bad) * factors.good_baseline
    )


def _share_gain(grid: AbsoluteGrid, bad: float, total: float) -> Gain:
    stakes = _multiplier(bad * grid.bad + (total - bad) * grid.good)
    one_bad = _multiplier(grid.bad + (total - 1) * grid.good)
    return Gain(stakes, one_bad, float(one_bad.max()), None)


def _multiplier(exponent: Vector) -> Vector:
    return np.exp(np.minimum(exponent, HIGHEST_LOG))


def _keep(kept: dict[Key, Value], key: Key, value: Value) -> None:
    if len(kept) >= KEPT:
        kept.clear()
    kept[key] = value


@lru_cache(maxsize=128)
def kpi_tests(limit: float | None, ratio: float | None, past: float | None) -> KpiTests:
    """The tests of every KPI with these numbers, whose releases meet the same looks again and again."""
    return KpiTests(
        None if limit is None else absolute_grid(limit),
        None if ratio is None else relative_grid(ratio),
        past,
    )


class Tests:
    """All tests of a plan, worked out once, and where their numbers stand in the memory."""

    __test__ = False  # not a test case, whatever pytest makes of the name

    def __init__(self, plan: JudgePlan) -> None:
        self.plan = plan
        self.limit = 1 / plan.alpha
        self.past_limit = 1 / (HALF * plan.alpha)
        self.past_stops = plan.past is Past.STOP
        self.kpis = tuple(
            kpi_tests(kpi.limit, kpi.ratio, None if plan.past is Past.OFF else kpi.ratio)
            for kpi in plan.kpis
        )
        self.rows = {kpi.name: row for row, kpi in enumerate(plan.kpis)}
        self.width = max(kpi.width for kpi in self.kpis)
