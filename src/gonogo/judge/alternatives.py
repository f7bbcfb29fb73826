"""The alternatives that a test bets on, and the likelihood ratio of each.

Why mixtures: nobody knows beforehand how bad a bad version is, so each test spreads its bet over a
grid of alternatives. A mixture of e-values is an e-value, and it costs at most log(1/weight of the
best point).

Guarantee: for every look with n_c canary and n_b baseline requests and every point of a grid, the
likelihood ratio has expectation ≤ 1 whenever the tolerance is kept, whatever the error rate of both
arms is in that look. For independent requests with bad rates (p_c, p_b) the expectation is
f_c^n_c · f_b^n_b with each f linear in its rate; by the inequality of the means it is at most
(ρ f_c + (1−ρ) f_b)^n. Against the tolerated pair (q, m·q) that is nearest to the point in
Kullback-Leibler distance the bracket is ≤ 1 for all p_c ≤ m·p_b: that is the optimality condition of
the projection onto a convex set (Turner, Ly and Grünwald 2024).

This holds for any point, so points may follow the data: they stand at multiples of the baseline's bad
share as seen before the look (the nearest power of two, so that factors can be kept). A stale or wrong
share costs speed, never the guarantee.

Assumption: within one look the arms differ only by their bad rates (random balancing).
"""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Vector = npt.NDArray[np.float64]

# Points of the comparison: (multiple of the tolerated rate, weight) and (canary's bad share, weight).
# The first rise evenly in the logarithm, the second are there for outages of a service that hardly
# ever fails. Chosen on cases other than those that bench/judge_limit.py reports; over wide ranges of
# either the mean changes by 2 % at most.
MULTIPLES = ((1.6, 0.19), (3.8, 0.18), (8.9, 0.17), (21.0, 0.16), (50.0, 0.16))
SHARES = ((0.4, 0.07), (0.95, 0.07))
WORST = 0.98  # no point bets on more bad canary requests than this
LEAST_MULTIPLE = 1.3  # of the tolerated rate, where a share of SHARES lies too near to it or below
OUTAGE_BASELINE = 0.02  # the least baseline share that a point of SHARES stands against
LEVELS = (-11, -1)  # baseline shares as powers of two: 0.05 % to 50 %
MOST_TOLERATED = 0.6  # tolerated rates that points are built on end here
GUESS_BAD, GUESS_TOTAL = 0.1, 10.0  # what is assumed of the baseline before it has been seen
# (share of the way in log-odds from the limit to HIGHEST, weight) for the absolute test.
HIGHEST = 0.97
ODDS = (
    (0.02, 0.05),
    (0.045, 0.10),
    (0.085, 0.12),
    (0.14, 0.14),
    (0.22, 0.14),
    (0.34, 0.13),
    (0.58, 0.14),
    (1.0, 0.18),
)
# The grid on which the ratio's likelihood is kept, for its interval and for clearing.
RATIOS: Vector = np.exp(np.linspace(math.log(1e-3), math.log(1e4), 113))


@dataclass(frozen=True, slots=True)
class AbsoluteGrid:
    """Log likelihood ratios per bad and per good request against the limit, one per point."""

    weights: Vector
    bad: Vector
    good: Vector


def absolute_grid(limit: float) -> AbsoluteGrid:
    """Points above `limit`: the null is that at most this share of canary requests is bad."""
    low = math.log(limit / (1 - limit))
    high = max(math.log(HIGHEST / (1 - HIGHEST)), low + 1.0)
    way, weights = np.array(ODDS).T
    odds = np.exp(low + way * (high - low))
    rates = odds / (1 + odds)
    return AbsoluteGrid(weights, np.log(rates / limit), np.log((1 - rates) / (1 - limit)))


@dataclass(frozen=True, slots=True)
class RelativeFactors:
    """Log likelihood ratios for one exposure share: per bad and good request of each arm.

    `ratio_canary` and `ratio_baseline` are log-likelihoods (not ratios) of RATIOS, with the
    tolerance itself appended, per bad event of the arm.
    """

    bad_canary: Vector
    good_canary: Vector
    bad_baseline: Vector
    good_baseline: Vector
    ratio_canary: Vector
    ratio_baseline: Vector


