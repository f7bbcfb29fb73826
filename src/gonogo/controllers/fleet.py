"""Keeping what serves customers alive: versions and routers, with or without a release under way.

A baseline that dies is started again, more slowly each time. A canary that dies is left alone: its
death is evidence, and the release that drives it takes it back. A router that dies is started with
the right addresses. Nothing here changes a row.
"""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from gonogo.controllers.layout import follows, instance_of, layout_of
from gonogo.controllers.world import World
from gonogo.domain.errors import ActionFailed, GonogoError
from gonogo.domain.instance import Instance, InstanceState, release_of
from gonogo.domain.plan import Environment
from gonogo.domain.registration import Registration
from gonogo.domain.release import Release
from gonogo.domain.slot import SLOT_NAMES, Layout, Slot, SlotRole

log = logging.getLogger("gonogo.fleet")

_KEPT = frozenset({SlotRole.BASELINE, SlotRole.PREVIOUS})
_LONGEST_PAUSE = timedelta(seconds=30)


@dataclass(slots=True)
class _Restarts:
    count: int = 0
    not_before: datetime | None = None


class Fleet:
    """Looks after one service in one environment."""

    def __init__(self, world: World, registration: Registration, environment: Environment) -> None:
        self._world = world
        self._registration = registration
        self._environment = environment
        self._restarts: dict[str, _Restarts] = {}
        self._ended: dict[str, Release] = {}

    async def keep(self) -> None:
        """Look again and again. Trouble is logged when it is news, and never ends the keeping."""
        service, environment = self._registration.service, self._environment.name
        known = ""
        while True:
            try:
                await self.look()
                known = ""
            except GonogoError as trouble:
                if str(trouble) != known:
                    log.warning("%s in %s: %s", service, environment, trouble)
                known = str(trouble)
            await asyncio.sleep(self._world.rhythm.keep.total_seconds())

    async def look(self) -> None:
        """One look: start what should run and does not, lay out the router where it differs."""
        service, environment = self._registration.service, self._environment.name
        if service in self._world.elsewhere:
            return
        slots = await self._world.store.slots(service, environment)
        if not any(slot.instance for slot in slots):
            return
        await self._processes(slots)
        reading = await self._world.router.read(service, environment)
        if follows(reading, self._layout(slots)):
            return
        async with self._world.place(service, environment):
            slots = await self._world.store.slots(service, environment)
            await self._world.router.apply(self._layout(slots))

    def _layout(self, slots: Sequence[Slot]) -> Layout:
        return layout_of(self._registration, self._environment, slots, self._world.withdrawn)

    async def _processes(self, slots: Sequence[Slot]) -> None:
        for slot in slots:
            if slot.role in _KEPT and slot.instance is not None:
                try:
                    await self._revive(slot)
                except GonogoError as trouble:  # the router and the others must not wait for it
                    log.warning("%s in %s: %s", slot.version, slot.environment, trouble)

    async def _revive(self, slot: Slot) -> None:
        release = await self._release(release_of(slot.instance or ""))
        if release is None:
            raise ActionFailed(f"nothing is known of how {slot.version} is run")
        if not release.final:
            return  # its death is evidence for the release that is under way
        instance = instance_of(slot, release.plan, self._environment)
        status = await self._world.deployer.status(instance, probe=False)
        restarts = self._restarts.setdefault(instance.id, _Restarts())
        if status.state is InstanceState.RUNNING:
            return
        now = self._world.clock.now()
        if restarts.not_before is not None and now < restarts.not_before:
            return
        pause = min(timedelta(seconds=2**restarts.count), _LONGEST_PAUSE)
        restarts.count, restarts.not_before = restarts.count + 1, now + pause
        log.warning("%s in %s is not running; starting it", slot.version, slot.environment)
        async with self._world.place(slot.service, slot.environment):
            if await self._is_kept(instance):
                await self._world.deployer.start(instance)
        if not await self._is_kept(instance):
            # It was stopped because it is not wanted any more; another desk may have said so.
            await self._world.deployer.stop(
                instance.id, self._world.rhythm.stop_grace.total_seconds()
            )

    async def _release(self, identity: str) -> Release | None:
        """A release; one that has ended does not change, and is read once."""
        known = self._ended.get(identity)
        if known is None:
            known = await self._world.store.release(identity)
            if known is not None and known.final:
                if len(self._ended) >= len(SLOT_NAMES):
                    self._ended.clear()
                self._ended[identity] = known
        return known

    async def _is_kept(self, instance: Instance) -> bool:
        slots = await self._world.store.slots(instance.service, instance.environment)
        return any(slot.instance == instance.id and slot.role in _KEPT for slot in slots)
