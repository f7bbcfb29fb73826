"""The difference between two shares of bad requests, with a band that holds at every look at once.

Why not subtract one interval from the other: that is wider than need be, and two shares that were
pooled over a rollout cannot be compared at all, because the canary has most of its requests in the
late steps and the baseline in the early ones. So requests are compared block by block, and only with
those of the same block.

Guarantee: as long as canary − baseline is one number δ, the chance that δ is ever outside the band is
at most MISSED, however the baseline's own share moves and however the split between the arms changes.
Each δ of GRID is a null hypothesis {(q, q + δ)}: in a block with n_c and n_b requests and ρ = n_c/n,
the bet is the likelihood of (b, c), the shares seen before the block, over that of the pair (q, q + δ)
nearest to it in ρ·KL(c‖q + δ) + (1 − ρ)·KL(b‖q). Its expectation is at most (ρ·f_c + (1 − ρ)·f_b)^n
by the inequality of the means, and the bracket, linear in q, is 1 at the nearest pair with slope 0, so
1 everywhere on the line (Turner, Ly and Grünwald 2024; Turner and Grünwald 2023). The product over
blocks is a nonnegative martingale or smaller: it ever passes 1/MISSED with a chance of at most MISSED
(Ville), and then δ is out. Rounding errors are divided out, see `_gain`.

Where a block ends depends on totals alone, never on what was bad. A look that is large beside all
before it is dealt into blocks at random (fixed seed), so that the first blocks teach the later ones;
requests of one look are taken to be alike, as everywhere in the judge.

A difference that changes on the way (a fault that comes late) is outside the guarantee: the band then
lies around the mean so far. The evidence of the tests, not this band, is what stops a release.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import numpy as np

from gonogo.domain.traffic import Counts, Increment
from gonogo.domain.verdict import Interval
from gonogo.judge.alternatives import Vector
from gonogo.judge.intervals import MISSED

MINIMUM = 20
"""Requests that each arm must have before there is a band."""
GROWTH = 0.025
"""A block has this part of the requests before it, so their number grows with the logarithm; the band
is at most one block behind."""
_SMALLEST = 20
_FINEST, _PER_DECADE, _DECADES = 1e-5, 32, 5
_STEPS = np.geomspace(_FINEST, 0.99, _PER_DECADE * _DECADES)
GRID: Vector = np.concatenate((-_STEPS[::-1], [0.0], _STEPS))
"""The differences that are told apart; the band's ends are rounded outwards to them."""
_LEAST = np.maximum(0.0, -GRID)
_MOST = np.minimum(1.0, 1.0 - GRID)
_HALVINGS, _STEEPEST = 10, 5
_OUT = float(np.log(1 / MISSED))
_SEED = 20


def differences(increments: Iterable[Increment]) -> Iterator[Interval | None]:
    """Canary − baseline, as a share between −1 and 1, after each look of one KPI, in order.

    None below MINIMUM requests on either arm. The estimate weights each block by n_c·n_b/n (Mantel and
    Haenszel). About 0.2 ms a block, and some 330 blocks for a million requests.
    """
    random = np.random.default_rng(_SEED)
    band = _Band()
    for increment in increments:
        for piece in _pieces(increment, band, random):
            band.see(piece)
        yield band.found


@dataclass
class _Band:
    """What one band has seen and `found`. `evidence` is the natural log of the product of bets, per GRID."""

    baseline: Counts = field(default_factory=Counts)
    canary: Counts = field(default_factory=Counts)
    evidence: Vector = field(default_factory=lambda: np.zeros(len(GRID)))
    found: Interval | None = None
    _waiting: Increment = field(default_factory=lambda: Increment(""))
    _weighted: float = 0.0
    _weight: float = 0.0

    @property
    def block(self) -> float:
        """How many requests the next block is to have, at least."""
        return max(float(_SMALLEST), GROWTH * (self.baseline.total + self.canary.total))

    def see(self, piece: Increment) -> None:
        baseline = self._waiting.baseline + piece.baseline
        canary = self._waiting.canary + piece.canary
        if not (baseline.total and canary.total and baseline.total + canary.total >= self.block):
            self._waiting = Increment("", baseline, canary)
            return
        self._waiting = Increment("")
        self.evidence += _gain(_likely(self.baseline), _likely(self.canary), baseline, canary)
        weight = baseline.total * canary.total / (baseline.total + canary.total)
        gap = canary.bad / canary.total - baseline.bad / baseline.total
        self._weighted += weight * gap
        self._weight += weight
        self.baseline += baseline
        self.canary += canary
        self.found = self._interval()

    def _interval(self) -> Interval | None:
        if min(self.baseline.total, self.canary.total) < MINIMUM:
            return None
        # Where the true one lies between two of GRID, or changed, none may be left but the likeliest.
        inside = np.flatnonzero(self.evidence <= max(_OUT, float(self.evidence.min())))
        first, last = int(inside[0]), int(inside[-1])
        low = -1.0 if first == 0 else float(GRID[first - 1])
        high = 1.0 if last == len(GRID) - 1 else float(GRID[last + 1])
        estimate = self._weighted / self._weight
        return Interval(min(max(estimate, low), high), low, high)


