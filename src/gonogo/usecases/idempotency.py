"""A request sent twice is done once: the key of its sender, and the answer that was given to it.

Kept for a day in the database, so that a desk that was started again, or another desk, still knows.
An attempt that began and never ended (its desk was killed) is not begun again by itself: what it did
is not known, and only a person or program that looks can tell.

What is kept tells little: of the key and the request only digests (that of the request is keyed with
the key, so that a password in it cannot be guessed from it), of an answer that holds a secret only
that it was given.
"""

import hmac
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from hashlib import sha256

from gonogo.domain.actor import Actor
from gonogo.domain.answer import KeptAnswer
from gonogo.domain.errors import Conflict
from gonogo.usecases.context import Context

KEPT_FOR = timedelta(hours=24)
LARGEST_KEPT = 64 << 10
"""Bytes of an answer that is kept; that a larger one was given is kept without it."""

_WORKED_ON = timedelta(minutes=10)
"""After this long a request that has no answer is taken for one that was cut off."""


class StillRunning(Conflict):
    """The first request with this key has not been answered yet."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """The first request under a key, which now has to be answered."""

    answer: KeptAnswer


class Fingerprint:
    """What was asked under a key, digested as it comes. `about` says what besides the body counts."""

    def __init__(self, key: str, *about: str) -> None:
        self._digest = hmac.new(key.encode(), digestmod=sha256)
        for each in about:
            encoded = each.encode()
            self._digest.update(len(encoded).to_bytes(8, "big") + encoded)

    def add(self, piece: bytes) -> None:
        """The next piece of the body."""
        self._digest.update(piece)

    def hex(self) -> str:
        """Of all that was added so far."""
        return self._digest.hexdigest()


async def begin(context: Context, actor: Actor, key: str) -> Attempt | KeptAnswer:
    """Begin a request under this key of this person, or find the answer that it was given before.

    Raises StillRunning while the first one is worked on, Conflict when it was cut off.
    """
    now = context.clock.now()
    place = sha256(f"{len(actor.name)}:{actor.name}{key}".encode()).hexdigest()
    mine = KeptAnswer(place, context.new_id(), now)
    known = await context.store.begin_answer(mine, now - KEPT_FOR)
    if known is None:
        return Attempt(mine)
    if known.status is not None:
        return known
    if now - known.at < _WORKED_ON:
        raise StillRunning("a request with this Idempotency-Key is being worked on")
    raise Conflict(
        "a request with this Idempotency-Key began and was cut off; whether it was done is not known",
        hint="look at what is there, then ask with another key if need be",
    )


def same_request(known: KeptAnswer, request: str) -> None:
    """Raises Conflict when something else was asked under the key."""
    if known.request is None or not hmac.compare_digest(known.request, request):
        raise Conflict(
            "this Idempotency-Key was used for another request",
            hint="take a new key for each thing that is asked for",
        )


def answer_kept(known: KeptAnswer) -> bytes:
    """The body of the answer. Raises Conflict when it was not kept."""
    if known.body is None:
        raise Conflict(
            f"this request was done before and answered with {known.status}; that answer held a secret,"
            " which is told once, or was too large to keep",
            hint="if it was lost on its way, revoke what it was about and ask for another",
        )
    return known.body


async def finish(
    context: Context,
    attempt: Attempt,
    *,
    request: str,
    status: int,
    headers: Sequence[tuple[str, str]],
    body: bytes | None,
) -> None:
    """Keep what a request was answered with; without `body` only that it was answered."""
    if body is not None and len(body) > LARGEST_KEPT:
        body = None
    done = replace(
        attempt.answer, request=request, status=status, headers=tuple(headers), body=body
    )
    await context.store.finish_answer(done)


async def give_up(context: Context, attempt: Attempt) -> None:
    """Forget a request that failed, so that it can be sent again under its key."""
    await context.store.forget_answer(attempt.answer.place, attempt.answer.begun)
