"""People whom the desk knows, their roles, and the tokens by which it knows them.

A token's secret is told once, to whoever issued it; the desk keeps its SHA-256 alone. Somebody who
has left keeps their row: what they did stays theirs, and nobody is given their name again.
"""

import re
import secrets
import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import timedelta
from hashlib import sha256
from typing import Any

from gonogo.domain.actor import DESK, PEOPLE_ROLES, Actor, Role, Scope
from gonogo.domain.audit import AuditDraft
from gonogo.domain.errors import Conflict, InvalidInput, NotFound
from gonogo.domain.legible import is_legible
from gonogo.domain.person import Person, Token
from gonogo.usecases.context import Context
from gonogo.usecases.permissions import SCOPES, Deed, allow, may

DEFAULT_LIFE = timedelta(days=90)
LONGEST_LIFE = timedelta(days=366)

SECRET_PREFIX = "gonogo_"  # noqa: S105 - what every secret begins with, so that scanners find one
LONGEST_SECRET = 100
_SECRET_BYTES = 32
_ALIKE = str.maketrans({"\u200c": None, "\u064a": "\u06cc", "\u0649": "\u06cc", "\u0643": "\u06a9"})
_LONGEST_NAME = 80
_LONGEST_EMAIL = 254
_MOST_EMAILS = 20
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+")


@dataclass(frozen=True, slots=True)
class IssuedToken:
    """A new token and its secret, which is shown now and never again."""

    token: Token
    secret: str


def digest_of_secret(secret: str) -> str:
    """What is kept of a token's secret: SHA-256 in hex. A secret of 256 random bits needs no salt."""
    return sha256(secret.encode()).hexdigest()


def _as_they_are(_: Person) -> None:
    """Whatever they are, they may be changed."""


async def add_person(
    context: Context, actor: Actor, *, name: str, roles: Iterable[Role], emails: Iterable[str] = ()
) -> Person:
    """Make somebody known. Raises InvalidInput for a name, role or address that cannot be.

    Raises Conflict when the name is or was somebody's, or an address is that of somebody who is here.
    """
    allow(actor, Deed.MANAGE_PEOPLE)
    person = Person(
        name=name_of(name),
        roles=_roles(roles),
        emails=_emails(emails),
        added_by=actor.name,
        added_at=context.clock.now(),
    )
    data = {"roles": [role.value for role in person.roles], "emails": list(person.emails)}
    audit = AuditDraft(actor.name, "person:person:add", person.name, data)
    async with context.people_turn:
        await apart_from_all(context, person)
        await context.store.put_person(person, audit)
    return person


async def change_roles(
    context: Context,
    actor: Actor,
    *,
    name: str,
    roles: Iterable[Role],
    check: Callable[[Person], None] = _as_they_are,
) -> Person:
    """Give somebody these roles and no others; it holds from their next request on.

    `check` is given them as they are now, and raises what it will where that is not as it was seen.
    """
    allow(actor, Deed.MANAGE_PEOPLE)
    wanted = _roles(roles)
    async with context.people_turn:
        person = await person_here(context, name)
        check(person)
        changed = replace(person, roles=wanted)
        if changed == person:
            return person
        data = {
            "roles": [role.value for role in changed.roles],
            "before": [role.value for role in person.roles],
        }
        audit = AuditDraft(actor.name, "person:person:roles", name, data)
        await context.store.put_person(changed, audit)
    return changed


async def remove_person(
    context: Context,
    actor: Actor,
    *,
    name: str,
    check: Callable[[Person], None] = _as_they_are,
) -> Person:
    """Write down that somebody has left: their tokens stop, and their name stays taken. `check` as in
    `change_roles`."""
    allow(actor, Deed.MANAGE_PEOPLE)
    async with context.people_turn:
        person = await person_here(context, name)
        check(person)
        left = replace(person, left_at=context.clock.now())
        await context.store.put_person(left, AuditDraft(actor.name, "person:person:remove", name))
    return left


