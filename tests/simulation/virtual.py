"""Time that passes only when everybody waits, and an order of events that follows from a seed.

The loop has no selector, no socket and no thread: when nothing is ready it leaps to the next timer.
Timers that would fire together are put into an order drawn from the seed, so that another seed shows
another interleaving while callbacks that are ready keep asyncio's promise of first in, first out.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from contextvars import Context, copy_context
from datetime import UTC, datetime, timedelta
from heapq import heappop, heappush
from random import Random
from typing import Any

BEGINNING = datetime(2026, 3, 1, 12, tzinfo=UTC)
_MOST_TURNS_IN_AN_INSTANT = 20_000
_SPREAD = 0.002
"""Seconds by which a timer may be late: enough to mix those that are set for the same instant."""


class Stuck(AssertionError):
    """Nothing can ever happen again, or things happen without end while time stands still."""


class _Appointment(asyncio.TimerHandle):
    """A callback with its context, soon or at its time; without what asyncio keeps for debugging.

    What goes wrong in a callback goes no further: its task or future tells.
    """

    __slots__ = ()

    def __init__(
        self,
        when: float,
        callback: Callable[..., Any],
        args: tuple[Any, ...],
        context: Context | None,
    ) -> None:
        self._when = when
        self._callback = callback
        self._args = args
        self._context = copy_context() if context is None else context
        self._cancelled = False

    def cancel(self) -> None:
        self._cancelled = True
        self._callback, self._args = None, None


class VirtualLoop(asyncio.BaseEventLoop):
    """An event loop in virtual seconds from 0."""

    def __init__(self, random: Random) -> None:
        super().__init__()
        self._seconds = 0.0
        self._random = random.random
        self._turns = 0
        self._timers = 0
        self._ready: deque[_Appointment] = deque()
        self._appointed: list[tuple[float, int, _Appointment]] = []
        self.set_exception_handler(lambda _loop, _context: None)

    def time(self) -> float:
        """Virtual seconds."""
        return self._seconds

    def call_soon(
        self, callback: Callable[..., Any], *args: Any, context: Context | None = None
    ) -> asyncio.Handle:
        """Like asyncio's."""
        handle = _Appointment(self._seconds, callback, args, context)
        self._ready.append(handle)
        return handle

    def call_at(
        self, when: float, callback: Callable[..., Any], *args: Any, context: Context | None = None
    ) -> asyncio.TimerHandle:
        """Like asyncio's, a little late."""
        late = when + self._random() * _SPREAD
        handle = _Appointment(late, callback, args, context)
        self._timers += 1
        heappush(self._appointed, (late, self._timers, handle))
        return handle

    def call_later(
        self, delay: float, callback: Callable[..., Any], *args: Any, context: Context | None = None
    ) -> asyncio.TimerHandle:
        """Like asyncio's."""
        return self.call_at(self._seconds + delay, callback, *args, context=context)

    def _run_once(self) -> None:
        """One turn: what is ready, or else whatever comes next, and time leaps there."""
        ready, appointed = self._ready, self._appointed
        if ready:
            self._turns += 1
            if self._turns > _MOST_TURNS_IN_AN_INSTANT:
                raise Stuck(f"time stands still at {self._seconds:.3f} s while work goes on")
        else:
            while appointed and appointed[0][2]._cancelled:
                heappop(appointed)
            if not appointed:
                raise Stuck("everybody waits for something that nobody will do")
            self._seconds = max(self._seconds, appointed[0][0])
            self._turns = 0
        while appointed and appointed[0][0] <= self._seconds:
            ready.append(heappop(appointed)[2])
        for _ in range(len(ready)):
            handle = ready.popleft()
            if not handle._cancelled:
                try:
                    handle._context.run(handle._callback, *handle._args)
                except (SystemExit, KeyboardInterrupt):
                    raise
                except BaseException:  # noqa: BLE001 - asyncio's handler, too, would say nothing here
                    continue

    def _process_events(self, event_list: list[Any]) -> None:
        del event_list

    def _write_to_self(self) -> None:
        return


class VirtualClock:
    """The loop's time as a date. `offset` moves it as a correction of the machine's clock would."""

    def __init__(self, loop: VirtualLoop) -> None:
        self._loop = loop
        self.offset = timedelta()
        self._known = (-1.0, self.offset)
        self._now = BEGINNING

    def now(self) -> datetime:
        """An aware datetime in UTC."""
        seconds = self._loop.time()
        if (seconds, self.offset) != self._known:
            self._known = (seconds, self.offset)
            self._now = BEGINNING + timedelta(seconds=seconds) + self.offset
        return self._now
