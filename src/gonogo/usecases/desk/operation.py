"""Looking after the desk itself: its audit chain, its health, and shutting everything down."""

import asyncio
from dataclasses import dataclass
from datetime import timedelta

from gonogo.domain.actor import Actor
from gonogo.domain.audit import GENESIS, AuditEntry, fault_after
from gonogo.domain.dossier import standing_flag
from gonogo.domain.errors import GonogoError
from gonogo.domain.health import Finding, Health
from gonogo.domain.paper import QUIET
from gonogo.domain.plan import Environment
from gonogo.domain.slot import Slot, SlotRole, with_role
from gonogo.usecases.context import Context
from gonogo.usecases.desk.controllers import examine_controllers
from gonogo.usecases.desk.keys import examine_keys
from gonogo.usecases.permissions import Deed, allow

_GRACE_SECONDS = 10.0
_PATIENCE = timedelta(minutes=1)
_MOST_MESSAGES = 100


@dataclass(frozen=True, slots=True)
class ChainCheck:
    """Whether the audit chain holds: how many entries, the head's digest, and the first bad one."""

    entries: int
    head: str
    broken: AuditEntry | None
    reason: str | None


async def verify_chain(context: Context) -> ChainCheck:
    """Recompute every digest of the audit chain.

    It reads the whole chain, and everybody may ask for it: who asks while a check is under way is told
    what that one finds, so that asking again and again has the desk do no more of it.
    """
    checking = context.checking.get("chain")
    if checking is None or checking.done():
        checking = context.checking["chain"] = asyncio.ensure_future(_verified(context))
    found: ChainCheck = await asyncio.shield(checking)
    return found


async def _verified(context: Context) -> ChainCheck:
    count = 0
    last: AuditEntry | None = None
    broken: tuple[AuditEntry, str] | None = None
    # Entry by entry, as they come: a long chain neither fills the memory nor holds others up.
    async for entry in context.store.entries():
        fault = fault_after(last, entry) if broken is None else None
        broken = (entry, fault) if fault else broken
        count, last = count + 1, entry
    return ChainCheck(
        entries=count,
        head=last.digest if last else GENESIS,
        broken=broken[0] if broken else None,
        reason=broken[1] if broken else None,
    )


async def examine(context: Context) -> tuple[Finding, ...]:
    """Every check of the host, the database, the keys and the services, the worst first."""
    found: list[Finding] = []
    looks = [checkup.look() for checkup in context.checkups]
    for look in (
        *looks,
        _examine_chain(context),
        _examine_desks(context),
        examine_controllers(context),
        examine_keys(context),
        _examine_messages(context),
        _examine_services(context),
    ):
        try:
            found.extend(await look)
        except GonogoError as trouble:
            found.append(Finding("desk", Health.CRITICAL, str(trouble), trouble.hint or ""))
    order = tuple(Health)
    return tuple(sorted(found, key=lambda finding: -order.index(finding.health)))


async def _examine_chain(context: Context) -> tuple[Finding, ...]:
    chain = await verify_chain(context)
    if chain.broken is None:
        return (Finding("audit chain", Health.GOOD, f"{chain.entries} entries hold together"),)
    detail = f"entry {chain.broken.sequence} does not hold: {chain.reason}"
    remedy = "restore the database from a backup and find out who changed it"
    return (Finding("audit chain", Health.CRITICAL, detail, remedy),)


async def _examine_messages(context: Context) -> tuple[Finding, ...]:
    """Whether people get what is sent to them: also what is put off after a failure counts as waiting."""
    now = context.clock.now()
    found = await context.store.unsent(_MOST_MESSAGES)
    quiet = await _held_back(context, {each.release for each in found})
    waiting = tuple(each for each in found if each.release not in quiet)
    if not waiting or now - waiting[0].at < _PATIENCE:
        return (Finding("messages", Health.GOOD, "no message waits to be sent"),)
    count = f"{len(waiting)}" if len(waiting) < _MOST_MESSAGES else f"{_MOST_MESSAGES} or more"
    detail = (
        f"{count} message{' waits' if count == '1' else 's wait'} to be sent,"
        f" the oldest since {waiting[0].at:%Y-%m-%d %H:%M} UTC"
    )
    remedy = "see that the desk runs and that its receivers answer"
    return (Finding("messages", Health.CRITICAL, detail, remedy),)


