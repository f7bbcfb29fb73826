"""What one action of an ALTER TABLE does to customers and to the version that still runs."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from sqlglot import exp

from gonogo.domain.facts import Hazard
from gonogo.evidence.migrations import dialect as dialects
from gonogo.evidence.migrations.tables import (
    SERIAL,
    ColumnShape,
    Finding,
    Tables,
    fit,
    kinds_of,
    shape,
    shown,
)

LOST = "its data is gone for good and the version before, which uses it, fails"
IN_TWO = "stop using it in one release, drop it in a later one"
QUIET = "do it at a quiet time, with a lock timeout"
_EXPAND = "add the new one, fill and use both, drop the old one in a later release"
_EMPTY = "the version before may leave it empty, and rows that are empty make it fail at once:"
_NOT_NULL = (
    f"{_EMPTY} add CHECK (… IS NOT NULL) NOT VALID, fill the rows, VALIDATE it, and demand the value"
    " once no older version runs"
)
_NOT_NULL_ELSEWHERE = f"{_EMPTY} fill the rows, and demand the value once no older version runs"
_UNFILLED = (
    "the version before does not name it, so its INSERTs fail, and so does this on a table with rows:"
    " give it a DEFAULT, or let it be NULL and demand a value in a later release"
)
_NOT_VALID = (
    "every row is read under a lock, and the version before must keep to it too: add it NOT VALID,"
    " then VALIDATE CONSTRAINT in a statement of its own"
)
_ELSEWHERE = (
    "every row is read under a lock, and the version before must keep to it too: do it at a quiet"
    " time"
)
_USING_INDEX = (
    "an index is built under a lock, and the version before must keep to it too: CREATE UNIQUE INDEX"
    " CONCURRENTLY, then ADD CONSTRAINT … USING INDEX"
)
_REWRITE = "the whole table is written anew while customers wait"
_STABLE = {
    "current_setting", "jsonb_build_array", "jsonb_build_object", "json_build_array",
    "json_build_object", "statement_timestamp", "timezone", "transaction_timestamp",
}  # fmt: skip
_VOLATILE = (exp.Uuid, exp.Rand, exp.Randn, exp.NextValueFor)
_WIDE = (exp.DType.BIGINT, exp.DType.TEXT, exp.DType.LONGTEXT, exp.DType.DOUBLE)
_WIDE_WITHOUT_SIZE = (exp.DType.VARCHAR, exp.DType.DECIMAL)
_BY_RULE: Mapping[type[exp.Expression], tuple[str, str]] = {
    exp.ForeignKey: ("foreign key", _NOT_VALID),
    exp.Reference: ("foreign key", _NOT_VALID),
    exp.CheckColumnConstraint: ("check", _NOT_VALID),
    exp.UniqueColumnConstraint: ("unique constraint", _USING_INDEX),
    exp.PrimaryKey: ("primary key", _USING_INDEX),
    exp.PrimaryKeyColumnConstraint: ("primary key", _USING_INDEX),
    exp.ExcludeColumnConstraint: (
        "exclusion constraint",
        "an index is built under a lock; there is no way to add it without, so do it at a quiet time",
    ),
}
_HARMLESS_DROPS = {"CONSTRAINT", "INDEX", "KEY", "FOREIGN KEY", "PRIMARY KEY", "CHECK"}


def judge_alteration(alter: exp.Alter, tables: Tables) -> Iterator[Finding] | None:
    """What the action of an ALTER TABLE brings; None when it is of a kind that is not known."""
    table = alter.this
    actions = alter.args.get("actions") or []
    if not isinstance(table, exp.Table):
        return None
    if not actions:
        return _options(alter, table, tables)
    (action, *more) = actions
    judge = _ACTIONS.get(type(action))
    if judge is None or more:
        return None
    return judge(action, alter, table, tables)


def _options(alter: exp.Alter, table: exp.Table, tables: Tables) -> Iterator[Finding]:
    """`ENGINE=…`, `ALGORITHM=…` and the like."""
    options = alter.args.get("options") or []
    engine = any(isinstance(each, exp.EngineProperty) for each in options)
    if engine and not tables.is_own(tables.key(table)):
        yield Finding(Hazard.LOCKING, f"rebuilds table {shown(table)}", f"{_REWRITE}: {QUIET}")


def _add_column(
    action: exp.ColumnDef, alter: exp.Alter, table: exp.Table, tables: Tables
) -> Iterator[Finding]:
    key, made = tables.key(table), shape(action)
    if tables.is_new(key):
        tables.shapes.setdefault(key, {})[tables.column_key(action.this)] = made
        return
    if not action.args.get("exists"):  # behind IF NOT EXISTS the column may be an old one
        tables.added[key, tables.column_key(action.this)] = made
    if key in tables.shapes:
        tables.shapes[key][tables.column_key(action.this)] = made
    name = f"{shown(table)}.{fit(action.name)}"
    if not made.filled:
        yield Finding(Hazard.BREAKING, f"adds column {name} NOT NULL without a default", _UNFILLED)
    if tables.is_own(key):
        return
    if tables.dialect != dialects.SQLITE and (why := _rewrites(action)):
        yield Finding(
            Hazard.LOCKING,
            f"adds column {name} with {why}",
            f"{_REWRITE}: add it without, set the default for new rows, fill the old ones in batches",
        )
    yield from _column_rules(action, alter, name, tables)


def _column_rules(
    action: exp.ColumnDef, alter: exp.Alter, name: str, tables: Tables
) -> Iterator[Finding]:
    for constraint in kinds_of(action):
        rule = _BY_RULE.get(type(constraint))
        if rule is None or tables.dialect == dialects.SQLITE:
            continue  # SQLite adds a column by writing its definition down and reads no row
        if rule[1] is _NOT_VALID and alter.args.get("not_valid"):
            continue
        advice = rule[1] if tables.strict else _ELSEWHERE
        yield Finding(Hazard.LOCKING, f"adds column {name} with a {rule[0]}", advice)


def _rewrites(action: exp.ColumnDef) -> str | None:
    """What in a new column's definition makes PostgreSQL and MySQL write every row."""
    kind = action.args.get("kind")
    if isinstance(kind, exp.DataType) and kind.is_type(*SERIAL):
        return "a serial number"
    for constraint in kinds_of(action):
        if isinstance(constraint, exp.GeneratedAsIdentityColumnConstraint):
            return "an identity"
        if isinstance(constraint, exp.ComputedColumnConstraint):
            return "a computed value"
        if isinstance(constraint, exp.DefaultColumnConstraint) and _volatile(constraint):
            return "a default that differs from row to row"
    return None


