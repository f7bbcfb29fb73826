"""Many streams judged at once, for the judge's measurements.

The product judges one stream; measuring an error rate of 1 % takes thousands. Here the same numbers
(`gonogo.judge.alternatives`, `gonogo.judge.onset`) are kept for many streams side by side, one row
each. tests/judge/test_validity.py proves that every row says what the product says.
"""

import json
import math
import sys
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt

from gonogo.judge.alternatives import (
    GUESS_BAD,
    GUESS_TOTAL,
    LEVELS,
    Vector,
    absolute_grid,
    likely_bad,
    relative_grid,
)
from gonogo.judge.kpi_tests import HIGHEST_LOG
from gonogo.judge.memory import BLOCK, SURPLUS
from gonogo.judge.onset import FIRST, LATER, unspent_after

RESULTS = Path(__file__).parent / "results"
Integers = npt.NDArray[np.int64]
Shown = float | int | str


class _Bets:
    """Stakes of many streams on one grid: shape (streams, points). `limit` is the threshold 1/α."""

    def __init__(self, weights: Vector, streams: int, limit: float) -> None:
        self.weights = weights
        self.limit = limit
        self.stakes = np.tile(FIRST * weights, (streams, 1))
        self.left = 1 - FIRST
        self.seen = 0
        self.peak = np.ones(streams)

    def gain(self, requests: int, exponent: Vector, one_bad: Vector) -> None:
        """Bet on a look; `one_bad` is the exponent that it would have with one bad canary request."""
        before, self.seen = unspent_after(self.seen), self.seen + requests
        self.stakes += self.left * (before - unspent_after(self.seen)) * self.weights
        multiplier = np.exp(np.minimum(exponent, HIGHEST_LOG))
        offered = (self.stakes * np.expm1(np.minimum(one_bad, HIGHEST_LOG))).sum(axis=1)
        missing = self.limit * SURPLUS - self.value()
        near = (offered > missing) & (self.peak < self.limit)
        if near.any():
            part = np.where(near, missing / np.where(near, offered, 1.0), 1.0)
            multiplier = 1 + part[:, None] * (multiplier - 1)
        self.stakes *= multiplier
        np.maximum(self.peak, self.value(), out=self.peak)

    def value(self) -> Vector:
        return np.asarray(self.stakes.sum(axis=1) + self.left * unspent_after(self.seen))

    def next_step(self) -> None:
        if self.seen:
            left = self.left * unspent_after(self.seen)
            self.stakes += LATER * left * self.weights
            self.left = (1 - LATER) * left
        self.seen = 0

    def keep(self, rows: npt.NDArray[np.bool_]) -> None:
        self.stakes, self.peak = self.stakes[rows], self.peak[rows]


class AbsoluteRuns(_Bets):
    """The absolute test of many streams with equal numbers of requests."""

    def __init__(self, tolerated: float, streams: int, limit: float) -> None:
        self.grid = absolute_grid(tolerated)
        super().__init__(self.grid.weights, streams, limit)

    def look(self, bad: Integers, total: int) -> None:
        """`bad` canary requests per stream out of `total`."""
        if total:
            self.gain(
                total,
                bad[:, None] * self.grid.bad + (total - bad)[:, None] * self.grid.good,
                self.grid.bad + (total - 1) * self.grid.good,
            )


