"""What platforms said of instances, asked at a pace: one script at a time for each, never in vain.

Whoever watches asks many times a second, and a script may take seconds. So a reading is shared, it
counts from the moment at which its script began, and a new one is begun when somebody asks and the
newest is older than the pace. What is older than its ground allows is nothing at all.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from gonogo.adapters.command.answer import Answer
from gonogo.adapters.command.scripts import scripts_of
from gonogo.domain.errors import GonogoError, Unavailable
from gonogo.domain.instance import Instance


@dataclass(frozen=True, slots=True)
class Reading:
    """One try: begun at `at` (loop time), with what was said or why nothing was."""

    at: float
    answer: Answer | None
    trouble: str = ""


@dataclass(slots=True)
class _Known:
    newest: Reading | None = None
    good: Reading | None = None
    asking: "asyncio.Task[Reading] | None" = None
    asked_at: float = 0.0


class Readings:
    """The newest readings by instance."""

    def __init__(self, read: Callable[[Instance], Awaitable[Answer]]) -> None:
        self._read = read
        self._known: dict[str, _Known] = {}

    async def fresh(self, instance: Instance) -> Answer:
        """What a script says that is begun now. Raises Unavailable."""
        return _said(await self._since(instance, asyncio.get_running_loop().time()))

    async def recent(self, instance: Instance) -> Answer:
        """What was said within the pace, or what a script says now. Raises Unavailable."""
        pace = scripts_of(instance).every.total_seconds()
        return _said(await self._since(instance, asyncio.get_running_loop().time() - pace))

    def known(self, instance: Instance) -> Answer:
        """What was said last, without waiting; a new try is begun when it is time for one.

        Raises Unavailable when nothing was said for longer than the ground allows.
        """
        scripts = scripts_of(instance)
        now = asyncio.get_running_loop().time()
        known = self._of(instance)
        if known.newest is None or now - known.newest.at >= scripts.every.total_seconds():
            self._ask(instance, known)
        good = known.good
        if good is None or good.answer is None or now - good.at > scripts.stale.total_seconds():
            trouble = known.newest.trouble if known.newest is not None else ""
            since = "" if good is None else f" for {now - good.at:.0f} s"
            raise Unavailable(trouble or f"nothing was read of {instance.id}{since}")
        return good.answer

    def outdate(self, identity: str) -> None:
        """What was said of it before now counts no more: something was done to it."""
        known = self._known.get(identity)
        if known is not None:
            known.newest = known.good = None
            known.asked_at = float("-inf")

    def forget(self, identity: str) -> None:
        """Nobody asks of it any more."""
        known = self._known.pop(identity, None)
        if known is not None and known.asking is not None:
            known.asking.cancel()

    async def close(self) -> None:
        """End every script that is being asked."""
        asking = [known.asking for known in self._known.values() if known.asking is not None]
        self._known.clear()
        for task in asking:
            task.cancel()
        await asyncio.gather(*asking, return_exceptions=True)

    async def _since(self, instance: Instance, moment: float) -> Reading:
        """The first reading that was begun at `moment` or later."""
        known = self._of(instance)
        while known.newest is None or known.newest.at < moment:
            asking = self._ask(instance, known)
            await asyncio.wait({asking})
            if asking.cancelled():
                raise Unavailable(f"{instance.id} is not read any more")
            asking.result()
        return known.newest

    def _of(self, instance: Instance) -> _Known:
        return self._known.setdefault(instance.id, _Known())

    def _ask(self, instance: Instance, known: _Known) -> "asyncio.Task[Reading]":
        if known.asking is None or known.asking.done():
            known.asked_at = asyncio.get_running_loop().time()
            known.asking = asyncio.ensure_future(self._try(instance, known, known.asked_at))
        return known.asking

    async def _try(self, instance: Instance, known: _Known, begun: float) -> Reading:
        try:
            found = Reading(begun, await self._read(instance))
        except GonogoError as trouble:
            found = Reading(begun, None, str(trouble))
        if begun == known.asked_at:  # not what was begun before something was done to it
            known.newest = found
            known.good = found if found.answer is not None else known.good
        return found


def _said(reading: Reading) -> Answer:
    if reading.answer is None:
        raise Unavailable(reading.trouble)
    return reading.answer
