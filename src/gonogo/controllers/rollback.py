"""Taking a version back: one controller, whoever asks for it.

The rows are changed together with the release's stage in one transaction, then the router follows
them and is read back, all before anything else is done. Draining, clearing caches, the smoke test
and stopping the version come after customers are safe. Every part may be repeated.
"""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from gonogo.controllers import confirming, rehearsal_remains
from gonogo.controllers.drive import Drive, Seen
from gonogo.controllers.guard import Harm, Lookout
from gonogo.controllers.judging import Watcher
from gonogo.controllers.layout import instance_of, layout_of, take_out, way_back
from gonogo.controllers.steps import (
    clear_out,
    command,
    healthy,
    lay_out,
    own_slot,
    smoke,
    start,
    vacate,
)
from gonogo.domain.errors import ActionFailed, NeedsPerson, Unavailable
from gonogo.domain.instance import InstanceState, instance_id, release_of
from gonogo.domain.plan import Environment
from gonogo.domain.release import TRANSITIONS, Instruction, Stage
from gonogo.domain.slot import Slot, SlotRole, with_role
from gonogo.domain.story import OUT_OF_ROTATION, recorded_time
from gonogo.domain.verdict import Judgement

log = logging.getLogger("gonogo.release")

_FIRST = "it is the first version, so there is none to go back to"


@dataclass(frozen=True, slots=True)
class _Cause:
    """Why a version is taken back, since when that is known, and what is stored with the decision."""

    reason: str
    since: datetime
    action: str | None = None
    data: Mapping[str, str | None] | None = None
    watcher: Watcher | None = None
    judgement: Judgement | None = None
    answered: Instruction | None = None


async def because_of(drive: Drive, lookout: Lookout, harm: Harm) -> None:
    """Take the release back on evidence. A first version has nowhere to go back to: a person is asked."""
    watcher = await lookout.watcher()
    first = watcher.first_bad.isoformat() if watcher.first_bad else None
    data = {
        "at": harm.at.isoformat(),
        "first_bad_at": first,
        "sentence": harm.reason,
        "kpi": harm.kpi,
    }
    cause = _Cause(harm.reason, harm.at, harm.action, data, watcher, harm.judgement)
    if drive.release.previous is None:
        reason = f"{harm.reason}; {_FIRST}"
        if Stage.NEEDS_PERSON in TRANSITIONS[drive.release.stage]:
            await _go(drive, cause, Stage.NEEDS_PERSON, reason)
        elif (
            _FIRST not in drive.release.reason
        ):  # a person is waited for already, and told why anew
            await drive.record(
                "desk:release:waits",
                {"reason": reason},
                change=lambda release: replace(release, reason=reason),
                message=reason,
            )
    else:
        await _begin(drive, cause)


async def asked_by(drive: Drive, instruction: Instruction) -> None:
    """Take the release back because a person said so."""
    reason = f"{instruction.actor} asked for it: {instruction.reason}"
    await _begin(drive, _Cause(reason, instruction.at, answered=instruction))


async def after_failure(drive: Drive, reason: str) -> None:
    """Take the release back because a step of it failed, or for harm that was acted upon before that."""
    reason = drive.world.withdrawn.get(
        instance_id(drive.release.id, drive.plan.production.name), reason
    )
    if drive.release.previous is None and drive.release.exposed:
        why = f"{reason}; {_FIRST}"
        await drive.go(Stage.NEEDS_PERSON, why)
        return
    await _begin(drive, _Cause(reason, drive.world.clock.now()))


async def _go(
    drive: Drive,
    cause: _Cause,
    stage: Stage,
    reason: str,
    *,
    action: str | None = None,
    slots: Sequence[Slot] = (),
) -> None:
    """Store the next stage in one change with what the judge saw and the word it answers."""

    async def record(seen: Seen | None) -> None:
        await drive.go(
            stage,
            reason,
            action=action,
            data=cause.data,
            slots=slots,
            seen=seen,
            answered=cause.answered,
        )

    if cause.watcher is None or cause.judgement is None:
        await record(None)
    else:
        await cause.watcher.store_with(cause.judgement, record)


async def _begin(drive: Drive, cause: _Cause) -> None:
    environment = drive.plan.production
    place = drive.world.place(drive.release.service, environment.name)
    with drive.undisturbed():
        async with place:
            slots = await _rows(drive, environment, cause)
            obstacle = await _obstacle(drive, environment, slots)
            if obstacle is not None:
                await _stay(drive, cause, obstacle)
                return
            back_to = way_back(slots, instance_id(drive.release.id, environment.name))
            if back_to is not None and back_to.role is not SlotRole.BASELINE:
                slots = await drive.slots(environment)  # it may have been started anew, elsewhere
            await _decide(drive, environment, slots, cause)
            await _confirm(drive, environment, cause.since)


