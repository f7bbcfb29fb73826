"""The desk's keys as others need them: which there were, from when to when, and who vouches for each.

The first key is the root of trust: its fingerprint is what people write down elsewhere. Every later
key was endorsed by the one before it, so that whoever trusts the root can follow to any of them. A
key is believed for what was signed within its validity; one that was revoked, only for what was
signed before the moment from which it is not trusted. Keys and revocations are kept for ever, so that
old bundles stay verifiable.
"""

import itertools
import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any


@dataclass(frozen=True, slots=True)
class PublicKey:
    """An Ed25519 key. `id` is the SHA-256 of `public` (32 bytes), both in hex.

    `endorsement` is the signature (hex) of the key `endorsed_by` over `endorsed_text`; the root has
    none.
    """

    id: str
    public: str
    valid_from: datetime
    valid_until: datetime
    endorsed_by: str | None = None
    endorsement: str | None = None

    @property
    def fingerprint(self) -> str:
        """What people write down elsewhere: `SHA256:` and the id."""
        return f"SHA256:{self.id}"


@dataclass(frozen=True, slots=True)
class Revocation:
    """From `since` on a key is not trusted: signed by another key of the ring over `revoked_text`."""

    key: str
    since: datetime
    reason: str
    signed_by: str
    signature: str


@dataclass(frozen=True, slots=True)
class KeyRing:
    """All keys of a desk, the root first, and what was revoked."""

    keys: tuple[PublicKey, ...] = ()
    revocations: tuple[Revocation, ...] = ()

    @property
    def root(self) -> PublicKey | None:
        """The key that everything else is followed back to."""
        return self.keys[0] if self.keys else None

    def key(self, key_id: str) -> PublicKey | None:
        """The key with this id."""
        return next((key for key in self.keys if key.id == key_id), None)


Check = Callable[[str, str, bytes], bool]
"""(public key in hex, signature in hex, text) → whether the signature is that key's over the text."""


def endorsed_text(key: PublicKey) -> bytes:
    """What the key before it signs when it vouches for this one."""
    return _text("endorsement", key.public, _time(key.valid_from), _time(key.valid_until))


def revoked_text(key: str, since: datetime, reason: str) -> bytes:
    """What another key signs when this one is revoked."""
    return _text("revocation", key, _time(since), reason)


def distrust(ring: KeyRing, root: str, key_id: str, at: datetime, check: Check) -> str | None:
    """Why what this key signed at a time is not to be believed, or None when it is.

    `root` is the root's public key in hex, as the reader got it from elsewhere.
    """
    if not ring.keys or ring.keys[0].public != root:
        return "its keys do not begin with the key that you trust"
    key = ring.key(key_id)
    if key is None:
        return f"key {key_id[:16]} is not one of the desk's"
    broken = _first_broken_link(ring, key, check)
    if broken is not None:
        return broken
    if not key.valid_from <= at <= key.valid_until:
        return (
            f"key {key_id[:16]} is valid from {_time(key.valid_from)} to {_time(key.valid_until)},"
            f" and this says it was signed at {_time(at)}"
        )
    for revocation in ring.revocations:
        if revocation.key == key_id and at >= revocation.since:
            since = _time(revocation.since)
            return f"key {key_id[:16]} is not trusted since {since}: {revocation.reason}"
    return None


def _first_broken_link(ring: KeyRing, wanted: PublicKey, check: Check) -> str | None:
    """Between the root and this key. What was endorsed after it says nothing about it."""
    chain = ring.keys[: ring.keys.index(wanted) + 1]
    for before, key in itertools.pairwise(chain):
        endorsed = key.endorsed_by == before.id and key.endorsement is not None
        if not endorsed or not check(before.public, key.endorsement or "", endorsed_text(key)):
            return f"key {key.id[:16]} is not endorsed by the key before it"
        revoked = [each for each in ring.revocations if each.key == before.id]
        if any(each.since <= key.valid_from for each in revoked):
            return f"key {key.id[:16]} was endorsed by a key that was not trusted any more"
    for revocation in ring.revocations:
        signer = ring.key(revocation.signed_by)
        text = revoked_text(revocation.key, revocation.since, revocation.reason)
        if signer is None or not check(signer.public, revocation.signature, text):
            return f"the revocation of key {revocation.key[:16]} is not signed by one of the keys"
    return None


def ring_data(ring: KeyRing) -> dict[str, Any]:
    """A ring as plain data for JSON; nothing in it is secret."""
    found: dict[str, Any] = json.loads(json.dumps(asdict(ring), default=datetime.isoformat))
    return found


def ring_from(data: Mapping[str, Any]) -> KeyRing:
    """The ring that `ring_data` wrote.

    Raises ValueError, KeyError or TypeError when it is none, or when a key's id is not its digest.
    """
    keys = tuple(
        PublicKey(**{**key, **_times(key, "valid_from", "valid_until")}) for key in data["keys"]
    )
    revocations = tuple(
        Revocation(**{**each, **_times(each, "since")}) for each in data["revocations"]
    )
    if not keys:
        raise ValueError("it has no keys")
    for key in keys:
        if len(key.public) != 64 or sha256(bytes.fromhex(key.public)).hexdigest() != key.id:
            raise ValueError(f"key {key.id[:16]} is not what its id says")
    if len({key.id for key in keys}) != len(keys):
        raise ValueError("a key stands in it twice")
    return KeyRing(keys, revocations)


def _times(data: Mapping[str, Any], *names: str) -> dict[str, datetime]:
    found = {name: datetime.fromisoformat(data[name]) for name in names}
    if any(moment.tzinfo is None for moment in found.values()):
        raise ValueError("a time has no zone")
    return found


def _time(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds")


def _text(*parts: str) -> bytes:
    return json.dumps(["gonogo", *parts], ensure_ascii=False, separators=(",", ":")).encode()
