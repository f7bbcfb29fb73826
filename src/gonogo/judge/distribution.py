"""How long answers took: the distribution of one arm, with a band that holds at every look at once.

Why not the Dvoretzky-Kiefer-Wolfowitz band: it holds at one look only, and it is as wide at the 99th
percentile as in the middle, so it says nothing where slow answers are. Here the number of requests
that took at most T is an ordinary count for each bucket's bound T, so it gets the judge's own interval
for a share (`intervals.share_interval`), at MISSED divided by the number of bounds.

Guarantee: for requests that are alike, the chance that the true distribution ever leaves the band, at
any look and any bucket's bound, is at most MISSED. Between bounds a distribution only rises, so it
lies between the lower end before and the upper end after. At 1,000 requests the band is 8 points to
either side in the middle, and from 2 below to 1 above at the 99th percentile (the other: 4 at both).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from gonogo.domain.latency import BUCKETS, Latencies, upper_bound
from gonogo.domain.verdict import Interval
from gonogo.judge.intervals import MISSED, share_interval

MINIMUM = 50
"""Requests below which there is no band."""
QUANTILES = (0.5, 0.95, 0.99)


@dataclass(frozen=True, slots=True)
class Rung:
    """The share of requests answered within `seconds`, with its band (None below MINIMUM)."""

    seconds: float
    share: float
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class Quantile:
    """Seconds within which the part `part` of requests was answered.

    None: not known (too few requests), or beyond what was answered at all.
    """

    part: float
    estimate: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class Distribution:
    """One arm. `rungs` rise; requests without an answer keep the last one below 1."""

    total: int
    unanswered: int
    rungs: tuple[Rung, ...]
    quantiles: tuple[Quantile, ...]


def distribution(latencies: Latencies) -> Distribution:
    """The distribution with its band and quantiles. Some 0.2 ms for each bucket in use."""
    total = latencies.total
    rungs: list[Rung] = []
    below = 0
    for place, (bucket, number) in enumerate(latencies.buckets):
        if place == 0 or latencies.buckets[place - 1][0] != bucket - 1:
            rungs.append(_rung(upper_bound(bucket - 1), below, total))
        below += number
        rungs.append(_rung(upper_bound(bucket), below, total))
    found = tuple(rungs)
    quantiles = tuple(_quantile(part, found, total) for part in QUANTILES)
    return Distribution(total, latencies.unanswered, found, quantiles)


def _rung(seconds: float, within: int, total: int) -> Rung:
    if total < MINIMUM:
        return Rung(seconds, within / total, None, None)
    found: Interval = share_interval(within, total, MISSED / BUCKETS)
    return Rung(seconds, within / total, found.low, found.high)


def _quantile(part: float, rungs: Sequence[Rung], total: int) -> Quantile:
    low = high = None
    for rung in rungs:
        if rung.high is not None and rung.high < part:
            low = rung.seconds
        if high is None and rung.low is not None and rung.low >= part:
            high = rung.seconds
    if low is None and rungs and rungs[0].high is not None:
        low = 0.0
    if total * (1 - part) < 1:
        return Quantile(part, None, low, high)
    return Quantile(part, _within(part, rungs), low, high)


def _within(part: float, rungs: Sequence[Rung]) -> float | None:
    """Between the two bounds around it, evenly in the logarithm."""
    for before, after in pairwise(rungs):
        if before.share < part <= after.share:
            way = (part - before.share) / (after.share - before.share)
            return float(before.seconds ** (1 - way) * after.seconds**way)
    return None
