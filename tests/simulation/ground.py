"""The world that desks come and go in: its database, its processes, its router and its customers."""

from collections.abc import Iterable, Sequence
from datetime import timedelta
from random import Random

from tests.simulation.bookkeeping import fresh_store
from tests.simulation.referee import Referee
from tests.simulation.scenario import SERVICE, Kind, Scenario
from tests.simulation.virtual import VirtualClock, VirtualLoop

from gonogo.adapters.memory.deployer import Behaviour, MemoryDeployer
from gonogo.adapters.memory.gauges import MemoryGauges
from gonogo.adapters.memory.metrics import MemoryMetrics
from gonogo.adapters.memory.notifier import MemoryNotifier
from gonogo.adapters.memory.router import MemoryRouter
from gonogo.adapters.memory.scratch import MemoryScratch
from gonogo.adapters.memory.smoke import MemorySmoke
from gonogo.adapters.memory.source import MemorySource
from gonogo.adapters.memory.workshop import MemoryWorkshop
from gonogo.controllers.layout import instance_of
from gonogo.controllers.rehearsal_remains import PLACE
from gonogo.domain.audit import AuditDraft
from gonogo.domain.instance import instance_id
from gonogo.domain.registration import Registration
from gonogo.domain.release import Release, Stage
from gonogo.domain.slot import Slot, SlotRole
from gonogo.domain.traffic import Request
from gonogo.ports.smoke import SmokeOrder, SmokeResult
from gonogo.ports.store import Change
from gonogo.ports.workshop import Job, JobResult

OLD, NEW, NEXT = "v1", "v2", "v3"
REPOSITORY = "/repository"
COMMITS = {OLD: "c1" * 20, NEW: "c2" * 20, NEXT: "c3" * 20}
TICK = 1.0
_FIRST_PORT = 9000
_BASELINE_BAD = 0.01


class ScenarioSmoke(MemorySmoke):
    """Smoke tests that fail where the scenario says so."""

    def __init__(self, scenario: Scenario, referee: Referee, jobs: Sequence[Job]) -> None:
        super().__init__()
        self._breaks_the_old = scenario.asked.breaks_the_old
        self._jobs = jobs
        self._fails_at = scenario.candidate.smoke_fails_at
        self._referee = referee
        self._left = 2

    async def run(self, order: SmokeOrder) -> tuple[SmokeResult, ...]:
        """One result for every test."""
        return tuple(
            SmokeResult(test.name, not self._fails(order), 0.0, "it is broken")
            for test in order.tests
        )

    def _fails(self, order: SmokeOrder) -> bool:
        if order.environment == PLACE:
            return self._breaks_the_old and order.commit == COMMITS[OLD] and self._on_new_schema()
        if self._fails_at == "rollback" and order.commit == COMMITS[OLD]:
            self._left -= 1
            return self._left >= 0
        if order.commit != COMMITS[NEW]:
            return False
        promoted = any(case.promotions for case in self._referee.cases.values())
        later = self._fails_at == "later" and promoted
        return later or self._fails_at == order.placeholders["environment"]

    def _on_new_schema(self) -> bool:
        """Whether the last schema that a rehearsal came to is that of the newer version."""
        came = [job for job in self._jobs if job.environment == PLACE and "seed" not in job.name]
        return bool(came) and came[-1].commit != COMMITS[OLD] and "downgrade" not in came[-1].name


