"""Keeping what serves customers alive: versions and routers, with or without a release under way.

A baseline that dies is started again, more slowly each time. A canary that dies is left alone: its
death is evidence, and the release that drives it takes it back. A router that dies is started with
the right addresses. What was adopted can only be watched. Nothing here changes a row, but for those
that adopted versions have left, and the address of what its platform has moved.
"""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from gonogo.controllers.adopted import AdoptedWatch
from gonogo.controllers.heartbeat import beat, beside
from gonogo.controllers.layout import follows, instance_of, layout_of, picture_of
from gonogo.controllers.pace import KEEP
from gonogo.controllers.world import World
from gonogo.domain.actor import DESK
from gonogo.domain.address import split
from gonogo.domain.audit import AuditDraft
from gonogo.domain.errors import ActionFailed, Conflict, GonogoError
from gonogo.domain.ground import GroundKind, shares_itself
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
        self._ended: dict[tuple[str | None, str | None], tuple[Instance, Release]] = {}
        self._adopted = AdoptedWatch(world)
        self._starting: dict[str, asyncio.Task[None]] = {}
        self._moved: dict[str, str] = {}

    async def keep(self) -> None:
        """Look again and again. Trouble is logged when it is news, and never ends the keeping."""
        self._world.pace.kept += 1
        try:
            await self._keep()
        finally:
            self._world.pace.kept -= 1
            for task in self._starting.values():
                task.cancel()
            await asyncio.gather(*self._starting.values(), return_exceptions=True)

    async def _keep(self) -> None:
        service, environment = self._registration.service, self._environment.name
        known = ""
        while True:
            beat()
            try:
                await self.look()
                known = ""
            except GonogoError as trouble:
                if str(trouble) != known:
                    log.warning("%s in %s: %s", service, environment, trouble)
                known = str(trouble)
            apart = self._world.pace.of_places(self._world.rhythm.keep, KEEP)
            await asyncio.sleep(apart.total_seconds())

    async def look(self) -> None:
        """One look: start what should run and does not, lay out the router where it differs."""
        service, environment = self._registration.service, self._environment.name
        if service in self._world.elsewhere:
            return
        slots = (await self._world.picture.get()).get((service, environment), ())
        if not any(slot.instance for slot in slots):
            return
        if any(slot.adopted for slot in slots):
            slots = await self._world.store.slots(service, environment)
        await self._processes(slots)
        reading = await self._world.router.read(service, environment)
        if reading is not None and follows(reading, self._layout(slots)):
            await self._adopted.let_go(slots, reading)
            return
        async with self._world.place(service, environment):
            slots = await self._world.store.slots(service, environment)
            beat()
            if not any(slot.instance for slot in slots):
                return  # let go of since the picture was read: its router is not begun again
            layout = self._layout(slots)
            if reading is not None and await self._follows_by_now(layout):
                return  # what was looked at was not the newest picture
            if not shares_itself(layout.ground):
                await self._world.lay_out(layout, await self._released(slots))
                return
        # A platform's script may hang, and whoever has customers to save must not wait for it: its router
        # refuses what follows an older picture by itself.
        await self._world.lay_out(layout, await self._released(slots))

    async def _released(self, slots: Sequence[Slot]) -> str | None:
        """The instance with customers whose release is under way."""
        under_way = await self._world.under_way.get()
        with_customers = (slot.instance for slot in slots if slot.instance and slot.share > 0)
        return next((each for each in with_customers if release_of(each) in under_way), None)

    async def _follows_by_now(self, layout: Layout) -> bool:
        reading = await self._world.router.read(layout.service, layout.environment)
        return reading is not None and follows(reading, layout)

    def _layout(self, slots: Sequence[Slot]) -> Layout:
        return layout_of(self._registration, self._environment, slots, self._world.withdrawn)

    async def _processes(self, slots: Sequence[Slot]) -> None:
        for slot in slots:
            beat()
            if slot.role in _KEPT and slot.instance is not None:
                try:
                    await self._revive(slot)
                except GonogoError as trouble:  # the router and the others must not wait for it
                    log.warning("%s in %s: %s", slot.version, slot.environment, trouble)

    async def _revive(self, slot: Slot) -> None:
        known = await self._known(slot)
        if known is None:
            return  # its death is evidence for the release that is under way
        instance, release = known
        if slot.adopted:
            await self._adopted.look(slot, instance, release)
            return
        status = await self._world.deployer.status(instance, probe=False)
        restarts = self._restarts.setdefault(instance.id, _Restarts())
        starting = self._starting.get(instance.id)
        if starting is not None and not starting.done():
            return
        if status.state is InstanceState.RUNNING:
            await self._follow(slot, status.address)
        if status.state in {InstanceState.RUNNING, InstanceState.UNKNOWN}:
            return  # of what nobody knows a second one may not be started
        now = self._world.clock.now()
        too_soon = restarts.not_before is not None and now < restarts.not_before
        if too_soon or not (await self._is_kept(instance))[0]:  # by rows that are the newest
            return
        pause = min(timedelta(seconds=2**restarts.count), _LONGEST_PAUSE)
        restarts.count, restarts.not_before = restarts.count + 1, now + pause
        log.warning("%s in %s is not running; starting it", slot.version, slot.environment)
        if instance.ground.kind is GroundKind.COMMAND:
            starting = beside(f"starts {slot.version} again", self._by_scripts(instance))
            self._starting[instance.id] = starting
            return
        async with self._world.place(slot.service, slot.environment):
            await self._start(instance)
        await self._stop_if_unwanted(instance)

    async def _known(self, slot: Slot) -> tuple[Instance, Release] | None:
        """What should run in this slot; None while the release that put it there is under way."""
        key = (slot.instance, slot.address)
        if key not in self._ended:
            identity = release_of(slot.instance or "")
            if identity in await self._world.under_way.get():
                return None
            release = await self._world.store.release(identity)
            if release is None:
                raise ActionFailed(f"nothing is known of how {slot.version} is run")
            if not release.final:
                return None
            if len(self._ended) > len(SLOT_NAMES):
                self._ended.clear()
            self._ended[key] = instance_of(slot, release.plan, self._environment), release
        return self._ended[key]

    async def _follow(self, slot: Slot, address: str) -> None:
        """Write down that a platform has moved what serves; the router then follows the row."""
        if address in {"", slot.address}:
            return
        news = self._moved.get(slot.name) != address
        self._moved[slot.name] = address
        if news:
            log.warning("%s in %s is at %s now", slot.version, slot.environment, address)
        host, port = split(address)
        told = {"environment": slot.environment, "slot": slot.name, "version": slot.version}
        subject = release_of(slot.instance or "")
        audit = AuditDraft(DESK.name, "desk:slot:located", subject, {**told, "address": address})
        try:
            await self._world.store.rearrange((replace(slot, host=host, port=port),), audit)
        except Conflict as trouble:  # it is tried again with every look
            if news:
                log.warning("%s in %s: %s", slot.version, slot.environment, trouble)

    async def _by_scripts(self, instance: Instance) -> None:
        """Start it while everything else is looked after, and without the place's lock: a deploy script
        may take long, and a rollback must not wait for it. An act that comes too late is refused."""
        try:
            await self._start(instance)
            await self._stop_if_unwanted(instance)
        except GonogoError as trouble:
            log.warning("%s in %s: %s", instance.version, instance.environment, trouble)

    async def _start(self, instance: Instance) -> None:
        kept, picture = await self._is_kept(instance)
        if kept:
            await self._world.deployer.start(instance, fence=picture)

    async def _stop_if_unwanted(self, instance: Instance) -> None:
        kept, picture = await self._is_kept(instance)
        if not kept:
            # It was stopped because it is not wanted any more; another desk may have said so.
            grace = self._world.rhythm.stop_grace.total_seconds()
            await self._world.deployer.stop(instance.id, grace, fence=picture)

    async def _is_kept(self, instance: Instance) -> tuple[bool, int]:
        """Whether the rows want it, and the number of their picture."""
        slots = await self._world.store.slots(instance.service, instance.environment)
        kept = any(slot.instance == instance.id and slot.role in _KEPT for slot in slots)
        return kept, picture_of(slots)
