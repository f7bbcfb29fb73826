"""Putting a version onto its ground, where that is more than starting a process.

A platform's deploy script is journalled like any command: done once, ever, unless a person asks for it
again. What it did is for the deployer to find out, which reads the platform back; where that leaves it
open, the step is unknown and a person is asked. To do it again, what may be there is taken away first.
"""

import shlex
from dataclasses import replace
from datetime import timedelta

from gonogo.controllers.drive import Drive
from gonogo.domain.address import host_port, split
from gonogo.domain.errors import ActionFailed, InvalidInput, NeedsPerson
from gonogo.domain.ground import Scripts
from gonogo.domain.instance import Instance, InstanceStatus, release_of
from gonogo.domain.journal import JournalEntry, StepState
from gonogo.domain.plan import Environment
from gonogo.domain.slot import Slot
from gonogo.ports.workshop import Job

_LOOK_WITHIN = timedelta(seconds=30)


async def see_that_scripts_are_there(drive: Drive) -> None:
    """Look for the programs that scripts begin with, in the version's files and on PATH.

    Before anything is deployed: a script that is found missing by a rollback is found too late. Raises
    ActionFailed naming the first that cannot be run.
    """
    release = drive.release
    looked: set[str] = set()
    for environment in drive.plan.environments:
        if not isinstance(environment.ground, Scripts):
            continue
        for name, program in environment.ground.programs.items():
            if program in looked:
                continue
            looked.add(program)
            line = looks_for(program)
            job = Job(release.service, release.commit, "find-scripts", line, _LOOK_WITHIN)
            if not (await drive.world.workshop.run(job)).ok:
                raise ActionFailed(
                    f"the {name} script of {environment.name} cannot be run: {program} is not there, or"
                    " may not be executed"
                )


def looks_for(program: str) -> str:
    """A shell line that ends with 0 where this program can be run."""
    name = shlex.quote(program)
    # Of a path, `command -v` says only in some shells whether it may be executed.
    return f"test -f {name} && test -x {name}" if "/" in program else f"command -v {name}"


async def deploy(drive: Drive, instance: Instance, fence: int) -> None:
    """See that an instance is on its ground; its health is not waited for.

    One of another release was deployed by that one: to start it again is up to its ground alone.

    Raises ActionFailed when that failed, NeedsPerson when nobody can say whether it was done, and
    Unavailable when the ground cannot be asked now.
    """
    own = release_of(instance.id) == drive.release.id
    if not own or not isinstance(instance.ground, Scripts):
        await drive.world.deployer.start(instance, fence=fence)
        return
    step = f"deploy/{instance.environment}"
    entries = {entry.step: entry for entry in await drive.world.store.journal(drive.release.id)}
    before = entries.get(step)
    if before is not None and before.state is StepState.DONE:
        return
    again = instance.ground.repeatable
    if before is not None and before.state is StepState.FAILED and not again:
        raise ActionFailed(f"{step} failed before", detail=before.output)
    if before is not None and before.state is StepState.PLANNED:
        grace = drive.world.rhythm.stop_grace.total_seconds()
        await drive.world.deployer.stop(instance.id, grace, fence=fence)
    if before is None or before.state in {StepState.PLANNED, StepState.FAILED}:
        before = JournalEntry(drive.release.id, step, StepState.STARTED, drive.world.clock.now())
        line = instance.ground.deploy.line
        await drive.record("desk:step:started", {"step": step, "line": line}, journal=before)
    try:
        await drive.world.deployer.start(instance, fence=fence)
    except ActionFailed as failure:
        await _end(drive, before, StepState.FAILED, str(failure))
        raise
    except NeedsPerson as trouble:
        if before.state is not StepState.UNKNOWN:
            await _end(drive, before, StepState.UNKNOWN, str(trouble))
        raise
    await _end(drive, before, StepState.DONE, "")


async def _end(drive: Drive, entry: JournalEntry, state: StepState, output: str) -> None:
    ended = replace(entry, state=state, ended_at=drive.world.clock.now(), output=output)
    outcome = {"step": entry.step, "output": output} if output else {"step": entry.step}
    await drive.record(f"desk:step:{state.value}", outcome, journal=ended)


async def locate(
    drive: Drive, environment: Environment, slot: Slot, status: InstanceStatus
) -> Slot:
    """Write down where an instance listens, when its ground says that it is elsewhere than in the row.

    Before the router is laid out: it sends customers to where the row says. Raises ActionFailed for an
    address that is none.
    """
    if status.address in {"", slot.address}:
        return slot
    try:
        host, port = split(status.address)
    except InvalidInput as trouble:
        raise ActionFailed(f"{slot.version} cannot be reached: {trouble}") from trouble
    moved = replace(slot, host=host, port=port)
    data = {
        "environment": environment.name,
        "slot": slot.name,
        "version": slot.version,
        "address": host_port(host, port),
    }
    await drive.record("desk:slot:located", data, slots=(moved,))
    return moved
