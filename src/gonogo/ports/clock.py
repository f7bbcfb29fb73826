"""Time comes in from outside, so that a test can bring its own."""

from datetime import datetime
from typing import Protocol


class Clock(Protocol):
    """The time now, in UTC. Waiting goes through asyncio, whose loop a simulation replaces."""

    def now(self) -> datetime:
        """An aware datetime in UTC."""
        ...
