"""How long answers took, as counts in buckets whose bounds are fixed for ever.

A bucket is an eighth of an octave wide (9 %), so a distribution over seven decades has 214 of them and
a stored look names only those that got something. A request without an answer took longer than any.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

PER_OCTAVE = 8
SHORTEST = 1e-5
"""Seconds; what is shorter falls into the first bucket."""
BUCKETS = math.ceil(math.log2(1000 / SHORTEST) * PER_OCTAVE) + 1
"""The last one holds what took about 1000 s and more."""


def bucket_of(seconds: float) -> int:
    """The bucket of a duration. Rounding puts a duration that lies on a bound into the upper one."""
    if not seconds > SHORTEST:
        return 0
    place = min(math.log2(seconds / SHORTEST) * PER_OCTAVE, BUCKETS - 1)
    return math.floor(place + 1e-9)


def upper_bound(bucket: int) -> float:
    """Seconds below which a bucket ends."""
    return SHORTEST * float(2 ** ((bucket + 1) / PER_OCTAVE))


@dataclass(frozen=True, slots=True)
class Latencies:
    """Answered requests as (bucket, how many) with buckets rising, and requests without an answer."""

    buckets: tuple[tuple[int, int], ...] = ()
    unanswered: int = 0

    @property
    def total(self) -> int:
        """All requests, answered or not."""
        return sum(number for _, number in self.buckets) + self.unanswered

    def __add__(self, other: "Latencies") -> "Latencies":
        return summed((self, other))


@dataclass(frozen=True, slots=True)
class ArmLatencies:
    """What both arms gained since the look before."""

    baseline: Latencies = Latencies()
    canary: Latencies = Latencies()


def latencies_of(buckets: Mapping[int, int], unanswered: int = 0) -> Latencies:
    """From counts by bucket."""
    return Latencies(tuple(sorted(buckets.items())), unanswered)


def summed(parts: Iterable[Latencies]) -> Latencies:
    """All of them together."""
    buckets: dict[int, int] = {}
    unanswered = 0
    for part in parts:
        unanswered += part.unanswered
        for bucket, number in part.buckets:
            buckets[bucket] = buckets.get(bucket, 0) + number
    return latencies_of(buckets, unanswered)
