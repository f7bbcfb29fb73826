"""A checked shape → the frozen plan, with every default in one place."""

from collections.abc import Set as AbstractSet
from datetime import timedelta
from typing import Any

from gonogo.domain.plan import (
    Checklist,
    ChecklistItem,
    Collection,
    Command,
    CommandSmoke,
    CriterionMode,
    Environment,
    Health,
    HttpSmoke,
    Migrations,
    OnSilence,
    OnUnproven,
    Past,
    Plan,
    Rehearsal,
    RollbackCriterion,
    Rollout,
    SmokeTest,
    Step,
    Verification,
    as_kpi_name,
)
from gonogo.domain.prometheus import PrometheusCounts
from gonogo.domain.traffic import ONCE_IN, Endpoint, Kpi, Unit
from gonogo.spec.checklists import ChecklistPart
from gonogo.spec.collection import CollectionPart
from gonogo.spec.deployment import (
    CommandPart,
    EnvironmentPart,
    HookPart,
    MigrationsPart,
    RehearsalPart,
)
from gonogo.spec.gauges import GaugePart
from gonogo.spec.grounds import ground_of
from gonogo.spec.part import Part
from gonogo.spec.shape import CriterionPart, KpiPart, RolloutPart, SpecPart
from gonogo.spec.smoke import CommandSmokePart, HttpSmokePart

COMMAND_WITHIN = timedelta(minutes=10)
HEALTH_WITHIN = timedelta(seconds=30)
SMOKE_WITHIN = timedelta(seconds=10)
WATCH = timedelta(minutes=30)
PERSON_WITHIN = timedelta(minutes=30)
STEP_REQUESTS = 100
CRITERION_REQUESTS = 20
CLIENT_ONCE_IN = timedelta(minutes=10)
TESTER_HEADER = "X-Gonogo-Canary"


def assemble(spec: SpecPart, digest: str) -> Plan:
    """The plan that a valid spec describes."""
    hooks = spec.hooks
    return Plan(
        service=spec.service,
        digest=digest,
        run=spec.run,
        health=Health(spec.health.path, _or(spec.health.within, HEALTH_WITHIN)),
        environments=tuple(_environment(*item) for item in spec.environments.items()),
        smoke=tuple(_smoke(test) for test in spec.smoke),
        kpis=tuple(
            _kpi(name, kpi, counters=name in _counters(spec))
            for name, kpi in spec.kpis.items()
            if isinstance(kpi, KpiPart)
        ),
        rollout=_rollout(spec.rollout),
        watch=_or(spec.watch, WATCH),
        build=None if spec.build is None else _command("build", spec.build, repeatable=True),
        migrations=None if spec.migrations is None else _migrations(spec.migrations),
        before=() if hooks is None else tuple(_command(hook.name, hook) for hook in hooks.before),
        after=() if hooks is None else tuple(_command(hook.name, hook) for hook in hooks.after),
        rollback_criteria=tuple(criterion(part) for part in spec.rollback_when),
        verification=_verification(spec),
        tester_header=_tester_header(spec),
        gates=tuple(gate.rule() for gate in spec.gates.given()),
        collections=tuple(_collection(part) for part in spec.evidence),
        checklists=tuple(_checklist(*item) for item in spec.checklists.items()),
        gauges=tuple(
            part.read(name) for name, part in spec.kpis.items() if isinstance(part, GaugePart)
        ),
        metrics=_metrics(spec),
    )


def _counters(spec: SpecPart) -> AbstractSet[str]:
    """The names of what a Prometheus counts."""
    return set() if spec.metrics is None else spec.metrics.prometheus.counts.keys()


def _metrics(spec: SpecPart) -> PrometheusCounts | None:
    if spec.metrics is None:
        return None
    criteria = [criterion(part) for part in spec.rollback_when]
    return spec.metrics.prometheus.read({each.name: as_kpi_name(each) for each in criteria})


def _or(given: timedelta | None, default: timedelta) -> timedelta:
    return default if given is None else given


def _given(part: Part, *names: str) -> dict[str, Any]:
    """What the file says of these; the domain knows the rest."""
    values = {name: getattr(part, name) for name in names if name in part.model_fields_set}
    return {
        name: tuple(value) if isinstance(value, list) else value for name, value in values.items()
    }


