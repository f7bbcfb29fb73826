"""The rollback rehearsal: proof, before any customer, that going back will work.

In a fresh database the version before is migrated, seeded and tried on its own schema; then the new
version migrates it, and the version before must still pass its smoke tests there, because that is
what a rollback would find. Then the new version's own; and, with a downgrade declared, the version
before once more after going down. Nothing of it is repeated by halves: a rehearsal that was cut off
begins anew, in a fresh database.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from gonogo.controllers.collecting import file_facts
from gonogo.controllers.drive import Drive
from gonogo.controllers.layout import placeholders, variables_of
from gonogo.controllers.rehearsal_remains import (
    PLACE,
    database_of,
    forget,
    identities,
    rehearses,
    server_of,
)
from gonogo.controllers.steps import healthy
from gonogo.domain.errors import ActionFailed, InvalidInput, sentence
from gonogo.domain.facts import RehearsalFacts, RehearsalStep, RehearsedStep
from gonogo.domain.instance import Instance
from gonogo.domain.paper import FiledEvidence
from gonogo.domain.placeholders import fill
from gonogo.domain.plan import Command, Environment, Plan
from gonogo.domain.slot import SlotRole, with_role
from gonogo.ports.smoke import SmokeOrder
from gonogo.ports.workshop import Job

_AT_A_TIME = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class _Cast:
    """One of the two versions in a rehearsal. What was `adopted` was never built or started here."""

    version: str
    commit: str
    plan: Plan
    identity: str
    adopted: bool = False


@dataclass(frozen=True, slots=True)
class _Stage:
    """Where a rehearsal plays: the fresh database as an environment, and the two versions."""

    environment: Environment
    before: _Cast
    after: _Cast


async def rehearse_rollback(drive: Drive) -> None:
    """Rehearse and file what came of it, where a rule asks for it and it was not done yet.

    A rehearsal that could not be set up files nothing: its gate then says that it is missing.
    """
    if not rehearses(drive):
        return
    before = await _version_before(drive)
    if before is None or await _done(drive, before.version):
        return
    _, own = identities(drive.release.id, drive.lease.fence)
    after = _Cast(drive.release.version, drive.release.commit, drive.plan, own)
    try:
        await forget(drive)
        name = database_of(drive, drive.lease.fence)
        await drive.may_act()
        url = await drive.world.scratch.make(server_of(drive.plan), name)
        # Only now: a server that is away is asked again every moment, and each is no new beginning.
        await drive.record("desk:rehearsal:started", {"previous": before.version})
        stage = _Stage(_environment(drive.plan, url), before, after)
        steps = await _play(drive, stage)
    except (ActionFailed, InvalidInput) as trouble:
        reason = f"the rollback rehearsal could not be set up: {sentence(trouble)}"
        await drive.record("desk:rehearsal:impossible", {"reason": reason}, message=reason)
        return
    finally:
        await _to_its_end(forget(drive))
    facts = RehearsalFacts(before.version, after.version, steps)
    await file_facts(drive, f"rollback rehearsal from {before.version}", facts)


async def _version_before(drive: Drive) -> _Cast | None:
    """What serves now, with the plan that it was released by; None when nothing does."""
    serving = with_role(await drive.slots(drive.plan.production), SlotRole.BASELINE)
    if serving is None or serving.version is None or serving.commit is None:
        return None
    identity, _ = identities(drive.release.id, drive.lease.fence)
    for release in await drive.world.store.releases(drive.release.service):
        if release.commit == serving.commit and release.id != drive.release.id:
            plan = drive.plan if serving.adopted else release.plan
            return _Cast(serving.version, serving.commit, plan, identity, serving.adopted)
    return _Cast(serving.version, serving.commit, drive.plan, identity, serving.adopted)


async def _done(drive: Drive, previous: str) -> bool:
    """Whether the way back to this version was proven lately; what failed is tried again."""
    since = drive.world.clock.now() - _AT_A_TIME
    papers = await drive.world.store.papers(drive.release.service, drive.release.commit)
    return any(
        isinstance(content := paper.content, FiledEvidence)
        and isinstance(facts := content.evidence.facts, RehearsalFacts)
        and facts.previous == previous
        and all(step.passed for step in facts.steps)
        and content.at >= since
        for paper in papers
    )


def _environment(plan: Plan, url: str) -> Environment:
    """The first environment with the fresh database and what switches side effects off.

    A variable that names a database of an environment names the fresh one instead: what is
    rehearsed must not reach a database that somebody uses.
    """
    first = plan.environments[0]
    used = [each.database_url for each in plan.environments if each.database_url is not None]
    variables = {}
    for name, value in first.variables.items():
        for known in sorted(used, key=len, reverse=True):
            value = value.replace(known, url)  # noqa: PLW2901 - the same value, step by step
        variables[name] = value
    variables["DATABASE_URL"] = url
    quiet = plan.migrations.rehearsal.variables if plan.migrations else {}
    return replace(first, name=PLACE, database_url=url, variables={**variables, **quiet})


async def _play(drive: Drive, stage: _Stage) -> tuple[RehearsedStep, ...]:
    """Every step in order, up to the first that fails. Raises ActionFailed when it cannot begin."""
    await _prepare(drive, stage)
    migrations = stage.after.plan.migrations
    acts: list[tuple[RehearsalStep, Callable[[], Awaitable[None]]]] = [
        (RehearsalStep.PREVIOUS_ON_OWN_SCHEMA, lambda: _try_out(drive, stage, stage.before))
    ]
    if migrations is not None:
        up, down = migrations.upgrade, migrations.downgrade
        acts += [
            (RehearsalStep.UPGRADE, lambda: _run(drive, stage, stage.after, up)),
            (RehearsalStep.PREVIOUS_ON_NEW_SCHEMA, lambda: _try_out(drive, stage, stage.before)),
            (RehearsalStep.NEW_ON_NEW_SCHEMA, lambda: _try_out(drive, stage, stage.after)),
        ]
        if down is not None:
            acts += [
                (RehearsalStep.DOWNGRADE, lambda: _run(drive, stage, stage.after, down)),
                (
                    RehearsalStep.PREVIOUS_AFTER_DOWNGRADE,
                    lambda: _try_out(drive, stage, stage.before),
                ),
            ]
    steps: list[RehearsedStep] = []
    for step, act in acts:
        steps.append(await _act(drive, step, act))
        if not steps[-1].passed:
            _blame_nobody_for_an_adopted_one(stage, steps[-1])
            break
    return tuple(steps)


def _blame_nobody_for_an_adopted_one(stage: _Stage, step: RehearsedStep) -> None:
    """Raise ActionFailed when an adopted version does not even run by the spec on its own schema.

    It runs in production by what its owner knows and gonogo does not: that says nothing of the new one.
    """
    if stage.before.adopted and step.step is RehearsalStep.PREVIOUS_ON_OWN_SCHEMA:
        raise ActionFailed(
            f"{stage.before.version} was adopted and does not run by this gonogo.yaml ({step.detail})",
            hint="waive the gate, or write run, build and smoke so that they fit that version too",
        )


async def _prepare(drive: Drive, stage: _Stage) -> None:
    """The files of both versions, and the old schema with its seed data."""
    repository = drive.registration.repository
    for cast in (stage.before, stage.after):
        await drive.world.workshop.lay_out(repository, drive.release.service, cast.commit)
    before = stage.before.plan
    if stage.before.adopted and before.build is not None:
        await _run(drive, stage, stage.before, before.build)
    if before.migrations is not None:
        await _run(drive, stage, stage.before, before.migrations.upgrade)
    seed = drive.plan.migrations.rehearsal.seed if drive.plan.migrations else None
    if seed is not None:
        await _run(drive, stage, stage.before, seed)
    await _reaches_the_fresh_database(drive)


async def _reaches_the_fresh_database(drive: Drive) -> None:
    """See that commands use the fresh database, before the new version's migration runs for the first time.

    A service that finds its database by itself would be migrated for good by what should be thrown
    away. What the version before did so far it had done to every database already. Raises ActionFailed.
    """
    name = database_of(drive, drive.lease.fence)
    if await drive.world.scratch.written(server_of(drive.plan), name):
        return
    upgrade = drive.plan.migrations.upgrade.line if drive.plan.migrations else ""
    if "{database_url}" not in upgrade:
        raise ActionFailed(
            "nothing was written into the fresh database, so the migrations seem to use another one",
            hint="hand it over: write {database_url} into migrations.upgrade, or read DATABASE_URL",
        )


async def _act(
    drive: Drive, step: RehearsalStep, act: Callable[[], Awaitable[None]]
) -> RehearsedStep:
    begun = drive.world.clock.now()
    detail = ""
    try:
        await act()
    except ActionFailed as failure:
        detail = str(failure)
    seconds = (drive.world.clock.now() - begun).total_seconds()
    done = RehearsedStep(step, not detail, round(seconds, 3), detail)
    data = {"step": step.value, "passed": done.passed, "seconds": done.seconds, "detail": detail}
    await drive.record("desk:rehearsal:step", data)
    return done


async def _run(drive: Drive, stage: _Stage, cast: _Cast, wanted: Command) -> None:
    """A command of one version on the fresh database. Raises ActionFailed with its last line."""
    values = placeholders(cast.plan, stage.environment, cast.version, 0)
    await drive.may_act()
    result = await drive.world.workshop.run(
        Job(
            service=drive.release.service,
            commit=cast.commit,
            name=f"{PLACE}-{wanted.name}",
            line=fill(wanted.line, values),
            within=wanted.within,
            variables=variables_of(stage.environment, values),
            environment=PLACE,
        )
    )
    if result.ok:
        return
    how = (
        f"ran longer than {wanted.within.total_seconds():g} s"
        if result.exit_code is None
        else f"ended with {result.exit_code}"
    )
    last = (result.output.strip().splitlines() or ["it printed nothing"])[-1]
    raise ActionFailed(f"{wanted.name} of {cast.version} {how}: {last}", detail=result.output)


async def _try_out(drive: Drive, stage: _Stage, cast: _Cast) -> None:
    """Start one version on the fresh database, run its smoke tests, stop it.

    Raises ActionFailed naming the first request that failed.
    """
    port = drive.world.free_port()
    values = placeholders(cast.plan, stage.environment, cast.version, port)
    variables = variables_of(stage.environment, values)
    instance = Instance(
        id=cast.identity,
        service=drive.release.service,
        environment=PLACE,
        version=cast.version,
        commit=cast.commit,
        port=port,
        line=fill(cast.plan.run, values),
        health=cast.plan.health,
        variables=variables,
    )
    address = f"http://{instance.address}"
    await drive.may_act()
    try:
        await drive.world.deployer.start(instance, fence=drive.lease.fence)
        await healthy(drive, instance)
        results = await drive.world.smoke.run(
            SmokeOrder(
                service=drive.release.service,
                commit=cast.commit,
                base_url=address,
                tests=cast.plan.smoke,
                placeholders={**values, "url": address},
                variables={**variables, "URL": address},
                environment=PLACE,
            )
        )
    finally:
        await _to_its_end(_stop(drive, cast))
    failed = [result for result in results if not result.passed]
    if failed or not results:
        first = f'"{failed[0].name}": {failed[0].detail}' if failed else "it has no smoke test"
        raise ActionFailed(f"{cast.version} failed {first}")


async def _stop(drive: Drive, cast: _Cast) -> None:
    grace = drive.world.rhythm.stop_grace.total_seconds()
    await drive.world.deployer.stop(cast.identity, grace, fence=drive.lease.fence)


async def _to_its_end(work: Coroutine[Any, Any, None]) -> None:
    """Do this whole, also when whoever waits for it is cancelled: that comes through afterwards.

    A desk that was stopped must not go on in the background.
    """
    task = asyncio.ensure_future(work)
    try:
        await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait({task})
        raise
