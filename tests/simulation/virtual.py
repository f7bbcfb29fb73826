"""Time that passes only when everybody waits, and an order of events that follows from a seed.

The loop has no selector, no socket and no thread: when nothing is ready it leaps to the next timer.
Timers that would fire together are put into an order drawn from the seed, so that another seed shows
another interleaving while callbacks that are ready keep asyncio's promise of first in, first out.
"""

import asyncio
from collections.abc import Callable
from contextvars import Context
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

BEGINNING = datetime(2026, 3, 1, 12, tzinfo=UTC)
_MOST_TURNS_IN_AN_INSTANT = 20_000
_SPREAD = 0.002
"""Seconds by which a timer may be late: enough to mix those that are set for the same instant."""


class Stuck(AssertionError):
    """Nothing can ever happen again, or things happen without end while time stands still."""


class VirtualLoop(asyncio.BaseEventLoop):
    """An event loop in virtual seconds from 0."""

    def __init__(self, random: Random) -> None:
        super().__init__()
        self._seconds = 0.0
        self._random = random
        self._turns = 0
        self._selector = self
        self.set_exception_handler(lambda _loop, _context: None)

    def time(self) -> float:
        """Virtual seconds."""
        return self._seconds

    def call_at(
        self, when: float, callback: Callable[..., Any], *args: Any, context: Context | None = None
    ) -> asyncio.TimerHandle:
        """Like asyncio's, a little late."""
        late = when + self._random.random() * _SPREAD
        return super().call_at(late, callback, *args, context=context)

    def select(self, timeout: float | None) -> list[Any]:
        """What a selector would do: here, let time pass."""
        if timeout is None:
            raise Stuck("everybody waits for something that nobody will do")
        if timeout > 0:
            self._seconds += timeout
            self._turns = 0
        else:
            self._turns += 1
            if self._turns > _MOST_TURNS_IN_AN_INSTANT:
                raise Stuck(f"time stands still at {self._seconds:.3f} s while work goes on")
        return []

    def _process_events(self, event_list: list[Any]) -> None:
        del event_list

    def _write_to_self(self) -> None:
        return


class VirtualClock:
    """The loop's time as a date. `offset` moves it as a correction of the machine's clock would."""

    def __init__(self, loop: VirtualLoop) -> None:
        self._loop = loop
        self.offset = timedelta()

    def now(self) -> datetime:
        """An aware datetime in UTC."""
        return BEGINNING + timedelta(seconds=self._loop.time()) + self.offset
