"""What was done for a release and what was judged of it."""

from dataclasses import replace
from datetime import UTC

import sqlalchemy as sa

from gonogo.domain.journal import JournalEntry
from gonogo.domain.look import Look
from gonogo.storage.codec import pack, unpack
from gonogo.storage.rows import journal_of, put, values_of_journal
from gonogo.storage.statements import Prepared
from gonogo.storage.tables import journal, judge_memories, looks

_OF_RELEASE: sa.BindParameter[str] = sa.bindparam("of_release")
_ADD_LOOK = Prepared(sa.insert(looks))
_STEPS = Prepared(
    sa.select(journal)
    .where(journal.c.release_id == _OF_RELEASE)
    .order_by(journal.c.started_at, journal.c.number)
)
_LOOKS = Prepared(
    sa.select(looks.c.number, looks.c.look)
    .where(looks.c.release_id == _OF_RELEASE, looks.c.number > sa.bindparam("after"))
    .order_by(looks.c.number)
    .limit(sa.bindparam("most", type_=sa.Integer))
)
_NEWEST_LOOK = Prepared(
    sa.select(looks.c.look)
    .where(looks.c.release_id == _OF_RELEASE)
    .order_by(looks.c.number.desc())
    .limit(1)
)
_MEMORY = Prepared(
    sa.select(judge_memories.c.memory).where(judge_memories.c.release_id == _OF_RELEASE)
)


def put_step(connection: sa.Connection, entry: JournalEntry) -> None:
    """Make this the newest entry of its step."""
    key = {"release_id": entry.release, "step": entry.step}
    put(connection, journal, key, values_of_journal(entry))


def steps(connection: sa.Connection, release_id: str) -> tuple[JournalEntry, ...]:
    """The newest entry of every step, in the order the steps were begun."""
    rows = _STEPS.all(connection, {"of_release": release_id})
    return tuple(journal_of(row) for row in rows)


def add_look(connection: sa.Connection, look: Look) -> None:
    """Add a look at the end of its release's looks."""
    if look.at.tzinfo is not None:  # a naive time is refused with its column
        look = replace(look, at=look.at.astimezone(UTC))
    _ADD_LOOK.run(connection, {"release_id": look.release, "at": look.at, "look": pack(look)})


def page_of_looks(
    connection: sa.Connection, release_id: str, after: int, size: int
) -> tuple[tuple[int, Look], ...]:
    """The next `size` looks after a row number, each with its own."""
    rows = _LOOKS.all(connection, {"of_release": release_id, "after": after, "most": size})
    return tuple((row.number, unpack(Look, row.look)) for row in rows)


def newest_look(connection: sa.Connection, release_id: str) -> Look | None:
    """The last of a release's looks."""
    row = _NEWEST_LOOK.first(connection, {"of_release": release_id})
    return None if row is None else unpack(Look, row.look)


def put_judge_memory(connection: sa.Connection, release_id: str, memory: bytes) -> None:
    """Replace what the judge remembers."""
    put(connection, judge_memories, {"release_id": release_id}, {"memory": memory})


def judge_memory(connection: sa.Connection, release_id: str) -> bytes | None:
    """What the judge remembered at the last recorded look."""
    row = _MEMORY.first(connection, {"of_release": release_id})
    return None if row is None else bytes(row.memory)
