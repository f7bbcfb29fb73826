"""The answer that somebody's request was given, kept for the case that they ask again."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class KeptAnswer:
    """What is kept under one idempotency key of one person.

    `place` is the digest of whose key it is, `request` that of what was asked under it. `status` is
    None while the first request is worked on. `body` is None where the answer itself is not kept:
    it held a secret, or was too large. `begun` tells one attempt under a key from another.
    """

    place: str
    begun: str
    at: datetime
    request: str | None = None
    status: int | None = None
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes | None = None
