"""Statements that are built once and, over SQLite, handed to the driver as they are.

SQLAlchemy builds, looks up and wraps a statement anew at every call, which costs ten times what SQLite
needs to run it; a desk that drives many releases spends most of its processor time there. Such a
statement is written as any other, compiled at its first use, and run by the driver's own cursor.
A server is asked through SQLAlchemy all the same: there the way to it is what costs, and its driver
has errors and prepared statements that SQLAlchemy knows how to handle.

Assumes parameters that stand for one value each: a list after IN has no fixed text.
"""

import sqlite3
from collections import namedtuple
from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

import sqlalchemy as sa
from sqlalchemy.sql.dml import UpdateBase

from gonogo.storage.tables import UtcTime

Row = sa.Row[Any]
Given = Mapping[str, Any]
Processor = Callable[[Any], Any]

_NOTHING: Given = {}


class Prepared:
    """A SELECT, INSERT, UPDATE or DELETE. Rows are read by the names of their columns.

    `given` holds the values of its parameters, and for INSERT and UPDATE those of the columns to be
    written. Raises what SQLAlchemy would raise.
    """

    def __init__(self, statement: sa.Select[Any] | UpdateBase) -> None:
        self._statement = statement
        self._compiled: dict[frozenset[str], _OnSqlite] = {}

    def all(self, connection: sa.Connection, given: Given = _NOTHING) -> Sequence[Row]:
        """Every row."""
        if connection.dialect.name != "sqlite":
            return connection.execute(self._statement, given).all()
        return self._on_sqlite(connection, given).all(connection, given)

    def first(self, connection: sa.Connection, given: Given = _NOTHING) -> Row | None:
        """The first row, or None."""
        if connection.dialect.name != "sqlite":
            return connection.execute(self._statement, given).first()
        return next(iter(self.all(connection, given)), None)

    def run(self, connection: sa.Connection, given: Given = _NOTHING) -> int:
        """Write; returns how many rows that changed."""
        if connection.dialect.name != "sqlite":
            return connection.execute(self._statement, given).rowcount
        return self._on_sqlite(connection, given).run(connection, given)

    def _on_sqlite(self, connection: sa.Connection, given: Given) -> "_OnSqlite":
        names = frozenset(given)
        known = self._compiled.get(names)
        if known is None:
            known = self._compiled[names] = _OnSqlite(self._statement, connection.dialect, names)
        return known


class _OnSqlite:
    """One text for SQLite, and how values come in and rows come out."""

    def __init__(
        self, statement: sa.Select[Any] | UpdateBase, dialect: sa.Dialect, names: frozenset[str]
    ) -> None:
        columns = None if isinstance(statement, sa.Select) else sorted(names)
        compiled: Any = statement.compile(dialect=dialect, column_keys=columns)
        self._text = str(compiled)
        places = compiled.positiontup or ()
        missing = {name for name in places if compiled.binds[name].required} - names
        if missing:
            raise sa.exc.InvalidRequestError(f"no value for {', '.join(sorted(missing))}")
        self._fixed = {name: value for name, value in compiled.params.items() if name not in names}
        self._places: list[tuple[str, Processor | None]] = [
            (name, _coming_in(compiled.binds[name].type, dialect)) for name in places
        ]
        self._make: Callable[[Any], Any] = tuple
        self._going_out: list[tuple[int, Processor]] = []
        if isinstance(statement, sa.Select):
            selected = statement.selected_columns
            names_of = [column.name for column in selected]
            row: Any = namedtuple("Row", names_of)  # type: ignore[misc]
            self._make = row._make
            processors = [_going_out(column.type, dialect) for column in selected]
            self._going_out = [(place, each) for place, each in enumerate(processors) if each]

    def all(self, connection: sa.Connection, given: Given) -> Sequence[Row]:
        make = self._make
        if not self._going_out:
            return cast("list[Row]", [make(row) for row in self._execute(connection, given)])
        found = []
        for row in self._execute(connection, given).fetchall():
            values = list(row)
            for place, process in self._going_out:
                values[place] = process(values[place])
            found.append(make(values))
        return cast("list[Row]", found)

    def run(self, connection: sa.Connection, given: Given) -> int:
        return self._execute(connection, given).rowcount

    def _execute(self, connection: sa.Connection, given: Given) -> sqlite3.Cursor:
        if not connection.in_transaction():
            connection.begin()
        driver = cast("sqlite3.Connection", connection.connection.driver_connection)
        fixed = self._fixed
        values: list[Any] = []
        try:
            for name, process in self._places:
                value = given[name] if name in given else fixed[name]
                values.append(value if process is None else process(value))
            return driver.execute(self._text, values)
        except (sqlite3.Error, ValueError, TypeError) as error:
            raise as_sqlalchemy_says(self._text, values, error, connection.dialect) from error


def _coming_in(kind: sa.types.TypeEngine[Any], dialect: sa.Dialect) -> Processor | None:
    if isinstance(kind, UtcTime):
        return UtcTime.as_text
    return kind.dialect_impl(dialect).bind_processor(dialect)


def _going_out(kind: sa.types.TypeEngine[Any], dialect: sa.Dialect) -> Processor | None:
    if isinstance(kind, UtcTime):
        return UtcTime.of_text
    return kind.dialect_impl(dialect).result_processor(dialect, None)


def as_sqlalchemy_says(
    text: str, values: list[Any], error: Exception, dialect: sa.Dialect
) -> BaseException:
    """The error that callers of SQLAlchemy know how to handle."""
    return sa.exc.DBAPIError.instance(text, values, error, sqlite3.Error, dialect=dialect)
