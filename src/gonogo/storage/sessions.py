"""Sessions of people."""

from datetime import datetime

import sqlalchemy as sa

from gonogo.domain.audit import AuditDraft
from gonogo.domain.errors import Conflict, NotFound
from gonogo.domain.person import Person
from gonogo.domain.session import Session
from gonogo.storage import chain
from gonogo.storage.codec import decode
from gonogo.storage.rows import session_of, values_of_session
from gonogo.storage.statements import Prepared
from gonogo.storage.tables import credentials, people, sessions

_DIGEST: sa.BindParameter[str] = sa.bindparam("of_digest")
# Asked with every request of a browser.
_FIND = Prepared(
    sa.select(sessions, people.c.person.label("whose"))
    .join(people, people.c.name == sessions.c.person)
    .where(
        sa.or_(
            sessions.c.digest == _DIGEST,
            sessions.c.successor == _DIGEST,
            sessions.c.previous == _DIGEST,
        ),
        people.c.left_at.is_(None),
    )
)


def open_session(
    connection: sa.Connection,
    session: Session,
    audit: AuditDraft,
    now: datetime,
    replaces: str | None,
    password_of: datetime | None,
) -> None:
    """Store a new session. Raises NotFound when its person is not here."""
    here = connection.execute(
        sa.select(people.c.name).where(people.c.name == session.person, people.c.left_at.is_(None))
    )
    if here.first() is None:
        raise NotFound(f"nobody is known as {session.person}", hint="gonogo people")
    if password_of is not None:
        _same_password(connection, session.person, password_of)
    gone = sessions.c.expires_at <= now
    if replaces is not None:
        gone |= sessions.c.id == replaces
    connection.execute(sa.delete(sessions).where(gone))
    values = {
        "id": session.id,
        "person": session.person,
        "csrf": session.csrf,
        "created_at": session.created_at,
        "expires_at": session.expires_at,
        "client": session.client,
        "address": session.address,
    }
    connection.execute(sa.insert(sessions), {**values, **values_of_session(session)})
    chain.append(connection, audit, now)


def _same_password(connection: sa.Connection, person: str, password_of: datetime) -> None:
    """Nobody gets a session for a password that was replaced while it was being checked."""
    known = connection.execute(
        sa.select(credentials.c.changed_at).where(credentials.c.person == person)
    ).first()
    if known is None or known.changed_at != password_of:
        raise Conflict("the password was changed meanwhile", hint="sign in with the new one")


def find(connection: sa.Connection, digest: str) -> tuple[Session, Person] | None:
    """The session that has this digest, and whose it is."""
    row = _FIND.first(connection, {"of_digest": digest})
    return None if row is None else (session_of(row), decode(Person, row.whose))


def turn(
    connection: sa.Connection, session: Session, turned_at: datetime, seen_at: datetime
) -> bool:
    """Store a session that changed, if it still is as it was; whether it was stored."""
    done = connection.execute(
        sa.update(sessions)
        .where(
            sessions.c.id == session.id,
            sessions.c.turned_at == turned_at,
            sessions.c.seen_at == seen_at,
        )
        .values(values_of_session(session))
    )
    return done.rowcount == 1


def of_person(connection: sa.Connection, person: str) -> tuple[Session, ...]:
    """Sessions of a person, the newest first."""
    rows = connection.execute(
        sa.select(sessions).where(sessions.c.person == person).order_by(sessions.c.number.desc())
    )
    return tuple(session_of(row) for row in rows)


def end(
    connection: sa.Connection,
    person: str,
    audit: AuditDraft,
    now: datetime,
    *,
    only: str | None,
    keep: str | None,
) -> int:
    """End sessions of a person; how many ended."""
    ended = end_all(connection, person, only=only, keep=keep)
    if ended:
        chain.append(connection, audit, now)
    return ended


def end_all(
    connection: sa.Connection, person: str, *, only: str | None = None, keep: str | None = None
) -> int:
    """End sessions of a person as a part of something that is written down anyway."""
    which = sessions.c.person == person
    if only is not None:
        which &= sessions.c.id == only
    if keep is not None:
        which &= sessions.c.id != keep
    return connection.execute(sa.delete(sessions).where(which)).rowcount