@dataclass(frozen=True, slots=True)
class RelativeGrid:
    """Points worse than `tolerance` times the baseline, with weights that sum to 1."""

    tolerance: float
    multiples: Vector
    shares: Vector
    weights: Vector
    ratios: Vector

    def points(self, level: int) -> tuple[Vector, Vector]:
        """(baseline, canary) bad shares of the points when the baseline's is about 2^level."""
        baseline = min(2.0**level, MOST_TOLERATED / self.tolerance)
        # A point that bets on an outage must survive a bad baseline request or two.
        outage = max(baseline, min(OUTAGE_BASELINE, MOST_TOLERATED / self.tolerance))
        worse = -np.expm1(self.multiples * math.log1p(-self.tolerance * baseline))
        least = -math.expm1(LEAST_MULTIPLE * math.log1p(-self.tolerance * outage))
        canary = np.concatenate((worse, np.maximum(self.shares, least)))
        bases = np.repeat((baseline, outage), (len(self.multiples), len(self.shares)))
        return bases, np.minimum(canary, WORST)

    def factors(self, share: float, level: int = LEVELS[0]) -> RelativeFactors:
        """The likelihood ratios for a look in which the canary got `share` of the requests."""
        shares = _canary_share(self.ratios, share)
        return RelativeFactors(
            *against_tolerated(*self.points(level), self.tolerance, share),
            np.log(shares),
            np.log1p(-shares),
        )


def against_tolerated(
    baseline: Vector, canary: Vector, tolerance: float, share: float
) -> tuple[Vector, Vector, Vector, Vector]:
    """Log likelihood ratios of (baseline, canary) rates against the nearest tolerated pair (q, m·q).

    Per bad and good canary request, then per bad and good baseline request. Setting the derivative of
    share·KL(canary‖m·q) + (1−share)·KL(baseline‖q) to zero gives m·q² − b·q + c = 0; the smaller root
    is q.
    """
    b = share * (tolerance + canary) + (1 - share) * (1 + tolerance * baseline)
    c = share * canary + (1 - share) * baseline
    null = 2 * c / (b + np.sqrt(b * b - 4 * tolerance * c))
    return (
        np.log(canary / (tolerance * null)),
        np.log((1 - canary) / (1 - tolerance * null)),
        np.log(baseline / null),
        np.log((1 - baseline) / (1 - null)),
    )


def level_of(bad: float, total: float, coming: float) -> int:
    """The power of two that is nearest to the bad share of the baseline so far.

    `bad` and `total` end before the present look, which has `coming` baseline requests. Where it is
    larger than all before it, the share is taken as lower: too low a one turns the points into the
    binomial form and costs little, while too high a one makes a large first look bet on far more bad
    requests than there are.
    """
    level = round(math.log2((bad + GUESS_BAD) / (max(total, coming) + GUESS_TOTAL)))
    return min(max(level, LEVELS[0]), LEVELS[1])


def likely_bad(requests: float, level: int) -> float:
    """How many bad ones among a look's baseline requests a stop should not be spoiled by."""
    mean = requests * 2.0**level
    return min(requests, max(0.0, math.ceil(mean + math.sqrt(mean) - 0.8)))


def relative_grid(tolerance: float) -> RelativeGrid:
    """Points for the null that the canary's bad share is at most `tolerance` times the baseline's."""
    return RelativeGrid(
        tolerance,
        np.array([multiple for multiple, _ in MULTIPLES]),
        np.array([share for share, _ in SHARES]),
        np.array([weight for _, weight in (*MULTIPLES, *SHARES)]),
        np.append(RATIOS, tolerance),
    )


def _canary_share(ratio: "Vector | float", share: float) -> Vector:
    """The chance that a bad event falls on the canary when its rate is `ratio` times the baseline's."""
    return np.asarray(share * ratio / (1 - share + share * np.asarray(ratio)))
