"""The judge's memory: every e-process of a release in one array of constant size.

Why one array: the judge looks after every request, so a look must cost microseconds; and what is
stored with each look must be exactly what judging goes on with.

Guarantees: values only depend on the increments, look by look (order inside a look does not
matter); no number overflows (stakes are capped at a value far beyond any threshold); a FAIL is
never forgotten; nothing fails without a bad canary request.

Assumes that looks are not timed by their outcomes, and random balancing. A look in which one arm has
no request cannot be compared by itself: for the relative test its counts wait until BLOCK requests
have come and both arms are among them, or a look brings both arms, and are then judged as one block.
Which block a request falls into never depends on whether it was bad. Blocks of 8 keep nine tenths of
the information when looks are single requests; larger ones would keep more and delay a stop. The
absolute test never waits.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from gonogo.domain.errors import InvalidInput
from gonogo.domain.traffic import Increment
from gonogo.judge.alternatives import (
    AbsoluteGrid,
    RelativeFactors,
    RelativeGrid,
    Vector,
    absolute_grid,
    relative_grid,
)
from gonogo.judge.onset import FIRST, LATER, WITHIN, spent_by
from gonogo.judge.plan import JudgePlan

HIGHEST_STAKE = 1e150  # far beyond any threshold; its product with the next cap is a finite number
HIGHEST_LOG = 300.0  # natural logarithm of the largest gain in one look
KEPT = 512  # likelihood ratios are kept for this many different looks: some 2 MB per KPI
BLOCK = 8  # requests of both arms together that a comparison is made of, at least
LONGEST_WAIT = 100_000  # requests of one arm that may wait for the other arm


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


GRIDS = 19


class KpiTests:
    """The tests of one KPI with the likelihood ratios of looks met lately (a cache, no state)."""

    def __init__(self, absolute: AbsoluteGrid | None, relative: RelativeGrid | None) -> None:
        self.absolute = absolute
        self.relative = relative
        points = 0 if absolute is None else len(absolute.weights)
        worse = 0 if relative is None else len(relative.weights)
        ratios = 0 if relative is None else len(relative.ratios)
        self.in_absolute = slice(GRIDS, GRIDS + points)
        self.in_relative = slice(GRIDS + points, GRIDS + points + worse)
        self.in_ratios = slice(GRIDS + points + worse, GRIDS + points + worse + ratios)
        self.in_earlier = slice(self.in_ratios.stop, self.in_ratios.stop + ratios)
        self.width = self.in_earlier.stop
        self._absolute: dict[tuple[float, float], Vector] = {}
        self._relative: dict[tuple[float, float, float, float], tuple[Vector, Vector | None]] = {}
        self._factors: dict[float, RelativeFactors] = {}

    def absolute_gain(self, grid: AbsoluteGrid, bad: float, total: float) -> Vector:
        """What each point's stake is multiplied by after `bad` of `total` canary requests."""
        known = self._absolute.get((bad, total))
        if known is None:
            exponent = bad * grid.bad + (total - bad) * grid.good
            known = np.exp(np.minimum(exponent, HIGHEST_LOG))
            _keep(self._absolute, (bad, total), known)
        return known

    def relative_gain(
        self, grid: RelativeGrid, block: tuple[float, float, float, float]
    ) -> tuple[Vector, Vector | None]:
        """Multiplier per point and what the ratios' log-likelihood gains (None where nothing was bad).

        `block` is (baseline bad, baseline total, canary bad, canary total), both totals above zero.
        """
        known = self._relative.get(block)
        if known is None:
            known = self._work_out(grid, block)
            _keep(self._relative, block, known)
        return known

    def _work_out(
        self, grid: RelativeGrid, block: tuple[float, float, float, float]
    ) -> tuple[Vector, Vector | None]:
        baseline_bad, baseline, canary_bad, canary = block
        share = canary / (canary + baseline)
        factors = self._factors.get(share)
        if factors is None:
            factors = grid.factors(share)
            _keep(self._factors, share, factors)
        exponent = (
            canary_bad * factors.bad_canary
            + (canary - canary_bad) * factors.good_canary
            + baseline_bad * factors.bad_baseline
            + (baseline - baseline_bad) * factors.good_baseline
        )
        gain = np.exp(np.minimum(exponent, HIGHEST_LOG))
        if not canary_bad and not baseline_bad:
            return gain, None
        return gain, canary_bad * factors.ratio_canary + baseline_bad * factors.ratio_baseline


def _keep(kept: dict[Key, Value], key: Key, value: Value) -> None:
    if len(kept) >= KEPT:
        kept.clear()
    kept[key] = value


