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
    """Work runs in threads of its own, in order when there is one of them."""

    def __init__(self, count: int = 1) -> None:
        self._pool = ThreadPoolExecutor(max_workers=count, thread_name_prefix="gonogo-store")

    async def __call__(self, work: Callable[[], Result]) -> Result:
        """Run it in one of the threads."""
        return await asyncio.get_running_loop().run_in_executor(self._pool, work)

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
