"""The desk's keys, as people see and change them. Private keys never come this way."""

from datetime import datetime, timedelta
from typing import Any

from gonogo.domain.actor import Actor
from gonogo.domain.audit import AuditDraft
from gonogo.domain.errors import InvalidInput
from gonogo.domain.health import Finding, Health
from gonogo.domain.signing import KeyRing, PublicKey, ring_data
from gonogo.usecases.bundling.envelopes import pem_of
from gonogo.usecases.context import Context, signer_of
from gonogo.usecases.papers.filing import spoken
from gonogo.usecases.permissions import Deed, allow

_SOON = timedelta(days=30)


async def keys_view(context: Context) -> dict[str, Any]:
    """Every key there ever was, the root first, with how it stands now."""
    ring = await signer_of(context).ring()
    now = context.clock.now()
    return {
        "root": ring.keys[0].fingerprint,
        "keys": [
            {
                "id": key.id,
                "public": key.public,
                "valid_from": key.valid_from.isoformat(),
                "valid_until": key.valid_until.isoformat(),
                "endorsed_by": key.endorsed_by,
                "state": _state(ring, key, now),
            }
            for key in ring.keys
        ],
        "revocations": ring_data(ring)["revocations"],
    }


def _state(ring: KeyRing, key: PublicKey, now: datetime) -> str:
    """`signs`, `revoked`, `expired` or `earlier` (still believed for what it signed)."""
    if any(each.key == key.id for each in ring.revocations):
        return "revoked"
    if now > key.valid_until:
        return "expired"
    return "signs" if key == ring.keys[-1] else "earlier"


async def exported_ring(context: Context) -> dict[str, Any]:
    """The ring as plain data, for readers of bundles."""
    return ring_data(await signer_of(context).ring())


async def public_pem(context: Context) -> str:
    """The root as PEM: what a reader of bundles trusts."""
    ring = await signer_of(context).ring()
    return pem_of(ring.keys[0].public)


async def rotate(context: Context, actor: Actor) -> dict[str, Any]:
    """Sign with a new key from now on, endorsed by the one before it."""
    allow(actor, Deed.MANAGE_KEYS)
    ring = await signer_of(context).rotate()
    made = ring.keys[-1]
    data = {"endorsed_by": made.endorsed_by, "valid_until": made.valid_until.isoformat()}
    await context.store.append(AuditDraft(actor.name, "person:key:rotate", made.id, data))
    return await keys_view(context)


async def revoke(
    context: Context, actor: Actor, *, key_id: str, since: datetime, reason: str
) -> dict[str, Any]:
    """Say that a key (or the beginning of its id) is not trusted from a moment on.

    Raises NotFound for an unknown key, Conflict for the one that signs now, InvalidInput for a moment
    that lies ahead.
    """
    allow(actor, Deed.MANAGE_KEYS)
    reason = spoken(reason, "a reason")
    if since > context.clock.now():
        raise InvalidInput(
            f"{since:%Y-%m-%d %H:%M} UTC lies ahead; a key is revoked since a past time"
        )
    ring = await signer_of(context).revoke(key_id, since, reason)
    revoked = ring.revocations[-1]
    data = {"since": revoked.since.isoformat(), "reason": reason}
    await context.store.append(AuditDraft(actor.name, "person:key:revoke", revoked.key, data))
    return await keys_view(context)


async def examine_keys(context: Context) -> tuple[Finding, ...]:
    """How long the desk can still sign."""
    if context.signer is None:
        return ()
    ring = await context.signer.ring()
    root, signing = ring.keys[0], ring.keys[-1]
    left = signing.valid_until - context.clock.now()
    said = f"root {root.fingerprint}, signs until {signing.valid_until:%Y-%m-%d}"
    if left < timedelta():
        health, said = Health.CRITICAL, f"{said}: it has expired, and nothing can be signed"
    elif left < _SOON:
        health, said = Health.RECOMMENDED, f"{said}: that is in {left.days} days"
    else:
        return (Finding("signing key", Health.GOOD, said),)
    return (Finding("signing key", health, said, "gonogo keys rotate"),)
