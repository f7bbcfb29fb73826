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
from gonogo.controllers.pace import KEEP
from gonogo.controllers.world import World
from gonogo.domain.errors import ActionFailed, GonogoError
from gonogo.domain.instance import Instance, InstanceState, release_of
from gonogo.domain.plan import Environment
from gonogo.domain.registration import Registration
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
        self._instances: dict[tuple[str | None, int | None], Instance] = {}

    async def keep(self) -> None:
        """Look again and again. Trouble is logged when it is news, and never ends the keeping."""
        service, environment = self._registration.service, self._environment.name
        known = ""
        self._world.pace.kept += 1
        try:
            while True:
                try:
                    await self.look()
                    known = ""
                except GonogoError as trouble:
                    if str(trouble) != known:
                        log.warning("%s in %s: %s", service, environment, trouble)
                    known = str(trouble)
                apart = self._world.pace.of_places(self._world.rhythm.keep, KEEP)
                await asyncio.sleep(apart.total_seconds())
        finally:
            self._world.pace.kept -= 1

    async def look(self) -> None:
        """One look: start what should run and does not, lay out the router where it differs."""
        service, environment = self._registration.service, self._environment.name
        if service in self._world.elsewhere:
            return
        slots = (await self._world.picture.get()).get((service, environment), ())
        if not any(slot.instance for slot in slots):
            return
        await self._processes(slots)
        if await self._router_follows(slots):
            return
        async with self._world.place(service, environment):
            slots = await self._world.store.slots(service, environment)
            if not await self._router_follows(slots):
                await self._world.router.apply(self._layout(slots))

    async def _router_follows(self, slots: Sequence[Slot]) -> bool:
        service, environment = self._registration.service, self._environment.name
        reading = await self._world.router.read(service, environment)
        return follows(reading, self._layout(slots))

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
        instance = await self._instance(slot)
        if instance is None:
            return  # its death is evidence for the release that is under way
        status = await self._world.deployer.status(instance, probe=False)
        restarts = self._restarts.setdefault(instance.id, _Restarts())
        if status.state is InstanceState.RUNNING:
            return
        now = self._world.clock.now()
        if restarts.not_before is not None and now < restarts.not_before:
            return
        if not await self._is_kept(instance):
            return  # the rows that were looked at are not the newest
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

    async def _instance(self, slot: Slot) -> Instance | None:
        """What should run in this slot; None while the release that put it there is under way."""
        key = (slot.instance, slot.port)
        if key not in self._instances:
            identity = release_of(slot.instance or "")
            if identity in await self._world.under_way.get():
                return None
            release = await self._world.store.release(identity)
            if release is None:
                raise ActionFailed(f"nothing is known of how {slot.version} is run")
            if not release.final:
                return None
            if len(self._instances) > len(SLOT_NAMES):
                self._instances.clear()
            self._instances[key] = instance_of(slot, release.plan, self._environment)
        return self._instances[key]

    async def _is_kept(self, instance: Instance) -> bool:
        slots = await self._world.store.slots(instance.service, instance.environment)
        return any(slot.instance == instance.id and slot.role in _KEPT for slot in slots)
