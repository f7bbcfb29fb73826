"""People and their tokens."""

from dataclasses import replace
from datetime import datetime

import sqlalchemy as sa

from gonogo.domain.actor import Actor
from gonogo.domain.audit import AuditDraft
from gonogo.domain.errors import Conflict, NotFound
from gonogo.domain.person import Person, Token
from gonogo.storage import chain
from gonogo.storage.codec import decode, encode
from gonogo.storage.rows import put, scopes_of, token_of
from gonogo.storage.statements import Prepared
from gonogo.storage.tables import (
    credentials,
    identities,
    invitations,
    known_browsers,
    people,
    sessions,
    tokens,
)

_EVERYBODY = Prepared(sa.select(people.c.person).order_by(people.c.name))
# Asked with every request: building the statement costs more than running it.
_BEARER = Prepared(
    sa.select(people.c.person, tokens.c.scopes)
    .join(tokens, tokens.c.person == people.c.name)
    .where(
        tokens.c.digest == sa.bindparam("of_digest"),
        tokens.c.expires_at > sa.bindparam("now"),
        tokens.c.revoked_at.is_(None),
        people.c.left_at.is_(None),
    )
)


def put_person(connection: sa.Connection, person: Person, audit: AuditDraft, now: datetime) -> None:
    """Store or replace a person. Raises Conflict for who has left, and for the name of another."""
    known = connection.execute(sa.select(people.c.person).where(people.c.name == person.name))
    row = known.first()
    if row is not None:
        _same_and_here(decode(Person, row.person), person)
    values = {"person": encode(person), "left_at": person.left_at}
    put(connection, people, {"name": person.name}, values)
    if person.left_at is not None:
        _forget_ways_in(connection, person.name, now)
    chain.append(connection, audit, now)


def _same_and_here(known: Person, person: Person) -> None:
    """Two desks may do at once what each of them found possible: nobody comes back from having left, and
    nobody takes the row of somebody else."""
    if (known.added_by, known.added_at) != (person.added_by, person.added_at):
        raise Conflict(f'"{known.name}" is known already', hint="choose another name")
    if known.left_at is not None and person.left_at is None:
        raise Conflict(f"{known.name} left on {known.left_at:%Y-%m-%d}")


def _forget_ways_in(connection: sa.Connection, name: str, now: datetime) -> None:
    for table in (credentials, sessions, identities, known_browsers):
        connection.execute(sa.delete(table).where(table.c.person == name))
    void_invitations(connection, name, now)


def void_invitations(connection: sa.Connection, person: str, now: datetime) -> None:
    """Open links for this person open nothing any more."""
    connection.execute(
        sa.update(invitations)
        .where(invitations.c.person == person, invitations.c.ended_at.is_(None))
        .values(ended_at=now)
    )


def everybody(connection: sa.Connection) -> tuple[Person, ...]:
    """All people by name."""
    return tuple(decode(Person, row.person) for row in _EVERYBODY.all(connection))


def put_token(connection: sa.Connection, token: Token, audit: AuditDraft, now: datetime) -> None:
    """Store or replace a token. Raises NotFound when its person is not known."""
    known = connection.execute(sa.select(people.c.name).where(people.c.name == token.person))
    if known.first() is None:
        raise NotFound(f"nobody is known as {token.person}", hint="gonogo people")
    values = {
        "person": token.person,
        "digest": token.digest,
        "created_at": token.created_at,
        "expires_at": token.expires_at,
        "revoked_at": token.revoked_at,
        "scopes": None if token.scopes is None else " ".join(token.scopes),
    }
    put(connection, tokens, {"id": token.id}, values)
    chain.append(connection, audit, now)


def all_tokens(connection: sa.Connection) -> tuple[Token, ...]:
    """All tokens, the oldest first."""
    rows = connection.execute(sa.select(tokens).order_by(tokens.c.number))
    return tuple(token_of(row) for row in rows)


def bearer(connection: sa.Connection, digest: str, now: datetime) -> Actor | None:
    """As whom a token with this digest acts now."""
    row = _BEARER.first(connection, {"of_digest": digest, "now": now})
    if row is None:
        return None
    scopes = scopes_of(row.scopes)
    actor = decode(Person, row.person).actor
    return actor if scopes is None else replace(actor, scopes=frozenset(scopes))