class Ground:
    """Everything that stays when a desk dies."""

    def __init__(self, scenario: Scenario, loop: VirtualLoop) -> None:
        self.scenario = scenario
        self.loop = loop
        self.clock = VirtualClock(loop)
        self.store = fresh_store(self.clock)
        self.router = MemoryRouter()
        self.deployer = MemoryDeployer(loop.time)
        self.workshop = MemoryWorkshop()
        self.metrics = MemoryMetrics(self.clock)
        self.gauges = MemoryGauges(self.clock)
        self.gauges.values = {(version, "queue"): 1.0 for version in COMMITS}
        self.notifier = MemoryNotifier()
        self.scratch = MemoryScratch()
        self.source = MemorySource({REPOSITORY: COMMITS})
        self.registration = Registration(
            SERVICE, REPOSITORY, "service: shop\n", scenario.plan, "qa", self.clock.now(), "secret"
        )
        self.referee = Referee(self.registration, self.router, self.deployer, loop.time)
        self.referee.several = len(scenario.desks) > 1
        self.smoke = ScenarioSmoke(scenario, self.referee, self.workshop.jobs)
        self.adopted: dict[str, str] = {}
        """Where somebody else lets the old version run, by environment."""
        self.bad_seen = 0
        self._customers = Random(f"customers {scenario.seed}")
        self._first_served: float | None = None
        self._ports = _FIRST_PORT
        self._ids = 0

    def new_id(self) -> str:
        """Ids in order."""
        self._ids += 1
        return f"id{self._ids}"

    def free_port(self) -> int:
        """Ports in order, none twice."""
        self._ports += 1
        return self._ports

    async def settle_in(self) -> None:
        """Register the service and, unless this is its first version, let one serve already.

        One that is adopted runs by now, and is still to be taken as it is.
        """
        scenario = self.scenario
        self.deployer.behave(NEW, scenario.candidate.behaviour)
        self.deployer.behave(OLD, Behaviour(stops_in=timedelta(seconds=1)))
        if scenario.candidate.kind is Kind.MIGRATION_FAILS:
            self._ends_badly("migrate now")
        if scenario.candidate.kind is Kind.BUILD_FAILS:
            self._ends_badly("build now")
        await self.store.register(
            self.registration, AuditDraft("qa", "person:service:register", SERVICE)
        )
        if scenario.adopted:
            for environment in scenario.plan.environments:
                self.adopted[environment.name] = f"127.0.0.1:{self.free_port()}"
                self.deployer.outside[self.adopted[environment.name]] = True
        elif not scenario.first:
            await self._old_version()

    def _ends_badly(self, line: str) -> None:
        self.workshop.answer(line, JobResult(1, "it broke", 0.5, ""))

    async def _old_version(self) -> None:
        now, plan = self.clock.now(), self.scenario.plan
        release = Release(
            "id0", SERVICE, OLD, COMMITS[OLD], None, plan, "qa", now, Stage.RELEASED, now, "serves"
        )
        opened = await self.store.open(release, AuditDraft("qa", "test:release:seed", "id0"), ())
        lease = await self.store.claim("id0", "seed", now, now)
        assert lease is not None
        slots = []
        for environment in plan.environments:
            slot = Slot(
                service=SERVICE,
                environment=environment.name,
                name="a",
                role=SlotRole.BASELINE,
                version=OLD,
                commit=COMMITS[OLD],
                instance=instance_id("id0", environment.name),
                port=self.free_port(),
                share=1.0,
                testers=True,
            )
            slots.append(slot)
            self.referee.rows[environment.name, "a"] = slot
            await self.deployer.start(instance_of(slot, plan, environment))
        await self.store.record(Change(opened, lease, slots=tuple(slots)))
        await self.workshop.lay_out(REPOSITORY, SERVICE, COMMITS[OLD])

    def serve(self) -> None:
        """The customers of one tick: each goes where the router sends it and is answered, or not."""
        watched = self.metrics.open_streams()
        if not watched and not self.scenario.sessions:
            return
        running = {f"127.0.0.1:{each.port}": each.version for each in self.deployer.running()}
        running |= dict.fromkeys(self.deployer.outside, OLD)
        self._drain(running)
        if not watched:
            return
        place = self.scenario.plan.production.name
        addresses = self._routed(place)
        requests = [self._answer(address, running.get(address)) for address in addresses]
        self.metrics.push(SERVICE, place, *requests)
        if not self.metrics.unreachable and self._is_judged():
            new = self._address_of_new()
            self.bad_seen += sum(
                request.address == new and request.status != 200 for request in requests
            )

    def _routed(self, place: str) -> list[str]:
        """Where the customers of a tick are sent."""
        layouts = [each for each in self.router.running() if each.environment == place]
        serving = [target for each in layouts for target in each.targets if target.share > 0]
        number = self._arrivals()
        if not serving or not number:
            return []
        shares = [target.share for target in serving]
        drawn = self._customers.choices(serving, shares, k=number)
        return [target.address for target in drawn if target.address is not None]

    def _is_judged(self) -> bool:
        """Whether the new version is under way; what happens to it later is another story."""
        cases = self.referee.cases.values()
        return any(c.release.version == NEW and not c.release.final for c in cases)

    def _address_of_new(self) -> str | None:
        place = self.scenario.plan.production.name
        rows = self.referee.rows.items()
        return next((s.address for (w, _), s in rows if w == place and s.version == NEW), None)

    def _arrivals(self) -> int:
        """How many come in a tick: Poisson, by counting exponential times between them."""
        rate, spent, count = self.scenario.rate, 0.0, 0
        if rate <= 0:
            return 0
        while (spent := spent + self._customers.expovariate(rate)) < TICK:
            count += 1
        return count

    def _answer(self, address: str, version: str | None) -> Request:
        random, now = self._customers, self.clock.now()
        status: int | None = 200
        seconds = 0.05
        if version is None:
            status = None
        elif version == NEW:
            truth = self.scenario.candidate
            if self._first_served is None:
                self._first_served = self.loop.time()
            late = self.loop.time() - self._first_served >= truth.bad_after
            if late and random.random() < truth.bad_share:
                status = 500
            if random.random() < truth.slow_share:
                seconds = 3.0
        elif random.random() < _BASELINE_BAD:
            status = 500
        client = f"10.0.0.{random.randrange(250)}"
        return Request(now, address, status, seconds, "GET", "/", client)

    def _drain(self, running: Iterable[str]) -> None:
        """Who is sent customers is busy; who is not any more finishes what it has, one a tick."""
        if not self.scenario.sessions:
            return
        sessions = self.router.sessions
        shares = {
            target.address: target.share
            for layout in self.router.running()
            for target in layout.targets
        }
        for address in running:
            if shares.get(address):
                sessions[address] = int(8 * self.scenario.sessions)
            elif sessions.get(address):
                sessions[address] -= 1
