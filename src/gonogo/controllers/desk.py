"""The desk at work: claims releases, drives each in its own task, keeps the fleet, sends messages."""

import asyncio
import contextlib
import logging
from collections import defaultdict
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial

from gonogo.controllers.drive import Drive
from gonogo.controllers.fleet import Fleet
from gonogo.controllers.heartbeat import beat
from gonogo.controllers.long_deeds import limited
from gonogo.controllers.outbox import deliver
from gonogo.controllers.pace import SEARCH
from gonogo.controllers.reach import Reach, reach_of, say_that_nobody_drives
from gonogo.controllers.release import drive_to_end
from gonogo.controllers.supervisor import Ending, Of, Supervisor, Work
from gonogo.controllers.world import World
from gonogo.domain.controller import ControllerKind
from gonogo.domain.errors import GonogoError, NeedsPerson, StaleLease, sentence
from gonogo.domain.registration import Registration
from gonogo.domain.release import Release
from gonogo.ports.controllers import Controllers

log = logging.getLogger("gonogo.desk")

_CLAIMED_AT_ONCE = 32
_JUST_AFTER = timedelta(milliseconds=10)


class Desk:
    """Runs until it is cancelled. Everything it knows is in the store: it may die at any instant.

    `turned` is called about once a second for as long as its tasks are looked after.
    """

    def __init__(self, world: World, turned: Callable[[], None] | None = None) -> None:
        self._world = limited(world)
        self._supervisor = Supervisor(world.rhythm, turned)
        self._drives: dict[str, Drive] = {}
        self._driving: dict[str, asyncio.Task[None]] = {}
        self._registered: dict[str, tuple[tuple[str, datetime], Registration]] = {}
        self._keeping: defaultdict[str, dict[tuple[str, str], asyncio.Task[None]]] = defaultdict(
            dict
        )
        self._given_up: set[str] = set()
        self._unreadable: dict[str, str] = {}
        self._woken = asyncio.Event()
        self._told = asyncio.Event()

    def wake(self, release_id: str) -> None:
        """Something was stored that concerns this release, or ("") anything."""
        self._woken.set()
        self._told.set()
        concerned = [self._drives[release_id]] if release_id in self._drives else []
        for drive in concerned if release_id else self._drives.values():
            drive.woken.set()

    @property
    def controllers(self) -> Controllers:
        """Its tasks, for whoever looks after their health."""
        return self._supervisor

    async def run(self) -> None:
        """Work until cancelled; ends every task, and touches nothing that serves customers."""
        claims, outbox = Of(ControllerKind.CLAIMS), Of(ControllerKind.OUTBOX)
        send = partial(deliver, self._world, self._told)
        self._supervisor.stand(claims, self._keep_looking, "looks for releases to drive")
        self._supervisor.stand(outbox, send, "sends messages")
        try:
            await self._supervisor.run()
        finally:
            await self._supervisor.end()
            await self._world.end_glances()

    async def _keep_looking(self) -> None:
        while True:
            beat()
            try:
                await self._look()
            except GonogoError as trouble:
                log.warning("the desk waits: %s", trouble)
            await asyncio.sleep(self._world.pace.of_places(timedelta(), SEARCH).total_seconds())
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(await self._until_next_look()):
                    await self._woken.wait()
            self._woken.clear()

    async def _until_next_look(self) -> float:
        """Seconds. Where a desk died, its releases are looked for in the moment they become free."""
        usual = self._world.rhythm.claim
        if self._world.site is None:
            return usual.total_seconds()
        world = self._world
        try:
            free = await world.store.first_to_be_free(world.desk, world.clock.now())
        except GonogoError:
            return usual.total_seconds()
        return min(usual, usual if free is None else free + _JUST_AFTER).total_seconds()

    async def _look(self) -> None:
        reach = await reach_of(self._world)
        under_way = await self._world.store.services_under_way()
        self._world.elsewhere.intersection_update(under_way.values())
        free = [identity for identity in under_way if identity not in self._driving]
        for first in range(0, len(free), _CLAIMED_AT_ONCE):
            some = free[first : first + _CLAIMED_AT_ONCE]
            claims = (
                self._as_far_as_read(each, partial(self._claim, each, reach)) for each in some
            )
            # All of them end before anything else: none may be claimed twice at once.
            for found in await asyncio.gather(*claims, return_exceptions=True):
                if found is not None:
                    raise found
        for service, stamp in (await self._world.registered.get()).items():
            await self._as_far_as_read(service, partial(self._look_after, service, stamp, reach))

    async def _as_far_as_read(self, name: str, work: Work) -> None:
        """What another version of gonogo stored and this one cannot read must not stop all the rest."""
        try:
            await work()
            self._unreadable.pop(name, None)
        except NeedsPerson as trouble:
            said = sentence(trouble)
            if self._unreadable.get(name) != said:
                log.warning("%s is left alone: %s", name, said)
            self._unreadable[name] = said

    async def _look_after(self, service: str, stamp: tuple[str, datetime], reach: Reach) -> None:
        registration = await self._registration(service, stamp)
        if registration is not None:
            self._keep(registration, reach)

    async def _registration(self, service: str, stamp: tuple[str, datetime]) -> Registration | None:
        """What is registered, read again only when it changed: plans are long."""
        known = self._registered.get(service)
        if known is None or known[0] != stamp:
            registration = await self._world.store.registration(service)
            beat()
            if registration is None:
                return None
            known = self._registered[service] = (stamp, registration)
        return known[1]

    async def _claim(self, identity: str, reach: Reach) -> None:
        beat()
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
            release.id,
            self._world.desk,
            now,
            now + self._world.rhythm.lease,
            anew=release.id in self._given_up,
        )
        if lease is None:
            self._world.elsewhere.add(release.service)
            return
        self._given_up.discard(release.id)
        self._world.elsewhere.discard(release.service)
        known = await self._world.store.registration(release.service)
        current = await self._world.store.release(release.id)
        beat()
        if known is None or current is None:
            return
        drive = Drive(self._world, known, current, lease)
        of = Of(ControllerKind.RELEASE, release.service, release.id)
        self._drives[release.id] = drive
        self._driving[release.id] = self._supervisor.begin(
            of,
            partial(self._drive, drive, of),
            "begins",
            partial(self._driven, release),
        )

    async def _drive(self, drive: Drive, of: Of) -> None:
        identity = drive.release.id
        try:
            await drive_to_end(drive)
        except StaleLease as lost:
            log.warning("release %s: %s", identity, lost)
        except GonogoError as trouble:
            log.warning("release %s: %s", identity, trouble)
            await asyncio.sleep(self._world.rhythm.claim.total_seconds())
        except Exception as defect:  # the edge of one release: a defect must not stop the others
            log.exception("release %s: a defect in gonogo; trying again", identity)
            self._supervisor.stumbled(of, defect)
            await asyncio.sleep(self._world.rhythm.claim.total_seconds())

    def _driven(self, release: Release, ending: Ending) -> None:
        self._drives.pop(release.id, None)
        self._driving.pop(release.id, None)
        if ending is Ending.ABANDONED:
            # It may hold a lock for ever, and it may still write: both end here.
            self._world.renew_places(release.service)
            self._given_up.add(release.id)
        self._told.set()
        self._woken.set()

    def _keep(self, registration: Registration, reach: Reach) -> None:
        """One task per environment that lives here; a changed registration gets fresh ones."""
        service, digest = registration.service, registration.plan.digest
        keeping = self._keeping[service]
        for key in list(keeping):
            if not reach.covers(service, key[0]) or key[1] != digest:
                self._supervisor.let_go(
                    keeping.pop(key), partial(self._world.renew_places, service)
                )
        for environment in registration.plan.environments:
            key = (environment.name, digest)
            if key not in keeping and reach.covers(service, environment.name):
                fleet = Fleet(self._world, registration, environment)
                of = Of(ControllerKind.FLEET, f"{service}/{environment.name}")
                keeping[key] = self._supervisor.begin(
                    of, fleet.keep, "keeps what serves", partial(self._kept, service, key)
                )

    def _kept(self, service: str, key: tuple[str, str], ending: Ending) -> None:
        self._keeping[service].pop(key, None)
        if ending is Ending.ABANDONED:
            self._world.renew_places(service)
