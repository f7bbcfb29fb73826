"""Statements that are built once and handed to the driver as they are.

SQLAlchemy builds, looks up and wraps a statement anew at every call, which costs ten times what SQLite
needs to run it, and as much again as a way to a PostgreSQL and back; a desk that drives many releases, or
serves a whole team, would spend most of its processor time there. Such a statement is written as any
other, compiled at its first use, and run by the driver's own cursor, which also prepares it on a server.

Assumes parameters that stand for one value each: a list after IN has no fixed text.
"""

import sqlite3
from abc import ABC, abstractmethod
from collections import namedtuple
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

import sqlalchemy as sa
from sqlalchemy.sql.dml import UpdateBase

from gonogo.storage.tables import UtcTime

if TYPE_CHECKING:
    import psycopg

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
        self._compiled: dict[tuple[str, ...], _Compiled] = {}

    def all(self, connection: sa.Connection, given: Given = _NOTHING) -> Sequence[Row]:
        """Every row."""
        return self._for(connection, given).all(connection, given)

    def first(self, connection: sa.Connection, given: Given = _NOTHING) -> Row | None:
        """The first row, or None."""
        return next(iter(self.all(connection, given)), None)

    def run(self, connection: sa.Connection, given: Given = _NOTHING) -> int:
        """Write; returns how many rows that changed."""
        return self._for(connection, given).run(connection, given)

    def _for(self, connection: sa.Connection, given: Given) -> "_Compiled":
        dialect = connection.dialect
        form = (dialect.name, *given)
        known = self._compiled.get(form)
        if known is None:
            kind = _OnSqlite if dialect.name == "sqlite" else _OnPostgresql
            known = self._compiled[form] = kind(self._statement, dialect, frozenset(given))
        return known


class _Compiled(ABC):
    """One text for a kind of database, and how values come in and rows come out."""

    def __init__(
        self, statement: sa.Select[Any] | UpdateBase, dialect: sa.Dialect, names: frozenset[str]
    ) -> None:
        table = None if isinstance(statement, sa.Select) else statement.table
        columns = None if table is None else sorted(name for name in names if name in table.c)
        compiled: Any = statement.compile(dialect=dialect, column_keys=columns)
        self._text = str(compiled)
        places = compiled.positiontup or list(compiled.params)
        missing = {name for name in places if compiled.binds[name].required} - names
        if missing:
            raise sa.exc.InvalidRequestError(f"no value for {', '.join(sorted(missing))}")
        self._fixed = {name: value for name, value in compiled.params.items() if name not in names}
        self._names = list(places)
        processors = [_coming_in(compiled.binds[name].type, dialect) for name in places]
        self._coming_in = [(place, each) for place, each in enumerate(processors) if each]
        self._make: Callable[[Any], Any] = tuple
        self._going_out: list[tuple[int, Processor]] = []
        if isinstance(statement, sa.Select):
            selected = statement.selected_columns
            names_of = [column.name for column in selected]
            row: Any = namedtuple("Row", names_of)  # type: ignore[misc]
            self._make = row._make
            readers = [_going_out(column.type, dialect) for column in selected]
            self._going_out = [(place, each) for place, each in enumerate(readers) if each]

    def all(self, connection: sa.Connection, given: Given) -> Sequence[Row]:
        make = self._make
        rows = self._fetch(connection, given)
        if not self._going_out:
            return cast("list[Row]", [make(row) for row in rows])
        found = []
        for row in rows:
            values = list(row)
            for place, process in self._going_out:
                values[place] = process(values[place])
            found.append(make(values))
        return cast("list[Row]", found)

    def _values(self, given: Given) -> list[Any]:
        known = {**self._fixed, **given} if self._fixed else given
        values = [known[name] for name in self._names]
        for place, process in self._coming_in:
            values[place] = process(values[place])
        return values

    @abstractmethod
    def run(self, connection: sa.Connection, given: Given) -> int: ...

    @abstractmethod
    def _fetch(self, connection: sa.Connection, given: Given) -> Iterable[Any]: ...


class _OnPostgresql(_Compiled):
    def run(self, connection: sa.Connection, given: Given) -> int:
        return self._execute(connection, given)[1]

    def _fetch(self, connection: sa.Connection, given: Given) -> Iterable[Any]:
        return self._execute(connection, given)[0]

    def _execute(self, connection: sa.Connection, given: Given) -> tuple[Sequence[Any], int]:
        import psycopg

        if not connection.in_transaction():
            connection.begin()
        driver = cast("psycopg.Connection[Any]", connection.connection.driver_connection)
        values: dict[str, Any] = {}
        try:
            values = dict(zip(self._names, self._values(given), strict=True))
            with driver.execute(self._text.encode(), values) as cursor:
                return (cursor.fetchall() if cursor.description else ()), cursor.rowcount
        except (psycopg.Error, ValueError, TypeError) as error:
            raise _as_said_of_server(self._text, values, error, connection) from error


def _as_said_of_server(
    text: str, values: Given, error: Exception, connection: sa.Connection
) -> BaseException:
    """The error that callers of SQLAlchemy know how to handle; a broken connection goes from its pool."""
    import psycopg

    lost = isinstance(error, psycopg.Error) and connection.dialect.is_disconnect(
        cast("Any", error), connection.connection.dbapi_connection, None
    )
    if lost:
        connection.invalidate(error)
    return sa.exc.DBAPIError.instance(
        text,
        values,
        error,
        psycopg.Error,
        connection_invalidated=lost,
        dialect=connection.dialect,
    )


class _OnSqlite(_Compiled):
    def run(self, connection: sa.Connection, given: Given) -> int:
        return self._execute(connection, given).rowcount

    def _fetch(self, connection: sa.Connection, given: Given) -> Iterable[Any]:
        return self._execute(connection, given).fetchall()

    def _execute(self, connection: sa.Connection, given: Given) -> sqlite3.Cursor:
        if not connection.in_transaction():
            connection.begin()
        driver = cast("sqlite3.Connection", connection.connection.driver_connection)
        values: list[Any] = []
        try:
            values = self._values(given)
            return driver.execute(self._text, values)
        except (sqlite3.Error, ValueError, TypeError) as error:
            raise as_sqlalchemy_says(self._text, values, error, connection.dialect) from error


def _coming_in(kind: sa.types.TypeEngine[Any], dialect: sa.Dialect) -> Processor | None:
    if isinstance(kind, UtcTime) and dialect.name == "sqlite":
        return UtcTime.as_text
    return kind.dialect_impl(dialect).bind_processor(dialect)


def _going_out(kind: sa.types.TypeEngine[Any], dialect: sa.Dialect) -> Processor | None:
    on_sqlite = dialect.name == "sqlite"
    if isinstance(kind, sa.Float) and not on_sqlite:
        return None  # a server's double precision is a float already
    if isinstance(kind, UtcTime) and on_sqlite:
        return UtcTime.of_text
    return kind.dialect_impl(dialect).result_processor(dialect, None)


def as_sqlalchemy_says(
    text: str, values: list[Any], error: Exception, dialect: sa.Dialect
) -> BaseException:
    """The error that callers of SQLAlchemy know how to handle."""
    return sa.exc.DBAPIError.instance(text, values, error, sqlite3.Error, dialect=dialect)