def _volatile(default: exp.Expression) -> bool:
    return any(
        isinstance(node, _VOLATILE)
        or (isinstance(node, exp.Anonymous) and node.name.casefold() not in _STABLE)
        for node in default.walk()
    )


def _drop(
    action: exp.Drop, alter: exp.Alter, table: exp.Table, tables: Tables
) -> Iterator[Finding]:
    kind = str(action.args.get("kind") or "").upper()
    if kind in _HARMLESS_DROPS:
        return
    key = tables.key(table)
    for dropped in action.args.get("tables") or ():
        name = f"{shown(table)}.{shown(dropped)}"
        column = tables.column_key(dropped.this)
        tables.shapes.get(key, {}).pop(column, None)
        if not tables.is_new(key) and tables.added.pop((key, column), None) is None:
            noun = kind.lower() if kind else "column"
            yield Finding(Hazard.DESTRUCTIVE, f"drops {noun} {name}", f"{LOST}: {IN_TWO}")


def _drop_partition(
    action: exp.DropPartition, alter: exp.Alter, table: exp.Table, tables: Tables
) -> Iterator[Finding]:
    yield Finding(
        Hazard.DESTRUCTIVE, f"drops a partition of {shown(table)}", "its rows are gone for good"
    )


def _rename_column(
    action: exp.RenameColumn, alter: exp.Alter, table: exp.Table, tables: Tables
) -> Iterator[Finding]:
    return _renamed_column(action.this, action.args["to"], table, tables)


def _renamed_column(
    old: exp.Expression, new: exp.Expression, table: exp.Table, tables: Tables
) -> Iterator[Finding]:
    key = tables.key(table)
    before, after = (tables.column_key(_named(each)) for each in (old, new))
    columns = tables.shapes.get(key, {})
    if before in columns:
        columns[after] = columns.pop(before)
    if (key, before) in tables.added:
        tables.added[key, after] = tables.added.pop((key, before))
    elif not tables.is_new(key):
        yield Finding(
            Hazard.BREAKING,
            f"renames column {shown(table)}.{fit(old.name)} to {fit(new.name)}",
            f"the version before does not know the new name: {_EXPAND}",
        )


def _named(column: exp.Expression) -> exp.Expression:
    inner = column.args.get("this")
    return inner if isinstance(inner, exp.Identifier) else column


def _rename(
    action: exp.AlterRename, alter: exp.Alter, table: exp.Table, tables: Tables
) -> Iterator[Finding]:
    for option in alter.args.get("options") or ():
        if isinstance(option, exp.ToTableProperty):  # `RENAME a TO b`, the word COLUMN left out
            yield from _renamed_column(action.this.this, option.this.this, table, tables)
            return
    old, new = tables.key(table), tables.key(action.this)
    if old in tables.made:
        tables.made[new] = tables.made.pop(old)
        tables.shapes[new] = tables.shapes.pop(old, {})
        if tables.is_new(new):
            return
    yield Finding(
        Hazard.BREAKING,
        f"renames table {shown(table)} to {shown(action.this)}",
        "the version before does not know the new name: keep the old name as a view until it is gone",
    )


def _alter_column(
    action: exp.AlterColumn, alter: exp.Alter, table: exp.Table, tables: Tables
) -> Iterator[Finding]:
    key, column = tables.key(table), tables.column_key(action.this)
    name = f"{shown(table)}.{fit(action.name)}"
    if tables.is_new(key):
        return
    added = tables.added.get((key, column))
    dtype = action.args.get("dtype")
    if isinstance(dtype, exp.DataType):
        if added is None:
            yield _retyped(action, name, dtype)
    elif action.args.get("default") is not None:
        tables.defaults.add((key, column))
        if added is not None:
            tables.added[key, column] = replace(added, default=True)
    elif action.args.get("allow_null") is False:
        yield from _demand(name, added, tables)
        if added is not None:
            tables.added[key, column] = replace(added, not_null=True)
    elif action.args.get("drop") and not action.args.get("allow_null"):
        yield from _drop_default(name, added, temporary=(key, column) in tables.defaults)
        if added is not None:
            tables.added[key, column] = replace(added, default=False)


