"""Sending what was queued. A dead receiver delays nothing but its own messages."""

import asyncio
import logging
from datetime import timedelta

from gonogo.controllers.world import World
from gonogo.domain.errors import GonogoError, Unavailable

log = logging.getLogger("gonogo.outbox")

_RETRY = timedelta(seconds=5)


async def deliver(world: World, wake: asyncio.Event) -> None:
    """Send messages as they come, for ever; one that fails is tried again later."""
    while True:
        try:
            await deliver_once(world)
        except GonogoError as trouble:
            log.warning("the outbox waits: %s", trouble)
        try:
            await asyncio.wait_for(wake.wait(), world.rhythm.keep.total_seconds())
        except TimeoutError:
            continue
        wake.clear()


async def deliver_once(world: World) -> None:
    """Send everything that is due now."""
    for message in await world.store.waiting(world.clock.now()):
        try:
            await world.notifier.send(message)
        except Unavailable as trouble:
            await world.store.postpone(message.id, world.clock.now() + _RETRY, str(trouble))
        else:
            await world.store.sent(message.id, world.clock.now())
