"""Adopting what runs already: it becomes the baseline behind gonogo's router, and nobody touches it.

What should be is stored first: the version, a slot with all customers, and where it listens, in one
transaction. The desk then lays the router out, and does so again after a crash. Nothing is started and
nothing is stopped; whoever asks twice gets the same answer. Customers go on to come in where they came
in until a person points them to the router.
"""

import ipaddress
from dataclasses import dataclass, replace

from gonogo.domain.actor import Actor
from gonogo.domain.address import split
from gonogo.domain.adoption import Adoption, newest_of
from gonogo.domain.audit import AuditDraft
from gonogo.domain.errors import Conflict, InvalidInput, NotFound
from gonogo.domain.ground import ADOPTED, shares_itself
from gonogo.domain.instance import Instance, instance_id
from gonogo.domain.plan import Environment
from gonogo.domain.registration import Registration
from gonogo.domain.release import Release, Stage
from gonogo.domain.slot import RouterReading, Slot, SlotRole, with_role
from gonogo.usecases.context import Context
from gonogo.usecases.permissions import Deed, allow
from gonogo.usecases.services.specs import registration_of


@dataclass(frozen=True, slots=True)
class Entrance:
    """How customers come to an adopted version, or to what came after it.

    `slot` is the one that holds the adopted version, None when it was let go. `routed` says that the
    router runs and sends customers where the rows say; `requests` counts those that came through it
    since its process `pid` began, and `open` those that are not answered yet.
    """

    adoption: Adoption
    url: str
    slot: Slot | None
    routed: bool
    pid: int | None
    requests: int
    open: int


async def adopt(
    context: Context,
    actor: Actor,
    *,
    service: str,
    environment: str,
    at: str,
    version: str,
    commit: str | None = None,
) -> Entrance:
    """Take what listens at `at` (an IP address and a port) as this version, with all customers.

    `version` is a tag; with `commit` (its full name) it is what people call that commit. Adopting it
    again changes nothing; another version or address takes its place while only adopted ones are
    there. Raises NotFound for what is unknown, InvalidInput for an address that leads to gonogo itself
    or a router's port that is taken, Conflict when something else is in the environment, a release is
    under way, another desk has the environment, or nothing healthy answers.
    """
    allow(actor, Deed.ADOPT)
    registration = await registration_of(context, service)
    place = environment_of(registration, environment)
    if shares_itself(place.ground):
        raise InvalidInput(
            f"customers of {service} in {environment} are shared by its platform, and only what stands"
            " behind gonogo's own router can be adopted",
            hint="take weight out of deploy.command, or release there instead: docs/grounds.md",
        )
    await see_that_it_is_ours(context, service, environment)
    named = await _commit_of(context, registration, version, commit)
    wanted = Adoption(
        context.new_id(),
        *(service, environment, version, named),
        *split(at),
        actor=actor.name,
        at=context.clock.now(),
    )
    slots = await context.store.slots(service, environment)
    if await _same(context, slots, wanted) is None:
        _see_that_nothing_else_is_there(slots, wanted)
        await _see_that_it_is_no_loop(context, wanted)
        await _see_that_it_is_well(context, registration, wanted)
        await _see_that_the_router_can_listen(context, place, service)
        await _store(context, registration, wanted, slots)
        context.wake(wanted.release)
    return await entrance(context, actor, service=service, environment=environment)


async def entrance(context: Context, actor: Actor, *, service: str, environment: str) -> Entrance:
    """How customers come in where something was adopted. Raises NotFound where nothing ever was."""
    allow(actor, Deed.LOOK)
    registration = await registration_of(context, service)
    place = environment_of(registration, environment)
    found = newest_of(await context.store.adoptions(service), service, environment)
    if found is None:
        raise NotFound(
            f"nothing was adopted in {environment} of {service}",
            hint=f"gonogo adopt {service} {environment} --at 127.0.0.1:8000 --version VERSION",
        )
    slots = await context.store.slots(service, environment)
    reading = await context.router.read(service, environment)
    held = instance_id(found.release, environment)
    slot = next((each for each in slots if each.instance == held), None)
    return Entrance(
        adoption=found,
        url=place.url,
        slot=slot,
        routed=_follows(reading, with_role(slots, SlotRole.BASELINE)),
        pid=reading.pid if reading else None,
        requests=reading.requests if reading else 0,
        open=open_requests(reading),
    )


