"""Messages that wait to be sent, and how often that was tried."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from functools import cache

import sqlalchemy as sa

from gonogo.domain.errors import NotFound
from gonogo.domain.message import Message
from gonogo.ports.store import Delivery
from gonogo.storage.rows import message_of
from gonogo.storage.statements import Prepared
from gonogo.storage.tables import UtcTime, messages

_OF_ID = messages.c.id == sa.bindparam("of_id")
_ONCE_MORE = sa.update(messages).where(_OF_ID).values(attempts=messages.c.attempts + 1)
_POSTPONE = Prepared(_ONCE_MORE)
_HOLD_BACK = Prepared(sa.update(messages).where(_OF_ID))
_SENT = Prepared(
    _ONCE_MORE.values(
        sent_at=sa.func.coalesce(messages.c.sent_at, sa.bindparam("first_at", type_=UtcTime)),
        sent_to=sa.case(
            (messages.c.sent_at.is_(None), sa.bindparam("first_to", type_=sa.Text)),
            else_=messages.c.sent_to,
        ),
    )
)
HOLD = timedelta(seconds=60)
"""How long a message is a desk's own; when it does not say what became of it, another gets it."""

_DUE = Prepared(
    sa.select(messages)
    .where(messages.c.sent_at.is_(None), messages.c.due_at <= sa.bindparam("now"))
    .order_by(messages.c.number)
    .limit(sa.bindparam("limit"))
    .with_for_update(skip_locked=True)
)
_TAKE = (
    sa.update(messages)
    .where(messages.c.id.in_(sa.bindparam("taken", expanding=True)))
    .values(due_at=sa.bindparam("until"))
    .returning(messages)
)


@cache
def _queue_once(dialect: str) -> Prepared:
    """In one statement, of which each database has its own form."""
    if dialect == "sqlite":
        from sqlalchemy.dialects import sqlite

        return Prepared(sqlite.insert(messages).on_conflict_do_nothing(index_elements=["id"]))
    from sqlalchemy.dialects import postgresql

    # Due at once, also by the clock of a server that is behind the desk's.
    due = sa.func.least(sa.bindparam("due", type_=UtcTime), sa.func.clock_timestamp())
    new = postgresql.insert(messages).values(due_at=due)
    return Prepared(new.on_conflict_do_nothing(index_elements=["id"]))


def queue(connection: sa.Connection, new: Iterable[Message]) -> None:
    """Add messages that are due at once; one whose id is known already is queued already."""
    for message in new:
        values = {
            "id": message.id,
            "release_id": message.release,
            "kind": message.kind,
            "text": message.text,
            "at": message.at,
            "due_at": message.at,
            "attempts": 0,
        }
        if connection.dialect.name != "sqlite":
            values["due"] = values.pop("due_at")
        _queue_once(connection.dialect.name).run(connection, values)


def waiting(connection: sa.Connection, now: datetime, limit: int) -> tuple[Message, ...]:
    """Unsent messages due by now, in the order they were queued.

    In a database that several desks share they are the caller's for a while: each of two desks that
    ask at once gets its own.
    """
    rows = _DUE.all(connection, {"now": now, "limit": limit})
    if connection.dialect.name == "sqlite":
        return tuple(message_of(row) for row in rows)
    taken = [row.id for row in rows]
    if not taken:
        return ()
    mine = connection.execute(_TAKE, {"taken": taken, "until": now + HOLD})
    return tuple(message_of(row) for row in sorted(mine, key=lambda row: row.number))


def unsent(connection: sa.Connection, limit: int) -> tuple[Message, ...]:
    """Messages not delivered yet, in the order they were queued; they stay whose they were."""
    rows = connection.execute(
        sa.select(messages)
        .where(messages.c.sent_at.is_(None))
        .order_by(messages.c.number)
        .limit(limit)
    )
    return tuple(message_of(row) for row in rows)


def deliveries(connection: sa.Connection, release_id: str, limit: int) -> tuple[Delivery, ...]:
    """What became of the newest messages about a release, in the order they were queued."""
    rows = connection.execute(
        sa.select(messages)
        .where(messages.c.release_id == release_id)
        .order_by(messages.c.number.desc())
        .limit(limit)
    ).all()
    return tuple(
        Delivery(
            message=message_of(row),
            sent_at=row.sent_at,
            attempts=row.attempts,
            due_at=row.due_at,
            trouble=row.last_error or "",
            sent_to=row.sent_to or "",
        )
        for row in reversed(rows)
    )


def sent(connection: sa.Connection, message_id: str, at: datetime, to: str) -> None:
    """Mark as delivered there; a message delivered twice keeps its first time and place.

    Raises NotFound for an unknown id.
    """
    _changed(connection, _SENT, message_id, {"first_at": at, "first_to": to})


def postpone(
    connection: sa.Connection, message_id: str, until: datetime, why: str, tried: bool
) -> None:
    """Note why it was not sent, and when it is due again. Raises NotFound for an unknown id."""
    statement = _POSTPONE if tried else _HOLD_BACK
    _changed(connection, statement, message_id, {"due_at": until, "last_error": why})


def _changed(
    connection: sa.Connection, statement: Prepared, message_id: str, values: Mapping[str, object]
) -> None:
    if not statement.run(connection, {"of_id": message_id, **values}):
        raise NotFound(f"no message {message_id} was ever queued")
