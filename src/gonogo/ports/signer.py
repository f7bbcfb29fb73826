"""Signing in the name of the desk."""

from datetime import datetime
from typing import Protocol

from gonogo.domain.signing import KeyRing


class Signer(Protocol):
    """Holds the desk's private keys; nobody else sees them."""

    async def ring(self) -> KeyRing:
        """Every public key there ever was; the first call makes the root."""
        ...

    async def envelope(self, payload: bytes, payload_type: str) -> str:
        """The payload in a DSSE envelope (JSON), signed with the key that is valid now.

        Raises Conflict when no key is valid now, Unavailable when the keys cannot be read.
        """
        ...

    async def rotate(self) -> KeyRing:
        """Make a new key, endorsed by the present one, and sign with it from now on."""
        ...

    async def revoke(self, key_id: str, since: datetime, reason: str) -> KeyRing:
        """Say that a key is not trusted from a moment on; the key that signs now stays.

        Raises NotFound for an unknown key, Conflict for the one that signs now: rotate first.
        """
        ...
