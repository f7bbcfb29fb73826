"""A table that is rebuilt: a new one is made and filled from the old one, which it then replaces.

SQLite can change a table in few ways only, so Alembic's batch mode, Django and Prisma write this: CREATE
TABLE new, INSERT INTO new SELECT … FROM old, DROP TABLE old, ALTER TABLE new RENAME TO old. Taken word
by word it drops a table; what it really does is the difference between two lists of columns.

The columns of the old table are known when an earlier rebuild in the same SQL gave them. Else Django's
title of the operation says whether a field is removed; where nothing says it, columns may be lost
without a trace in the SQL, and the rebuild counts as not understood.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from sqlglot import exp

from gonogo.domain.facts import Hazard
from gonogo.evidence.migrations.alterations import IN_TWO, LOST, QUIET, is_wide
from gonogo.evidence.migrations.tables import ColumnShape, Finding, Tables, fit, shown

_REMOVED = re.compile(r"Remove field (\S+) from (\S+)$")
_SAID = re.compile(r"(?:Add|Alter|Change|Create|Delete|Remove|Rename) ")
_WHOLE = ("where", "joins", "limit", "group", "distinct", "having", "offset", "laterals")


@dataclass(frozen=True, slots=True)
class Filled:
    """A new table's column and what of the old table went into it: column, cast to, empty ones filled."""

    column: str
    source: str | None
    source_name: str
    cast: exp.DataType | None
    coalesced: bool


@dataclass(frozen=True, slots=True)
class Copied:
    """A new table that took every row of `source`. `filled` is None where the columns are not listed."""

    source: str
    filled: tuple[Filled, ...] | None


@dataclass(frozen=True, slots=True)
class Dropped:
    """The old table's DROP, which waits for the new one to take its name."""

    number: int
    name: str
    new: str


@dataclass(slots=True)
class Rebuilds:
    """The rebuilds that are under way."""

    copied: dict[str, Copied] = field(default_factory=dict)
    dropped: dict[str, Dropped] = field(default_factory=dict)

    def insert(self, insert: exp.Insert, tables: Tables) -> None:
        """Note an INSERT that fills a new table from a single other one, leaving out no row."""
        target, select = insert.this, insert.args.get("expression")
        columns = target.expressions if isinstance(target, exp.Schema) else []
        table = target.this if isinstance(target, exp.Schema) else target
        if not isinstance(select, exp.Select) or not isinstance(table, exp.Table):
            return
        origin = select.args.get("from_")
        source = origin.this if origin is not None else None
        key = tables.key(table)
        if not isinstance(source, exp.Table) or any(select.args.get(each) for each in _WHOLE):
            return
        if source.args.get("joins") or key not in tables.made or tables.key(source) == key:
            return
        filled = None
        if columns and len(columns) == len(select.expressions):
            filled = tuple(
                _filled(tables.column_key(column), value, tables)
                for column, value in zip(columns, select.expressions, strict=True)
            )
        self.copied[key] = Copied(tables.key(source), filled)

    def drop(self, table: exp.Table, number: int, tables: Tables) -> bool:
        """Is this DROP TABLE a step of a rebuild? Then it waits for the next one."""
        key = tables.key(table)
        new = next((name for name, copied in self.copied.items() if copied.source == key), None)
        if new is None:
            return False
        self.dropped[key] = Dropped(number, shown(table), new)
        return True

    def left(self) -> Iterator[tuple[int, str]]:
        """Number and name of tables that were dropped and never came back."""
        for dropped in self.dropped.values():
            yield dropped.number, dropped.name

    def finish(
        self, old: exp.Table, new: exp.Table, title: str, tables: Tables
    ) -> "Rebuilt | None":
        """What the rename of a new table brings, when it ends a rebuild."""
        made, name = tables.key(old), tables.key(new)
        dropped = self.dropped.get(name)
        if dropped is None or dropped.new != made:
            return None
        del self.dropped[name]
        copied = self.copied.pop(made)
        after = tables.shapes.get(made, {})
        before = tables.shapes.get(name)
        tables.forget(made)
        known_new = tables.is_new(name)
        tables.shapes[name] = after
        if known_new:
            return Rebuilt([], understood=True)
        return _compare(dropped.name, before, after, copied, title, name, tables)


