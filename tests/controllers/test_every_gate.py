"""Every gate once stops a release on its way through a desk, and once lets the same release go on."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest
from tests.controllers.stage import REPOSITORY, Theatre, play
from tests.plans import a_plan

from gonogo.adapters.memory.smoke import SmokeFault
from gonogo.domain.actor import Role
from gonogo.domain.dossier import evidence_digest
from gonogo.domain.evidence import Facts
from gonogo.domain.facts import (
    AlertRuleFacts,
    Component,
    ComponentFacts,
    CoverageFacts,
    DrillFacts,
    FindingFacts,
    HealthState,
    HealthTest,
    LintFacts,
    LoadFacts,
    Measurement,
    MeasurementFacts,
    MigrationFacts,
    Severity,
    SiteHealthFacts,
    TestFacts,
    Vulnerability,
    VulnerabilityFacts,
)
from gonogo.domain.gate import GateKind
from gonogo.domain.gate_rules import (
    ERROR_BUDGET,
    OPEN_INCIDENTS,
    AcknowledgementRule,
    AlertRulesRule,
    BackupRule,
    Bound,
    ChecklistsRule,
    ComponentsRule,
    CoverageRule,
    DocumentationRule,
    ErrorBudgetRule,
    FindingsRule,
    FreezeRule,
    GateRule,
    IncidentsRule,
    KpisRule,
    LintRule,
    LoadRule,
    MigrationsRule,
    PatchGuardRule,
    PatchLimit,
    RehearsalRule,
    RisksRule,
    RunbookRule,
    SecretsRule,
    SignOffsRule,
    SiteHealthRule,
    SmokeRule,
    TestsRule,
    VulnerabilitiesRule,
)
from gonogo.domain.paper import (
    FREEZE,
    Acknowledgement,
    Concern,
    Flag,
    Handoff,
    SignOff,
    Tick,
)
from gonogo.domain.plan import Checklist, ChecklistItem, Command, Migrations
from gonogo.domain.release import Stage
from gonogo.ports.dossiers import Candidate

Act = Callable[[Theatre], Awaitable[object]]

DATABASE = "sqlite:///shop.sqlite3"
WITH_MIGRATIONS = {
    "environments": tuple(replace(each, database_url=DATABASE) for each in a_plan().environments),
    "migrations": Migrations(Command("upgrade", "migrate up", repeatable=True)),
}
LIST = Checklist("pre-release", (ChecklistItem("known issues documented"),))


@dataclass(frozen=True)
class Example:
    """A rule, what makes it stop a release (and where that leaves it), and what lets the release on."""

    rule: GateRule
    stops: Act
    stopped_as: Stage
    lets_on: Act
    plan: dict[str, object]


def told(facts: Facts) -> Act:
    return lambda desk: desk.report(facts)


async def nothing(desk: Theatre) -> None:
    """Leave it as it is."""


async def signed(desk: Theatre) -> None:
    candidate = Candidate(desk.plan, REPOSITORY, "v2", desk.commits["v2"])
    papers = await desk.store.papers(desk.plan.service, candidate.commit)
    digest = evidence_digest(await desk.world.dossiers.gather(candidate, papers))
    await desk.file(SignOff(Role.QA, digest))


async def smoke_fails(desk: Theatre) -> None:
    desk.smoke.faults.append(SmokeFault("home", "answered 500", desk.commits["v2"]))


async def previous_breaks(desk: Theatre) -> None:
    """The version before fails once the new schema is there: from its second try on."""
    tries = 0

    async def run(order, real=desk.smoke.run):
        nonlocal tries
        if order.commit == desk.commits["v1"] and order.environment == "rollback.rehearsal":
            tries += 1
            if tries > 1:
                desk.smoke.faults.append(SmokeFault("home", "answered 500", order.commit))
        try:
            return await real(order)
        finally:
            desk.smoke.faults.clear()

    desk.smoke.run = run


async def secret_is_set(desk: Theatre) -> None:
    for name in ("staging", "production"):
        desk.secrets.secrets["shop", name] = {"TOKEN": "x"}


async def frozen(desk: Theatre) -> None:
    await desk.file(Flag(FREEZE, on=True, reason="audit"), version=None)


async def acknowledged(desk: Theatre) -> None:
    await desk.file(Handoff("v2", "sprint 16"))
    await desk.file(Acknowledgement(), actor="omar", roles=(Role.DEVOPS,))


def measured(name: str, value: float, unit: str = "") -> Facts:
    return MeasurementFacts((Measurement(name, value, unit),))


def load(p95: float) -> Facts:
    return LoadFacts("locust", 5000, 0, 60.0, 80.0, p95, p95 * 2, 20)


def drill(restored: bool) -> Facts:
    return DrillFacts("nightly", restored, restored, 3600.0, 600.0)


def weakness(severity: Severity) -> Facts:
    return VulnerabilityFacts("scan", 10, (Vulnerability("CVE-1", "lib", "1.0", severity, "1.1"),))


def health(state: HealthState) -> Facts:
    return SiteHealthFacts((HealthTest("mail", state, "", "see the guide"),))


def handed(*risks: Concern) -> Act:
    return lambda desk: desk.file(Handoff("v2", "sprint 16", risks=risks))


def example(rule: GateRule, stops: Act, stopped_as: Stage, lets_on: Act, **plan: object) -> Example:
    return Example(rule, stops, stopped_as, lets_on, plan)


REFUSED, HELD = Stage.NO_GO, Stage.HELD

EXAMPLES = (
    example(TestsRule(), told(TestFacts(5, 4, 1, 0)), REFUSED, told(TestFacts(5, 5, 0, 0))),
    example(
        CoverageRule(total=0.6), told(CoverageFacts(5, 10)), REFUSED, told(CoverageFacts(6, 10))
    ),
    example(LintRule(), told(LintFacts("ruff", 1, 0)), REFUSED, told(LintFacts("ruff", 0, 3))),
    example(
        FindingsRule(),
        told(FindingFacts("bandit", {Severity.HIGH: 1})),
        REFUSED,
        told(FindingFacts("bandit", {Severity.LOW: 4})),
    ),
    example(
        VulnerabilitiesRule(),
        told(weakness(Severity.CRITICAL)),
        REFUSED,
        told(weakness(Severity.MEDIUM)),
    ),
    example(
        ComponentsRule(minimum={"python": "3.11"}),
        told(ComponentFacts((Component("python", "3.9.1"),))),
        REFUSED,
        told(ComponentFacts((Component("python", "3.12.0"),))),
    ),
    example(
        LoadRule(p95=timedelta(seconds=2), concurrency=20),
        told(load(2100)),
        REFUSED,
        told(load(900)),
    ),
    example(
        MigrationsRule(),
        nothing,
        HELD,
        told(MigrationFacts("sqlite", ("0002",), 3)),
        **WITH_MIGRATIONS,
    ),
    example(RehearsalRule(), previous_breaks, REFUSED, nothing, **WITH_MIGRATIONS),
    example(
        PatchGuardRule(other=PatchLimit(1, 1), limits={"feature": PatchLimit(1, 1)}),
        nothing,
        REFUSED,
        nothing,
    ),
    example(SmokeRule(), smoke_fails, REFUSED, nothing),
    example(
        SiteHealthRule(),
        told(health(HealthState.CRITICAL)),
        REFUSED,
        told(health(HealthState.GOOD)),
    ),
    example(
        KpisRule(bounds=(Bound("queue failed", at_most=1, unit="%"),)),
        told(measured("queue failed", 1.5, "%")),
        REFUSED,
        told(measured("queue failed", 0.2, "%")),
    ),
    example(
        AlertRulesRule(),
        told(AlertRuleFacts("promtool", 3, 1)),
        REFUSED,
        told(AlertRuleFacts("promtool", 3, 0)),
    ),
    example(
        ErrorBudgetRule(at_least=0.1),
        told(measured(ERROR_BUDGET, 4, "%")),
        REFUSED,
        told(measured(ERROR_BUDGET, 40, "%")),
    ),
    example(
        IncidentsRule(),
        told(measured(OPEN_INCIDENTS, 1)),
        REFUSED,
        told(measured(OPEN_INCIDENTS, 0)),
    ),
    example(BackupRule(), told(drill(False)), REFUSED, told(drill(True))),
    example(SecretsRule(names=("TOKEN",)), nothing, HELD, secret_is_set),
    example(
        RunbookRule(runbook_owner="Ops", runbook="docs/missing.md", dashboard="https://x.example"),
        nothing,
        REFUSED,
        nothing,
    ),
    example(DocumentationRule(files=("docs/missing.md",)), nothing, REFUSED, nothing),
    example(
        RisksRule(),
        handed(Concern("data may be lost", Severity.HIGH)),
        REFUSED,
        handed(Concern("data may be lost", Severity.HIGH, mitigation="backup before")),
    ),
    example(
        ChecklistsRule(),
        nothing,
        HELD,
        lambda desk: desk.file(Tick("pre-release", "known issues documented")),
        checklists=(LIST,),
    ),
    example(SignOffsRule(needed={Role.QA: 1}), nothing, HELD, signed),
    example(
        AcknowledgementRule(),
        handed(),
        HELD,
        acknowledged,
    ),
    example(FreezeRule(), frozen, HELD, nothing),
)

LETS_ON_BY_ITS_RULE: dict[GateKind, GateRule] = {
    GateKind.PATCH_GUARD: PatchGuardRule(),
    GateKind.RUNBOOK: RunbookRule(
        runbook_owner="Ops", runbook="app.py", dashboard="https://x.example"
    ),
    GateKind.DOCUMENTATION: DocumentationRule(files=("app.py",)),
}
"""Gates over what the commit itself holds: the same version passes under another rule."""


def _plan(each: Example, rule: GateRule) -> dict[str, object]:
    gates = (rule,) if isinstance(rule, SmokeRule) else (SmokeRule(), rule)
    return {**each.plan, "gates": gates}


def test_there_is_an_example_of_every_gate():
    assert {each.rule.kind for each in EXAMPLES} == set(GateKind)


@pytest.mark.parametrize("each", EXAMPLES, ids=lambda each: each.rule.kind.value)
def test_a_gate_stops_a_release(each: Example):
    async def story(desk: Theatre) -> None:
        await desk.serve_first()
        await each.stops(desk)
        release = await desk.release("v2")
        stopped = await desk.until(release, each.stopped_as, within=120)
        if each.rule.kind is not GateKind.SMOKE:  # a failed smoke test ends staging by itself
            answer = "NO-GO" if each.stopped_as is REFUSED else "HOLD"
            assert stopped.reason.startswith(f"{answer}: 1 of 2 gates ")
        assert not stopped.exposed

    play(story, a_plan(**_plan(each, each.rule)))


@pytest.mark.parametrize("each", EXAMPLES, ids=lambda each: each.rule.kind.value)
def test_a_gate_lets_a_release_on(each: Example):
    async def story(desk: Theatre) -> None:
        await desk.serve_first()
        await each.lets_on(desk)
        release = await desk.release("v2")
        await desk.when(release, lambda found: found.exposed, within=120)

    rule = LETS_ON_BY_ITS_RULE.get(each.rule.kind, each.rule)
    play(story, a_plan(**_plan(each, rule)))