def _demand(name: str, added: ColumnShape | None, tables: Tables) -> Iterator[Finding]:
    what = f"demands a value in column {name} (NOT NULL)"
    if added is None or not added.default:
        advice = _NOT_NULL if tables.strict else _NOT_NULL_ELSEWHERE
        yield Finding(Hazard.BREAKING, what, advice)
    elif tables.strict:
        yield Finding(Hazard.LOCKING, what, _NOT_NULL)


def _drop_default(name: str, added: ColumnShape | None, *, temporary: bool) -> Iterator[Finding]:
    """A default that this SQL itself set for a while on a column from before is no loss."""
    if added.not_null if added is not None else not temporary:
        yield Finding(
            Hazard.BREAKING,
            f"drops the default of column {name}",
            "the version before may leave it to the default when it writes: drop the default in a"
            " later release",
        )


def _retyped(action: exp.Expression, name: str, dtype: exp.DataType) -> Finding:
    what = f"changes the type of column {name} to {fit(dtype.sql())}"
    using = action.args.get("using")
    plain = not using or (isinstance(using, exp.Cast) and isinstance(using.this, exp.Column))
    if plain and is_wide(dtype):
        return Finding(
            Hazard.LOCKING, what, f"{_REWRITE}, unless the old type only was a shorter one: {QUIET}"
        )
    return Finding(
        Hazard.BREAKING,
        what,
        "the version before may read or write what no longer fits, and the table may be written anew"
        f" while customers wait: {_EXPAND}",
    )


def is_wide(dtype: exp.DataType) -> bool:
    """Does a value of a column that grows to this type still fit, whatever it was before?"""
    if dtype.is_type(*_WIDE):
        return True
    return dtype.is_type(*_WIDE_WITHOUT_SIZE) and not dtype.expressions


def _modify(
    action: exp.ModifyColumn, alter: exp.Alter, table: exp.Table, tables: Tables
) -> Iterator[Finding]:
    """MySQL's MODIFY and CHANGE, which give the whole definition anew."""
    definition, old = action.this, action.args.get("rename_from")
    key = tables.key(table)
    if not isinstance(definition, exp.ColumnDef) or tables.is_new(key):
        return
    if old is not None and tables.column_key(old) != tables.column_key(definition.this):
        yield from _renamed_column(old, definition.this, table, tables)
    if (key, tables.column_key(definition.this)) in tables.added:
        return
    made, dtype = shape(definition), definition.args.get("kind")
    name = f"{shown(table)}.{fit(definition.name)}"
    if made.not_null:
        what = f"redefines column {name} as {fit(made.type)} NOT NULL"
        advice = _NOT_NULL if tables.strict else _NOT_NULL_ELSEWHERE
        yield Finding(Hazard.BREAKING, what, advice)
    elif isinstance(dtype, exp.DataType):
        yield _retyped(action, name, dtype)


def _add_constraint(
    action: exp.AddConstraint, alter: exp.Alter, table: exp.Table, tables: Tables
) -> Iterator[Finding]:
    key = tables.key(table)
    if tables.is_own(key):
        return
    for added in action.expressions:
        inner = added.expressions if isinstance(added, exp.Constraint) else [added]
        for constraint in inner:
            rule = _BY_RULE.get(type(constraint))
            if rule is None or (rule[1] is _NOT_VALID and alter.args.get("not_valid")):
                continue
            name = f" {fit(added.name)}" if isinstance(added, exp.Constraint) else ""
            advice = rule[1] if tables.strict else _ELSEWHERE
            yield Finding(Hazard.LOCKING, f"adds {rule[0]}{name} to {shown(table)}", advice)


def _set(
    action: exp.AlterSet, alter: exp.Alter, table: exp.Table, tables: Tables
) -> Iterator[Finding]:
    moved = action.args.get("tablespace") or action.args.get("option")
    if moved and not tables.is_own(tables.key(table)):
        yield Finding(Hazard.LOCKING, f"rewrites table {shown(table)}", f"{_REWRITE}: {QUIET}")


_Judge = Callable[[Any, exp.Alter, exp.Table, Tables], Iterator[Finding]]

_ACTIONS: Mapping[type[exp.Expression], _Judge] = {
    exp.ColumnDef: _add_column,
    exp.Drop: _drop,
    exp.DropPartition: _drop_partition,
    exp.DropPrimaryKey: lambda *_: iter(()),
    exp.RenameColumn: _rename_column,
    exp.AlterRename: _rename,
    exp.AlterColumn: _alter_column,
    exp.ModifyColumn: _modify,
    exp.AddConstraint: _add_constraint,
    exp.AlterSet: _set,
}
