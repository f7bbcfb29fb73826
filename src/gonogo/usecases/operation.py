"""Looking after the desk itself: its audit chain, its health, and shutting everything down."""

from dataclasses import dataclass

from gonogo.domain.actor import Actor, Role
from gonogo.domain.audit import GENESIS, AuditEntry, first_broken
from gonogo.domain.errors import GonogoError
from gonogo.domain.health import Finding, Health
from gonogo.domain.slot import Slot
from gonogo.usecases.context import Context, allow

_GRACE_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class ChainCheck:
    """Whether the audit chain holds: how many entries, the head's digest, and the first bad one."""

    entries: int
    head: str
    broken: AuditEntry | None
    reason: str | None


async def verify_chain(context: Context) -> ChainCheck:
    """Recompute every digest of the audit chain."""
    entries = [entry async for entry in context.store.entries()]
    found = first_broken(entries)
    return ChainCheck(
        entries=len(entries),
        head=entries[-1].digest if entries else GENESIS,
        broken=found[0] if found else None,
        reason=found[1] if found else None,
    )


async def examine(context: Context) -> tuple[Finding, ...]:
    """Every check, the worst first."""
    found: list[Finding] = []
    for checkup in context.checkups:
        try:
            found.extend(await checkup.look())
        except GonogoError as trouble:
            name = type(checkup).__name__
            found.append(Finding(name, Health.CRITICAL, str(trouble), trouble.hint or ""))
    order = tuple(Health)
    return tuple(sorted(found, key=lambda finding: -order.index(finding.health)))


async def stop_everything(context: Context, actor: Actor) -> tuple[str, ...]:
    """Stop every version and router that the desk's rows name; returns what was stopped.

    The rows stay as they are: a desk that is started again brings back what served before. The desk
    itself must not be running.
    """
    allow(actor, Role.OWNER)
    stopped: list[str] = []
    for registration in await context.store.registrations():
        for environment in registration.plan.environments:
            name = f"{registration.service} in {environment.name}"
            if await context.router.read(registration.service, environment.name) is not None:
                await context.router.stop(registration.service, environment.name)
                stopped.append(f"the router of {name} (port {environment.port})")
            slots = await context.store.slots(registration.service, environment.name)
            stopped += [text for slot in slots if (text := await _stop(context, slot))]
    return tuple(stopped)


async def _stop(context: Context, slot: Slot) -> str | None:
    if slot.instance is None:
        return None
    if not await context.deployer.stop(slot.instance, _GRACE_SECONDS):
        return None
    return f"{slot.service} {slot.version} in {slot.environment} ({slot.address})"
