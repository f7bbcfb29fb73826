"""What of the ports' calls may properly take long, and how long: everybody who waits for one says so.

Limits are those that the adapters keep by themselves, and some time more: they are there for what never
comes back, and must not end what is only slow. Calls that are not here take less than the patience for
a task that says nothing (`Rhythm.patience`).
"""

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, BinaryIO

from gonogo.controllers.heartbeat import deed
from gonogo.controllers.world import World
from gonogo.domain.dossier import Dossier
from gonogo.domain.ground import Ground, Scripts, shares_itself
from gonogo.domain.instance import Instance, InstanceStatus
from gonogo.domain.paper import Paper
from gonogo.domain.plan import CommandSmoke, SmokeTest
from gonogo.domain.slot import Layout, RouterReading
from gonogo.ports.deployer import Deployer
from gonogo.ports.dossiers import Candidate, Dossiers
from gonogo.ports.router import Router
from gonogo.ports.scratch import Scratch
from gonogo.ports.smoke import Smoke, SmokeOrder, SmokeResult
from gonogo.ports.workshop import Job, JobResult, Workshop

_DEPLOY = timedelta(minutes=10)
_LAY_OUT = timedelta(minutes=30)
_ANOTHER_RUN = timedelta(minutes=12)
"""A command may have to wait for the same one of a desk that died."""

_GATHER = timedelta(minutes=10)
_SHARING = timedelta(minutes=5)
"""Weight scripts run twice side by side, and are read back; a spec gives each a minute at the most."""

_DATABASE = timedelta(minutes=5)
_REPORT = timedelta(minutes=5)
_SLOWER = timedelta(minutes=2)


def limited(world: World) -> World:
    """The same world, whose long calls say what they do and how long it may take."""
    return replace(
        world,
        deployer=_Deployer(world.deployer),
        router=_Router(world.router),
        workshop=_Workshop(world.workshop),
        smoke=_Smoke(world.smoke),
        dossiers=_Dossiers(world.dossiers),
        scratch=_Scratch(world.scratch),
    )


class _Deployer:
    def __init__(self, deployer: Deployer) -> None:
        self._deployer = deployer

    async def start(self, instance: Instance, *, fence: int | None = None) -> None:
        with deed(
            f"starts {instance.version} in {instance.environment}", _limit_of(instance.ground)
        ):
            await self._deployer.start(instance, fence=fence)

    async def status(self, instance: Instance, *, probe: bool = True) -> InstanceStatus:
        return await self._deployer.status(instance, probe=probe)

    async def stop(self, identity: str, grace_seconds: float, *, fence: int | None = None) -> bool:
        with deed(f"stops {identity}", timedelta(seconds=grace_seconds) + _DEPLOY):
            return await self._deployer.stop(identity, grace_seconds, fence=fence)


class _Router:
    def __init__(self, router: Router) -> None:
        self._router = router

    async def apply(self, layout: Layout) -> RouterReading:
        if not shares_itself(layout.ground):
            return await self._router.apply(layout)
        with deed(f"shares the customers of {layout.environment}", _SHARING):
            return await self._router.apply(layout)

    async def read(self, service: str, environment: str) -> RouterReading | None:
        return await self._router.read(service, environment)

    async def obstacle(self, bind: str, port: int) -> str | None:
        return await self._router.obstacle(bind, port)

    async def stop(self, service: str, environment: str) -> None:
        await self._router.stop(service, environment)


class _Workshop:
    def __init__(self, workshop: Workshop) -> None:
        self._workshop = workshop

    async def lay_out(self, repository: str, service: str, commit: str) -> None:
        with deed(f"lays out the files of {commit[:12]}", _LAY_OUT):
            await self._workshop.lay_out(repository, service, commit)

    async def run(self, job: Job) -> JobResult:
        with deed(f"runs {job.name}", job.within + _ANOTHER_RUN):
            return await self._workshop.run(job)

    async def report(self, service: str, commit: str, path: str) -> BinaryIO:
        with deed(f"reads {path}", _REPORT):
            return await self._workshop.report(service, commit, path)


class _Smoke:
    def __init__(self, smoke: Smoke) -> None:
        self._smoke = smoke

    async def run(self, order: SmokeOrder) -> tuple[SmokeResult, ...]:
        within = _SLOWER
        for test in order.tests:
            within += _limit(test)
        with deed(f"runs the smoke tests in {order.environment}", within):
            return await self._smoke.run(order)


class _Dossiers:
    def __init__(self, dossiers: Dossiers) -> None:
        self._dossiers = dossiers

    async def gather(self, candidate: Candidate, papers: tuple[Paper, ...]) -> Dossier:
        with deed("gathers what the gates look at", _GATHER):
            return await self._dossiers.gather(candidate, papers)


class _Scratch:
    def __init__(self, scratch: Scratch) -> None:
        self._scratch = scratch

    async def make(self, like: str, name: str) -> str:
        with deed("makes a scratch database", _DATABASE):
            return await self._scratch.make(like, name)

    async def written(self, like: str, name: str) -> bool:
        with deed("looks into a scratch database", _DATABASE):
            return await self._scratch.written(like, name)

    async def drop(self, like: str, name: str) -> None:
        with deed("drops a scratch database", _DATABASE):
            await self._scratch.drop(like, name)


def _limit_of(ground: Ground) -> timedelta:
    """A deploy script that may be repeated runs twice at the most; reading comes before and after."""
    return 2 * ground.deploy.within + _DEPLOY if isinstance(ground, Scripts) else _DEPLOY


def _limit(test: SmokeTest) -> timedelta:
    return test.command.within + _ANOTHER_RUN if isinstance(test, CommandSmoke) else test.within


if TYPE_CHECKING:
    _DEPLOYER: type[Deployer] = _Deployer
    _ROUTER: type[Router] = _Router
    _WORKSHOP: type[Workshop] = _Workshop
    _SMOKE: type[Smoke] = _Smoke
    _DOSSIERS: type[Dossiers] = _Dossiers
    _SCRATCH: type[Scratch] = _Scratch
