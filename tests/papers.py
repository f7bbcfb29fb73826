"""A desk in memory with one service whose versions people sign, for tests of several packages."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from tests.plans import START, a_plan

from gonogo.adapters.memory.deployer import MemoryDeployer
from gonogo.adapters.memory.passwords import MemoryPasswords
from gonogo.adapters.memory.router import MemoryRouter
from gonogo.adapters.memory.source import MemorySource
from gonogo.adapters.memory.throttle import MemoryThrottle
from gonogo.domain.actor import Actor, Role
from gonogo.domain.audit import AuditDraft
from gonogo.domain.change import Change, CommitNote, FileChange, Merge
from gonogo.domain.errors import NotFound
from gonogo.domain.evidence import Evidence, Facts
from gonogo.domain.facts import Example, TestFacts
from gonogo.domain.gate_rules import AcknowledgementRule, RunbookRule, SignOffsRule, TestsRule
from gonogo.domain.paper import FiledEvidence, Paper
from gonogo.domain.plan import Checklist, ChecklistItem, Plan
from gonogo.domain.registration import Registration
from gonogo.storage.store import SqlStore, memory_store
from gonogo.usecases.context import Context

OLD, NEW, OTHER = "0" * 40, "a1b2c3d" + "e" * 33, "f" * 40

OWNER = Actor("dana", frozenset({Role.OWNER}))
QA = Actor("quinn", frozenset({Role.QA}), frozenset({"quinn@example.invalid"}))
LEAD = Actor("lee", frozenset({Role.TECH_LEAD}), frozenset({"lee@example.invalid"}))
OPS = Actor("olga", frozenset({Role.DEVOPS}), frozenset({"olga@example.invalid"}))
CI = Actor("ci", frozenset({Role.CI}))
ADMIN = Actor("ada", frozenset({Role.ADMIN}))

CHECKLISTS = (
    Checklist(
        "deploy",
        (
            ChecklistItem("Migrations reviewed", "database"),
            ChecklistItem("Backup taken", "database", evidence=True),
            ChecklistItem("Alerts configured", "monitoring", roles=(Role.DEVOPS,)),
        ),
    ),
    Checklist("security", (ChecklistItem("Keys rotated"),), every=timedelta(days=30)),
)
GATES = (
    TestsRule(),
    SignOffsRule(needed={Role.QA: 1, Role.TECH_LEAD: 1}),
    AcknowledgementRule(),
    RunbookRule(
        runbook_owner="orders team",
        runbook="docs/runbook.md",
        dashboard="https://grafana.example.invalid/d/orders",
    ),
)


class Clock:
    """Shows the same time until it is moved."""

    def __init__(self) -> None:
        self.time = START

    def now(self) -> datetime:
        return self.time

    def forward(self, **span: float) -> None:
        self.time += timedelta(**span)


def a_commit(name: str, subject: str, email: str = "mika@example.invalid") -> CommitNote:
    return CommitNote(
        name, email.split("@", maxsplit=1)[0], email, START - timedelta(days=1), subject
    )


COMMITS = (
    a_commit("b" * 40, "feat(export): orders as an Excel file"),
    a_commit("c" * 40, "fix: total of a cancelled order", "lee@example.invalid"),
)


@dataclass
class MemoryHistory:
    """One change, whatever is asked for; `gone` is a repository that cannot be read."""

    commits: tuple[CommitNote, ...] = COMMITS
    changed: tuple[FileChange, ...] = (FileChange("migrations/versions/003.py", 20, 0),)
    gone: bool = False

    async def change(self, repository: str, base: str | None, head: str) -> Change:
        if self.gone:
            raise NotFound(f"{repository} is gone")
        return Change(base or "", head, "main", self.changed, self.commits)

    async def merges(
        self, repository: str, head: str, *, since: str | None = None, limit: int | None = None
    ) -> tuple[Merge, ...]:
        if self.gone:
            raise NotFound(f"{repository} is gone")
        return (Merge(a_commit("d" * 40, "Merge branch"), "feature/export", ()),)

    async def files(
        self, repository: str, commit: str, paths: tuple[str, ...]
    ) -> Mapping[str, str | None]:
        return dict.fromkeys(paths)


@dataclass
class Desk:
    """The context with what tests look at."""

    context: Context
    store: SqlStore
    clock: Clock
    history: MemoryHistory
    source: MemorySource
    woken: list[str] = field(default_factory=list)

    async def evidence(
        self, name: str = "report.xml", digest: str = "11" * 32, commit: str = NEW, failed: int = 0
    ) -> Paper:
        """File a test report, as a CI job would."""
        failures = tuple(Example(f"test {number}") for number in range(failed))
        facts = TestFacts(214 + failed, 214, failed, 0, failures=failures)
        return await self.file(CI, Evidence("junit", name, digest, 2000, facts), commit)

    async def facts(self, facts: Facts, digest: str, name: str = "report") -> Paper:
        """File any evidence of the new version."""
        return await self.file(CI, Evidence("format", name, digest, 2000, facts), NEW)

    async def file(self, actor: Actor, evidence: Evidence, commit: str) -> Paper:
        content = FiledEvidence(evidence, self.clock.now(), True, True)
        paper = Paper(
            self.context.new_id(), "shop", commit, self.clock.now(), actor.name, (), content
        )
        await self.store.file((paper,), AuditDraft(actor.name, "ci:evidence", "shop"))
        return paper


def shop_plan(**changes: object) -> Plan:
    return a_plan(**{"gates": GATES, "checklists": CHECKLISTS, **changes})


@asynccontextmanager
async def a_desk(plan: Plan | None = None) -> AsyncIterator[Desk]:
    """A desk that knows the services shop (v1.1.0, v1.2.0, v1.2.1) and bakery (v1.2.0)."""
    clock, woken, history = Clock(), [], MemoryHistory()
    store = memory_store(clock)
    versions = {"v1.1.0": OLD, "v1.2.0": NEW, "v1.2.1": OTHER}
    source = MemorySource({"/shop": versions, "/bakery": {"v1.2.0": NEW}})
    ids = iter(f"id{number}" for number in range(10_000))
    context = Context(
        store=store,
        source=source,
        deployer=MemoryDeployer(),
        router=MemoryRouter(),
        clock=clock,
        new_id=lambda: next(ids),
        wake=woken.append,
        history=history,
        notices=store.notices,
        passwords=MemoryPasswords(),
        throttle=MemoryThrottle(clock),
    )
    shop = plan or shop_plan()
    for known in (shop, replace(shop, service="bakery", environments=shop.environments)):
        registration = Registration(known.service, f"/{known.service}", "", known, "x", START, "s")
        audit = AuditDraft("dana", "person:service:register", known.service)
        await store.register(registration, audit)
    yield Desk(context, store, clock, history, source, woken)
    await store.close()


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)
