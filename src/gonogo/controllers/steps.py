"""Steps that touch the world: journalled commands, starting a version in a slot, smoke tests."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from gonogo.controllers.deploying import deploy, locate
from gonogo.controllers.drive import Drive
from gonogo.controllers.layout import (
    instance_of,
    layout_of,
    picture_of,
    placeholders,
    variables_of,
)
from gonogo.domain.errors import ActionFailed, Conflict, NeedsPerson, StaleLease
from gonogo.domain.facts import EXAMPLES, Example, SmokeFacts
from gonogo.domain.ground import shares_itself
from gonogo.domain.instance import (
    Instance,
    InstanceState,
    InstanceStatus,
    instance_id,
)
from gonogo.domain.journal import JournalEntry, StepState
from gonogo.domain.placeholders import fill
from gonogo.domain.plan import Command, Environment
from gonogo.domain.slot import RouterReading, Slot, SlotRole, empty, spare
from gonogo.ports.smoke import SmokeOrder, SmokeResult
from gonogo.ports.workshop import Job

_TAIL = 2000


async def command(
    drive: Drive, step: str, wanted: Command, environment: Environment | None
) -> None:
    """Run a command once, ever, unless it is repeatable or a person asked for it again.

    `step` names it in the journal, e.g. `production/migrate`. Raises ActionFailed when it fails and
    NeedsPerson when it was started before and nobody saw it end.
    """
    entries = {entry.step: entry for entry in await drive.world.store.journal(drive.release.id)}
    before = entries.get(step)
    if before is not None and before.state is StepState.DONE:
        return
    if before is not None and before.state is StepState.FAILED and not wanted.repeatable:
        raise ActionFailed(f"{step} failed before", detail=before.output)
    open_end = before is not None and before.state in {StepState.STARTED, StepState.UNKNOWN}
    if before is not None and open_end and not wanted.repeatable:
        await _unknown(drive, before)
    await drive.may_act()
    now = drive.world.clock.now()
    entry = JournalEntry(drive.release.id, step, StepState.STARTED, now)
    await drive.record("desk:step:started", {"step": step, "line": wanted.line}, journal=entry)
    result = await drive.world.workshop.run(_job(drive, step, wanted, environment))
    ended = replace(
        entry,
        state=StepState.DONE if result.ok else StepState.FAILED,
        ended_at=drive.world.clock.now(),
        output=result.output[-_TAIL:],
    )
    outcome = {"step": step, "seconds": round(result.seconds, 3), "exit_code": result.exit_code}
    await drive.record(f"desk:step:{ended.state.value}", outcome, journal=ended)
    if not result.ok:
        how = (
            f"ran longer than {wanted.within.total_seconds():g} s"
            if result.exit_code is None
            else f"ended with {result.exit_code}"
        )
        last = result.output.strip().splitlines()[-1:] or ["it printed nothing"]
        raise ActionFailed(f"{step} {how}: {last[0]}", detail=result.output[-_TAIL:])


async def _unknown(drive: Drive, before: JournalEntry) -> None:
    if before.state is StepState.STARTED:
        unknown = replace(before, state=StepState.UNKNOWN, ended_at=drive.world.clock.now())
        await drive.record("desk:step:unknown", {"step": before.step}, journal=unknown)
    raise NeedsPerson(
        f"{before.step} was started at {before.started_at:%H:%M:%S} UTC and nobody saw it end",
        hint="look whether it was done; then `gonogo resume --done` or `gonogo resume --again`",
    )


def _job(drive: Drive, step: str, wanted: Command, environment: Environment | None) -> Job:
    release = drive.release
    where = environment or drive.plan.production
    values = placeholders(drive.plan, where, release.version, 0)
    return Job(
        service=release.service,
        commit=release.commit,
        name=step.replace("/", "-"),
        line=fill(wanted.line, values),
        within=wanted.within,
        variables=variables_of(where, values) if environment else {"VERSION": release.version},
        environment=environment.name if environment else "",
    )


async def occupy(drive: Drive, environment: Environment, role: SlotRole) -> Slot:
    """Put the release's version into a slot, with no customers: rows first, then the process.

    Returns its slot when the version answers its health check. Raises ActionFailed with the last
    lines of its log when it ends, or stays unhealthy for longer than the plan allows.
    """
    release = drive.release
    identity = instance_id(release.id, environment.name)
    slot = await own_slot(drive, environment)
    if slot is None:
        free = spare(await drive.slots(environment))
        if free is None:
            raise Conflict(f"no slot is free for {release.version} in {environment.name}")
        await vacate(drive, environment, free)
        slot = Slot(
            service=release.service,
            environment=environment.name,
            name=free.name,
            role=role,
            version=release.version,
            commit=release.commit,
            instance=identity,
            port=drive.world.free_port(),
        )
        content = {"environment": environment.name, "slot": slot.name, "port": slot.port}
        await drive.record("desk:slot:occupied", content, slots=(slot,))
    return await start(drive, environment, instance_of(slot, drive.plan, environment))


async def start(drive: Drive, environment: Environment, instance: Instance) -> Slot:
    """See that what is in a slot runs and answers; raises what `deploy` and `healthy` do.

    Returns its row, which says where it really listens.

    The rows are read once more: the act carries the number of their picture, so that it is refused
    when somebody else has gone on from there. To start what they call retiring is newer than they are.
    """
    await drive.may_act()
    slots = await drive.slots(environment)
    slot = _holding(drive, slots, instance.id)
    fence = picture_of(slots) + (slot.role is SlotRole.RETIRING)
    await deploy(drive, instance, fence)
    return await locate(drive, environment, slot, await healthy(drive, instance))


async def _stop(drive: Drive, environment: Environment, identity: str) -> None:
    await drive.may_act()
    slots = await drive.slots(environment)
    if _holding(drive, slots, identity).role is not SlotRole.RETIRING:
        raise _not_ours(drive, identity)
    grace = drive.world.rhythm.stop_grace.total_seconds()
    await drive.world.deployer.stop(identity, grace, fence=picture_of(slots))


def _holding(drive: Drive, slots: Sequence[Slot], identity: str) -> Slot:
    found = next((slot for slot in slots if slot.instance == identity), None)
    if found is None:
        raise _not_ours(drive, identity)
    return found


def _not_ours(drive: Drive, identity: str) -> StaleLease:
    return StaleLease(
        f"the slot of {identity} was changed: release {drive.release.id} was taken over"
    )


async def healthy(drive: Drive, instance: Instance) -> InstanceStatus:
    """Wait until an instance answers its health check; ActionFailed when it does not in time."""
    deadline = drive.world.clock.now() + instance.health.within
    while True:
        status = await drive.world.deployer.status(instance)
        if status.healthy:
            return status
        if status.state in {InstanceState.ABSENT, InstanceState.EXITED}:
            raise ActionFailed(died(instance.version, status), detail=status.log_tail)
        if drive.world.clock.now() >= deadline:
            raise ActionFailed(
                f"{instance.version} did not become healthy at {instance.health.path}"
                f" within {instance.health.within.total_seconds():g} s: {_trouble(status)}",
                detail=status.log_tail,
            )
        await drive.wait(drive.world.rhythm.poll)


def died(version: str, status: InstanceStatus) -> str:
    """That a version ended by itself, how, and what it said last."""
    code = "" if status.exit_code is None else f" with exit code {status.exit_code}"
    return f"{version} ended{code}: {_trouble(replace(status, detail=''))}"


def _trouble(status: InstanceStatus) -> str:
    """What is known of why it is not well, and the last line of its log."""
    last = status.log_tail.strip().splitlines()[-1:]
    said = [
        text for text in (status.detail, f"its log ends with: {last[0]}" if last else "") if text
    ]
    return "; ".join(said) or "its log is empty"


async def vacate(drive: Drive, environment: Environment, slot: Slot) -> None:
    """Drain and stop what is in a slot and empty its row. The router must not send customers there.

    What was adopted is drained, and left running.
    """
    if slot.role is SlotRole.EMPTY:
        return
    world = drive.world
    out = replace(slot, role=SlotRole.RETIRING, share=0.0, testers=False)
    async with world.place(slot.service, slot.environment):
        await drive.record("desk:slot:retiring", _named(slot), slots=(out,))
        # Where no router runs nobody can be on it, and none is started only to be told so.
        if await world.router.read(slot.service, slot.environment) is not None:
            await lay_out(drive, environment)
    end = world.clock.now() + drive.plan.rollout.drain
    while world.clock.now() < end:
        reading = await world.router.read(slot.service, slot.environment)
        found = reading.slots.get(slot.name) if reading else None
        if found is None or found.sessions == 0:
            break
        await drive.wait(world.rhythm.poll)
    left: dict[str, Any] = {}
    if slot.adopted:  # whoever started it ends it
        left = {"left_running": slot.address}
    elif slot.instance is not None:
        await _stop(drive, environment, slot.instance)
    await drive.record("desk:slot:emptied", {**_named(slot), **left}, slots=(empty(slot),))


async def own_slot(drive: Drive, environment: Environment) -> Slot | None:
    """The slot that holds this release's version, if one does."""
    identity = instance_id(drive.release.id, environment.name)
    slots = await drive.slots(environment)
    return next((slot for slot in slots if slot.instance == identity), None)