async def _rows(drive: Drive, environment: Environment, cause: _Cause) -> tuple[Slot, ...]:
    """The rows; where the books cannot even be read soon, customers leave by what was read last.

    Should another desk have gone on meanwhile, the router follows a newer picture and takes no older one.
    """
    known = drive.known_slots(environment)
    reading = asyncio.ensure_future(drive.slots(environment))
    try:
        await asyncio.wait({reading}, timeout=drive.world.rhythm.books.total_seconds())
        if not reading.done() and await _can_leave(drive, environment, known):
            await _withdraw(drive, environment, known, cause.reason)
        return await reading
    except Unavailable:
        if await _can_leave(drive, environment, known):
            await _withdraw(drive, environment, known, cause.reason)
        raise
    finally:
        reading.cancel()


async def _can_leave(drive: Drive, environment: Environment, slots: Sequence[Slot]) -> bool:
    """Whether customers are on this version and have somewhere to go, as far as one sees without books."""
    identity = instance_id(drive.release.id, environment.name)
    own = next((slot for slot in slots if slot.instance == identity), None)
    back_to = way_back(slots, identity)
    if own is None or own.share <= 0 or back_to is None or back_to.role is SlotRole.RETIRING:
        return False
    if back_to.role is SlotRole.BASELINE:
        return True
    instance = instance_of(back_to, drive.plan, environment)
    status = await drive.world.deployer.status(instance, probe=False)
    return status.state is InstanceState.RUNNING


async def _obstacle(drive: Drive, environment: Environment, slots: Sequence[Slot]) -> str | None:
    """Why there is no way back, or None when customers can go there now."""
    back_to = way_back(slots, instance_id(drive.release.id, environment.name))
    if back_to is None:
        before = drive.release.previous
        return f"{before} was stopped already and cannot be gone back to" if before else None
    try:
        if back_to.role is not SlotRole.BASELINE:
            await _ready(drive, environment, back_to)
        elif back_to.adopted:  # any other is started again when it ends
            await _still_there(drive, environment, back_to)
    except (ActionFailed, NeedsPerson) as failure:
        return f"{back_to.version} cannot be gone back to ({failure})"
    return None


async def _stay(drive: Drive, cause: _Cause, obstacle: str) -> None:
    """Customers stay where they are, and a person is told why, once."""
    why = f"{obstacle}: {cause.reason}"
    if cause.answered is not None:
        await refuse(drive, cause.answered, obstacle)
    elif Stage.NEEDS_PERSON in TRANSITIONS[drive.release.stage]:
        await _go(drive, cause, Stage.NEEDS_PERSON, why)
    elif not drive.release.reason.startswith(obstacle):
        await drive.record(
            "desk:rollback:impossible",
            {"reason": why},
            change=lambda release: replace(release, reason=why),
            message=why,
        )


async def _decide(
    drive: Drive, environment: Environment, slots: Sequence[Slot], cause: _Cause
) -> None:
    """Store the decision; where the books do not answer soon, customers leave before it is stored."""
    identity = instance_id(drive.release.id, environment.name)
    out = take_out(slots, identity)
    recording = asyncio.ensure_future(
        _go(drive, cause, Stage.ROLLING_BACK, cause.reason, action=cause.action, slots=out)
    )
    try:
        await asyncio.wait({recording}, timeout=drive.world.rhythm.books.total_seconds())
        if not recording.done():
            await _withdraw(drive, environment, slots, cause.reason)
        await recording
    except Unavailable:
        await _withdraw(drive, environment, slots, cause.reason)
        raise
    finally:
        recording.cancel()
    drive.world.withdrawn.pop(identity, None)


async def _withdraw(
    drive: Drive, environment: Environment, slots: Sequence[Slot], reason: str
) -> None:
    """Customers come before the books: the harm is proven, and the row is written later."""
    world = drive.world
    identity = instance_id(drive.release.id, environment.name)
    world.withdrawn[identity] = reason
    try:
        await world.router.apply(layout_of(drive.registration, environment, slots, {identity}))
    except ActionFailed as trouble:
        # On a full disk the router's files cannot be written either; it was told before that.
        log.warning("release %s: %s", drive.release.id, trouble)


async def refuse(drive: Drive, instruction: Instruction, why: str) -> None:
    """Answer a person's word that cannot be followed."""
    kind = instruction.kind.value
    await drive.record(
        "desk:instruction:refused",
        {"kind": kind, "reason": why},
        answered=instruction,
        message=f"did not {kind.replace('_', ' ')}: {why}",
    )


