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

Near the threshold a bet wins more than it needs, and what it risks for the surplus is lost in every
good look until then. So when one bad canary request would carry the evidence past the threshold, only
that part of every stake is bet with which it arrives there, and the rest is kept. The part follows
from the past and from the number of requests in the look, never from which of them are bad, so the
evidence stays an e-process (after Fischer and Ramdas 2024).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from gonogo.domain.errors import InvalidInput
from gonogo.domain.traffic import Counts, Increment
from gonogo.judge.alternatives import (
    RelativeGrid,
    Vector,
    level_of,
)
from gonogo.judge.kpi_tests import GRIDS, PAST_OVER, Cell, Gain, KpiTests, Tests
from gonogo.judge.onset import FIRST, LATER, unspent_after
from gonogo.judge.past import past_grid, tolerated_share
from gonogo.judge.plan import JudgePlan

HIGHEST_STAKE = 1e150  # far beyond any threshold; its product with the next cap is a finite number
BLOCK = 8  # requests of both arms together that a comparison is made of, at least
LONGEST_WAIT = 100_000  # requests of one arm that may wait for the other arm
SURPLUS = 1 + 1e-9  # rounding must not leave the evidence a hair below the threshold


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
        row[[Cell.ABSOLUTE_PEAK, Cell.RELATIVE_PEAK, Cell.PAST_PEAK]] = 1
        row[Cell.PAST_LEFT] = 1
        if kpi.absolute is not None:
            row[kpi.in_absolute] = FIRST * kpi.absolute.weights
        if kpi.relative is not None:
            row[kpi.in_relative] = FIRST * kpi.relative.weights
    return Memory(tests, values)


def next_step(
    plan: JudgePlan,
    memory: Memory,
    *,
    alone: bool = False,
    share: float | None = None,
) -> Memory:
    """The memory at the start of a new rollout step, or of the watch (`alone`: no baseline is left).

    `share` is the canary's planned share of requests; when it is given and lies between 0 and 1, a
    step in which the requests are shown to be split otherwise is INCONCLUSIVE. With `alone`, where the
    plan says so, ratios are held from now on against all that the baseline had so far.

    Fresh stake is put on a fault that begins now, unless the canary has had no request since the last
    step began, so saying it twice is harmless; what waited for the other arm is dropped, since the
    shares change here; proof that limits are kept starts over; a FAIL stays.
    """
    must_fit(plan, memory)
    values = memory.values.copy()
    for row, kpi in zip(values, memory.tests.kpis, strict=True):
        if kpi.past_ratio is not None and alone:
            _recall(memory.tests, kpi, kpi.past_ratio, row)
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


def _recall(tests: Tests, kpi: KpiTests, ratio: float, row: Vector) -> None:
    """Begin the comparison with the past where it has not begun, once; else go on with it."""
    tolerated = float(row[Cell.PAST_TOLERATED])
    if tolerated > 0 and row[Cell.STEP_CANARY]:
        weights = past_grid(tolerated).weights
        _stake_anew(row, weights, kpi.in_past, Cell.PAST_LEFT, Cell.STEP_CANARY)
    elif tolerated == 0:
        past = Counts(int(row[Cell.BASELINE_BAD]), int(row[Cell.BASELINE]))
        found = tolerated_share(ratio, past, tests.plan.alpha)
        if found is not None:
            row[Cell.PAST_TOLERATED] = found
            row[kpi.in_past] = FIRST * past_grid(found).weights
            row[Cell.PAST_LEFT] = 1 - FIRST


def end_past(plan: JudgePlan, memory: Memory) -> Memory:
    """What was recorded is too old to be held against: that comparison rests from now on."""
    must_fit(plan, memory)
    values = memory.values.copy()
    values[values[:, Cell.PAST_TOLERATED] > 0, Cell.PAST_TOLERATED] = PAST_OVER
    return Memory(memory.tests, values)


def _stake_anew(row: Vector, weights: Vector, stakes: slice, unspent: int, seen: int) -> None:
    left = row[unspent] * unspent_after(float(row[seen]))
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
        stakes, whole = row[kpi.in_absolute], cells[Cell.ABSOLUTE_LEFT]
        left = whole * unspent_after(seen + canary)
        stakes += (whole * unspent_after(seen) - left) * kpi.absolute.weights
        gain = kpi.absolute_gain(kpi.absolute, canary_bad, canary)
        _bet(cells, Cell.ABSOLUTE_PEAK, stakes, gain, left, tests.limit)
        if canary_bad:
            _raise_peak(cells, Cell.ABSOLUTE_PEAK, stakes, left, tests.limit)
    if canary and cells[Cell.PAST_TOLERATED] > 0:
        _hold_against_past(tests, kpi, row, cells, canary_bad, canary)
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


def _hold_against_past(
    tests: Tests, kpi: KpiTests, row: Vector, cells: list[float], bad: int, total: int
) -> None:
    """The absolute test against what the past tolerates; it fails only where the plan lets it stop."""
    tolerated, seen = cells[Cell.PAST_TOLERATED], cells[Cell.STEP_CANARY]
    stakes, whole = row[kpi.in_past], cells[Cell.PAST_LEFT]
    left = whole * unspent_after(seen + total)
    stakes += (whole * unspent_after(seen) - left) * past_grid(tolerated).weights
    gain = kpi.past_gain(tolerated, bad, total)
    _bet(cells, Cell.PAST_PEAK, stakes, gain, left, tests.past_limit)
    if bad:
        failed = cells[Cell.FAILED]
        _raise_peak(cells, Cell.PAST_PEAK, stakes, left, tests.past_limit)
        if not tests.past_stops:
            cells[Cell.FAILED] = failed


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
    # Which of the block's requests are bad must not say where its bets stand.
    level = level_of(cells[Cell.BASELINE_BAD] - block[0], cells[Cell.BASELINE] - block[1], block[1])
    gain = kpi.relative_gain(grid, block, level)
    stakes, whole = row[kpi.in_relative], cells[Cell.RELATIVE_LEFT]
    before = whole * unspent_after(cells[Cell.COMPARED])
    cells[Cell.COMPARED] += block[3]
    left = whole * unspent_after(cells[Cell.COMPARED])
    stakes += (before - left) * grid.weights
    _bet(cells, Cell.RELATIVE_PEAK, stakes, gain, left, tests.limit)
    if gain.likelihood is not None:
        row[kpi.in_ratios] += gain.likelihood
    if block[2]:
        _raise_peak(cells, Cell.RELATIVE_PEAK, stakes, left, tests.limit)


def _bet(
    cells: list[float], peak: int, stakes: Vector, gain: Gain, left: float, limit: float
) -> None:
    """Multiply the stakes; near the threshold only that part with which one bad request gets there.

    Without a bad canary request the evidence never rises, so the peak is a bound on it.
    """
    if cells[peak] < limit <= cells[peak] * gain.most:
        missing = limit * SURPLUS - left - float(np.add.reduce(stakes))
        offered = float(stakes @ gain.one_bad) - float(np.add.reduce(stakes))
        if offered > missing:
            stakes *= 1 + missing / offered * (gain.stakes - 1)
            return
    stakes *= gain.stakes


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
