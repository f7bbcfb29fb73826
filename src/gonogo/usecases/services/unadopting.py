"""Undoing an adoption: what was adopted runs on, and gonogo has nothing to do with it any more.

The rows are emptied and the adoption forgotten in one transaction; the router ends after it. Cut off in
between, a router is left that sends its customers where it did, and asking again ends it.
"""

from gonogo.domain.actor import Actor
from gonogo.domain.adoption import newest_of
from gonogo.domain.audit import AuditDraft
from gonogo.domain.errors import Conflict, NotFound
from gonogo.domain.quiet import Traffic
from gonogo.domain.slot import RouterReading, Slot, SlotRole, empty
from gonogo.usecases.context import Context
from gonogo.usecases.permissions import Deed, allow
from gonogo.usecases.services.adoption import (
    environment_of,
    open_requests,
    see_that_it_is_ours,
)
from gonogo.usecases.services.specs import registration_of


async def undo_adoption(
    context: Context, actor: Actor, *, service: str, environment: str, seen: Traffic
) -> tuple[str, ...]:
    """Forget what was adopted in an environment and end its router; returns the addresses left running.

    `seen` is what the router had said when whoever asks decided that no customer comes through it any
    more. Raises NotFound where nothing is adopted; Conflict when one has come since or is being served,
    when gonogo runs a version there, while a release of the service is under way, and where another
    desk has the environment.
    """
    allow(actor, Deed.ADOPT)
    place = environment_of(await registration_of(context, service), environment)
    await see_that_it_is_ours(context, service, environment)
    adoption = newest_of(await context.store.adoptions(service), service, environment)
    slots = await context.store.slots(service, environment)
    held = [slot for slot in slots if slot.role is not SlotRole.EMPTY]
    reading = await context.router.read(service, environment)
    if adoption is None and (held or reading is None):
        raise NotFound(f"nothing is adopted in {environment} of {service}")
    _see_that_gonogo_runs_nothing(held, service, environment)
    _see_that_nobody_comes(reading, seen, place.url.removeprefix("http://"))
    if adoption is not None:
        data = {
            "environment": environment,
            "version": adoption.version,
            "address": adoption.address,
        }
        audit = AuditDraft(actor.name, "person:service:unadopt", adoption.release, data)
        emptied = tuple(empty(slot) for slot in held)
        await context.store.undo_adoptions(service, environment, emptied, audit)
    await context.router.stop(service, environment)
    return tuple(slot.address for slot in held if slot.address)


def _see_that_gonogo_runs_nothing(held: list[Slot], service: str, environment: str) -> None:
    other = next((slot for slot in held if not slot.adopted), None)
    if other is not None:
        raise Conflict(
            f"{environment} of {service} holds {other.version} ({other.role.value}, at"
            f" {other.address}), which gonogo runs: an adoption is undone only where nothing else is",
            hint="gonogo down --release-traffic hands customers back to what was adopted",
        )


def _see_that_nobody_comes(reading: RouterReading | None, seen: Traffic, entrance: str) -> None:
    if reading is None:
        return
    came = reading.requests - (seen.requests if seen.pid == reading.pid else 0)
    busy = open_requests(reading)
    if came > 0 or busy:
        many = "1 request" if came == 1 else f"{max(came, 0):,} requests"
        raise Conflict(
            f"customers still come through {entrance}: {many} since you looked, {busy} open",
            hint="point your front back first, then say it again",
        )
