"""Where the database's calls run: beside the event loop, or in it.

A database call blocks, and a full disk or a locked file can block it for seconds; the event loop
that judges a canary must not wait for it. In a simulation the opposite is wanted: no thread, so that
the same seed gives the same run.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol, TypeVar

Result = TypeVar("Result")


class Runner(Protocol):
    """Runs blocking work and hands back what it returned or raised."""

    async def __call__(self, work: Callable[[], Result]) -> Result:
        """Run it. A caller cancelled meanwhile does not stop work that has begun."""
        ...

    def close(self) -> None:
        """Wait for what was begun, and take nothing more."""
        ...


class Threads:
    """Work runs in threads of its own, in order when there is one of them.

    Threads that compute at once only take the interpreter from each other and from the event loop. So of
    several the second begins when the first has kept somebody waiting for `apart` seconds: then it is
    waiting for something itself, a lock or a long statement, and must not hold up all others.
    """

    def __init__(self, count: int = 1, *, apart: float = 0.05) -> None:
        self._pool = ThreadPoolExecutor(max_workers=count, thread_name_prefix="gonogo-store")
        self._turn = asyncio.Semaphore(1) if count > 1 else None
        self._apart = apart

    async def __call__(self, work: Callable[[], Result]) -> Result:
        """Run it in one of the threads."""
        loop = asyncio.get_running_loop()
        if self._turn is None:
            return await loop.run_in_executor(self._pool, work)
        mine = await self._wait_for(self._turn)
        try:
            return await loop.run_in_executor(self._pool, work)
        finally:
            if mine:
                self._turn.release()

    async def _wait_for(self, turn: asyncio.Semaphore) -> bool:
        """Whether it became one's turn, or had to begin without it."""
        if turn.locked():
            try:
                async with asyncio.timeout(self._apart):
                    await turn.acquire()
            except TimeoutError:
                return False
            return True
        return await turn.acquire()

    def close(self) -> None:
        """Wait for what was begun, and take nothing more."""
        self._pool.shutdown(wait=True)


class Inline:
    """Work runs at once, in the caller: for one process in virtual time."""

    async def __call__(self, work: Callable[[], Result]) -> Result:
        """Run it here and now; nothing else runs meanwhile."""
        return work()

    def close(self) -> None:
        """Nothing to wait for."""
