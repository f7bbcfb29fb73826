"""The band around how long answers took."""

from collections import Counter

import numpy as np
import pytest

from gonogo.domain.latency import bucket_of, latencies_of, upper_bound
from gonogo.judge.distribution import MINIMUM, distribution

MEDIAN, SPREAD = 0.05, 0.8


def missed(streams: int, looks: tuple[int, ...]) -> int:
    """In how many streams the true distribution ever left the band at a bucket's bound."""
    rng = np.random.default_rng(7)
    bounds = np.array([upper_bound(bucket) for bucket in range(-1, 250)])
    sample = rng.lognormal(np.log(MEDIAN), SPREAD, 400_000)
    truth = dict(
        zip(
            bounds.round(12),
            np.searchsorted(np.sort(sample), bounds) / len(sample),
            strict=True,
        )
    )
    found = 0
    for _ in range(streams):
        took = rng.lognormal(np.log(MEDIAN), SPREAD, looks[-1])
        found += any(
            not rung.low - 2e-3 <= truth[round(rung.seconds, 12)] <= rung.high + 2e-3
            for look in looks
            for rung in distribution(latencies_of(Counter(map(bucket_of, took[:look])))).rungs
        )
    return found


def test_the_band_holds_the_true_distribution_at_every_look():
    assert missed(12, (50, 200, 800)) <= 1


@pytest.mark.slow
def test_over_many_streams_the_band_is_wrong_in_at_most_one_of_twenty():
    assert missed(200, (50, 70, 100, 150, 250, 500, 1000, 3000)) <= 10


def test_at_the_99th_percentile_it_is_narrower_than_in_the_middle():
    took = np.random.default_rng(1).lognormal(np.log(MEDIAN), SPREAD, 2000)
    rungs = distribution(latencies_of(Counter(map(bucket_of, took)))).rungs
    middle = min(rungs, key=lambda rung: abs(rung.share - 0.5))
    tail = min(rungs, key=lambda rung: abs(rung.share - 0.99))
    assert tail.high - tail.low < (middle.high - middle.low) / 3


def test_below_the_minimum_there_is_no_band():
    rungs = distribution(latencies_of({80: MINIMUM - 1})).rungs
    assert {(rung.low, rung.high) for rung in rungs} == {(None, None)}