def open_requests(reading: RouterReading | None) -> int:
    """How many requests a router is busy with, as far as it can tell."""
    slots = reading.slots.values() if reading else ()
    return sum(slot.sessions or 0 for slot in slots)


def _follows(reading: RouterReading | None, serving: Slot | None) -> bool:
    """Whether the router sends customers to the slot that serves, at the address that it has now."""
    if reading is None or serving is None:
        return False
    there = reading.slots.get(serving.name)
    return there is not None and there.in_rotation and there.address == serving.address


def environment_of(registration: Registration, name: str) -> Environment:
    places = registration.plan.environments
    found = next((each for each in places if each.name == name), None)
    if found is None:
        known = ", ".join(each.name for each in places)
        raise NotFound(f'{registration.service} has no environment "{name}" (known: {known})')
    return found


async def see_that_it_is_ours(context: Context, service: str, environment: str) -> None:
    home = (await context.store.places()).get((service, environment))
    if context.site is not None and home not in {None, context.site}:
        hosts = [desk.host for desk in await context.store.desks() if desk.site == home]
        where = f"on {hosts[0]}" if hosts else "on another machine"
        raise Conflict(
            f"{environment} of {service} lives {where}, and its router listens there",
            hint="ask the desk of that machine",
        )


async def _commit_of(
    context: Context, registration: Registration, version: str, commit: str | None
) -> str:
    """The commit that the version is, as the repository knows it."""
    repository = registration.repository
    if commit is None:
        return await context.source.resolve(repository, version)
    await context.source.tree(repository, commit)
    if version not in await context.source.tags(repository):
        return commit
    named = await context.source.resolve(repository, version)
    if named != commit:
        raise InvalidInput(
            f"the tag {version} is commit {named[:12]}, not {commit[:12]}",
            hint="leave --commit out, or call the version by another name",
        )
    return commit


async def _same(context: Context, slots: tuple[Slot, ...], wanted: Adoption) -> Adoption | None:
    """The adoption that stands already and says the same."""
    known = newest_of(
        await context.store.adoptions(wanted.service), wanted.service, wanted.environment
    )
    if known is None:
        return None
    held = instance_id(known.release, wanted.environment)
    stands = any(slot.instance == held and slot.role is not SlotRole.RETIRING for slot in slots)
    same = (known.version, known.commit, known.address) == (
        wanted.version,
        wanted.commit,
        wanted.address,
    )
    return known if stands and same else None


def _see_that_nothing_else_is_there(slots: tuple[Slot, ...], wanted: Adoption) -> None:
    other = next(
        (slot for slot in slots if slot.role is not SlotRole.EMPTY and not slot.adopted), None
    )
    if other is not None:
        raise Conflict(
            f"{wanted.environment} of {wanted.service} holds {other.version} already"
            f" ({other.role.value}, at {other.address}), and gonogo runs it: only where nothing but"
            " adopted versions are can one be adopted",
            hint=f"release it instead: gonogo release {wanted.service} {wanted.version}",
        )


async def _see_that_it_is_no_loop(context: Context, wanted: Adoption) -> None:
    """What is adopted must not be gonogo's own router, nor a version that gonogo runs."""
    host, port = wanted.host, wanted.port
    for registration in await context.store.registrations():
        for environment in registration.plan.environments:
            if environment.port == port and await _is_here(context, host, environment):
                raise InvalidInput(
                    f"{wanted.address} is gonogo's own router of {registration.service} in"
                    f" {environment.name}: customers would go round in circles",
                    hint="name the address that the service itself listens on",
                )
    for slot in await context.store.all_slots():
        if slot.address == wanted.address and not slot.adopted:
            raise InvalidInput(
                f"{wanted.address} is {slot.version} of {slot.service} in {slot.environment},"
                " which gonogo runs"
            )