async def clear_out(drive: Drive, environment: Environment, *roles: SlotRole) -> None:
    """Drain and stop whatever plays one of these parts."""
    for slot in await drive.slots(environment):
        if slot.role in roles:
            await vacate(drive, environment, slot)


def _named(slot: Slot) -> dict[str, Any]:
    told = {"environment": slot.environment, "slot": slot.name, "version": slot.version}
    return {**told, "adopted": True} if slot.adopted else told


async def lay_out(drive: Drive, environment: Environment) -> RouterReading:
    """Make the router follow the rows, and say what it said afterwards.

    Called with the place's lock held, so that no older picture can be applied after it.
    """
    await drive.may_act()
    slots = await drive.slots(environment)
    layout = layout_of(drive.registration, environment, slots, drive.world.withdrawn)
    return await drive.world.lay_out(layout, instance_id(drive.release.id, environment.name))


async def admit(drive: Drive, environment: Environment, slots: Sequence[Slot], what: str) -> None:
    """Store rows and make the router follow them, under the place's lock."""
    async with drive.world.place(drive.release.service, environment.name):
        shares = {slot.name: slot.share for slot in slots}
        data = {"environment": environment.name, "shares": shares}
        await drive.record(f"desk:traffic:{what}", data, slots=slots)
        await lay_out(drive, environment)


