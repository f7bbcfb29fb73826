"""Messages that wait to be sent, and how often that was tried."""

from collections.abc import Iterable
from datetime import datetime

import sqlalchemy as sa

from gonogo.domain.errors import NotFound
from gonogo.domain.message import Message
from gonogo.ports.store import Delivery
from gonogo.storage.rows import message_of
from gonogo.storage.tables import messages

_KNOWN = sa.select(messages.c.id).where(messages.c.id == sa.bindparam("of_id"))
_QUEUE = sa.insert(messages)


def queue(connection: sa.Connection, new: Iterable[Message]) -> None:
    """Add messages that are due at once; one whose id is known already is queued already."""
    for message in new:
        if connection.execute(_KNOWN, {"of_id": message.id}).first() is None:
            connection.execute(
                _QUEUE,
                {
                    "id": message.id,
                    "release_id": message.release,
                    "kind": message.kind,
                    "text": message.text,
                    "at": message.at,
                    "due_at": message.at,
                    "attempts": 0,
                },
            )


def waiting(connection: sa.Connection, now: datetime, limit: int) -> tuple[Message, ...]:
    """Unsent messages due by now, in the order they were queued."""
    rows = connection.execute(
        sa.select(messages)
        .where(messages.c.sent_at.is_(None), messages.c.due_at <= now)
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
        Delivery(message_of(row), row.sent_at, row.attempts, row.last_error or "")
        for row in reversed(rows)
    )


def sent(connection: sa.Connection, message_id: str, at: datetime) -> None:
    """Mark as delivered; a message delivered twice keeps its first time.

    Raises NotFound for an unknown id.
    """
    first = sa.func.coalesce(messages.c.sent_at, at)
    _tried(connection, message_id, sent_at=first)


def postpone(connection: sa.Connection, message_id: str, until: datetime, error: str) -> None:
    """Note a failed attempt and when to try again. Raises NotFound for an unknown id."""
    _tried(connection, message_id, due_at=until, last_error=error)


def _tried(connection: sa.Connection, message_id: str, **values: object) -> None:
    changed = connection.execute(
        sa.update(messages)
        .where(messages.c.id == message_id)
        .values(attempts=messages.c.attempts + 1, **values)
    )
    if not changed.rowcount:
        raise NotFound(f"no message {message_id} was ever queued")
