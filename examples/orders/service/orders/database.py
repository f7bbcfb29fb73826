"""One database, used by several processes and by two versions of them at once.

SQLite lets one connection write at a time. A transaction that begins by reading and writes later
may find that another one has written in between; SQLite then answers "database is locked" at once,
whatever the busy time-out, because waiting could not help. So a transaction that is going to write
says so when it begins (`BEGIN IMMEDIATE`): it waits for its turn there, before it has read anything.
PostgreSQL needs none of this and gets an ordinary transaction.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import make_url

BUSY_TIMEOUT_MS = 5_000


def open_engine(url: str) -> Engine:
    """Make the engine for a database URL; nothing is connected yet."""
    if make_url(url).get_backend_name() != "sqlite":
        return create_engine(url, pool_size=10, max_overflow=20, pool_pre_ping=True)
    engine = create_engine(url, pool_size=20, max_overflow=20)
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    connection.isolation_level = None  # transactions begin when we say so, see _begin_sqlite
    connection.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute("PRAGMA foreign_keys = ON")


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get("writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


class Database:
    """Short transactions: `reading` is rolled back at its end, `writing` committed."""

    def __init__(self, url: str) -> None:
        self._readers = open_engine(url)
        self._writers = self._readers.execution_options(writes=True)

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A transaction that only reads."""
        with self._readers.connect() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction that writes; an error inside it undoes all of it."""
        with self._writers.begin() as connection:
            yield connection

    def close(self) -> None:
        """Let go of every connection."""
        self._readers.dispose()