async def issue_token(
    context: Context,
    actor: Actor,
    *,
    person: str,
    life: timedelta = DEFAULT_LIFE,
    scopes: Iterable[Scope] | None = None,
    own: bool = False,
) -> IssuedToken:
    """A new token for somebody who is here, good for `life` (more than nothing, at most 366 days).

    It allows what the person may do, or with `scopes` only that part of it. `own` says that the actor is
    signed in and may make tokens for themselves; otherwise it takes who manages people. Raises
    InvalidInput for another life or scope, NotFound for somebody unknown, NotAllowed.
    """
    if not (own and person == actor.name):
        allow(actor, Deed.MANAGE_PEOPLE)
    if not timedelta() < life <= LONGEST_LIFE:
        days = life / timedelta(days=1)
        raise InvalidInput(
            f"a token cannot be good for {days:g} days; it can be for up to {LONGEST_LIFE.days}"
        )
    holder = await person_here(context, person)
    narrowed = None if scopes is None else _scopes(holder, scopes)
    secret = SECRET_PREFIX + secrets.token_urlsafe(_SECRET_BYTES)
    now = context.clock.now()
    token = Token(
        id=context.new_id(),
        person=holder.name,
        digest=digest_of_secret(secret),
        created_at=now,
        expires_at=now + life,
        scopes=narrowed,
    )
    data: dict[str, Any] = {"token": token.id, "expires_at": token.expires_at.isoformat()}
    if narrowed is not None:
        data["scopes"] = [scope.value for scope in narrowed]
    audit = AuditDraft(actor.name, "person:token:issue", holder.name, data)
    await context.store.put_token(token, audit)
    return IssuedToken(token, secret)


async def revoke_token(context: Context, actor: Actor, *, token_id: str) -> Token:
    """End a token now: one's own, or anybody's for who manages people. One that was revoked before
    stays as it is. Raises NotFound."""
    async with context.people_turn:
        found = next((each for each in await context.store.tokens() if each.id == token_id), None)
        # A token that is for a part only does not reach its holder's other tokens.
        own = found is not None and found.person == actor.name and actor.scopes is None
        if not own:
            allow(actor, Deed.MANAGE_PEOPLE)
        if found is None:
            raise NotFound(f'no token has the id "{token_id[:80]}"', hint="gonogo people list")
        if found.revoked_at is not None:
            return found
        revoked = replace(found, revoked_at=context.clock.now())
        audit = AuditDraft(actor.name, "person:token:revoke", found.person, {"token": found.id})
        await context.store.put_token(revoked, audit)
    return revoked


async def people_view(context: Context, actor: Actor) -> list[dict[str, Any]]:
    """Everybody, by name, also those who left; for whoever manages them with their tokens and whether
    they can sign in."""
    allow(actor, Deed.LOOK)
    managing = may(actor, Deed.MANAGE_PEOPLE)
    tokens = await context.store.tokens() if managing else None
    sign_in = await context.store.those_who_sign_in() if managing else frozenset()
    shown = []
    for person in await context.store.people():
        own = None if tokens is None else [each for each in tokens if each.person == person.name]
        managed = {} if own is None else _tokens(context, own)
        if managing:
            managed["signs_in"] = person.name in sign_in
        shown.append({**person_view(person), **managed})
    return shown


async def own_tokens_view(context: Context, actor: Actor) -> list[dict[str, Any]]:
    """One's own tokens, the oldest first. Raises NotAllowed for a token that is not for looking."""
    allow(actor, Deed.LOOK)
    own = [token for token in await context.store.tokens() if token.person == actor.name]
    shown: list[dict[str, Any]] = _tokens(context, own)["tokens"]
    return shown


async def tokens_view(
    context: Context, actor: Actor, *, person: str | None = None
) -> list[dict[str, Any]]:
    """Tokens, the oldest first: one's own, or for who manages people everybody's or those of one person.

    Raises NotFound for an unknown person.
    """
    if not may(actor, Deed.MANAGE_PEOPLE) and person in {None, actor.name}:
        return await own_tokens_view(context, actor)
    allow(actor, Deed.MANAGE_PEOPLE)
    if person is not None:
        await find_person(context, actor, name=person)
    wanted = [each for each in await context.store.tokens() if person in {None, each.person}]
    shown: list[dict[str, Any]] = _tokens(context, wanted)["tokens"]
    return shown


async def find_person(context: Context, actor: Actor, *, name: str) -> Person:
    """Somebody who is or was here. Raises NotFound."""
    allow(actor, Deed.LOOK)
    found = next((each for each in await context.store.people() if each.name == name), None)
    if found is None:
        raise NotFound(f'nobody is known as "{name[:80]}"', hint="gonogo people list")
    return found


def person_view(person: Person) -> dict[str, Any]:
    """One person as plain data."""
    return {
        "name": person.name,
        "roles": [role.value for role in person.roles],
        "emails": list(person.emails),
        "added_by": person.added_by,
        "added_at": person.added_at.isoformat(),
        "left_at": person.left_at.isoformat() if person.left_at else None,
    }


