"""Handing customers back: gonogo goes, and nobody who is served is lost.

Where an adopted version still answers, customers are sent to it through the router, and what gonogo
runs there is drained and stopped. Where none does, the version that serves goes on as it is, at its own
address. The router stays in both, so that customers are served while a person points the front
elsewhere, and ends when none comes any more.

Guarantees: rows first, then the world; whoever is cut off at any point and begins again goes on from
where the rows are. Nothing is stopped before the router said that customers are elsewhere and the
adopted version answered once more. Assumes that no desk drives these environments meanwhile: the rows
refuse to change while a release is under way.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace

from gonogo.controllers.layout import instance_of, layout_of, picture_of
from gonogo.controllers.reach import reach_of
from gonogo.controllers.world import World
from gonogo.domain.adoption import Adoption, newest_of
from gonogo.domain.audit import AuditDraft
from gonogo.domain.errors import ActionFailed, Conflict
from gonogo.domain.ground import shares_itself
from gonogo.domain.instance import instance_id, release_of
from gonogo.domain.plan import Environment
from gonogo.domain.quiet import Traffic
from gonogo.domain.registration import Registration
from gonogo.domain.release import Release
from gonogo.domain.slot import Slot, SlotRole, empty, spare, with_role


@dataclass(frozen=True, slots=True)
class HandBack:
    """Where customers of one environment go: to the adopted `slot`, or they stay on the one that serves.

    `before` is the version that has them now; `stays` says that `slot` is the one that has them. `why`
    says why an adopted version cannot have them, where there is one. `router` says whether one runs.
    """

    registration: Registration
    environment: Environment
    slot: Slot
    adopted: bool
    before: str
    stays: bool
    why: str
    router: bool

    @property
    def name(self) -> str:
        """The environment, for people."""
        return f"{self.registration.service} in {self.environment.name}"


async def plan_hand_back(world: World) -> tuple[HandBack, ...]:
    """What handing back would do; nothing is changed. Raises Conflict while a release is under way."""
    reach = await reach_of(world)
    for release in await world.store.releases(under_way=True, limit=1):
        raise Conflict(
            f"{release.service} {release.version} is {release.stage.value.replace('_', ' ')}:"
            " customers are not handed back in the middle of a release",
            hint=f"end it first: gonogo rollback {release.service}, or gonogo abort"
            f" {release.service}",
        )
    adoptions = await world.store.adoptions()
    found = [
        await _plan(world, registration, environment, adoptions)
        for registration in await world.store.registrations()
        for environment in registration.plan.environments
        if reach.covers(registration.service, environment.name)
    ]
    return tuple(each for each in found if each is not None)


async def _plan(
    world: World,
    registration: Registration,
    environment: Environment,
    adoptions: Sequence[Adoption],
) -> HandBack | None:
    slots = await world.store.slots(registration.service, environment.name)
    serving = with_role(slots, SlotRole.BASELINE)
    if serving is None:
        return None
    # A platform that shares customers itself goes on doing so; there is no router of ours to end.
    ours = not shares_itself(environment.ground)
    runs = ours and await world.router.read(registration.service, environment.name) is not None
    adoption = newest_of(adoptions, registration.service, environment.name)
    why = ""
    slot = serving
    if adoption is not None:
        wanted = _slot_of(adoption, slots)
        why = await _trouble(world, wanted, environment)
        slot = serving if why else wanted
    return HandBack(
        registration=registration,
        environment=environment,
        slot=slot,
        adopted=adoption is not None and not why,
        before=serving.version or "",
        stays=slot.instance == serving.instance,
        why=why,
        router=runs,
    )


def _slot_of(adoption: Adoption, slots: Sequence[Slot]) -> Slot:
    """The slot that holds what was adopted, or one that could: it may have left them long ago."""
    held = instance_id(adoption.release, adoption.environment)
    for slot in slots:
        if slot.instance == held:
            return slot
    free = spare(slots)
    if free is None:
        raise Conflict(f"no slot is free for {adoption.version} in {adoption.environment}")
    return Slot(
        service=adoption.service,
        environment=adoption.environment,
        name=free.name,
        version=adoption.version,
        commit=adoption.commit,
        instance=held,
        port=adoption.port,
        host=adoption.host,
        adopted=True,
        revision=free.revision,
    )


async def _trouble(world: World, slot: Slot, environment: Environment) -> str:
    """Why customers cannot be sent to it; empty when it answers its health path."""
    release = await _release_of(world, slot)
    status = await world.deployer.status(instance_of(slot, release.plan, environment))
    if status.healthy:
        return ""
    return status.detail or f"{slot.version} does not answer at {slot.address}"


async def _release_of(world: World, slot: Slot) -> Release:
    release = await world.store.release(release_of(slot.instance or ""))
    if release is None:
        raise ActionFailed(f"nothing is known of how {slot.version} was run")
    return release


async def hand_back(world: World, plan: HandBack, actor: str) -> None:
    """Do it, up to where the router may end. Raises ActionFailed when the adopted one fails meanwhile."""
    if not plan.adopted:
        return
    service, environment = plan.registration.service, plan.environment
    slots = await world.store.slots(service, environment.name)
    await _make_room(world, plan, slots, actor)
    slots = await world.store.slots(service, environment.name)
    await _send_customers(world, plan, slots, actor)
    trouble = await _trouble(world, plan.slot, environment)
    if trouble:
        raise ActionFailed(
            f"{plan.slot.version} stopped answering after customers were sent there ({trouble});"
            f" nothing of {plan.name} was stopped",
            hint="start a desk again (gonogo serve) and release a version that runs",
        )
    for slot in await world.store.slots(service, environment.name):
        if slot.role is SlotRole.RETIRING:
            await _retire(world, plan, slot, actor)


async def _make_room(world: World, plan: HandBack, slots: Sequence[Slot], actor: str) -> None:
    """Empty the slot that the adopted version is to have, where another without customers holds it."""
    taken = next(slot for slot in slots if slot.name == plan.slot.name)
    if taken.instance in {None, plan.slot.instance}:
        return
    out = replace(taken, role=SlotRole.RETIRING, share=0.0, testers=False)
    await _rearrange(world, plan, (out,), actor, "making-room")
    stored = await world.store.slots(plan.registration.service, plan.environment.name)
    await _retire(world, plan, next(each for each in stored if each.name == taken.name), actor)


async def _send_customers(world: World, plan: HandBack, slots: Sequence[Slot], actor: str) -> None:
    wanted: list[Slot] = []
    for slot in slots:
        if slot.name == plan.slot.name:
            served = replace(plan.slot, role=SlotRole.BASELINE, share=1.0, testers=True)
            wanted.append(replace(served, revision=slot.revision))
        elif slot.role is not SlotRole.EMPTY:
            wanted.append(replace(slot, role=SlotRole.RETIRING, share=0.0, testers=False))
        else:
            wanted.append(slot)
    changed = tuple(new for old, new in zip(slots, wanted, strict=True) if new != old)
    if changed:
        await _rearrange(world, plan, changed, actor, "release-traffic")
    if plan.router:
        await _lay_out(world, plan)


async def _lay_out(world: World, plan: HandBack) -> None:
    async with world.place(plan.registration.service, plan.environment.name):
        slots = await world.store.slots(plan.registration.service, plan.environment.name)
        await world.router.apply(layout_of(plan.registration, plan.environment, slots))


async def _rearrange(
    world: World, plan: HandBack, slots: tuple[Slot, ...], actor: str, what: str
) -> None:
    data = {
        "environment": plan.environment.name,
        "to": plan.slot.version,
        "address": plan.slot.address,
        "slots": {slot.name: slot.role.value for slot in slots},
    }
    audit = AuditDraft(actor, f"person:service:{what}", plan.registration.service, data)
    await world.store.rearrange(slots, audit)


async def _retire(world: World, plan: HandBack, slot: Slot, actor: str) -> None:
    """Drain a version and stop it, unless it was adopted; then its slot is empty."""
    service, environment = plan.registration.service, plan.environment.name
    end = world.clock.now() + plan.registration.plan.rollout.drain
    while world.clock.now() < end:
        reading = await world.router.read(service, environment)
        found = reading.slots.get(slot.name) if reading else None
        if found is None or found.sessions == 0:
            break
        await asyncio.sleep(world.rhythm.poll.total_seconds())
    if slot.instance is not None and not slot.adopted:
        grace = world.rhythm.stop_grace.total_seconds()
        stored = await world.store.slots(service, environment)
        await world.deployer.stop(slot.instance, grace, fence=picture_of(stored))
    await _rearrange(world, plan, (empty(slot),), actor, "stopped")


async def traffic(world: World, plan: HandBack) -> Traffic:
    """What goes through the router now."""
    reading = await world.router.read(plan.registration.service, plan.environment.name)
    if reading is None:
        return Traffic()
    busy = sum(slot.sessions or 0 for slot in reading.slots.values())
    return Traffic(reading.pid, reading.requests, busy)


async def end_router(world: World, plan: HandBack) -> None:
    """End the router, which nobody comes through any more."""
    await world.router.stop(plan.registration.service, plan.environment.name)


async def let_go(world: World, plan: HandBack, actor: str) -> None:
    """Forget an adopted version whose customers have gone to it: a desk that starts begins nothing there.

    Called where no router runs any more. Its history stays, and it can be adopted again.
    """
    if not plan.adopted:
        return
    slots = await world.store.slots(plan.registration.service, plan.environment.name)
    held = tuple(empty(slot) for slot in slots if slot.instance == plan.slot.instance)
    if held:
        await _rearrange(world, plan, held, actor, "let-go")
