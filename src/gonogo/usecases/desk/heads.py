"""The head of the audit chain, signed and published where the desk cannot take it back.

A chain of digests shows a change of an entry, but whoever owns the database can write the whole chain
anew. A head that others hold cannot be written anew with it: the chain has to have that digest at that
place for ever.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from gonogo.domain.actor import Actor
from gonogo.domain.audit import GENESIS, AuditEntry, first_broken
from gonogo.domain.errors import Conflict, Unavailable
from gonogo.domain.signing import KeyRing, distrust, ring_data, ring_from
from gonogo.usecases.bundling import statements as of
from gonogo.usecases.bundling.envelopes import Trust, Unsound, check, read_envelope, rings_together
from gonogo.usecases.context import Context, signer_of
from gonogo.usecases.permissions import Deed, allow

CHAIN = "gonogo audit chain"
_TRIES = 20


@dataclass(frozen=True, slots=True)
class HeadPlace:
    """Where heads are published: a file, or tags of a git repository that may be pushed to a remote."""

    file: Path | None = None
    repository: Path | None = None
    remote: str | None = None


@dataclass(frozen=True, slots=True)
class Head:
    """The chain's entry `sequence` had this digest at this time."""

    sequence: int
    digest: str
    at: datetime


@dataclass(frozen=True, slots=True)
class HeadCheck:
    """How published heads fare against the chain: `wrong` is the first that does not hold, from 1."""

    heads: int
    newest: int
    entries: int
    wrong: int | None = None
    reason: str | None = None


async def sign_head(context: Context, actor: Actor) -> tuple[Head, str]:
    """The present head and the envelope that says so. Raises Conflict when the chain does not hold."""
    allow(actor, Deed.MANAGE_KEYS)
    signer = signer_of(context)
    chain = await _chain(context)
    broken = first_broken(chain)
    if broken is not None:
        raise Conflict(
            f"entry {broken[0].sequence} of the audit chain does not hold ({broken[1]}):"
            " its head is not signed",
            hint="gonogo verify",
        )
    last = chain[-1] if chain else None
    for _ in range(_TRIES):
        ring = await signer.ring()
        # Only now: the first look at the ring makes its first key, which is not valid before that.
        now = context.clock.now()
        head = Head(last.sequence, last.digest, now) if last else Head(0, GENESIS, now)
        envelope = await signer.envelope(_statement(head, ring), of.PAYLOAD_TYPE)
        if await signer.ring() == ring:  # a key made meanwhile would be missing in what it signed
            return head, envelope
    raise Unavailable("the desk's keys change all the time", hint="try again")


def _statement(head: Head, ring: KeyRing) -> bytes:
    subject = [{"name": CHAIN, "digest": {"sha256": head.digest}}]
    predicate = {
        "sequence": head.sequence,
        "digest": head.digest,
        "at": of.instant(head.at),
        "keys": ring_data(ring),
    }
    return of.statement(subject, of.AUDIT_HEAD, predicate)


def head_view(head: Head, envelope: str) -> dict[str, Any]:
    """A signed head as plain data."""
    return {
        "sequence": head.sequence,
        "digest": head.digest,
        "at": of.instant(head.at),
        "envelope": envelope,
    }


def read_head(envelope: bytes, trust: Trust) -> Head:
    """A published head. Raises Unsound with a clause when it is none, or not signed as it should be."""
    signed = read_envelope(envelope)
    if signed.kind != of.AUDIT_HEAD:
        raise Unsound("it is not the head of an audit chain")
    try:
        found = signed.predicate
        head = Head(found["sequence"], found["digest"], datetime.fromisoformat(found["at"]))
        ring = rings_together(ring_from(found["keys"]), trust)
        doubt = distrust(ring, ring.keys[0].public, signed.key, head.at, check)
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise Unsound("it is not of the shape of a head") from error
    if doubt is not None:
        raise Unsound(doubt)
    key = ring.key(signed.key)
    if key is None or not signed.signed_by(key):
        raise Unsound("its signature does not hold")
    return head


async def verify_heads(
    context: Context, envelopes: Sequence[str], trust: Trust | None = None
) -> HeadCheck:
    """Hold published heads against the chain in the database.

    Without `trust` the desk's own keys count.
    """
    if trust is None:
        ring = await signer_of(context).ring()
        trust = Trust(ring.keys[0].id, ring)
    chain = await _chain(context)
    newest = 0
    for place, envelope in enumerate(envelopes, 1):
        try:
            head = read_head(envelope.encode(), trust)
        except Unsound as wrong:
            return HeadCheck(len(envelopes), newest, len(chain), place, str(wrong))
        reason = _rewritten(head, chain)
        if reason is not None:
            return HeadCheck(len(envelopes), newest, len(chain), place, reason)
        newest = max(newest, head.sequence)
    broken = first_broken(chain)
    reason = None
    if not envelopes:
        reason = "no head was published there"
    elif broken is not None:
        reason = f"entry {broken[0].sequence} of the chain does not hold: {broken[1]}"
    return HeadCheck(len(envelopes), newest, len(chain), 0 if reason else None, reason)


def _rewritten(head: Head, chain: Sequence[AuditEntry]) -> str | None:
    said = (
        f"at {head.at:%Y-%m-%d %H:%M} UTC entry {head.sequence} had the digest {head.digest[:16]}"
    )
    if head.sequence == 0 and head.digest == GENESIS:
        return None
    entry = next((entry for entry in chain if entry.sequence == head.sequence), None)
    if entry is None:
        last = chain[-1].sequence if chain else 0
        return f"the past was rewritten: {said}, and the chain ends with entry {last}"
    if entry.digest != head.digest:
        return f"the past was rewritten: {said}, and now it has {entry.digest[:16]}"
    return None


async def _chain(context: Context) -> list[AuditEntry]:
    return [entry async for entry in context.store.entries()]


def check_view(found: HeadCheck) -> dict[str, Any]:
    """A check of heads as plain data."""
    return {
        "holds": found.reason is None,
        "heads": found.heads,
        "newest": found.newest,
        "entries": found.entries,
        "wrong": found.wrong,
        "reason": found.reason,
    }
