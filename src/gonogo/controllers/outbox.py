"""Sending what was queued. A dead receiver delays nothing but its own messages."""

import asyncio
import logging
from datetime import timedelta

from gonogo.controllers.heartbeat import beat
from gonogo.controllers.world import World
from gonogo.domain.dossier import standing_flag
from gonogo.domain.errors import GonogoError, Unavailable
from gonogo.domain.message import Message
from gonogo.domain.paper import QUIET

log = logging.getLogger("gonogo.outbox")

_RETRY = timedelta(seconds=5)
_QUIET = timedelta(minutes=1)


async def deliver(world: World, wake: asyncio.Event) -> None:
    """Send messages as they come, for ever; one that fails is tried again later."""
    while True:
        beat()
        try:
            await deliver_once(world)
        except GonogoError as trouble:
            log.warning("the outbox waits: %s", trouble)
        try:
            async with asyncio.timeout(world.rhythm.keep.total_seconds()):
                await wake.wait()
        except TimeoutError:
            continue
        wake.clear()


async def deliver_once(world: World) -> None:
    """Send everything that is due now."""
    for message in await world.store.waiting(world.clock.now()):
        beat()
        if (quiet := await _held_back(world, message)) is not None:
            due = world.clock.now() + _QUIET
            await world.store.postpone(message.id, due, quiet, tried=False)
            continue
        try:
            where = await world.notifier.send(message)
        except Unavailable as trouble:
            await world.store.postpone(message.id, world.clock.now() + _RETRY, str(trouble))
        else:
            beat()  # whoever was given up while the receiver did not answer leaves the rest to its successor
            await world.store.sent(message.id, world.clock.now(), where)


async def _held_back(world: World, message: Message) -> str | None:
    """Why a message is not sent now: somebody has said so for its service."""
    release = await world.store.release(message.release)
    if release is None:
        return None
    papers = await world.store.papers(release.service)
    found = standing_flag(papers, QUIET, world.clock.now())
    if found is None:
        return None
    paper, flag = found
    return f"messages about {release.service} are held back by {paper.actor}: {flag.reason}"
