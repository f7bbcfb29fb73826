"""The desk's keys in a folder of its owner alone: `ring.json`, and one private key in a file each.

A private key is written before the ring that names it, and the ring is replaced whole, so that a
crash leaves either the old ring or the new one, and at the worst a key that nobody knows.
"""

import asyncio
import json
import os
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gonogo.domain.errors import Conflict, NotFound, Unavailable
from gonogo.domain.signing import (
    KeyRing,
    PublicKey,
    Revocation,
    endorsed_text,
    revoked_text,
    ring_data,
    ring_from,
)
from gonogo.ports.clock import Clock

if TYPE_CHECKING:
    from securesystemslib.signer import CryptoSigner

VALID_FOR = timedelta(days=365)


class FileSigner:
    """Ed25519 keys under `directory`."""

    def __init__(self, directory: Path, clock: Clock, *, valid_for: timedelta = VALID_FOR) -> None:
        self._directory = directory
        self._clock = clock
        self._valid_for = valid_for
        self._changing = asyncio.Lock()

    async def ring(self) -> KeyRing:
        """See the port."""
        async with self._changing:
            return await asyncio.to_thread(self._ring)

    async def envelope(self, payload: bytes, payload_type: str) -> str:
        """See the port."""
        async with self._changing:
            return await asyncio.to_thread(self._envelope, payload, payload_type)

    async def rotate(self) -> KeyRing:
        """See the port."""
        async with self._changing:
            return await asyncio.to_thread(self._rotate)

    async def revoke(self, key_id: str, since: datetime, reason: str) -> KeyRing:
        """See the port. `key_id` may be the beginning of one, at least 8 characters."""
        async with self._changing:
            return await asyncio.to_thread(self._revoke, key_id, since, reason)

    def _ring(self) -> KeyRing:
        file = self._directory / "ring.json"
        try:
            return ring_from(json.loads(file.read_text(encoding="utf-8")))
        except FileNotFoundError:
            ring = KeyRing((self._made(None),))
            self._write(ring)
            return ring
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise Unavailable(
                f"the desk's keys in {file} cannot be read: {error}",
                hint="restore the folder of keys from a backup",
            ) from error

    def _envelope(self, payload: bytes, payload_type: str) -> str:
        from securesystemslib.dsse import Envelope

        key = self._ring().keys[-1]
        now = self._clock.now()
        if not key.valid_from <= now <= key.valid_until:
            raise Conflict(
                f"the desk's key {key.id[:16]} is valid from {key.valid_from:%Y-%m-%d} to"
                f" {key.valid_until:%Y-%m-%d}, and it is {now:%Y-%m-%d} now",
                hint="gonogo keys rotate",
            )
        envelope = Envelope(payload, payload_type, {})
        envelope.sign(self._private(key.id))
        return json.dumps(envelope.to_dict(), separators=(",", ":"))

    def _rotate(self) -> KeyRing:
        ring = self._ring()
        changed = replace(ring, keys=(*ring.keys, self._made(ring.keys[-1])))
        self._write(changed)
        return changed

    def _revoke(self, key_id: str, since: datetime, reason: str) -> KeyRing:
        ring = self._ring()
        found = [key for key in ring.keys if key.id.startswith(key_id)]
        if len(found) != 1 or len(key_id) < 8:
            raise NotFound(f'"{key_id}" is not one of the desk\'s keys', hint="gonogo keys")
        key, signing = found[0], ring.keys[-1]
        if key.id == signing.id:
            raise Conflict(
                f"key {key.id[:16]} is the one that signs now", hint="first: gonogo keys rotate"
            )
        text = revoked_text(key.id, since, reason)
        signature = self._private(signing.id).sign(text).signature
        revocation = Revocation(key.id, since, reason, signing.id, signature)
        changed = replace(ring, revocations=(*ring.revocations, revocation))
        self._write(changed)
        return changed

    def _made(self, before: PublicKey | None) -> PublicKey:
        """A new key with its private part stored, endorsed by the one before it."""
        from hashlib import sha256

        from securesystemslib.signer import CryptoSigner

        signer = CryptoSigner.generate_ed25519()
        public = str(signer.public_key.keyval["public"])
        now = self._clock.now()
        # Until the end of its validity the key before it may still be looked for at the same moment.
        key = PublicKey(
            id=sha256(bytes.fromhex(public)).hexdigest(),
            public=public,
            valid_from=now.replace(microsecond=0),
            valid_until=now.replace(microsecond=0) + self._valid_for,
        )
        if before is not None:
            signature = self._private(before.id).sign(endorsed_text(key)).signature
            key = replace(key, endorsed_by=before.id, endorsement=signature)
        self._store(self._directory / f"{key.id}.pem", signer.private_bytes)
        return key

    def _private(self, key_id: str) -> "CryptoSigner":
        from cryptography.hazmat.primitives.serialization import load_pem_private_key
        from securesystemslib.signer import CryptoSigner, SSlibKey

        try:
            private: Any = load_pem_private_key(
                (self._directory / f"{key_id}.pem").read_bytes(), password=None
            )
        except (OSError, ValueError) as error:
            raise Unavailable(
                f"the desk's private key {key_id[:16]} cannot be read",
                hint="restore the folder of keys from a backup",
            ) from error
        public = SSlibKey.from_crypto(private.public_key(), keyid=key_id)
        return CryptoSigner(private, public)

    def _write(self, ring: KeyRing) -> None:
        text = json.dumps(ring_data(ring), indent=1)
        self._store(self._directory / "ring.json", text.encode())

    def _store(self, file: Path, content: bytes) -> None:
        """Write a file whole, for the owner alone, and on the disk when this returns.

        Raises Unavailable when it cannot be written.
        """
        try:
            self._write_whole(file, content)
        except OSError as error:
            raise Unavailable(
                f"the desk's keys in {self._directory} cannot be written: {error.strerror}",
                hint=f"df -h {self._directory}",
            ) from error

    def _write_whole(self, file: Path, content: bytes) -> None:
        self._directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        temporary = file.with_suffix(".new")
        temporary.unlink(missing_ok=True)
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        temporary.replace(file)
