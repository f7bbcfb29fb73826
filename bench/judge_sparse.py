"""Many whole releases judged at once, a look after every request, for the judge's false alarms.

All releases share how their requests fall on the arms; they differ in which are bad. Good requests move
the stakes of every release alike, so only bad ones are drawn and handled one by one. The state, block by
block, is the product's: tests/judge/test_sparse.py compares it with gonogo.judge request by request.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gonogo.judge.alternatives import (
    GUESS_BAD,
    GUESS_TOTAL,
    LEVELS,
    RelativeFactors,
    Vector,
    absolute_grid,
    likely_bad,
    relative_grid,
)
from gonogo.judge.kpi_tests import HIGHEST_LOG
from gonogo.judge.memory import BLOCK, SURPLUS
from gonogo.judge.onset import FIRST, LATER, unspent_after

Integers = npt.NDArray[np.int64]


class _Bets:
    """Stakes, shape (releases, points), and an upper bound of each release's evidence."""

    def __init__(self, weights: Vector, releases: int, limit: float) -> None:
        self.weights = weights
        self.limit = limit
        self.stakes = np.tile(FIRST * weights, (releases, 1))
        self.left = 1 - FIRST
        self.seen = 0
        self.peak = np.ones(releases)
        self._bound = np.ones(releases)

    def unspent(self) -> float:
        return self.left * unspent_after(self.seen)

    def spend(self, requests: int) -> None:
        before = self.unspent()
        self.seen += requests
        self.stakes += (before - self.unspent()) * self.weights

    def value(self, rows: Integers) -> Vector:
        return np.asarray(self.stakes[rows].sum(axis=1) + self.unspent())

    def near(self, most: Vector | float) -> Integers:
        """Releases that one bad request could carry past the threshold, by their bound."""
        return np.flatnonzero((self._bound * most >= self.limit) & (self.peak < self.limit))

    def part(self, rows: Integers, one_bad: Vector) -> Vector:
        """The part of each stake that is bet; also makes the bounds of these releases exact."""
        stakes = self.stakes[rows]
        whole = stakes.sum(axis=1)
        self._bound[rows] = whole + self.unspent()
        offered = (stakes * one_bad).sum(axis=1) - whole
        missing = self.limit * SURPLUS - self.unspent() - whole
        return np.where(offered > missing, missing / np.maximum(offered, 1e-300), 1.0)

    def raised(self, rows: Integers) -> None:
        value = self.value(rows)
        self._bound[rows] = value
        self.peak[rows] = np.maximum(self.peak[rows], value)

    def next_step(self) -> None:
        if self.seen:
            left = self.unspent()
            self.stakes += LATER * left * self.weights
            self.left = (1 - LATER) * left
        self.seen = 0


class SparseAbsolute(_Bets):
    """The test against a limit, one canary request at a time."""

    def __init__(self, tolerated: float, releases: int, limit: float) -> None:
        grid = absolute_grid(tolerated)
        super().__init__(grid.weights, releases, limit)
        self._bad, self._good = np.exp(grid.bad), np.exp(grid.good)
        self._most = float(self._bad.max())

    def request(self, bad: Integers) -> None:
        """One canary request of every release; `bad` are the releases whose request was bad."""
        self.spend(1)
        near = self.near(self._most)
        part = self.part(near, self._bad)
        kept = self.stakes[near]
        of_bad = self.stakes[bad]
        self.stakes *= self._good
        self.stakes[bad] = of_bad * self._bad
        if len(near):
            factor = np.where(np.isin(near, bad)[:, None], self._bad, self._good)
            self.stakes[near] = kept * (1 + part[:, None] * (factor - 1))
        if len(bad):
            self.raised(bad)


@dataclass(frozen=True)
class _Factors:
    """Log likelihood ratios of a block, one row per level: per bad request of either arm, if all good."""

    bad_canary: Vector
    bad_baseline: Vector
    good: Vector
    one_bad: Vector
    most: Vector