def _command(name: str, part: CommandPart | HookPart, *, repeatable: bool = False) -> Command:
    given = part.repeatable
    within = _or(part.within, COMMAND_WITHIN)
    return Command(name, part.run, within, repeatable if given is None else given)


def _migrations(part: MigrationsPart) -> Migrations:
    down = part.downgrade
    return Migrations(
        upgrade=_command("upgrade", part.upgrade),
        downgrade=None if down is None else _command("downgrade", down),
        rehearsal=Rehearsal() if part.rehearsal is None else _rehearsal(part.rehearsal),
    )


def _rehearsal(part: RehearsalPart) -> Rehearsal:
    seed = None if part.seed is None else _command("seed", part.seed)
    return Rehearsal(part.database_url, seed, dict(part.env))


def _collection(part: CollectionPart) -> Collection:
    within = _or(part.within, COMMAND_WITHIN)
    return Collection(Command(part.name, part.run, within, repeatable=True), tuple(part.reports))


def _checklist(name: str, part: ChecklistPart) -> Checklist:
    items = tuple(
        ChecklistItem(item.name, **_given(item, "component", "roles", "evidence"))
        for item in part.items
    )
    return Checklist(name, items, **_given(part, "when", "every"))


def _environment(name: str, part: EnvironmentPart) -> Environment:
    return Environment(
        name,
        part.port,
        part.bind or "127.0.0.1",
        part.database_url,
        dict(part.env),
        ground_of(part.deploy),
    )


def _smoke(part: HttpSmokePart | CommandSmokePart) -> SmokeTest:
    if isinstance(part, CommandSmokePart):
        within = _or(part.within, COMMAND_WITHIN)
        return CommandSmoke(part.name, Command(part.name, part.run, within, repeatable=True))
    expect = part.expect
    return HttpSmoke(
        name=part.name,
        method=part.method.upper(),
        path=getattr(part, part.method),
        headers=dict(part.headers),
        body=part.body,
        expect_status=200 if expect is None or expect.status is None else expect.status,
        expect_json=None if expect is None else expect.body,
        save=dict(part.save),
        within=_or(part.within, SMOKE_WITHIN),
    )


def _kpi(name: str, part: KpiPart, *, counters: bool) -> Kpi:
    """With `counters` nobody knows whose request it was, so repetitions cannot be left out."""
    unit = Unit(part.unit)
    usual = CLIENT_ONCE_IN if unit is Unit.CLIENT else ONCE_IN
    return Kpi(
        name,
        part.bad,
        part.on or Endpoint(),
        part.limit,
        part.ratio,
        unit,
        None if counters else _or(part.once_in, usual) or None,
    )


def _rollout(part: RolloutPart) -> Rollout:
    given: dict[str, Any] = {
        "false_alarm": part.false_alarm,
        "patience": part.patience,
        "drain": part.drain,
        "warm": part.warm,
        "on_unproven": None if part.unproven is None else OnUnproven(part.unproven),
        "past": None if part.past is None else Past(part.past),
    }
    steps = tuple(
        Step(step.share, step.hold, step.requests or STEP_REQUESTS) for step in part.steps
    )
    return Rollout(steps, **{name: value for name, value in given.items() if value is not None})


def criterion(part: CriterionPart) -> RollbackCriterion:
    """A rollback criterion without its signer."""
    return RollbackCriterion(
        name=part.name,
        bad=part.bad,
        endpoint=part.on or Endpoint(),
        limit=part.limit,
        mode=CriterionMode(part.mode),
        window=part.within,
        minimum_requests=part.at_least or CRITERION_REQUESTS,
        lasts=part.lasts,
    )


def _verification(spec: SpecPart) -> Verification | None:
    part = spec.verification
    if part is None:
        return None
    silence = OnSilence(part.on_silence.replace(" ", "_"))
    return Verification(
        within=_or(part.within, PERSON_WITHIN),
        on_silence=silence,
        lines=tuple(part.lines),
        roles=tuple(part.roles),
        **_given(part, "after_rollback"),
    )


def _tester_header(spec: SpecPart) -> str | None:
    if spec.testers is None:
        return TESTER_HEADER
    return None if spec.testers.header == "off" else spec.testers.header
