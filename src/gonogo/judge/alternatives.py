"""The alternatives that a test bets on, and the likelihood ratio of each.

Why mixtures: nobody knows beforehand how bad a bad version is, so each test spreads its bet over a
grid of alternatives. A mixture of e-values is an e-value, and it costs at most log(1/weight of the
best point).

Guarantee: for every look with n_c canary and n_b baseline requests and every point of a grid, the
likelihood ratio has expectation ≤ 1 whenever the tolerance is kept, whatever the error rate of both
arms is in that look. For independent requests with bad rates (p_c, p_b) the expectation is
f_c^n_c · f_b^n_b with each f linear in its rate; by the inequality of the means it is at most
(ρ f_c + (1−ρ) f_b)^n, and the bracket is ≤ 1 for p_c ≤ m·p_b:

- binomial form (what a bad event says about the arm it fell on; needs no base rate): the bracket is
  1 + p_b (ρm + 1 − ρ) [θ_m (a−1) + (1−θ_m) (b−1)] = 1 at p_c = m·p_b, with a = θ_r/θ_m and
  b = (1−θ_r)/(1−θ_m);
- Bernoulli form (good requests speak too, which counts when the canary's rate is high): the null
  point q that is nearest in Kullback-Leibler distance makes the bracket's slope the optimality
  condition of that projection over a convex set, hence ≤ 0 (Turner, Ly and Grünwald 2024).

Assumption: within one look the arms differ only by their bad rates (random balancing).
"""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Vector = npt.NDArray[np.float64]

# (multiple of the tolerance, weight) for the binomial form and (baseline rate, canary rate, weight)
# for the Bernoulli form. The weights come from bench/judge_limit.py --fit, which makes the mixture as
# likely as can be over cases other than those that are reported; small regressions get a little extra.
MULTIPLES = ((1.25, 0.03), (1.75, 0.26), (4.3, 0.22), (15.0, 0.18), (55.0, 0.14))
RATES = ((0.05, 0.97, 0.10), (0.05, 0.75, 0.05), (0.3, 0.85, 0.02))
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
    baseline: Vector
    canary: Vector
    weights: Vector
    ratios: Vector

    def factors(self, share: float) -> RelativeFactors:
        """The likelihood ratios for a look in which the canary got `share` of the requests."""
        tolerated = _canary_share(self.tolerance, share)
        worse = _canary_share(self.tolerance * self.multiples, share)
        none = np.zeros_like(worse)
        null_baseline, null_canary = self._projection(share)
        shares = _canary_share(self.ratios, share)
        return RelativeFactors(
            np.concatenate((np.log(worse / tolerated), np.log(self.canary / null_canary))),
            np.concatenate((none, np.log((1 - self.canary) / (1 - null_canary)))),
            np.concatenate(
                (np.log((1 - worse) / (1 - tolerated)), np.log(self.baseline / null_baseline))
            ),
            np.concatenate((none, np.log((1 - self.baseline) / (1 - null_baseline)))),
            np.log(shares),
            np.log1p(-shares),
        )

    def _projection(self, share: float) -> tuple[Vector, Vector]:
        """The tolerated (baseline, canary) rates nearest to each Bernoulli point.

        Setting the derivative of share·KL(canary‖m·q) + (1−share)·KL(baseline‖q) to zero gives
        m·q² − b·q + c = 0; the smaller root is the rate.
        """
        m = self.tolerance
        b = share * (m + self.canary) + (1 - share) * (1 + m * self.baseline)
        c = share * self.canary + (1 - share) * self.baseline
        null = 2 * c / (b + np.sqrt(b * b - 4 * m * c))
        return null, m * null


def relative_grid(tolerance: float) -> RelativeGrid:
    """Points for the null that the canary's bad share is at most `tolerance` times the baseline's."""
    points = [point for point in RATES if point[1] > 1.5 * tolerance * point[0]]
    weights = np.array([weight for _, weight in MULTIPLES] + [weight for _, _, weight in points])
    return RelativeGrid(
        tolerance,
        np.array([multiple for multiple, _ in MULTIPLES]),
        np.array([low for low, _, _ in points]),
        np.array([high for _, high, _ in points]),
        weights / weights.sum(),
        np.append(RATIOS, tolerance),
    )


def _canary_share(ratio: "Vector | float", share: float) -> Vector:
    """The chance that a bad event falls on the canary when its rate is `ratio` times the baseline's."""
    return np.asarray(share * ratio / (1 - share + share * np.asarray(ratio)))
