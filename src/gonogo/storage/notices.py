"""Notices inside one process: whoever stored something tells all who listen.

A write commits in a thread of the store, and its caller may be gone by then; so a notice is told by
that thread, straight after the commit, and handed to the event loop of each listener. Nothing here
waits for a listener: one that falls behind loses notices and is told so by one about anything.
"""

import asyncio
import contextlib
import threading
from collections import deque
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING

from gonogo.ports.notices import Notice, Notices

_BEHIND = 1000
"""Notices that wait for one listener before they are lost to it."""


class Announcements:
    """`gonogo.ports.notices.Notices`; `tell` may be called from any thread."""

    def __init__(self) -> None:
        self._listeners: set[_Listener] = set()
        self._changing = threading.Lock()

    def tell(self, notice: Notice) -> None:
        """Hand a notice to everybody who listens now."""
        if not self._listeners:
            return
        with self._changing:
            listeners = tuple(self._listeners)
        for listener in listeners:
            listener.hear_soon(notice)

    def subscribe(self) -> AbstractAsyncContextManager[AsyncIterator[Notice]]:
        """See the port."""
        return self._subscribed()

    @contextlib.asynccontextmanager
    async def _subscribed(self) -> AsyncIterator[AsyncIterator[Notice]]:
        listener = _Listener(asyncio.get_running_loop())
        with self._changing:
            self._listeners.add(listener)
        try:
            yield listener
        finally:
            with self._changing:
                self._listeners.discard(listener)


class _Listener:
    """What waits for one subscriber, in its event loop."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._waiting: deque[Notice] = deque()
        self._something = asyncio.Event()

    def hear_soon(self, notice: Notice) -> None:
        # A loop that was closed meanwhile has nobody left who could listen.
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._hear, notice)

    def _hear(self, notice: Notice) -> None:
        if len(self._waiting) >= _BEHIND:
            newest = max(notice.sequence, *(each.sequence for each in self._waiting))
            self._waiting.clear()
            notice = Notice(None, None, newest)
        self._waiting.append(notice)
        self._something.set()

    def __aiter__(self) -> AsyncIterator[Notice]:
        return self

    async def __anext__(self) -> Notice:
        while not self._waiting:
            self._something.clear()
            await self._something.wait()
        return self._waiting.popleft()


if TYPE_CHECKING:
    _fulfils_the_port: type[Notices] = Announcements
