"""Who asks: the owner of the desk by the token in the desk's folder, anybody else by a token of theirs.

A wrong token costs one look-up by its digest and leaves nothing behind, so that nobody can be locked
out or slowed down by somebody who guesses.
"""

import hmac
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from fastapi import HTTPException, Request

from gonogo.domain.actor import Actor
from gonogo.usecases.context import Context
from gonogo.usecases.people import LONGEST_SECRET, SECRET_PREFIX, digest_of_secret
from gonogo.usecases.permissions import Deed, allow

SignedIn = Callable[[Request], Awaitable[Actor]]
_SCHEME = "Bearer "


@dataclass(frozen=True, slots=True, eq=False)
class Door:
    """Tells whose request it is. Calling it raises HTTPException 401 when it is nobody's."""

    context: Context
    owner: Actor
    token: str

    async def __call__(self, request: Request) -> Actor:
        """The owner, or the person whose token the request carries."""
        given = request.headers.get("authorization", "")
        # Comparing in constant time tells nobody how much of a guess was right.
        if hmac.compare_digest(given.encode(), (_SCHEME + self.token).encode()):
            return self.owner
        secret = given.removeprefix(_SCHEME)
        if secret != given and secret.startswith(SECRET_PREFIX) and len(secret) <= LONGEST_SECRET:
            now = self.context.clock.now()
            person = await self.context.store.bearer(digest_of_secret(secret), now)
            if person is not None:
                return person.actor
        raise HTTPException(
            401,
            "the token is missing, wrong, expired or revoked",
            headers={"WWW-Authenticate": "Bearer"},
        )


def reader(signed_in: SignedIn) -> Callable[[Request], Awaitable[Actor]]:
    """What lets those in who may look, and refuses others with NotAllowed."""

    async def look(request: Request) -> Actor:
        actor = await signed_in(request)
        allow(actor, Deed.LOOK)
        return actor

    return look
