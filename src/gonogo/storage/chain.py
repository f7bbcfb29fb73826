"""The audit chain in its table: one writer at a time adds to its end.

`audit_head` says where the chain ends. Writers lock that row first, so that two of them cannot
follow the same entry; and since the next entry is numbered from it, entries cut off the end of the
table show as a gap.
"""

import json
from datetime import datetime
from functools import cache

import sqlalchemy as sa

from gonogo.domain.audit import AuditDraft, AuditEntry, AuditSearch, entry_after
from gonogo.storage.rows import entry_of
from gonogo.storage.statements import Prepared
from gonogo.storage.tables import audit, audit_head

# Statements of the way of a rollback are built once: building one costs more than running it.
_HEAD = Prepared(sa.select(audit_head.c.sequence, audit_head.c.digest).with_for_update())
_MOVE_HEAD = Prepared(sa.update(audit_head))
_ADD = Prepared(sa.insert(audit))
_MOVED = (
    sa.update(audit_head)
    .values(sequence=sa.bindparam("head_sequence"), digest=sa.bindparam("head_digest"))
    .returning(audit_head.c.id)
    .cte("moved")
)
_ADD_AND_MOVE = Prepared(sa.insert(audit).add_cte(_MOVED))
"""Both in one go, where each statement is a way to a server and back."""


_JSON = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))

SEQUENCE = "gonogo_sequence"
"""Where a connection notes the newest entry that its transaction wrote."""


def append(connection: sa.Connection, draft: AuditDraft, at: datetime) -> AuditEntry:
    """Write an entry at the end of the chain.

    Raises TypeError for data that JSON cannot hold.
    """
    # The digest covers what will be read back: keys as text, lists for tuples.
    data = _JSON.encode(draft.data)
    draft = AuditDraft(draft.actor, draft.action, draft.subject, json.loads(data))
    head = _HEAD.first(connection)
    if head is None:
        raise sa.exc.NoResultFound("the audit chain has no head")
    entry = entry_after(draft, at, head.sequence, head.digest)
    values = {
        "sequence": entry.sequence,
        "at": entry.at,
        "actor": entry.actor,
        "action": entry.action,
        "subject": entry.subject,
        "data": data,
        "previous": entry.previous,
        "digest": entry.digest,
    }
    if connection.dialect.name == "sqlite":
        _ADD.run(connection, values)
        _MOVE_HEAD.run(connection, {"sequence": entry.sequence, "digest": entry.digest})
    else:
        moved = {"head_sequence": entry.sequence, "head_digest": entry.digest}
        _ADD_AND_MOVE.run(connection, {**values, **moved})
    connection.info[SEQUENCE] = entry.sequence
    return entry


def page(
    connection: sa.Connection, subject: str | None, after: int, size: int
) -> tuple[AuditEntry, ...]:
    """The next `size` entries after a sequence number."""
    given = {"of_subject": subject} if subject is not None else {}
    query = _searching(frozenset({"beyond", *given}), False)
    rows = query.all(connection, {**given, "beyond": after, "most": size})
    return tuple(entry_of(row) for row in rows)


def search(connection: sa.Connection, wanted: AuditSearch) -> tuple[AuditEntry, ...]:
    """The entries that fit, in the order asked for."""
    given = {
        "of_subject": wanted.subject,
        "of_actor": wanted.actor,
        "of_action": wanted.action,
        "beyond": wanted.beyond,
    }
    given = {name: value for name, value in given.items() if value is not None}
    query = _searching(frozenset(given), wanted.newest_first)
    length = {} if wanted.action is None else {"length": len(wanted.action)}
    rows = query.all(connection, {**given, **length, "most": wanted.limit})
    return tuple(entry_of(row) for row in rows)


@cache
def _searching(given: frozenset[str], newest_first: bool) -> Prepared:
    """The statement for what is given; built once, as building it costs more than running it."""
    columns = audit.c
    beyond = sa.bindparam("beyond", type_=sa.Integer)
    beginning = sa.func.substr(columns.action, 1, sa.bindparam("length", type_=sa.Integer))
    conditions = {
        "of_subject": columns.subject == sa.bindparam("of_subject"),
        "of_actor": columns.actor == sa.bindparam("of_actor"),
        "of_action": beginning == sa.bindparam("of_action", type_=sa.Text),
        "beyond": columns.sequence < beyond if newest_first else columns.sequence > beyond,
    }
    order = columns.sequence.desc() if newest_first else columns.sequence.asc()
    query = sa.select(audit).where(*(conditions[name] for name in sorted(given)))
    return Prepared(query.order_by(order).limit(sa.bindparam("most", type_=sa.Integer)))


def first_after(
    connection: sa.Connection, subject: str, action: str, after: int
) -> AuditEntry | None:
    """The first entry of a subject after a sequence number whose action begins like this."""
    row = connection.execute(
        sa.select(audit)
        .where(
            audit.c.subject == subject,
            audit.c.sequence > after,
            audit.c.action.startswith(action, autoescape=True),
        )
        .order_by(audit.c.sequence)
        .limit(1)
    ).first()
    return None if row is None else entry_of(row)