def _likely(counts: Counts) -> float:
    """The share that is bet on, never 0 or 1."""
    return (counts.bad + 0.5) / (counts.total + 1)


def _gain(base: float, worse: float, baseline: Counts, canary: Counts) -> Vector:
    """Natural log of the bet on (base, worse) against each δ of GRID, for one block."""
    total = baseline.total + canary.total
    part = canary.total / total
    low, high = _nearest(base, worse, part)
    bad_c, good_c = worse / high, (1 - worse) / (1 - high)
    bad_b, good_b = base / low, (1 - base) / (1 - low)

    def bracket(q: Vector) -> Vector:
        mine = (q + GRID) * bad_c + (1 - q - GRID) * good_c
        theirs = q * bad_b + (1 - q) * good_b
        result: Vector = part * mine + (1 - part) * theirs
        return result

    # Linear in q, so it is nowhere larger than at the ends: what rounding left above 1 is paid back.
    excess = np.maximum(0.0, np.log(np.maximum(bracket(_LEAST), bracket(_MOST))))
    gain: Vector = (
        canary.bad * np.log(bad_c)
        + canary.good * np.log(good_c)
        + baseline.bad * np.log(bad_b)
        + baseline.good * np.log(good_b)
        - total * excess
    )
    return gain


def _nearest(base: float, worse: float, part: float) -> tuple[Vector, Vector]:
    """The nearest (q, q + δ) for each δ: the weighted distance is convex in q, so its slope has one
    root, found by halving and then by Newton's steps that stay between the ends.
    """
    low, high = _LEAST.copy(), _MOST.copy()
    q = (low + high) / 2
    for step in range(_HALVINGS + _STEEPEST):
        p = q + GRID
        mine, theirs = part * (p - worse), (1 - part) * (q - base)
        own, other = q * (1 - q), p * (1 - p)
        slope = mine * own + theirs * other
        beyond = slope > 0
        high = np.where(beyond, q, high)
        low = np.where(beyond, low, q)
        if step < _HALVINGS:
            q = (low + high) / 2
            continue
        bend = part * own + mine * (1 - 2 * q) + (1 - part) * other + theirs * (1 - 2 * p)
        q = np.clip(q - slope / np.where(bend > 0, bend, 1.0), low, high)
    return q, q + GRID


def _pieces(increment: Increment, band: _Band, random: np.random.Generator) -> Iterator[Increment]:
    """A look as it is, or dealt at random into pieces of about a block where it is far larger."""
    baseline, canary = increment.baseline, increment.canary
    if not (baseline.total and canary.total):
        yield increment
        return
    while (left := baseline.total + canary.total) > 2 * band.block:
        dealt = band.block / left
        first, baseline = _dealt(baseline, dealt, random)
        second, canary = _dealt(canary, dealt, random)
        yield Increment(increment.kpi, first, second)
    yield Increment(increment.kpi, baseline, canary)


def _dealt(counts: Counts, part: float, random: np.random.Generator) -> tuple[Counts, Counts]:
    """A random part of these requests, and the rest."""
    total = min(counts.total, int(np.ceil(counts.total * part)))
    bad = int(random.hypergeometric(counts.bad, counts.good, total)) if total else 0
    return Counts(bad, total), Counts(counts.bad - bad, counts.total - total)
