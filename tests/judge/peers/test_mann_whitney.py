"""The interval against R's, as Kayenta's own tests tie it out.

The samples and R's answers are those of kayenta-mannwhitney, MannWhitneySuite.scala (lines 471, 923
and 951 of its last version), written as value: how often. R searches with a tolerance of 1e-4.
"""

from statistics import NormalDist

import numpy as np
import pytest

from gonogo.judge.peers.mann_whitney import mann_whitney_shift

TOLERANCE = 1.1e-4


def sample(times: dict[float, int]) -> np.ndarray:
    return np.repeat(np.array(list(times), dtype=float), list(times.values()))


CASES = [
    (
        {
            1.5: 9,
            2.0: 16,
            2.5: 22,
            3.0: 17,
            3.5: 9,
            4.0: 5,
            4.5: 1,
            5.0: 3,
            5.5: 1,
            6.0: 2,
            6.5: 2,
            7.0: 1,
            7.5: 1,
            16.5: 1,
        },
        {
            1.5: 2,
            2.0: 16,
            2.5: 18,
            3.0: 16,
            3.5: 10,
            4.0: 8,
            4.5: 4,
            5.0: 6,
            5.5: 2,
            6.0: 5,
            8.0: 1,
            15.5: 1,
            54.5: 1,
        },
        0.95,
        -0.500002521696696,
        -3.486287505871302e-05,
        -0.4999393907180323,
    ),
    (
        {
            0.5: 20,
            1.0: 41,
            1.5: 67,
            2.0: 37,
            2.5: 3,
            3.0: 2,
            3.5: 3,
            4.0: 1,
            5.0: 1,
            5.5: 3,
            8.5: 1,
            19.0: 1,
        },
        {
            0.0: 1,
            0.5: 7,
            1.0: 32,
            1.5: 70,
            2.0: 33,
            2.5: 22,
            3.0: 6,
            3.5: 2,
            4.0: 3,
            4.5: 1,
            5.5: 1,
            7.0: 1,
            7.5: 1,
        },
        0.98,
        -0.4999173250549087,
        -6.912685789769486e-06,
        -3.45044082729315e-05,
    ),
]


def test_four_against_four_have_the_interval_of_r() -> None:
    shift = mann_whitney_shift(np.array([10.0, 20, 30, 40]), np.array([1.0, 2, 3, 4]), 0.95)
    assert (shift.low, shift.high, shift.estimate) == (6, 39, 22.5)


@pytest.mark.parametrize(("experiment", "control", "confidence", "low", "high", "estimate"), CASES)
def test_tied_samples_have_the_interval_of_r(
    experiment: dict[float, int],
    control: dict[float, int],
    confidence: float,
    low: float,
    high: float,
    estimate: float,
) -> None:
    shift = mann_whitney_shift(sample(experiment), sample(control), confidence)
    assert shift.low == pytest.approx(low, abs=TOLERANCE)
    assert shift.high == pytest.approx(high, abs=TOLERANCE)
    assert shift.estimate == pytest.approx(estimate, abs=TOLERANCE)


def statistic(experiment: np.ndarray, control: np.ndarray, shift: float) -> float:
    """The standardised rank sum of R's definition, ranks counted one pair at a time."""
    moved = experiment - shift
    n, m = len(moved), len(control)
    wins = sum((x > y) + 0.5 * (x == y) for x in moved for y in control) - n * m / 2
    times = np.unique(np.concatenate((moved, control)), return_counts=True)[1]
    ties = (times**3 - times).sum() / ((n + m) * (n + m - 1))
    return float((wins - 0.5 * np.sign(wins)) / np.sqrt(n * m / 12 * (n + m + 1 - ties)))


@pytest.mark.parametrize("seed", range(8))
def test_the_ends_are_where_the_statistic_passes_the_quantile(seed: int) -> None:
    rng = np.random.default_rng(seed)
    experiment = np.round(rng.gamma(2, 1, rng.integers(8, 30)), 1)
    control = np.round(rng.gamma(2, 1, rng.integers(8, 30)), 1)
    shift = mann_whitney_shift(experiment, control, 0.98)
    quantile = NormalDist().inv_cdf(0.99)
    for end, target in ((shift.low, quantile), (shift.high, -quantile)):
        assert statistic(experiment, control, end - 1e-6) > target
        assert statistic(experiment, control, end + 1e-6) <= target
    assert shift.low <= shift.estimate <= shift.high


def test_equal_samples_are_not_shifted() -> None:
    values = np.array([1.0, 2, 3, 4, 5])
    assert mann_whitney_shift(values, values, 0.98).estimate == 0
