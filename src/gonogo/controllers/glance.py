"""Looking once for everybody who wants to know the same at nearly the same time.

A thousand releases that each ask the store every second whether somebody spoke to them would keep it
busy with nothing else. One question for all of them costs what one question costs; and as everything
that people and desks do, looks of the judge and leases apart, comes with an audit entry, nothing has
to be read again while the audit chain ends where it ended.
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Generic, TypeVar

from gonogo.ports.clock import Clock

Found = TypeVar("Found")

_LONGEST_READ = timedelta(seconds=10)


class Glance(Generic[Found]):
    """An answer that all may share for as long as it is young enough.

    `newest` tells the newest audit entry; `lasts` how old an answer may be. A read that fails fails for
    those who waited for it, and is tried again by the next; so is one that has taken too long. One who is
    cancelled while waiting leaves the read to the others.
    """

    def __init__(
        self,
        read: Callable[[], Awaitable[Found]],
        newest: Callable[[], Awaitable[int]],
        clock: Clock,
        lasts: Callable[[], timedelta],
    ) -> None:
        self._read = read
        self._newest = newest
        self._clock = clock
        self._lasts = lasts
        self._begun: datetime | None = None
        self._reading: asyncio.Future[Found] | None = None
        self._known: tuple[int, Found] | None = None

    async def get(self) -> Found:
        """What was true at most so long ago. Raises what reading raises."""
        reading, now = self._reading, self._clock.now()
        if reading is None or self._begun is None or self._is_over(reading, now - self._begun):
            reading = self._reading = asyncio.ensure_future(self._once())
            self._begun = now
        return await asyncio.shield(reading)

    async def end(self) -> None:
        """Nobody wants to know any more: what is on its way is not waited for."""
        if self._reading is not None:
            self._reading.cancel()
            await asyncio.gather(self._reading, return_exceptions=True)

    def _is_over(self, reading: "asyncio.Future[Found]", age: timedelta) -> bool:
        """An answer that is on its way is waited for, but for one that may never come."""
        if not reading.done():
            return not timedelta() <= age < _LONGEST_READ
        failed = reading.cancelled() or reading.exception() is not None
        return failed or not timedelta() <= age < self._lasts()

    async def _once(self) -> Found:
        newest = await self._newest()  # before what is read, which may then only be newer
        if self._known is None or self._known[0] != newest:
            self._known = newest, await self._read()
        return self._known[1]