async def unrehearse(drive: Drive) -> None:
    """Take the version out again where it does not serve, and finish a switch that was cut off."""
    for environment in drive.plan.environments:
        own = await own_slot(drive, environment)
        if own is not None and own.role is SlotRole.BASELINE:
            await clear_out(drive, environment, SlotRole.PREVIOUS, SlotRole.RETIRING)
        elif own is not None:
            await vacate(drive, environment, own)
    await rehearsal_remains.forget(drive)


async def _still_there(drive: Drive, environment: Environment, slot: Slot) -> None:
    """See that what was adopted has not gone while others had customers beside it; a moment's look."""
    instance = instance_of(slot, drive.plan, environment)
    status = await drive.world.deployer.status(instance, probe=False)
    if status.state in {InstanceState.EXITED, InstanceState.ABSENT}:
        raise ActionFailed(status.detail or f"nothing runs at {slot.address}")


async def _ready(drive: Drive, environment: Environment, slot: Slot) -> None:
    """See that the version to go back to runs; nearly always it is warm already."""
    release = await drive.world.store.release(release_of(slot.instance or ""))
    if release is None:
        raise ActionFailed(f"nothing is known of how {slot.version} was run")
    instance = instance_of(slot, release.plan, environment)
    if slot.adopted:  # it is fit when it answers, and nothing can be done when it does not
        await drive.world.deployer.start(instance)
        return
    status = await drive.world.deployer.status(instance, probe=False)
    if status.state is InstanceState.UNKNOWN:  # of what may run a second one is not started
        await healthy(drive, instance)
    # A driver that stood still since it began to retire this version would stop it when it wakes.
    elif status.state is not InstanceState.RUNNING or slot.role is SlotRole.RETIRING:
        await start(drive, environment, instance)


async def _confirm(drive: Drive, environment: Environment, since: datetime) -> None:
    """Make the router follow and write down what it said, and when."""
    reading = await lay_out(drive, environment)
    now = drive.world.clock.now()
    shares = {name: slot.share for name, slot in reading.slots.items()}
    await drive.record(
        OUT_OF_ROTATION,
        {"at": now.isoformat(), "seconds": (now - since).total_seconds(), "slots": shares},
    )


async def roll_back(drive: Drive, _: Lookout) -> None:
    """The stage `rolling_back`: customers are elsewhere already, or are sent there again."""
    environment = drive.plan.production
    async with drive.world.place(drive.release.service, environment.name):
        since = await _unconfirmed_since(drive)
        if since is None:
            await lay_out(drive, environment)
        else:
            await _confirm(drive, environment, since)
    if drive.release.exposed:
        for hook in drive.plan.after:
            await command(drive, f"rollback/{hook.name}", hook, environment)
    back_to = with_role(await drive.slots(environment), SlotRole.BASELINE)
    where = f"customers are on {back_to.version}" if back_to else "nothing serves customers"
    await drive.go(Stage.VERIFYING_ROLLBACK, where)


async def verify(drive: Drive, lookout: Lookout) -> None:
    """The stage `verifying_rollback`: the version before passes its smoke test, ours is stopped."""
    await lookout.close()
    environment = drive.plan.production
    slots = await drive.slots(environment)
    back_to = with_role(slots, SlotRole.BASELINE)
    if back_to is not None:
        await smoke(drive, environment, back_to, "after the rollback")
    await unrehearse(drive)
    await _verified_by_person(drive)
    if drive.release.stage is not Stage.VERIFYING_ROLLBACK:
        return
    state = f"{back_to.version} serves, smoke is green" if back_to else "nothing serves customers"
    await drive.go(Stage.ROLLED_BACK, f"{await _why(drive)}; {state}")


async def _verified_by_person(drive: Drive) -> None:
    """Where the plan asks for it, somebody confirms what serves again; silence asks for a person."""
    wanted = drive.plan.verification
    if wanted is None or not wanted.after_rollback:
        return
    await confirming.ask(drive, "it was taken back and the version before serves again")
    if not await confirming.wait_for_word(drive):
        await drive.go(Stage.NEEDS_PERSON, "nobody verified the rollback in time")


async def _unconfirmed_since(drive: Drive) -> datetime | None:
    """When the rollback was decided, if nobody came to write down that the router followed."""
    since: datetime | None = None
    async for entry in drive.world.store.entries(subject=drive.release.id):
        if entry.data.get("to") == Stage.ROLLING_BACK.value:
            since = since or recorded_time(entry) or entry.at
        elif entry.action == OUT_OF_ROTATION:
            return None
    return since


async def _why(drive: Drive) -> str:
    """The reason that the rollback began with, from the audit chain."""
    found = ""
    async for entry in drive.world.store.entries(subject=drive.release.id):
        if entry.data.get("to") == Stage.ROLLING_BACK.value:
            found = str(entry.data.get("reason", ""))
    return found
