"""One at a time, across tasks, desks and crashes: a lock that the kernel gives back.

The lock belongs to an open file. A child that inherits the file holds the lock too, so it stays taken
while an orphan of a killed desk is still at work, and is free the moment nobody is.
"""

import asyncio
import contextlib
import fcntl
import os
from collections.abc import AsyncIterator
from pathlib import Path

from gonogo.domain.errors import Unavailable

_PAUSE_SECONDS = 0.02


@contextlib.asynccontextmanager
async def exclusive(path: Path, within_seconds: float, doing: str) -> AsyncIterator[int]:
    """Hold the lock on this file; yields its descriptor, which a child may inherit.

    Raises Unavailable, saying what was to be done, when another holds it for too long.
    """
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        await _take(descriptor, path, within_seconds, doing)
        yield descriptor
    finally:
        os.close(descriptor)


async def _take(descriptor: int, path: Path, within_seconds: float, doing: str) -> None:
    loop = asyncio.get_running_loop()
    deadline = loop.time() + within_seconds
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if loop.time() >= deadline:
                raise Unavailable(
                    f"cannot {doing}: another start or stop has held {path}"
                    f" for {within_seconds:g} s"
                ) from None
            await asyncio.sleep(_PAUSE_SECONDS)
        else:
            return