class Tests:
    """All tests of a plan, worked out once, and where their numbers stand in the memory."""

    __test__ = False  # not a test case, whatever pytest makes of the name

    def __init__(self, plan: JudgePlan) -> None:
        self.plan = plan
        self.limit = 1 / plan.alpha
        self.kpis = tuple(
            KpiTests(
                None if kpi.limit is None else absolute_grid(kpi.limit),
                None if kpi.ratio is None else relative_grid(kpi.ratio),
            )
            for kpi in plan.kpis
        )
        self.rows = {kpi.name: row for row, kpi in enumerate(plan.kpis)}
        self.width = max(kpi.width for kpi in self.kpis)


@dataclass(frozen=True, slots=True, eq=False)
class Memory:
    """What the judge knows after some looks: one row of float64 per KPI. Never changed in place."""

    tests: Tests
    values: Vector

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Memory):
            return NotImplemented
        return self.tests.plan == other.tests.plan and np.array_equal(self.values, other.values)

    def __hash__(self) -> int:
        return hash(self.values.tobytes())


def begin(plan: JudgePlan) -> Memory:
    """The memory before the first look, at the start of the first step."""
    tests = Tests(plan)
    values = np.zeros((len(tests.kpis), tests.width))
    for row, kpi in zip(values, tests.kpis, strict=True):
        row[[Cell.ABSOLUTE_LEFT, Cell.RELATIVE_LEFT]] = 1 - FIRST
        row[[Cell.ABSOLUTE_PEAK, Cell.RELATIVE_PEAK]] = 1
        if kpi.absolute is not None:
            row[kpi.in_absolute] = FIRST * kpi.absolute.weights
        if kpi.relative is not None:
            row[kpi.in_relative] = FIRST * kpi.relative.weights
    return Memory(tests, values)


def next_step(
    plan: JudgePlan, memory: Memory, *, alone: bool = False, share: float | None = None
) -> Memory:
    """The memory at the start of a new rollout step, or of the watch (`alone`: no baseline is left).

    `share` is the canary's planned share of requests; when it is given and lies between 0 and 1, a
    step in which the requests are shown to be split otherwise is INCONCLUSIVE.

    Fresh stake is put on a fault that begins now, unless the canary has had no request since the last
    step began, so saying it twice is harmless; what waited for the other arm is dropped, since the
    shares change here; proof that limits are kept starts over; a FAIL stays.
    """
    must_fit(plan, memory)
    values = memory.values.copy()
    for row, kpi in zip(values, memory.tests.kpis, strict=True):
        if kpi.absolute is not None and row[Cell.STEP_CANARY]:
            _stake_anew(
                row, kpi.absolute.weights, kpi.in_absolute, Cell.ABSOLUTE_LEFT, Cell.STEP_CANARY
            )
        if kpi.relative is not None:
            if row[Cell.COMPARED]:
                _stake_anew(
                    row, kpi.relative.weights, kpi.in_relative, Cell.RELATIVE_LEFT, Cell.COMPARED
                )
            row[kpi.in_earlier] += row[kpi.in_ratios]
            row[kpi.in_ratios] = 0
        row[Cell.STEP_BASELINE : Cell.ABSOLUTE_LEFT] = 0
        row[Cell.ALONE] = alone
        row[Cell.PLANNED] = share if share is not None and 0 < share < 1 and not alone else 0.0
    return Memory(memory.tests, values)


def _stake_anew(row: Vector, weights: Vector, stakes: slice, unspent: int, seen: int) -> None:
    left = row[unspent] * (1 - WITHIN * spent_by(row[seen]))
    row[stakes] += LATER * left * weights
    row[unspent] = (1 - LATER) * left


def observe(plan: JudgePlan, memory: Memory, increments: Sequence[Increment]) -> Memory:
    """The memory after one look; increments of the same KPI add up. InvalidInput: unknown KPI."""
    must_fit(plan, memory)
    tests = memory.tests
    values = memory.values.copy()
    for row, counts in _gathered(tests, increments).items():
        _look(tests, tests.kpis[row], values[row], counts)
    return Memory(tests, values)


def failed(memory: Memory) -> bool:
    """Whether any KPI has failed; costs next to nothing."""
    return bool(memory.values[:, Cell.FAILED].any())


def must_fit(plan: JudgePlan, memory: Memory) -> None:
    """InvalidInput when the memory was begun under another plan."""
    if memory.tests.plan is not plan and memory.tests.plan != plan:
        raise InvalidInput("this judge's memory belongs to another plan")


_Counts = tuple[int, int, int, int]


