"""How often somebody may ask."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Rate:
    """At most `most` requests in any `seconds`, smoothed over two windows of that length."""

    most: int
    seconds: int


@dataclass(frozen=True, slots=True)
class Allowance:
    """What is left of a rate. `wait` is seconds until more is left; it counts when `allowed` is False."""

    allowed: bool
    rate: Rate
    left: int
    wait: float


@dataclass(frozen=True, slots=True)
class Rates:
    """What each person may read and change, and what each address may ask that shows no valid token.

    `pages` counts what a browser loads besides, its files by address.
    """

    reads: Rate = Rate(6000, 60)
    writes: Rate = Rate(600, 60)
    strangers: Rate = Rate(300, 60)
    pages: Rate = Rate(12_000, 60)