async def _examine_desks(context: Context) -> tuple[Finding, ...]:
    """The desks that share the store, and environments that none of them reaches."""
    found: list[Finding] = []
    desks = await context.store.desks()
    if context.controllers is not None and desks and all(desk.silent for desk in desks):
        # Whoever answers this is at work itself: nobody's sign of life can be stored.
        detail = (
            "no desk can say that it is at work, not even this one: the database takes no writes"
        )
        return (Finding("database", Health.CRITICAL, detail, "see that the database takes writes"),)
    for desk in desks:
        name = f"desk {desk.name}"
        if desk.silent:
            detail = f"nothing was heard of it lately; it was at work on {desk.host}"
            found.append(Finding(name, Health.CRITICAL, detail, f"on {desk.host}: gonogo serve"))
        else:
            found.append(Finding(name, Health.GOOD, f"gonogo {desk.version} on {desk.host}"))
    alive = {desk.site for desk in desks if not desk.silent}
    for (service, environment), site in sorted((await context.store.places()).items()):
        if desks and site not in alive:
            name = f"{service} in {environment}"
            detail = "no desk is at work on the machine on which it lives"
            remedy = "start one there (gonogo serve), or register the service again through a desk at work"
            found.append(Finding(name, Health.CRITICAL, detail, remedy))
    return tuple(found)


async def _held_back(context: Context, releases: set[str]) -> set[str]:
    """Those of these releases about whose service somebody holds messages back: they wait as they should."""
    now, held = context.clock.now(), set[str]()
    for identity in releases:
        release = await context.store.release(identity)
        if release is None:
            continue
        papers = await context.store.papers(release.service)
        if standing_flag(papers, QUIET, now) is not None:
            held.add(identity)
    return held


async def _examine_services(context: Context) -> tuple[Finding, ...]:
    found: list[Finding] = []
    for registration in await context.store.registrations():
        for environment in registration.plan.environments:
            slots = await context.store.slots(registration.service, environment.name)
            serving = with_role(slots, SlotRole.BASELINE)
            if serving is None:
                continue
            name = f"{registration.service} in {environment.name}"
            reading = await context.router.read(registration.service, environment.name)
            slot = reading.slots.get(serving.name) if reading else None
            if slot is not None and slot.up and slot.in_rotation:
                detail = f"{serving.version} answers at {environment.url}"
                found.append(Finding(name, Health.GOOD, detail, service=registration.service))
            else:
                what = (
                    "its router does not run" if reading is None else f"{serving.version} is down"
                )
                remedy = "see that the desk runs (`gonogo serve`): it starts what should be running"
                if serving.adopted and reading is not None:
                    remedy = f"start it at {serving.address}: it was adopted, and gonogo cannot"
                found.append(
                    Finding(name, Health.CRITICAL, what, remedy, service=registration.service)
                )
    return tuple(found)


@dataclass(frozen=True, slots=True)
class Stopped:
    """What was stopped, and the adopted versions that were left running."""

    stopped: tuple[str, ...]
    left: tuple[str, ...] = ()


async def who_loses(context: Context) -> tuple[str, ...]:
    """Adopted versions that customers reach through gonogo's router alone, as far as it can know.

    One sentence each. Without the router they are reached at their own addresses only.
    """
    said: list[str] = []
    for slot in await context.store.all_slots():
        if not slot.adopted or not slot.share:
            continue
        if await context.router.read(slot.service, slot.environment) is not None:
            said.append(
                f"customers of {slot.service} in {slot.environment} who come through gonogo lose"
                f" {slot.version}, which goes on at {slot.address}"
            )
    return tuple(said)


async def stop_everything(context: Context, actor: Actor) -> Stopped:
    """Stop every version and router that the desk's rows name, but what was adopted.

    The rows stay as they are: a desk that is started again brings back what served before. The desk
    itself must not be running. Raises what the first one raised that could not be stopped, after all
    others were.
    """
    allow(actor, Deed.STOP)
    stopped: list[str] = []
    left: list[str] = []
    troubles: list[GonogoError] = []
    for registration in await context.store.registrations():
        for environment in registration.plan.environments:
            slots = await context.store.slots(registration.service, environment.name)
            acts = [_stop_router(context, registration.service, environment)]
            acts += [_stop(context, slot) for slot in slots]
            for act in acts:
                try:
                    stopped += [text for text in (await act,) if text]
                except GonogoError as trouble:
                    troubles.append(trouble)
            left += [_named(slot) for slot in slots if slot.adopted]
    if troubles:
        raise troubles[0]
    return Stopped(tuple(stopped), tuple(left))


async def _stop_router(context: Context, service: str, environment: Environment) -> str | None:
    if await context.router.read(service, environment.name) is None:
        return None
    await context.router.stop(service, environment.name)
    return f"the router of {service} in {environment.name} (port {environment.port})"


async def _stop(context: Context, slot: Slot) -> str | None:
    if slot.instance is None or slot.adopted:
        return None
    if not await context.deployer.stop(slot.instance, _GRACE_SECONDS):
        return None
    return _named(slot)


def _named(slot: Slot) -> str:
    return f"{slot.service} {slot.version} in {slot.environment} ({slot.address})"
