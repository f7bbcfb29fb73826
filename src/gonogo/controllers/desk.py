"""The desk at work: claims releases, drives each in its own task, keeps the fleet, sends messages."""

import asyncio
import contextlib
import logging
from collections import defaultdict
from datetime import datetime

from gonogo.controllers.drive import Drive
from gonogo.controllers.fleet import Fleet
from gonogo.controllers.outbox import deliver
from gonogo.controllers.reach import Reach, reach_of, say_that_nobody_drives
from gonogo.controllers.release import drive_to_end
from gonogo.controllers.world import World
from gonogo.domain.errors import GonogoError, StaleLease
from gonogo.domain.registration import Registration

log = logging.getLogger("gonogo.desk")

_CLAIMED_AT_ONCE = 32


class Desk:
    """Runs until it is cancelled. Everything it knows is in the store: it may die at any instant."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._drives: dict[str, Drive] = {}
        self._driving: dict[str, asyncio.Task[None]] = {}
        self._registered: dict[str, tuple[tuple[str, datetime], Registration]] = {}
        self._keeping: defaultdict[str, dict[tuple[str, str], asyncio.Task[None]]] = defaultdict(
            dict
        )
        self._woken = asyncio.Event()
        self._told = asyncio.Event()

    def wake(self, release_id: str) -> None:
        """Something was stored that concerns this release, or ("") anything."""
        self._woken.set()
        self._told.set()
        concerned = [self._drives[release_id]] if release_id in self._drives else []
        for drive in concerned if release_id else self._drives.values():
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
            keeping = [task for tasks in self._keeping.values() for task in tasks.values()]
            tasks = [outbox, *self._driving.values(), *keeping]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _look(self) -> None:
        reach = await reach_of(self._world)
        under_way = await self._world.store.services_under_way()
        self._world.elsewhere.intersection_update(under_way.values())
        free = [identity for identity in under_way if identity not in self._driving]
        for first in range(0, len(free), _CLAIMED_AT_ONCE):
            some = free[first : first + _CLAIMED_AT_ONCE]
            await asyncio.gather(*(self._claim(identity, reach) for identity in some))
        for service, stamp in (await self._world.registered.get()).items():
            known = self._registered.get(service)
            if known is None or known[0] != stamp:
                registration = await self._world.store.registration(service)
                if registration is None:
                    continue
                known = self._registered[service] = (stamp, registration)
            self._keep(known[1], reach)

    async def _claim(self, identity: str, reach: Reach) -> None:
        release = await self._world.store.release(identity)
        if release is None or release.final:
            return
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
        digest, service = registration.plan.digest, registration.service
        keeping = self._keeping[service]
        for key, task in list(keeping.items()):
            if not reach.covers(service, key[0]) or key[1] != digest or task.done():
                keeping.pop(key).cancel()
        for environment in registration.plan.environments:
            key = (environment.name, digest)
            if key not in keeping and reach.covers(service, environment.name):
                fleet = Fleet(self._world, registration, environment)
                keeping[key] = asyncio.ensure_future(fleet.keep())
