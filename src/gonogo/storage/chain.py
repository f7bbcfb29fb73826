"""The audit chain in its table: one writer at a time adds to its end.

`audit_head` says where the chain ends. Writers lock that row first, so that two of them cannot
follow the same entry; and since the next entry is numbered from it, entries cut off the end of the
table show as a gap.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache

import sqlalchemy as sa

from gonogo.domain.audit import AuditDraft, AuditEntry, AuditSearch, entry_after
from gonogo.storage.rows import entry_of
from gonogo.storage.statements import Prepared, Row
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

_MOST_ACTIONS = 150
"""Beyond so many different actions the chain is walked instead."""


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
    if wanted.action is not None:
        given["length"] = len(wanted.action)
    if wanted.subject is None and (wanted.actor is not None or wanted.action is not None):
        rows = _by_action(connection, wanted, given)
    else:
        query = _searching(frozenset(given), wanted.newest_first)
        rows = query.all(connection, {**given, "most": wanted.limit})
    return tuple(entry_of(row) for row in rows)


def _by_action(
    connection: sa.Connection, wanted: AuditSearch, given: Mapping[str, object]
) -> Sequence[Row]:
    """Entries of an actor, or whose action begins like this, each kind of action by its index.

    An index gives the entries of one action in their order, but those of many actions out of order:
    taking the first few of each costs the same however long the chain is, and reading them all to
    put them in order does not. The actions are the program's own words, so there are not many.
    """
    known = {name: value for name, value in given.items() if name != "beyond"}
    actions = [row.action for row in _actions(frozenset(known)).all(connection, known)]
    if not actions:
        return ()
    if len(actions) > _MOST_ACTIONS:
        query = _searching(frozenset(given), wanted.newest_first)
        return query.all(connection, {**given, "most": wanted.limit})
    query = _of_actions(
        len(actions), wanted.actor is not None, wanted.beyond is not None, wanted.newest_first
    )
    sought = {f"action_{number}": action for number, action in enumerate(actions)}
    rest = {name: given[name] for name in ("of_actor", "beyond") if name in given}
    return query.all(connection, {**sought, **rest, "most": wanted.limit})


@cache
def _actions(given: frozenset[str]) -> Prepared:
    """The different actions there are (of an actor, with a beginning), from one to the next by index."""
    of_actor = audit.c.actor == sa.bindparam("of_actor")
    conditions = (of_actor,) if "of_actor" in given else ()
    first = sa.select(sa.func.min(audit.c.action).label("action")).where(*conditions)
    known = first.cte("known", recursive=True)
    following = sa.select(sa.func.min(audit.c.action)).where(
        audit.c.action > known.c.action, *conditions
    )
    known = known.union_all(
        sa.select(following.scalar_subquery()).where(known.c.action.is_not(None))
    )
    found = sa.select(known.c.action).where(known.c.action.is_not(None))
    return Prepared(found.where(_begins(known.c.action)) if "of_action" in given else found)


@cache
def _of_actions(count: int, of_actor: bool, with_beyond: bool, newest_first: bool) -> Prepared:
    """The first entries of so many actions together."""
    columns = audit.c
    order = columns.sequence.desc() if newest_first else columns.sequence.asc()
    most = sa.bindparam("most", type_=sa.Integer)
    conditions = []
    if of_actor:
        conditions.append(columns.actor == sa.bindparam("of_actor"))
    if with_beyond:
        conditions.append(_beyond(newest_first))
    each = [
        sa.select(columns.sequence)
        .where(columns.action == sa.bindparam(f"action_{number}"), *conditions)
        .order_by(order)
        .limit(most)
        .subquery()
        for number in range(count)
    ]
    some = sa.union_all(*(sa.select(one.c.sequence) for one in each))
    found = sa.select(audit).where(columns.sequence.in_(some))
    return Prepared(found.order_by(order).limit(most))


def _begins(action: "sa.ColumnElement[str]") -> "sa.ColumnElement[bool]":
    # Not LIKE, which takes capitals for small letters in SQLite.
    beginning = sa.func.substr(action, 1, sa.bindparam("length", type_=sa.Integer))
    return beginning == sa.bindparam("of_action", type_=sa.Text)


def _beyond(newest_first: bool) -> "sa.ColumnElement[bool]":
    beyond = sa.bindparam("beyond", type_=sa.Integer)
    return audit.c.sequence < beyond if newest_first else audit.c.sequence > beyond


@cache
def _searching(given: frozenset[str], newest_first: bool) -> Prepared:
    """The statement for what is given; built once, as building it costs more than running it."""
    columns = audit.c
    conditions = {
        "of_subject": columns.subject == sa.bindparam("of_subject"),
        "of_actor": columns.actor == sa.bindparam("of_actor"),
        "of_action": _begins(columns.action),
        "beyond": _beyond(newest_first),
    }
    order = columns.sequence.desc() if newest_first else columns.sequence.asc()
    wheres = (conditions[name] for name in sorted(given & set(conditions)))
    most: sa.BindParameter[int] = sa.bindparam("most", type_=sa.Integer)
    return Prepared(sa.select(audit).where(*wheres).order_by(order).limit(most))


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
