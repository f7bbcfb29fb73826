"""A desk with twins of all its ports, in virtual time, for stories of one release."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import replace
from datetime import datetime, timedelta
from random import Random
from typing import Any

from tests.plans import a_plan
from tests.simulation.virtual import VirtualClock, VirtualLoop

from gonogo.adapters.memory.deployer import Behaviour, MemoryDeployer
from gonogo.adapters.memory.gauges import MemoryGauges
from gonogo.adapters.memory.history import MemoryHistory
from gonogo.adapters.memory.metrics import MemoryMetrics
from gonogo.adapters.memory.notifier import MemoryNotifier
from gonogo.adapters.memory.router import MemoryRouter
from gonogo.adapters.memory.scratch import MemoryScratch
from gonogo.adapters.memory.secrets import MemorySecrets
from gonogo.adapters.memory.smoke import MemorySmoke
from gonogo.adapters.memory.source import MemorySource
from gonogo.adapters.memory.workshop import MemoryWorkshop
from gonogo.controllers.desk import Desk
from gonogo.controllers.rehearsal_remains import PLACE
from gonogo.controllers.world import Rhythm, World
from gonogo.domain.actor import Actor, Role
from gonogo.domain.audit import AuditDraft, AuditEntry
from gonogo.domain.evidence import Evidence, Facts
from gonogo.domain.paper import Content, FiledEvidence, Paper
from gonogo.domain.plan import Plan
from gonogo.domain.registration import Registration
from gonogo.domain.release import Instruction, InstructionKind, Release, Stage, VerifiedLine
from gonogo.domain.traffic import Request
from gonogo.ports.workshop import Job, JobResult
from gonogo.storage.engine import make_engine
from gonogo.storage.runner import Inline
from gonogo.storage.store import SqlStore, memory_store
from gonogo.usecases.context import Context
from gonogo.usecases.gates.gathering import DossierReader
from gonogo.usecases.releases.lifecycle import start_release

REPOSITORY = "/repository"
RHYTHM = Rhythm(
    poll=timedelta(seconds=1),
    flush=timedelta(seconds=6),
    keep=timedelta(seconds=5),
    claim=timedelta(seconds=5),
    lease=timedelta(seconds=30),
    regard=timedelta(minutes=10),
)
OWNER = Actor("owner", frozenset({Role.OWNER}))


class Theatre:
    """One service, one desk, and whoever plays with them."""

    def __init__(self, loop: VirtualLoop, plan: Plan, database: str | None = None) -> None:
        self.clock = VirtualClock(loop)
        self.store = memory_store(self.clock) if database is None else self._over(database)
        self.deployer = MemoryDeployer(loop.time)
        self.workshop = MemoryWorkshop()
        self.router = MemoryRouter()
        self.metrics = MemoryMetrics(self.clock)
        self.gauges = MemoryGauges(self.clock)
        self.smoke = MemorySmoke()
        self.notifier = MemoryNotifier()
        self.scratch = MemoryScratch()
        self.history = MemoryHistory(REPOSITORY)
        self.secrets = MemorySecrets()
        self.plan = plan
        # A start takes a while, so that something can happen meanwhile.
        self.deployer.behave("v2", Behaviour(healthy_after=timedelta(seconds=3)))
        self.commits: dict[str, str] = {}
        self._serial = 0
        self._customers = Random(1)
        for version in ("v1", "v2"):
            self.commits[version] = self.history.commit(
                REPOSITORY, "main", {"app.py": version}, subject=f"feat: {version}"
            )
        self.world = World(
            desk="desk",
            clock=self.clock,
            store=self.store,
            deployer=self.deployer,
            workshop=self.workshop,
            router=self.router,
            metrics=self.metrics,
            smoke=self.smoke,
            notifier=self.notifier,
            dossiers=DossierReader(self.history, self.secrets),
            scratch=self.scratch,
            new_id=self._id,
            free_port=self._port,
            gauges=self.gauges,
            rhythm=RHYTHM,
        )
        self.desk = Desk(self.world)
        self._running: asyncio.Future[None] | None = None
        self.context = Context(
            store=self.store,
            source=MemorySource({REPOSITORY: self.commits}),
            deployer=self.deployer,
            router=self.router,
            clock=self.clock,
            new_id=self._id,
            wake=lambda release: self.desk.wake(release),
            history=self.history,
        )

    def _over(self, database: str) -> SqlStore:
        """A store that has no time of its own: the world waits while the database works."""
        return SqlStore(make_engine(database), self.clock, run=Inline())

    def _id(self) -> str:
        self._serial += 1
        return f"id{self._serial}"

    def _port(self) -> int:
        self._serial += 1
        return 9000 + self._serial

    def start_desk(self) -> None:
        """A new desk process over the same world."""
        self.desk = Desk(self.world)
        self._running = asyncio.ensure_future(self.desk.run())

    async def stop_desk(self) -> None:
        """End the desk wherever it is."""
        if self._running is not None:
            self._running.cancel()
            await asyncio.gather(self._running, return_exceptions=True)

    def fail_line(self, beginning: str, output: str) -> None:
        """Let every command whose line begins like this end with 1 from now on."""
        run = self.workshop.run

        async def failing(job: Job) -> JobResult:
            result = await run(job)
            found = job.line.startswith(beginning)
            return replace(result, exit_code=1, output=output) if found else result

        self.workshop.run = failing  # type: ignore[method-assign]

    def started_for_customers(self) -> list[str]:
        """Ids of every process that was started, but for those of rehearsals."""
        return [each for each in self.deployer.starts if PLACE not in each]

    async def register(self, plan: Plan | None = None) -> None:
        self.plan = plan or self.plan
        registration = Registration(
            "shop", REPOSITORY, "", self.plan, "owner", self.clock.now(), "secret"
        )
        await self.store.register(registration, AuditDraft("owner", "test:register", "shop"))

    async def release(self, version: str) -> Release:
        return await start_release(self.context, OWNER, service="shop", version=version)

    async def serve_first(self) -> None:
        """Let v1 serve, released without any gate in its way."""
        plan = self.plan
        free = a_plan(watch=timedelta(), migrations=plan.migrations, environments=plan.environments)
        await self.register(free)
        first = await self.release("v1")
        await self.until(first, Stage.RELEASED)
        await self.register(plan)

    async def now(self, release: Release) -> Release:
        found = await self.store.release(release.id)
        assert found is not None
        return found

    async def until(self, release: Release, *stages: Stage, within: float = 600) -> Release:
        """The release as soon as it is in one of these stages; fails when it ends elsewhere."""
        return await self.when(release, lambda found: found.stage in stages, within)

    async def when(
        self, release: Release, is_so: Callable[[Release], bool], within: float = 600
    ) -> Release:
        loop = asyncio.get_running_loop()
        deadline = loop.time() + within
        while loop.time() < deadline:
            found = await self.now(release)
            if is_so(found):
                return found
            assert not found.final, f"it ended as {found.stage}: {found.reason}"
            self._customers_come()
            await asyncio.sleep(0.5)
        raise AssertionError(f"still {found.stage} after {within:g} s: {found.reason}")

    def _customers_come(self) -> None:
        address = self.router.route("shop", "production", self._customers)
        if address is None or not self.metrics.open_streams():
            return
        for _ in range(5):
            address = self.router.route("shop", "production", self._customers)
            if address is not None:
                status = 500 if address in self.broken else 200
                request = Request(self.clock.now(), address, status, 0.05, "GET", "/", "client")
                self.metrics.push("shop", "production", request)

    broken: frozenset[str] = frozenset()
    """Addresses whose answers are all bad."""

    async def file(
        self,
        content: Content,
        *,
        version: str | None = "v2",
        actor: str = "dana",
        roles: tuple[Role, ...] = (Role.QA,),
    ) -> Paper:
        """File a paper as a use case would, and wake the desk."""
        commit = None if version is None else self.commits[version]
        emails = (f"{actor}@shop.example",)
        paper = Paper(self._id(), "shop", commit, self.clock.now(), actor, roles, content, emails)
        await self.store.file((paper,), AuditDraft(actor, "test:paper:filed", "shop"))
        for release in await self.store.releases("shop", under_way=True):
            self.desk.wake(release.id)
        return paper

    async def report(
        self, facts: Facts, name: str = "report", *, version: str = "v2", **changes: Any
    ) -> Paper:
        """File evidence of a version."""
        self._serial += 1
        evidence = Evidence("test", name, f"{self._serial:064x}", 10, facts)
        filed = FiledEvidence(evidence, self.clock.now(), claimed_commit=True, claimed_at=True)
        content = replace(filed, **changes)
        return await self.file(content, version=version, actor="ci", roles=(Role.CI,))

    async def say(
        self, release: Release, kind: InstructionKind, *lines: VerifiedLine, reason: str = "so"
    ) -> None:
        said = Instruction(
            self._id(), release.id, kind, "dana", reason, self.clock.now(), tuple(lines)
        )
        await self.store.instruct(said, AuditDraft("dana", "test:said", release.id))
        self.desk.wake(release.id)

    async def story(self, release: Release) -> list[AuditEntry]:
        return [entry async for entry in self.store.entries(subject=release.id)]

    async def decisions(self, release: Release) -> list[str]:
        """The answers of the gates, in order."""
        entries = await self.story(release)
        return [e.data["answer"] for e in entries if e.action.startswith("gates:release:")]

    async def stages(self, release: Release) -> list[str]:
        return [str(e.data["to"]) for e in await self.story(release) if "to" in e.data]

    def at(self, seconds: float) -> datetime:
        return self.clock.now() + timedelta(seconds=seconds)


Play = Callable[[Theatre], Coroutine[Any, Any, None]]


def play(
    story: Callable[[Theatre], Awaitable[None]], plan: Plan, database: str | None = None
) -> None:
    """Play a story to its end in virtual time; whatever it left running is ended.

    The store is in memory, or in the `database` of this URL, which has its tables.
    """
    loop = VirtualLoop(Random(1))

    async def all_of_it() -> None:
        theatre = Theatre(loop, plan, database)
        theatre.start_desk()
        try:
            await theatre.register()
            await story(theatre)
        finally:
            await theatre.stop_desk()
            await theatre.store.close()

    try:
        loop.run_until_complete(all_of_it())
    finally:
        loop.close()
