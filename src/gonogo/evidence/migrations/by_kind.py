"""What a parsed statement brings, by its kind; ALTER TABLE has a module of its own."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from sqlglot import exp

from gonogo.domain.facts import Hazard
from gonogo.evidence.migrations.alterations import IN_TWO, LOST, QUIET
from gonogo.evidence.migrations.commands import FAILS_INSIDE
from gonogo.evidence.migrations.tables import Finding, Tables, fit, shapes, shown

_BESIDE = f"the version before fails without it: {IN_TWO}"
_IN_BATCHES = "every row is locked and written anew: do it in batches, outside the migration"
_LOSING = {"TABLE", "SCHEMA", "DATABASE"}
_BREAKING = {"VIEW", "SEQUENCE", "TYPE", "FUNCTION", "PROCEDURE", "TRIGGER"}


def judge_kind(tree: exp.Expression, tables: Tables) -> Iterator[Finding] | None:
    """What a statement brings; None when it is of a kind that is not known."""
    judge = _KINDS.get(type(tree))
    if judge is not None:
        return judge(tree, tables)
    if isinstance(tree, exp.Query | exp.Insert | exp.Merge | exp.Copy | exp.Values):
        return _changes(tree, tables)
    return None


def drops(noun: str, name: str) -> Finding:
    """The loss of a table, a schema or a database."""
    return Finding(Hazard.DESTRUCTIVE, f"drops {noun} {name}", f"{LOST}: {IN_TWO}")


def _changes(tree: exp.Expression, tables: Tables) -> Iterator[Finding]:
    """DELETE and UPDATE, also where they stand inside a WITH."""
    for node in tree.find_all(exp.Delete, exp.Update):
        target = node.this
        if not isinstance(target, exp.Table) or tables.is_new(tables.key(target)):
            continue
        where, filtered = node.args.get("where"), node.args.get("limit") or _joined(target)
        if filtered or (where is not None and not _always(where.this)):
            continue
        if isinstance(node, exp.Delete):
            advice = "the data is gone for good: say with WHERE which rows, and keep a copy"
            yield Finding(Hazard.DESTRUCTIVE, f"deletes every row of {shown(target)}", advice)
        elif not tables.is_own(tables.key(target)):
            yield Finding(Hazard.LOCKING, f"updates every row of {shown(target)}", _IN_BATCHES)


def _joined(target: exp.Table) -> bool:
    return any(
        join.args.get("on") is not None or join.args.get("using")
        for join in target.args.get("joins") or ()
    )


def _always(condition: exp.Expression) -> bool:
    """Is it TRUE, 1, or a value that equals itself?"""
    inner = condition.unnest()
    if isinstance(inner, exp.Boolean):
        return bool(inner.this)
    if isinstance(inner, exp.Literal):
        return bool(inner.this != "0")
    return isinstance(inner, exp.EQ) and inner.this == inner.expression


def _truncate(tree: exp.TruncateTable, tables: Tables) -> Iterator[Finding]:
    for table in tree.expressions:
        if not tables.is_new(tables.key(table)):
            advice = "its data is gone for good: keep a copy, and be sure that no version reads it"
            more = (
                " and every table that refers to it" if tree.args.get("option") == "CASCADE" else ""
            )
            yield Finding(Hazard.DESTRUCTIVE, f"empties table {shown(table)}{more}", advice)


def _drop(tree: exp.Drop, tables: Tables) -> Iterator[Finding] | None:
    kind = str(tree.args.get("kind") or "").upper()
    if kind == "INDEX":
        return _drop_index(tree, tables)
    if kind in _LOSING:
        return _drop_tables(tree, kind.lower(), tables)
    return _drop_used(tree, kind, tables) if kind in _BREAKING else None


def _drop_tables(tree: exp.Drop, noun: str, tables: Tables) -> Iterator[Finding]:
    for table in tree.args.get("tables") or ():
        key = tables.key(table)
        if noun != "table" or not tables.is_new(key):
            yield drops(noun, shown(table))
        if noun == "table":
            tables.forget(key)


def _drop_used(tree: exp.Drop, kind: str, tables: Tables) -> Iterator[Finding]:
    noun = "materialized view" if tree.args.get("materialized") else kind.lower()
    for used in tree.args.get("tables") or ():
        if (kind, used.name.casefold()) in tables.remade:
            yield Finding(
                Hazard.BREAKING,
                f"drops {noun} {shown(used)} and makes it anew",
                "the version before must find in it all that it used: only add to it",
            )
        else:
            yield Finding(Hazard.BREAKING, f"drops {noun} {shown(used)}", _BESIDE)


def _drop_index(tree: exp.Drop, tables: Tables) -> Iterator[Finding]:
    if not tables.strict:
        return
    for index in tree.args.get("tables") or ():
        if tables.key(index) in tables.indexes:
            continue
        if not tree.args.get("concurrently"):
            advice = "customers wait for it: DROP INDEX CONCURRENTLY, outside a transaction"
            yield Finding(Hazard.LOCKING, f"drops index {shown(index)}", advice)
        elif tables.in_transaction:
            yield _fails(f"drops index {shown(index)}")


def _fails(what: str) -> Finding:
    return Finding(
        Hazard.BREAKING, f"{what} CONCURRENTLY inside a transaction, which fails", FAILS_INSIDE
    )


def _create(tree: exp.Create, tables: Tables) -> Iterator[Finding] | None:
    kind = str(tree.args.get("kind") or "").upper()
    if kind == "TABLE":
        return _create_table(tree, tables)
    if kind == "INDEX":
        return _create_index(tree, tables)
    return iter(())


def _create_table(tree: exp.Create, tables: Tables) -> Iterator[Finding]:
    schema = tree.this
    table = schema.this if isinstance(schema, exp.Schema) else schema
    if not isinstance(table, exp.Table):
        return
    key = tables.key(table)
    if tree.args.get("replace") and not tables.is_new(key):
        yield drops("table", f"{shown(table)} and makes it anew")
    tables.made[key] = tables.made.get(key, False) or not tree.args.get("exists")
    if isinstance(schema, exp.Schema):
        tables.shapes[key] = shapes(tables, schema)


def _create_index(tree: exp.Create, tables: Tables) -> Iterator[Finding]:
    index = tree.this
    table = index.args.get("table")
    if not isinstance(table, exp.Table):
        return
    tables.indexes.add(tables.key(index.this) if index.this is not None else "")
    if tables.is_own(tables.key(table)):
        return
    unique = "unique " if tree.args.get("unique") else ""
    what = f"makes {unique}index {fit(index.name)} on {shown(table)}".replace(
        "index  on", "index on"
    )
    if tree.args.get("concurrently"):
        if tables.in_transaction:
            yield _fails(what)
    elif tables.strict:
        advice = "writers wait while it is built: CREATE INDEX CONCURRENTLY, outside a transaction"
        yield Finding(Hazard.LOCKING, what, advice)
    elif unique:
        advice = f"every row is read, and the version before must keep to it too: {QUIET}"
        yield Finding(Hazard.LOCKING, what, advice)


def _nothing(tree: exp.Expression, tables: Tables) -> Iterator[Finding]:
    return iter(())


_KINDS: Mapping[type[exp.Expression], Callable[[Any, Tables], Iterator[Finding] | None]] = {
    exp.Create: _create,
    exp.Delete: _changes,
    exp.Drop: _drop,
    exp.TruncateTable: _truncate,
    exp.Update: _changes,
    exp.Comment: _nothing,
    exp.Grant: _nothing,
    exp.Set: _nothing,
}
