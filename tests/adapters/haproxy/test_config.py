"""Weights and what is written about them."""

import pytest

from gonogo.adapters.haproxy.config import weights_for


@pytest.mark.parametrize(
    ("shares", "weights"),
    [
        ((0.95, 0.05, 0.0), (19, 1, 0)),
        ((0.99, 0.01, 0.0), (99, 1, 0)),
        ((1.0, 0.0, 0.0), (1, 0, 0)),
        ((0.5, 0.3, 0.2), (5, 3, 2)),
        ((0.0, 0.0, 0.0), (0, 0, 0)),
    ],
)
def test_round_shares_are_exact(shares: tuple[float, ...], weights: tuple[int, ...]) -> None:
    assert weights_for(shares) == weights


@pytest.mark.parametrize("share", [k / 997 for k in range(5, 500, 7)])
def test_any_share_above_half_a_percent_is_met_within_a_thousandth(share: float) -> None:
    canary, baseline = weights_for((share, 1 - share))
    assert 0 < canary <= 256
    assert 0 < baseline <= 256
    assert abs(canary / (canary + baseline) - share) < 0.001


def test_a_tiny_share_is_never_rounded_to_nothing() -> None:
    assert weights_for((0.0001, 0.9999)) == (1, 256)
