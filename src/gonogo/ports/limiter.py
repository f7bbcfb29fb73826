"""Counting requests, so that nobody keeps the desk from others."""

from typing import Protocol

from gonogo.domain.rate import Allowance, Rate


class Limiter(Protocol):
    """Counts requests of one asker against a rate."""

    async def take(self, asker: str, rate: Rate) -> Allowance:
        """Count one request. What is not allowed is not counted.

        Raises Unavailable when it cannot count: the caller then refuses, as a limit that lets
        everything through when its bookkeeping fails is switched off by whoever makes it fail.
        """
        ...
