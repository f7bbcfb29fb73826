"""How often somebody may try."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Allowance:
    """So many tries within so long, for each key. `name` keeps counts of different things apart."""

    name: str
    tries: int
    within: timedelta


class Throttle(Protocol):
    """Counts tries in a moving window.

    `take` and `wait` raise Unavailable when tries cannot be counted: nobody guesses uncounted.
    """

    async def take(self, allowance: Allowance, key: str) -> timedelta | None:
        """Count one try. None when it is within the allowance; otherwise how long to wait, and the try is
        not counted."""
        ...

    async def wait(self, allowance: Allowance, key: str) -> timedelta | None:
        """How long to wait before a try would be within the allowance; None for not at all. Counts none."""
        ...

    async def forgive(self, allowance: Allowance, key: str) -> None:
        """Forget the tries of this key. What cannot be forgotten now is, when its window ends."""
        ...


class Unlimited:
    """Counts nothing: for a program in which nobody signs in."""

    async def take(self, allowance: Allowance, key: str) -> timedelta | None:
        """Always within the allowance."""
        return None

    async def wait(self, allowance: Allowance, key: str) -> timedelta | None:
        """Not at all."""
        return None

    async def forgive(self, allowance: Allowance, key: str) -> None:
        """Nothing to forget."""
