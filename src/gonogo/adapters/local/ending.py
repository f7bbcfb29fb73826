"""Stopping everything that is known on a ground of this machine."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

from gonogo.domain.instance import KnownInstance


async def stop_each(
    found: Iterable[KnownInstance], stop: Callable[[str, str], Awaitable[Any]]
) -> None:
    """Stop them all at once; `stop` is given an id, and in words what is being done.

    Raises what one of them raised, after all others were stopped.
    """
    ends = await asyncio.gather(
        *(
            stop(known.id, f"stop {known.service} {known.version} in {known.environment}")
            for known in found
        ),
        return_exceptions=True,
    )
    for ended in ends:
        if isinstance(ended, BaseException):
            raise ended
