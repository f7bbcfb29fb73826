"""Taking a version back: one controller, whoever asks for it.

The rows are changed together with the release's stage in one transaction, then the router follows
them and is read back, all before anything else is done. Draining, clearing caches, the smoke test
and stopping the version come after customers are safe. Every part may be repeated.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import datetime
from functools import partial
from typing import Any

from gonogo.controllers.drive import Drive
from gonogo.controllers.guard import Harm, Lookout
from gonogo.controllers.layout import instance_of, layout_of, take_out, way_back
from gonogo.controllers.steps import command, healthy, lay_out, smoke, vacate
from gonogo.domain.errors import ActionFailed, Unavailable
from gonogo.domain.instance import InstanceState, instance_id, release_of
from gonogo.domain.plan import Environment
from gonogo.domain.release import Instruction, Stage
from gonogo.domain.slot import Slot, SlotRole, with_role
from gonogo.domain.story import OUT_OF_ROTATION, recorded_time

log = logging.getLogger("gonogo.release")


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
    seen = watcher.conclude(harm.judgement)

    async def record(**fields: Any) -> None:  # noqa: ANN401 - passed on to Drive.go
        try:
            await watcher.catch_up()
            await drive.go(data=data, seen=seen, **fields)
        except Unavailable:
            watcher.keep(seen)
            raise

    if drive.release.previous is None:
        reason = f"{harm.reason}; it is the first version, so there is none to go back to"
        await record(stage=Stage.NEEDS_PERSON, reason=reason)
    else:
        await _begin(drive, harm.reason, harm.at, partial(record, action=harm.action))


async def asked_by(drive: Drive, instruction: Instruction) -> None:
    """Take the release back because a person said so."""
    reason = f"{instruction.actor} asked for it: {instruction.reason}"
    await _begin(drive, reason, instruction.at, partial(drive.go, answered=instruction))


async def after_failure(drive: Drive, reason: str) -> None:
    """Take the release back because a step of it failed."""
    if drive.release.previous is None and drive.release.exposed:
        why = f"{reason}; it is the first version, so there is none to go back to"
        await drive.go(Stage.NEEDS_PERSON, why)
        return
    await _begin(drive, reason, drive.world.clock.now(), drive.go)


async def _begin(
    drive: Drive, reason: str, since: datetime, record: Callable[..., Awaitable[None]]
) -> None:
    environment = drive.plan.production
    identity = instance_id(drive.release.id, environment.name)
    async with drive.world.place(drive.release.service, environment.name):
        slots = await drive.slots(environment)
        back_to = way_back(slots, identity)
        if back_to is not None and back_to.role is SlotRole.PREVIOUS:
            await _ready(drive, environment, back_to)
        out = take_out(slots, identity)
        recording = asyncio.ensure_future(
            record(stage=Stage.ROLLING_BACK, reason=reason, slots=out)
        )
        try:
            await asyncio.wait({recording}, timeout=drive.world.rhythm.books.total_seconds())
            if not recording.done():
                await _withdraw(drive, environment, reason)
            await recording
        except Unavailable:
            await _withdraw(drive, environment, reason)
            raise
        finally:
            recording.cancel()
        drive.world.withdrawn.pop(identity, None)
        await _confirm(drive, environment, since)


async def _withdraw(drive: Drive, environment: Environment, reason: str) -> None:
    """Customers come before the books: the harm is proven, and the row is written later."""
    world = drive.world
    identity = instance_id(drive.release.id, environment.name)
    world.withdrawn[identity] = reason
    slots = await drive.slots(environment)
    try:
        await world.router.apply(layout_of(drive.registration, environment, slots, {identity}))
    except ActionFailed as trouble:
        # On a full disk the router's files cannot be written either; it was told before that.
        log.warning("release %s: %s", drive.release.id, trouble)


async def _ready(drive: Drive, environment: Environment, slot: Slot) -> None:
    """See that the version to go back to runs; nearly always it is warm already."""
    release = await drive.world.store.release(release_of(slot.instance or ""))
    if release is None:
        raise ActionFailed(f"nothing is known of how {slot.version} was run")
    instance = instance_of(slot, release.plan, environment)
    status = await drive.world.deployer.status(instance, probe=False)
    if status.state is not InstanceState.RUNNING:
        await drive.world.deployer.start(instance)
        await healthy(drive, instance)


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
    for place in drive.plan.environments:
        identity = instance_id(drive.release.id, place.name)
        for slot in await drive.slots(place):
            if slot.instance == identity and slot.role is not SlotRole.BASELINE:
                await vacate(drive, place, slot)
    state = f"{back_to.version} serves, smoke is green" if back_to else "nothing serves customers"
    await drive.go(Stage.ROLLED_BACK, f"{await _why(drive)}; {state}")


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
