"""The difference of two shares: what its band promises, and how soon it is of use."""

import itertools
import math
from collections.abc import Callable

import numpy as np
import pytest

from gonogo.domain.traffic import Counts, Increment
from gonogo.judge.difference import GRID, MINIMUM, _gain, differences

Share = Callable[[int], float]


def stream(seed: int, looks: int, canary: Share, baseline: Share, size: int = 20):
    """Looks of a rollout that goes from 5 to 25 to 50 % of customers."""
    rng = np.random.default_rng(seed)
    for place in range(looks):
        mine = rng.binomial(size, (0.05, 0.25, 0.5)[place * 3 // looks])
        theirs = size - mine
        bad, also = rng.binomial(mine, canary(place)), rng.binomial(theirs, baseline(place))
        yield Increment("errors", Counts(int(also), int(theirs)), Counts(int(bad), int(mine)))


@pytest.mark.parametrize(("mine", "theirs"), [(1, 1), (1, 7), (3, 2), (4, 1)])
@pytest.mark.parametrize("base", [0.004, 0.1, 0.6])
def test_no_bet_on_a_difference_gains_on_average_where_it_is_the_true_one(mine, theirs, base):
    for place in range(0, len(GRID), 16):
        delta = float(GRID[place])
        if not 0 <= base + delta <= 1:
            continue
        mean = 0.0
        for canary, baseline in itertools.product(range(mine + 1), range(theirs + 1)):
            chance = math.comb(mine, canary) * math.comb(theirs, baseline)
            chance *= (base + delta) ** canary * (1 - base - delta) ** (mine - canary)
            chance *= base**baseline * (1 - base) ** (theirs - baseline)
            gain = _gain(0.03, 0.2, Counts(baseline, theirs), Counts(canary, mine))
            mean += chance * math.exp(gain[place])
        assert mean <= 1 + 1e-9


def missed(streams: int, looks: int, difference: float, base: Share) -> int:
    """In how many rollouts the band ever left out the true difference."""
    return sum(
        any(
            found is not None and not found.low <= difference <= found.high
            for found in differences(
                stream(seed, looks, lambda place: base(place) + difference, base)
            )
        )
        for seed in range(streams)
    )


def daily(place: int) -> float:
    return 0.02 * (1.05 + math.sin(place / 40))


def test_the_band_holds_at_every_look_while_weights_and_the_common_share_move():
    assert missed(15, 200, 0.01, daily) <= 2


@pytest.mark.slow
@pytest.mark.parametrize("difference", [0.0, 0.01, 0.2])
def test_over_many_rollouts_the_band_is_wrong_in_at_most_one_of_twenty(difference):
    assert missed(150, 600, difference, daily) <= 7.5 + 3 * math.sqrt(150 * 0.05 * 0.95)


def test_the_band_closes_in_on_the_difference():
    looks = stream(1, 3000, lambda _: 0.025, lambda _: 0.005)
    found = list(differences(looks))[-1]
    assert found is not None
    assert 0.01 < found.low < 0.02 < found.high < 0.035
    assert found.estimate == pytest.approx(0.02, abs=0.003)


def test_pooling_over_steps_does_not_show_a_difference_that_is_none():
    """Errors rise for both arms while the canary's share does: pooled, the canary looks worse."""

    def common(place: int) -> float:
        return 0.002 if place < 400 else 0.08

    looks = list(stream(3, 600, common, common, 60))
    canary = sum((look.canary for look in looks), Counts())
    baseline = sum((look.baseline for look in looks), Counts())
    assert canary.share > 1.4 * baseline.share
    found = list(differences(looks))[-1]
    assert found.low < 0 < found.high
    assert abs(found.estimate) < 0.01


def test_one_look_with_all_requests_says_nearly_as_much_as_many():
    found = list(differences([Increment("errors", Counts(500, 95_000), Counts(125, 5_000))]))
    assert 0.01 < found[0].low < 0.02 < found[0].high < 0.035


def test_there_is_no_band_below_the_minimum():
    few = Increment("errors", Counts(1, 500), Counts(0, MINIMUM - 1))
    assert next(differences([few])) is None
    alone = Increment("errors", Counts(), Counts(3, 500))
    assert next(differences([alone])) is None


def test_a_fault_that_comes_late_moves_the_band_to_the_harmful_side():
    looks = stream(5, 1500, lambda place: 0.01 if place < 750 else 0.6, lambda _: 0.01, 60)
    found = list(differences(looks))
    assert found[740].low < 0 < found[740].high
    assert found[-1].low > 0


def test_a_difference_finer_than_the_grid_is_still_inside():
    truth = float(GRID[-20] + GRID[-19]) / 2
    looks = stream(6, 1500, lambda _: 0.01 + truth, lambda _: 0.01, 200)
    found = list(differences(looks))[-1]
    assert found.low < truth < found.high < found.low + 0.1