class RelativeRuns(_Bets):
    """The relative test of many streams with equal numbers of requests."""

    def __init__(self, tolerance: float, streams: int, limit: float) -> None:
        self.grid = relative_grid(tolerance)
        super().__init__(self.grid.weights, streams, limit)
        self._factors: dict[tuple[float, int], Vector] = {}
        self.baseline_before = 0
        self.bad_before: Integers = np.zeros(streams, dtype=np.int64)
        self._empty()

    def _empty(self) -> None:
        self.baseline_bad: Integers = np.zeros(len(self.stakes), dtype=np.int64)
        self.canary_bad: Integers = np.zeros(len(self.stakes), dtype=np.int64)
        self.baseline = self.canary = 0

    def look(
        self, baseline_bad: Integers, baseline: int, canary_bad: Integers, canary: int
    ) -> None:
        """One look: bad requests per stream, and how many requests each arm had."""
        self.baseline_bad = self.baseline_bad + baseline_bad
        self.canary_bad = self.canary_bad + canary_bad
        self.baseline += baseline
        self.canary += canary
        if not self.baseline or not self.canary:
            return
        if self.baseline + self.canary < BLOCK and not (baseline and canary):
            return
        factors, likely = self._bets()
        bad, also = self.canary_bad[:, None], self.baseline_bad[:, None]
        exponent = (
            bad * factors[:, 0]
            + (self.canary - bad) * factors[:, 1]
            + also * factors[:, 2]
            + (self.baseline - also) * factors[:, 3]
        )
        one_bad = (
            factors[:, 0]
            + (self.canary - 1) * factors[:, 1]
            + likely * factors[:, 2]
            + (self.baseline - likely) * factors[:, 3]
        )
        self.gain(self.canary, exponent, one_bad)
        self._forget()

    def _bets(self) -> tuple[Vector, Vector]:
        """Per stream, by its baseline so far: factors of each point, and likely bad requests."""
        share = self.canary / (self.canary + self.baseline)
        rates = (self.bad_before + GUESS_BAD) / (
            max(self.baseline_before, self.baseline) + GUESS_TOTAL
        )
        levels = np.clip(np.round(np.log2(rates)), *LEVELS).astype(int)
        found, rows = np.unique(levels, return_inverse=True)
        for level in found:
            if (share, level) not in self._factors:
                factors = self.grid.factors(share, int(level))
                self._factors[share, level] = np.stack(
                    (
                        factors.bad_canary,
                        factors.good_canary,
                        factors.bad_baseline,
                        factors.good_baseline,
                    )
                )
        likely = np.array([likely_bad(self.baseline, int(level)) for level in found])
        return np.stack([self._factors[share, level] for level in found])[rows], likely[rows, None]

    def _forget(self) -> None:
        """What was waiting has been judged or is dropped, and is past in either case."""
        self.baseline_before += self.baseline
        self.bad_before = self.bad_before + self.baseline_bad
        self._empty()

    def next_step(self) -> None:
        super().next_step()
        self._forget()

    def keep(self, rows: npt.NDArray[np.bool_]) -> None:
        super().keep(rows)
        self.baseline_bad, self.canary_bad = self.baseline_bad[rows], self.canary_bad[rows]
        self.bad_before = self.bad_before[rows]


@dataclass(frozen=True)
class Case:
    """Baseline and canary bad shares, and the canary's share of the traffic."""

    baseline: float
    canary: float
    share: float

    @property
    def per_canary(self) -> int:
        """Baseline requests per canary request."""
        return round((1 - self.share) / self.share)

    def bound(self, alpha: float, tolerance: float = 1.0) -> float:
        """Canary requests that any test of level `alpha` needs on average (Wald)."""
        rates = np.linspace(self.baseline, min(self.canary, 0.9999) / tolerance, 20001)[1:-1]
        canary = divergence(self.canary, np.minimum(tolerance * rates, 1 - 1e-12))
        baseline = (1 - self.share) / self.share * divergence(self.baseline, rates)
        return math.log(1 / alpha) / float((canary + baseline).min())


def divergence(share: float, other: Vector) -> Vector:
    """Bernoulli Kullback-Leibler divergence in nats; 0 < share < 1."""
    return np.asarray(
        share * np.log(share / other) + (1 - share) * np.log((1 - share) / (1 - other))
    )


# facts: errors x ratio (at most 90 %) x share of the traffic
REPORTED = tuple(
    Case(low, min(0.9, low * ratio), share)
    for low in (0.001, 0.005, 0.01, 0.05)
    for ratio in (2, 5, 10, 50)
    for share in (0.01, 0.05, 0.1, 0.5)
)


@dataclass
class Report:
    """A table on stdout and the same as JSON, with the command that made it."""

    name: str
    seed: int
    rows: list[dict[str, Shown]] = field(default_factory=list)
    summary: dict[str, Shown] = field(default_factory=dict)

    def add(self, **row: Shown) -> None:
        """One more row; its cells are printed at once."""
        if not self.rows:
            print("  ".join(f"{key:>18}" for key in row))
        print("  ".join(f"{_shown(value):>18}" for value in row.values()), flush=True)
        self.rows.append(row)

    def save(self, out: str | Path | None = None) -> None:
        """Print the summary and write bench/results/<name>.json, or `out`."""
        for key, value in self.summary.items():
            print(f"{key}: {_shown(value)}")
        path = Path(out) if out else RESULTS / f"{self.name}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        given = sys.argv[1 : sys.argv.index("--out") if "--out" in sys.argv else None]
        command = " ".join(["PYTHONPATH=src", "python", f"bench/{self.name}.py", *given])
        body = {"command": command, "seed": self.seed, "summary": self.summary, "rows": self.rows}
        text = json.dumps(body, indent=1, ensure_ascii=False, default=float)
        path.write_text(text + "\n", encoding="utf-8")


def _shown(value: Shown) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