def _gathered(tests: Tests, increments: Sequence[Increment]) -> dict[int, _Counts]:
    gathered: dict[int, _Counts] = {}
    for increment in increments:
        row = tests.rows.get(increment.kpi)
        if row is None:
            raise InvalidInput(
                f'the judge was given counts of a KPI "{increment.kpi}" that the plan does not have',
                hint=f"its KPIs are: {', '.join(tests.rows)}",
            )
        baseline, canary = increment.baseline, increment.canary
        counts = (baseline.bad, baseline.total, canary.bad, canary.total)
        before = gathered.get(row)
        if before is not None:
            b0, b1, b2, b3 = before
            counts = (b0 + counts[0], b1 + counts[1], b2 + counts[2], b3 + counts[3])
        gathered[row] = counts
    return gathered


def _look(tests: Tests, kpi: KpiTests, row: Vector, counts: _Counts) -> None:
    """Add one look's counts of one KPI to its row, in place."""
    baseline_bad, baseline, canary_bad, canary = counts
    cells = row[:GRIDS].tolist()
    if kpi.absolute is not None and canary:
        seen = cells[Cell.STEP_CANARY]
        spent = WITHIN * cells[Cell.ABSOLUTE_LEFT] * (spent_by(seen + canary) - spent_by(seen))
        stakes = row[kpi.in_absolute]
        stakes += spent * kpi.absolute.weights
        stakes *= kpi.absolute_gain(kpi.absolute, canary_bad, canary)
        if canary_bad:
            left = cells[Cell.ABSOLUTE_LEFT] * (1 - WITHIN * spent_by(seen + canary))
            _raise_peak(cells, Cell.ABSOLUTE_PEAK, stakes, left, tests.limit)
    cells[Cell.BASELINE_BAD] += baseline_bad
    cells[Cell.BASELINE] += baseline
    cells[Cell.CANARY_BAD] += canary_bad
    cells[Cell.CANARY] += canary
    cells[Cell.STEP_BASELINE] += baseline
    cells[Cell.STEP_CANARY_BAD] += canary_bad
    cells[Cell.STEP_CANARY] += canary
    if kpi.relative is not None:
        cells[Cell.WAIT_BASELINE_BAD] += baseline_bad
        cells[Cell.WAIT_BASELINE] += baseline
        cells[Cell.WAIT_CANARY_BAD] += canary_bad
        cells[Cell.WAIT_CANARY] += canary
        waiting = cells[Cell.WAIT_BASELINE] + cells[Cell.WAIT_CANARY]
        both = cells[Cell.WAIT_BASELINE] and cells[Cell.WAIT_CANARY]
        if both and (waiting >= BLOCK or (baseline and canary)):
            _compare(tests, kpi, kpi.relative, row, cells)
        elif waiting > LONGEST_WAIT:
            cells[Cell.WAIT_BASELINE_BAD : Cell.WAIT_CANARY + 1] = (0.0, 0.0, 0.0, 0.0)
    row[:GRIDS] = cells


def _compare(
    tests: Tests, kpi: KpiTests, grid: RelativeGrid, row: Vector, cells: list[float]
) -> None:
    """Judge what has waited as one block, now that both arms have requests in it."""
    block = (
        cells[Cell.WAIT_BASELINE_BAD],
        cells[Cell.WAIT_BASELINE],
        cells[Cell.WAIT_CANARY_BAD],
        cells[Cell.WAIT_CANARY],
    )
    cells[Cell.WAIT_BASELINE_BAD : Cell.WAIT_CANARY + 1] = (0.0, 0.0, 0.0, 0.0)
    before = spent_by(cells[Cell.COMPARED])
    cells[Cell.COMPARED] += block[3]
    after = spent_by(cells[Cell.COMPARED])
    gain, likelihood = kpi.relative_gain(grid, block)
    stakes = row[kpi.in_relative]
    stakes += WITHIN * cells[Cell.RELATIVE_LEFT] * (after - before) * grid.weights
    stakes *= gain
    if likelihood is not None:
        row[kpi.in_ratios] += likelihood
    if block[2]:
        left = cells[Cell.RELATIVE_LEFT] * (1 - WITHIN * after)
        _raise_peak(cells, Cell.RELATIVE_PEAK, stakes, left, tests.limit)


def _raise_peak(cells: list[float], peak: int, stakes: Vector, left: float, limit: float) -> None:
    """Note the e-value after a look with a bad canary request: only such a look can raise it."""
    evidence = float(np.add.reduce(stakes)) + left
    if evidence > cells[peak]:
        cells[peak] = evidence
        if evidence >= limit:
            cells[Cell.FAILED] = 1.0
        if evidence > HIGHEST_STAKE:
            np.minimum(stakes, HIGHEST_STAKE, out=stakes)
            cells[peak] = HIGHEST_STAKE