def token_view(token: Token) -> dict[str, Any]:
    """One token as plain data, without anything that could open the door."""
    return {
        "id": token.id,
        "person": token.person,
        "scopes": None if token.scopes is None else [scope.value for scope in token.scopes],
        "created_at": token.created_at.isoformat(),
        "expires_at": token.expires_at.isoformat(),
        "revoked_at": token.revoked_at.isoformat() if token.revoked_at else None,
    }


def actor_view(actor: Actor) -> dict[str, Any]:
    """Who somebody is to the desk, and what they may do."""
    return {
        "name": actor.name,
        "roles": [role.value for role in Role if role in actor.roles],
        "emails": sorted(actor.emails),
        "may": [deed.value for deed in Deed if may(actor, deed)],
    }


def _tokens(context: Context, tokens: Iterable[Token]) -> dict[str, Any]:
    now = context.clock.now()
    shown = []
    for token in tokens:
        ended = "revoked" if token.revoked_at else "expired" if token.expires_at <= now else "good"
        shown.append({**token_view(token), "state": ended})
    return {"tokens": shown}


async def person_here(context: Context, name: str) -> Person:
    """Somebody who is here. Raises NotFound, and Conflict for somebody who has left."""
    found = next((each for each in await context.store.people() if each.name == name), None)
    if found is None:
        raise NotFound(f'nobody is known as "{name[:80]}"', hint="gonogo people list")
    if found.left_at is not None:
        raise Conflict(f"{name} left on {found.left_at:%Y-%m-%d}")
    return found


async def apart_from_all(context: Context, person: Person) -> None:
    """Raises Conflict where somebody new could be taken for somebody known."""
    for other in await context.store.people():
        _apart(person, other)


def _apart(person: Person, other: Person) -> None:
    """Raises Conflict where two people could be taken for each other."""
    if plainly(person.name) == plainly(other.name):
        what = "is known already" if other.left_at is None else "is the name of somebody who left"
        raise Conflict(f'"{other.name}" {what}', hint="choose another name")
    shared = set(person.emails) & set(other.emails)
    if shared and other.left_at is None:
        raise Conflict(f"{min(shared)} is an address of {other.name}")


def plainly(name: str) -> str:
    """A name as it looks to a hasty reader: joined as people type it, with either yeh and kaf."""
    return unicodedata.normalize("NFKC", name).casefold().translate(_ALIKE)


def name_of(name: str) -> str:
    """A name as it is kept. Raises InvalidInput for what cannot be one."""
    name = unicodedata.normalize("NFC", name)
    if not 1 <= len(name) <= _LONGEST_NAME:
        raise InvalidInput(
            f"a name has 1 to {_LONGEST_NAME} characters, and this one has {len(name)}"
        )
    if not is_legible(name) or name != name.strip():
        raise InvalidInput(f"the name {name!r} has blanks at its ends or marks that do not print")
    if plainly(name) == DESK.name or set(name) <= {"."} or "/" in name:
        raise InvalidInput(
            f'"{name}" cannot be a name: not "desk", not dots alone, and no "/" in it'
        )
    return name


def _roles(roles: Iterable[Role]) -> tuple[Role, ...]:
    wanted = frozenset(roles)
    known = ", ".join(role.value for role in PEOPLE_ROLES)
    if not wanted:
        raise InvalidInput("somebody needs at least one role", hint=f"one of: {known}")
    for role in Role:
        if role in wanted and role not in PEOPLE_ROLES:
            raise InvalidInput(
                f'"{role.value}" cannot be given to anybody', hint=f"one of: {known}"
            )
    return tuple(role for role in PEOPLE_ROLES if role in wanted)


def _scopes(holder: Person, scopes: Iterable[Scope]) -> tuple[Scope, ...]:
    wanted = frozenset(scopes)
    if not wanted:
        raise InvalidInput("a token needs at least one scope, or none named at all")
    for scope in wanted:
        if not any(may(holder.actor, deed) for deed in SCOPES[scope]):
            raise InvalidInput(
                f'{holder.name} may do nothing of the scope "{scope.value}"',
                hint="give a role that may, or leave the scope out",
            )
    return tuple(scope for scope in Scope if scope in wanted)


def _emails(emails: Iterable[str]) -> tuple[str, ...]:
    found = sorted({email.strip().lower() for email in emails})
    if len(found) > _MOST_EMAILS:
        raise InvalidInput(f"{len(found)} addresses are too many; the limit is {_MOST_EMAILS}")
    for email in found:
        fits = len(email) <= _LONGEST_EMAIL and email.isprintable() and _EMAIL.fullmatch(email)
        if not fits:
            raise InvalidInput(f"{email[:80]!r} is not an e-mail address")
    return tuple(found)