async def _is_here(context: Context, host: str, environment: Environment) -> bool:
    """Whether a router that listens for this environment can be reached at this address."""
    everywhere = (
        environment.bind in {"", "*"} or ipaddress.ip_address(environment.bind).is_unspecified
    )
    if not everywhere:
        return host == environment.bind
    return await context.router.obstacle(host, 0) is None


async def _see_that_it_is_well(
    context: Context, registration: Registration, wanted: Adoption
) -> None:
    plan = registration.plan
    instance = Instance(
        id=instance_id(wanted.release, wanted.environment),
        service=wanted.service,
        environment=wanted.environment,
        version=wanted.version,
        commit=wanted.commit,
        port=wanted.port,
        line=plan.run,
        health=plan.health,
        host=wanted.host,
        ground=ADOPTED,
    )
    status = await context.deployer.status(instance)
    if not status.healthy:
        raise Conflict(
            f"{wanted.service} cannot be adopted at {wanted.address}: "
            f"{status.detail or 'it does not answer its health path'}",
            hint=f"curl -i http://{wanted.address}{plan.health.path}",
        )


async def _see_that_the_router_can_listen(
    context: Context, environment: Environment, service: str
) -> None:
    if await context.router.read(service, environment.name) is not None:
        return  # it listens there already
    obstacle = await context.router.obstacle(environment.bind, environment.port)
    if obstacle is not None:
        raise InvalidInput(
            f"gonogo's router of {service} in {environment.name} cannot listen: {obstacle}",
            hint="give the environment a free port in gonogo.yaml and register it; customers are"
            " pointed there afterwards",
        )


async def _store(
    context: Context, registration: Registration, wanted: Adoption, slots: tuple[Slot, ...]
) -> None:
    release = _release(registration, wanted, slots)
    free = with_role(slots, SlotRole.EMPTY) or with_role(slots, SlotRole.RETIRING)
    if free is None:
        raise Conflict(f"no slot is free for {wanted.version} in {wanted.environment}")
    taken = Slot(
        service=wanted.service,
        environment=wanted.environment,
        name=free.name,
        role=SlotRole.BASELINE,
        version=wanted.version,
        commit=wanted.commit,
        instance=instance_id(wanted.release, wanted.environment),
        port=wanted.port,
        share=1.0,
        testers=True,
        host=wanted.host,
        adopted=True,
        revision=free.revision,
    )
    others = tuple(
        _out(slot) for slot in slots if slot.role is not SlotRole.EMPTY and slot.name != free.name
    )
    data = {
        "environment": wanted.environment,
        "version": wanted.version,
        "commit": wanted.commit,
        "address": wanted.address,
    }
    audit = AuditDraft(wanted.actor, "person:service:adopt", release.id, data)
    await context.store.adopt(wanted, release, (taken, *others), audit)


def _out(slot: Slot) -> Slot:
    """An adopted version that another takes the place of; it goes on running."""
    return replace(slot, role=SlotRole.RETIRING, share=0.0, testers=False)


def _release(registration: Registration, wanted: Adoption, slots: tuple[Slot, ...]) -> Release:
    before = with_role(slots, SlotRole.BASELINE)
    return Release(
        id=wanted.release,
        service=wanted.service,
        version=wanted.version,
        commit=wanted.commit,
        previous=before.version if before else None,
        plan=registration.plan,
        actor=wanted.actor,
        created_at=wanted.at,
        stage=Stage.ADOPTED,
        stage_since=wanted.at,
        reason=f"found at {wanted.address} in {wanted.environment}; gonogo did not release it",
    )


def entrance_view(found: Entrance) -> dict[str, object]:
    """As JSON."""
    adoption, slot = found.adoption, found.slot
    return {
        "release": adoption.release,
        "service": adoption.service,
        "environment": adoption.environment,
        "version": adoption.version,
        "commit": adoption.commit,
        "address": adoption.address,
        "adopted_by": adoption.actor,
        "adopted_at": adoption.at.isoformat(),
        "url": found.url,
        "role": slot.role.value if slot else None,
        "share": slot.share if slot else 0.0,
        "routed": found.routed,
        "router": found.pid,
        "requests": found.requests,
        "open": found.open,
    }
