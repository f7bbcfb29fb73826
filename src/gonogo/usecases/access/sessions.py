"""Sessions: how a browser stays somebody's, for how long, and how that ends.

A session ends 12 hours after its last use and 7 days after it began. Its secret is replaced every
hour (see `gonogo.domain.session.Session`), so that a stolen one is not good for long. When it was
used last is written down once in five minutes, not with every request.

Ending one's own sessions takes no role: everybody may.
"""

import secrets
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from gonogo.domain.actor import Actor
from gonogo.domain.audit import AuditDraft
from gonogo.domain.errors import NotFound
from gonogo.domain.person import Person
from gonogo.domain.session import Session
from gonogo.usecases.access.people import digest_of_secret
from gonogo.usecases.context import Context

IDLE = timedelta(hours=12)
LONGEST = timedelta(days=7)
TURN_AFTER = timedelta(hours=1)
PREVIOUS_GOOD_FOR = timedelta(minutes=1)
SEEN_EVERY = timedelta(minutes=5)

LONGEST_SECRET = 100
_SECRET_BYTES = 32
_LONGEST_CLIENT = 200


@dataclass(frozen=True, slots=True)
class Opened:
    """A new session, and the secret that its browser gets now; with `known_as` one more, by which it is
    known as a browser that the person signed in with."""

    session: Session
    person: Person
    secret: str
    known_as: str | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """Whose session it is. With `secret` the browser gets a new one."""

    session: Session
    person: Person
    secret: str | None = None


@dataclass(frozen=True, slots=True)
class Browser:
    """Who asks, as far as the network tells: an address, what the browser calls itself, the session that
    it has already, and the secret that it got when somebody signed in with it before."""

    address: str = ""
    client: str = ""
    session: str | None = None
    known_as: str | None = None


def new_secret() -> str:
    """256 random bits."""
    return secrets.token_urlsafe(_SECRET_BYTES)


async def open_session(
    context: Context,
    person: Person,
    browser: Browser,
    *,
    by: str,
    password_of: datetime | None = None,
) -> Opened:
    """A session of somebody who has just shown who they are; `by` says how. It replaces the browser's.

    Raises Conflict when the password that was set at `password_of` has been changed meanwhile.
    """
    now, secret = context.clock.now(), new_secret()
    session = Session(
        id=context.new_id(),
        person=person.name,
        digest=digest_of_secret(secret),
        csrf=new_secret(),
        created_at=now,
        seen_at=now,
        turned_at=now,
        expires_at=now + LONGEST,
        client=_printable(browser.client),
        address=browser.address,
    )
    data = {"session": session.id, "by": by, "address": browser.address}
    audit = AuditDraft(person.name, "person:session:begin", person.name, data)
    await context.store.open_session(
        session, audit, now, replaces=browser.session, password_of=password_of
    )
    return Opened(session, person, secret)


async def find_session(context: Context, secret: str, *, turning: bool = True) -> Found | None:
    """Whose session this secret opens now, or None.

    With `turning` false nobody is there to take a new secret: none is made. One that was made and never
    told would take the place of one that a browser has been given.
    """
    if not secret or len(secret) > LONGEST_SECRET:
        return None
    digest = digest_of_secret(secret)
    found = await context.store.session(digest)
    if found is None:
        return None
    session, person = found
    now = context.clock.now()
    if now >= session.expires_at or now >= session.seen_at + IDLE:
        return None
    if session.previous == digest:
        late = now >= session.turned_at + PREVIOUS_GOOD_FOR
        return None if late else Found(session, person)
    changed, fresh = _used(session, digest, now, turning=turning)
    if changed == session:
        return Found(session, person)
    stored = await context.store.turn_session(changed, session.turned_at, session.seen_at)
    # Another request of the same browser was first: it got the new secret, this one needs none.
    return Found(changed, person, fresh) if stored else Found(session, person)


def _used(
    session: Session, digest: str, now: datetime, *, turning: bool
) -> tuple[Session, str | None]:
    """The session after a use with this digest, and the new secret if it is time for one."""
    if session.successor == digest:
        turned = replace(
            session, digest=digest, previous=session.digest, successor=None, turned_at=now
        )
        return replace(turned, seen_at=now), None
    if turning and now >= session.turned_at + TURN_AFTER:
        secret = new_secret()
        handed_out = digest_of_secret(secret)
        return replace(session, successor=handed_out, turned_at=now, seen_at=now), secret
    if now >= session.seen_at + SEEN_EVERY:
        return replace(session, seen_at=now), None
    return session, None


async def sign_out(context: Context, actor: Actor, *, session: str | None) -> int:
    """End this session of one's own, or (None) all; how many ended."""
    kind = "end" if session is not None else "end-all"
    data = {} if session is None else {"session": session}
    audit = AuditDraft(actor.name, f"person:session:{kind}", actor.name, data)
    return await context.store.end_sessions(actor.name, audit, only=session)


async def end_session(context: Context, actor: Actor, *, session: str) -> None:
    """End one of one's own sessions, here or elsewhere. Raises NotFound."""
    if not await sign_out(context, actor, session=session):
        raise NotFound(f'you have no session "{session}"', hint="it may have ended by itself")


async def sessions_view(
    context: Context, actor: Actor, *, present: str | None
) -> list[dict[str, Any]]:
    """One's own sessions that are good now, the newest first; `present` is the id of this one."""
    now = context.clock.now()
    return [
        {
            "id": each.id,
            "created_at": each.created_at.isoformat(),
            "seen_at": each.seen_at.isoformat(),
            "expires_at": min(each.expires_at, each.seen_at + IDLE).isoformat(),
            "client": each.client,
            "address": each.address,
            "present": each.id == present,
        }
        for each in await context.store.sessions(actor.name)
        if now < min(each.expires_at, each.seen_at + IDLE)
    ]


def _printable(text: str) -> str:
    return "".join(sign for sign in text[:_LONGEST_CLIENT] if sign.isprintable())