@dataclass(slots=True)
class Rebuilt:
    """What a rebuild brings, and whether all of it could be seen."""

    findings: list[Finding]
    understood: bool


def _filled(column: str, value: exp.Expression, tables: Tables) -> Filled:
    inner, cast, coalesced = value.unalias(), None, False
    if isinstance(inner, exp.Cast):
        inner, cast = inner.this, inner.to
    if isinstance(inner, exp.Coalesce):
        inner, coalesced = inner.this, True
    if isinstance(inner, exp.Column) and isinstance(inner.this, exp.Identifier):
        source = tables.column_key(inner.this)
        return Filled(column, source, inner.name, cast, coalesced)
    return Filled(column, None, "", cast, coalesced)


def _compare(
    name: str,
    before: dict[str, ColumnShape] | None,
    after: dict[str, ColumnShape],
    copied: Copied,
    title: str,
    key: str,
    tables: Tables,
) -> Rebuilt:
    findings = [
        Finding(
            Hazard.LOCKING,
            f"rebuilds table {name}",
            f"writers wait while every row is copied: {QUIET}",
        )
    ]
    if copied.filled is None or not after:
        return Rebuilt(findings, understood=False)
    for each in copied.filled:
        findings += _changed(name, each, before, after)
    sources = {each.column for each in copied.filled if each.source is not None}
    for column, made in after.items():
        added = column not in sources and (before is None or column not in before)
        if added:
            tables.added[key, column] = made
        if added and not made.filled:
            findings.append(_unfilled(name, made))
    lost, understood = _lost(before, copied.filled, title)
    lost = [each for each in lost if tables.added.pop((key, each.casefold()), None) is None]
    findings += [
        Finding(Hazard.DESTRUCTIVE, f"drops column {name}.{fit(each)}", f"{LOST}: {IN_TWO}")
        for each in lost
    ]
    return Rebuilt(findings, understood)


def _unfilled(name: str, made: ColumnShape) -> Finding:
    return Finding(
        Hazard.BREAKING,
        f"adds column {name}.{fit(made.name)} NOT NULL without a default",
        "the version before does not name it, so its INSERTs fail: give it a DEFAULT, or let it be NULL",
    )


def _changed(
    name: str,
    each: Filled,
    before: dict[str, ColumnShape] | None,
    after: dict[str, ColumnShape],
) -> Iterator[Finding]:
    made = after.get(each.column)
    if made is None or each.source is None:
        return
    column = f"{name}.{fit(made.name)}"
    if each.source != each.column:
        yield Finding(
            Hazard.BREAKING,
            f"renames column {name}.{fit(each.source_name)} to {fit(made.name)}",
            "the version before does not know the new name: add the new one, fill and use both",
        )
    known = before.get(each.source) if before else None
    if made.not_null and (each.coalesced or (known is not None and not known.not_null)):
        yield Finding(
            Hazard.BREAKING,
            f"demands a value in column {column} (NOT NULL)",
            "the version before may leave it empty: demand the value once no older version runs",
        )
    if each.cast is not None or (known is not None and known.type != made.type):
        wide = each.cast is None or is_wide(each.cast)
        yield Finding(
            Hazard.LOCKING if wide else Hazard.BREAKING,
            f"changes the type of column {column} to {fit(made.type)}",
            "the version before may read or write what no longer fits: add a new column beside it",
        )


def _lost(
    before: dict[str, ColumnShape] | None, filled: tuple[Filled, ...], title: str
) -> tuple[list[str], bool]:
    """The columns that are not carried over, and whether that could be seen."""
    if before is not None:
        used = {each.source for each in filled}
        return [shape.name for column, shape in before.items() if column not in used], True
    removed = _REMOVED.match(title)
    if removed:
        return [removed[1]], True
    return [], bool(_SAID.match(title))