class SparseRelative(_Bets):
    """The comparison, one block at a time."""

    def __init__(self, tolerance: float, releases: int, limit: float) -> None:
        self.grid = relative_grid(tolerance)
        super().__init__(self.grid.weights, releases, limit)
        self.baseline = 0
        self.baseline_bad: Integers = np.zeros(releases, dtype=np.int64)
        self._factors: dict[tuple[int, int], _Factors] = {}

    def block(
        self, baseline: int, canary: int, baseline_bad: Integers, canary_bad: Integers
    ) -> None:
        """A block of every release; bad requests as numbers of releases, once per request."""
        factors = self._of(baseline, canary)
        known = np.arange(int(self.baseline_bad.max()) + 1)
        rates = (known + GUESS_BAD) / (max(self.baseline, baseline) + GUESS_TOTAL)
        of_count = np.clip(np.round(np.log2(rates)), *LEVELS).astype(np.int64) - LEVELS[0]
        levels = of_count[self.baseline_bad]
        self.spend(canary)
        near = self.near(factors.most[levels])
        part = np.ones(len(levels))
        part[near] = self.part(near, factors.one_bad[levels[near]])
        bad = np.bincount(canary_bad, minlength=len(levels))
        also = np.bincount(baseline_bad, minlength=len(levels))
        touched = np.flatnonzero(bad + also + (part < 1))
        level = levels[touched]
        exponent = (
            factors.good[level]
            + bad[touched, None] * factors.bad_canary[level]
            + also[touched, None] * factors.bad_baseline[level]
        )
        multiplier = np.expm1(np.minimum(exponent, HIGHEST_LOG))
        kept = self.stakes[touched]
        self.stakes *= np.exp(factors.good)[levels]
        self.stakes[touched] = kept * (1 + part[touched, None] * multiplier)
        if len(canary_bad):
            self.raised(np.flatnonzero(bad))
        self.baseline += baseline
        self.baseline_bad += also

    def _of(self, baseline: int, canary: int) -> _Factors:
        found = self._factors.get((baseline, canary))
        if found is None:
            levels = range(LEVELS[0], LEVELS[1] + 1)
            share = canary / (canary + baseline)
            made = [
                self._level(self.grid.factors(share, level), baseline, canary, level)
                for level in levels
            ]
            bad_canary, bad_baseline, good, one_bad = np.stack(made, axis=1)
            found = _Factors(bad_canary, bad_baseline, good, one_bad, one_bad.max(axis=1))
            self._factors[baseline, canary] = found
        return found

    def _level(self, factors: RelativeFactors, baseline: int, canary: int, level: int) -> Vector:
        """Per point: what a bad request adds on either arm, a good block, and exp of one bad request."""
        bad_canary = factors.bad_canary - factors.good_canary
        bad_baseline = factors.bad_baseline - factors.good_baseline
        good = canary * factors.good_canary + baseline * factors.good_baseline
        likely = likely_bad(float(baseline), level)
        one_bad = np.exp(np.minimum(good + bad_canary + likely * bad_baseline, HIGHEST_LOG))
        return np.stack((bad_canary, bad_baseline, good, one_bad))


def blocks_of(canary: npt.NDArray[np.bool_]) -> Integers:
    """Where blocks end, as the product makes them of single requests; `canary` says whose each is."""
    ends, start, seen = [], 0, np.cumsum(canary)
    while start < len(canary):
        before = seen[start - 1] if start else 0
        end = start + BLOCK
        if end > len(canary):
            break
        found = seen[end - 1] - before
        if found in {0, end - start}:
            wanted = bool(not found)
            later = np.flatnonzero(canary[end : end + 4096] == wanted)
            if not len(later):
                break
            end += int(later[0]) + 1
        ends.append(end)
        start = end
    return np.array(ends, dtype=np.int64)


def bad_ones(rng: np.random.Generator, releases: int, requests: int, rate: float) -> Integers:
    """Independent bad requests: the release of each, drawn by the gaps between them."""
    places, last = [], -1
    whole = releases * requests
    while last < whole and rate > 0:
        gaps = rng.geometric(rate, int(whole * rate * 1.1) + 16)
        found = last + np.cumsum(gaps)
        places.append(found[found < whole])
        last = int(found[-1])
    return np.concatenate(places) % releases if places else np.zeros(0, dtype=np.int64)
