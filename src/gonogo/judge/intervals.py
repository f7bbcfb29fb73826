"""Intervals that hold at every look at once, and proof that a limit is kept.

Both come from the same e-processes, read the other way: a value stays in the interval until an
e-process against exactly that value passes 1/MISSED. Looking often does not make the interval lie.
"""

import math
from collections.abc import Callable
from functools import lru_cache

import numpy as np

from gonogo.domain.verdict import Interval
from gonogo.judge.alternatives import RATIOS, Vector

MISSED = 0.05  # the chance that an interval is ever wrong
# Shares below the limit that a proof of "limit kept" bets on, as multiples of the limit.
BELOW_LIMIT = (0.0, 0.1, 0.3, 0.5, 0.7, 0.85)
_CLOSEST = 1 / 1.05
_FARTHEST = 1 / 50


def ratio_interval(likelihood: Vector, canary_bad: float, baseline_bad: float) -> Interval:
    """Canary share / baseline share, from the log-likelihood of RATIOS (shape as RATIOS).

    The estimate is None while the baseline has no bad request and the canary has, or neither has.
    """
    evidence = _log_mean_exp(likelihood) - likelihood
    inside = np.flatnonzero(evidence < math.log(1 / MISSED))
    first, last = int(inside[0]), int(inside[-1])
    low = 0.0 if first == 0 else float(RATIOS[first - 1])
    high = math.inf if last == len(RATIOS) - 1 else float(RATIOS[last + 1])
    if not baseline_bad:
        return Interval(None, low, high)
    if not canary_bad:
        return Interval(0.0, 0.0, high)
    return Interval(_peak(likelihood), low, high)


@lru_cache(maxsize=1024)
def share_interval(bad: float, total: float, missed: float = MISSED) -> Interval:
    """The share of bad requests, from a Beta(½, ½) mixture; total > 0."""
    mixture = _log_beta(bad + 0.5, total - bad + 0.5) - _log_beta(0.5, 0.5)
    limit = mixture - math.log(1 / missed)

    def outside(share: float) -> bool:
        return _log_likelihood(bad, total, share) <= limit

    estimate = bad / total
    low = 0.0 if not outside(0.0) else _edge(outside, 0.0, estimate)
    high = 1.0 if not outside(1.0) else _edge(outside, 1.0, estimate)
    return Interval(estimate, low, high)


def log_limit_kept(bad: float, total: float, limit: float) -> float:
    """Natural log of the evidence against "the share is at least `limit`"."""
    if 0 < limit < 1:
        good = total - bad
        # No bad request at all rules no share out, not even that of none.
        gains = [(bad * lost if bad else 0.0) + good * won for lost, won in _gains_below(limit)]
    else:
        null = _log_likelihood(bad, total, limit)
        gains = [_log_likelihood(bad, total, limit * below) - null for below in BELOW_LIMIT]
    top = max(gains)  # so few numbers are faster without numpy
    if not math.isfinite(top):
        return top
    return top + math.log(sum(math.exp(gain - top) for gain in gains) / len(gains))


@lru_cache(maxsize=256)
def _gains_below(limit: float) -> tuple[tuple[float, float], ...]:
    """What one bad and one good request gain for each share below this limit, in natural logs."""
    return tuple(
        (math.log(below) if below else -math.inf, math.log1p(-limit * below) - math.log1p(-limit))
        for below in BELOW_LIMIT
    )


def log_ratio_kept(likelihood: Vector, tolerance: float) -> float:
    """Natural log of the evidence against "the ratio is at least `tolerance`".

    `likelihood` holds the log-likelihood of RATIOS and, last, of the tolerance itself.
    """
    better = (tolerance * _FARTHEST <= RATIOS) & (tolerance * _CLOSEST >= RATIOS)
    return _log_mean_exp(likelihood[:-1][better]) - float(likelihood[-1])


def _peak(likelihood: Vector) -> float:
    top = int(np.argmax(likelihood))
    if top in {0, len(RATIOS) - 1}:
        return float(RATIOS[top])
    left, middle, right = (float(value) for value in likelihood[top - 1 : top + 2])
    bend = left - 2 * middle + right
    shift = 0.5 * (left - right) / bend if bend < 0 else 0.0
    return float(RATIOS[top] * (RATIOS[1] / RATIOS[0]) ** shift)


def _log_mean_exp(values: Vector) -> float:
    top = float(values.max())
    return top + math.log(float(np.exp(values - top).mean())) if math.isfinite(top) else top


def _log_likelihood(bad: float, total: float, share: float) -> float:
    if (share <= 0 and bad) or (share >= 1 and total > bad):
        return -math.inf
    gained = bad * math.log(share) if bad else 0.0
    return gained + ((total - bad) * math.log1p(-share) if total > bad else 0.0)


def _log_beta(a: float, b: float) -> float:
    return math.lgamma(a) + math.lgamma(b) - math.lgamma(a + b)


def _edge(outside: Callable[[float], bool], out: float, within: float) -> float:
    """The border between a share outside and one inside, never cut too narrow."""
    for _ in range(60):
        middle = (out + within) / 2
        if middle in {out, within}:
            break
        if outside(middle):
            out = middle
        else:
            within = middle
    return out