async def smoke(
    drive: Drive, environment: Environment, slot: Slot, when: str
) -> tuple[SmokeResult, ...]:
    """Run the smoke tests on one slot, as a tester through the router where testers are let in.

    Returns the results, which are written to the audit chain. Raises ActionFailed naming the first
    test that failed.
    """
    registration, plan = drive.registration, drive.plan
    headers: dict[str, str] = {}
    url = f"http://{slot.address}"
    pinned = slot.testers and not shares_itself(environment.ground)
    if plan.tester_header is not None and pinned:
        headers[plan.tester_header] = registration.tester_secret
        url = environment.url
    version = slot.version or drive.release.version
    values = {**placeholders(plan, environment, version, slot.port or 0), "url": url}
    if slot.adopted:  # its files were never laid out here, and a test may be a command in them
        commit = slot.commit or drive.release.commit
        await drive.world.workshop.lay_out(registration.repository, plan.service, commit)
    results = await drive.world.smoke.run(
        SmokeOrder(
            service=plan.service,
            commit=slot.commit or drive.release.commit,
            base_url=url,
            tests=plan.smoke,
            headers=headers,
            placeholders=values,
            variables={**variables_of(environment, values), "URL": url},
            environment=environment.name,
        )
    )
    failed = [result for result in results if not result.passed]
    data = {"when": when, "environment": environment.name, "version": version}
    await drive.record(
        f"desk:smoke:{'failed' if failed else 'passed'}",
        {**data, "smoke": [_result(result) for result in results]},
    )
    if failed or not results:
        first = f"{failed[0].name}: {failed[0].detail}" if failed else "no test was run"
        raise ActionFailed(f"smoke {when} failed, {len(failed)} of {len(results)} tests ({first})")
    return results


def smoke_facts(environment: Environment, results: Sequence[SmokeResult]) -> SmokeFacts:
    """What the smoke tests in one environment add up to."""
    failed = [result for result in results if not result.passed]
    return SmokeFacts(
        environment=environment.name,
        passed=len(results) - len(failed),
        failed=len(failed),
        failures=tuple(Example(result.name, message=result.detail) for result in failed[:EXAMPLES]),
    )


def _result(result: SmokeResult) -> dict[str, Any]:
    return {
        "name": result.name,
        "passed": result.passed,
        "seconds": round(result.seconds, 3),
        "detail": result.detail,
    }
