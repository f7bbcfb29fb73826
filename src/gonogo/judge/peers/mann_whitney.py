"""The Mann-Whitney interval for a shift, as R's `wilcox.test` gives it (asymptotic, with continuity).

R searches for the shift at which the standardised, continuity-corrected and tie-corrected statistic
equals a normal quantile. That statistic only changes at the differences between the two samples, so
the answer is one of them and is found exactly, without a search.
"""

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
import numpy.typing as npt

Vector = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Shift:
    """How much higher the experiment lies: the Hodges-Lehmann estimate and its interval."""

    low: float
    high: float
    estimate: float


def mann_whitney_shift(experiment: Vector, control: Vector, confidence: float) -> Shift:
    """The shift of `experiment` against `control` (one-dimensional). Raises ValueError for an empty one."""
    if not len(experiment) or not len(control):
        raise ValueError("both samples need at least one value")
    differences = np.sort(np.subtract.outer(experiment, control).ravel())
    above = len(differences) - np.arange(len(differences) + 1)
    centred = above - len(differences) / 2
    standardised = (centred - 0.5 * np.sign(centred)) / _spread(experiment, control)
    quantile = NormalDist().inv_cdf((1 + confidence) / 2)
    return Shift(
        _crossing(differences, standardised, quantile),
        _crossing(differences, standardised, -quantile),
        _crossing(differences, standardised, 0.0),
    )


def _spread(experiment: Vector, control: Vector) -> float:
    """The statistic's standard deviation where no value of one sample meets one of the other."""
    n, m = len(experiment), len(control)
    ties = 0.0
    for sample in (experiment, control):
        times = np.unique(sample, return_counts=True)[1].astype(float)
        ties += float((times**3 - times).sum())
    return float(np.sqrt(n * m / 12 * (n + m + 1 - ties / ((n + m) * (n + m - 1)))))


def _crossing(differences: Vector, standardised: Vector, quantile: float) -> float:
    """The shift at which the falling statistic passes the quantile; the middle where it rests there."""
    first = int(np.searchsorted(-standardised, -quantile, side="left"))
    beyond = int(np.searchsorted(-standardised, -quantile, side="right"))
    last = len(differences)
    low = differences[min(max(first, 1), last) - 1]
    high = differences[min(max(beyond, 1), last) - 1]
    return float((low + high) / 2)
