"""The desk at work: claims releases, drives each in its own task, keeps the fleet, sends messages."""

import asyncio
import contextlib
import logging

from gonogo.controllers.drive import Drive
from gonogo.controllers.fleet import Fleet
from gonogo.controllers.outbox import deliver
from gonogo.controllers.reach import Reach, reach_of, say_that_nobody_drives
from gonogo.controllers.release import drive_to_end
from gonogo.controllers.world import World
from gonogo.domain.errors import GonogoError, StaleLease
from gonogo.domain.registration import Registration
from gonogo.domain.release import Release

log = logging.getLogger("gonogo.desk")


class Desk:
    """Runs until it is cancelled. Everything it knows is in the store: it may die at any instant."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._drives: dict[str, Drive] = {}
        self._driving: dict[str, asyncio.Task[None]] = {}
        self._keeping: dict[tuple[str, str, str], asyncio.Task[None]] = {}
        self._woken = asyncio.Event()
        self._told = asyncio.Event()

    def wake(self, release_id: str) -> None:
        """Something was stored that concerns this release, or ("") anything."""
        self._woken.set()
        self._told.set()
        for known, drive in self._drives.items():
            if release_id in {known, ""}:
                drive.woken.set()

    async def run(self) -> None:
        """Work until cancelled; ends every task, and touches nothing that serves customers."""
        outbox = asyncio.ensure_future(deliver(self._world, self._told))
        try:
            while True:
                try:
                    await self._look()
                except GonogoError as trouble:
                    log.warning("the desk waits: %s", trouble)
                with contextlib.suppress(TimeoutError):
                    seconds = self._world.rhythm.claim.total_seconds()
                    await asyncio.wait_for(self._woken.wait(), seconds)
                self._woken.clear()
        finally:
            tasks = [outbox, *self._driving.values(), *self._keeping.values()]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _look(self) -> None:
        reach = await reach_of(self._world)
        under_way = await self._world.store.releases(under_way=True)
        self._world.elsewhere.intersection_update(release.service for release in under_way)
        for release in under_way:
            if release.id not in self._driving:
                await self._claim(release, reach)
        for registration in await self._world.store.registrations():
            self._keep(registration, reach)

    async def _claim(self, release: Release, reach: Reach) -> None:
        if not reach.covers_all(release):
            why = reach.nobody(release)
            if why is not None:
                await say_that_nobody_drives(self._world, release, why)
            return
        now = self._world.clock.now()
        lease = await self._world.store.claim(
            release.id, self._world.desk, now, now + self._world.rhythm.lease
        )
        if lease is None:
            self._world.elsewhere.add(release.service)
            return
        self._world.elsewhere.discard(release.service)
        known = await self._world.store.registration(release.service)
        current = await self._world.store.release(release.id)
        if known is None or current is None:
            return
        drive = Drive(self._world, known, current, lease)
        self._drives[release.id] = drive
        self._driving[release.id] = asyncio.ensure_future(self._drive(drive))

    async def _drive(self, drive: Drive) -> None:
        identity = drive.release.id
        try:
            await drive_to_end(drive)
        except StaleLease as lost:
            log.warning("release %s: %s", identity, lost)
        except GonogoError as trouble:
            log.warning("release %s: %s", identity, trouble)
            await asyncio.sleep(self._world.rhythm.claim.total_seconds())
        except Exception:  # the edge of one release: a defect in it must not stop the others
            log.exception("release %s: a defect in gonogo; trying again", identity)
            await asyncio.sleep(self._world.rhythm.claim.total_seconds())
        finally:
            self._drives.pop(identity, None)
            self._driving.pop(identity, None)
            self._told.set()
            self._woken.set()

    def _keep(self, registration: Registration, reach: Reach) -> None:
        """One task per environment that lives here; a changed registration gets fresh ones."""
        digest = registration.plan.digest
        for key in [key for key in self._keeping if key[0] == registration.service]:
            moved = not reach.covers(key[0], key[1])
            if moved or key[2] != digest or self._keeping[key].done():
                self._keeping.pop(key).cancel()
        for environment in registration.plan.environments:
            key = (registration.service, environment.name, digest)
            if key not in self._keeping and reach.covers(registration.service, environment.name):
                fleet = Fleet(self._world, registration, environment)
                self._keeping[key] = asyncio.ensure_future(fleet.keep())
