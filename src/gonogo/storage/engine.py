"""Connections that keep the promises the tables need.

SQLite: every commit is on the disk when it returns (WAL, synchronous=FULL); a writer takes the write
lock when its transaction begins, so that what it read is still true when it writes; foreign keys
hold; another program's lock is waited for, within a limit; the file is its owner's alone. Python's
own transaction control is switched off: it begins late, and never before a SELECT.

Assumes a local disk: WAL does not work over a network.
"""

import contextlib
import os
import sqlite3
from datetime import timedelta
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy import event, pool

from gonogo.domain.errors import InvalidInput
from gonogo.storage.postgresql import make_postgresql_engine, normalised
from gonogo.storage.statements import as_sqlalchemy_says

READING = "gonogo_reading"
"""Execution option of connections that only read; they take no lock."""

KEPT = "gonogo_kept"
"""Execution option of connections whose transactions begin and end beside SQLAlchemy."""

DEFAULT_PATIENCE = timedelta(seconds=5)
"""How long another program's lock is waited for."""


def is_in_memory(url: sa.URL) -> bool:
    """Whether this database lives and dies with one connection."""
    return url.get_backend_name() == "sqlite" and url.database in {None, "", ":memory:"}


def parse(url: str) -> sa.URL:
    """The parts of a database URL. Raises InvalidInput, without any of its password."""
    try:
        parsed = sa.make_url(url)
    except (sa.exc.ArgumentError, ValueError):
        raise InvalidInput(
            "the URL of the desk's database cannot be read",
            hint="signs like / @ # in its password are written as %2F %40 %23",
        ) from None
    return parsed if parsed.drivername == "sqlite" else normalised(parsed)


def reading(engine: sa.Engine) -> sa.Engine:
    """The same engine for work that only reads: it takes no lock, and no longer than its statements."""
    if engine.dialect.name == "postgresql":
        return engine.execution_options(isolation_level="AUTOCOMMIT")
    return engine.execution_options(**{READING: True})


def make_engine(url: str, *, patience: timedelta = DEFAULT_PATIENCE) -> sa.Engine:
    """An engine for `sqlite:///FILE`, `sqlite://` (in memory) or a PostgreSQL URL.

    Nothing is opened yet. The directory of FILE must exist. Raises InvalidInput for a URL that is
    none, and for PostgreSQL where its driver is not installed.
    """
    parsed = parse(url)
    if parsed.get_backend_name() != "sqlite":
        return make_postgresql_engine(parsed, patience)
    in_memory = is_in_memory(parsed)
    kept: type[pool.Pool] = pool.StaticPool if in_memory else pool.QueuePool
    engine = sa.create_engine(
        parsed,
        poolclass=kept,
        connect_args={"check_same_thread": False, "timeout": patience.total_seconds()},
    )
    file = None if in_memory else Path(parsed.database or "")
    _listen(engine, file)
    return engine


def _listen(engine: sa.Engine, file: Path | None) -> None:
    @event.listens_for(engine, "do_connect")
    def _keep_private(*_connecting: object) -> None:
        if file is not None:
            _make_private(file)

    @event.listens_for(engine, "connect")
    def _set_up(connection: sqlite3.Connection, _record: object) -> None:
        connection.isolation_level = None
        if file is not None:
            connection.execute("PRAGMA journal_mode = WAL").close()
        connection.execute("PRAGMA synchronous = FULL").close()
        connection.execute("PRAGMA foreign_keys = ON").close()

    @event.listens_for(engine, "begin")
    def _begin(connection: sa.Connection) -> None:
        options = connection.get_execution_options()
        if options.get(KEPT, False):
            return
        reading = options.get(READING, False)
        text = "BEGIN" if reading else "BEGIN IMMEDIATE"
        driver: sqlite3.Connection = connection.connection.driver_connection  # type: ignore[assignment]
        try:
            driver.execute(text)
        except sqlite3.Error as error:
            raise as_sqlalchemy_says(text, [], error, connection.dialect) from error


def _make_private(file: Path) -> None:
    """The database holds secrets; SQLite gives its side files the same mode.

    A file that is there is not opened: closing it again would drop the locks that other connections
    of this process hold on it.
    """
    # Where the system says no, SQLite meets the same obstacle next, and that error is explained.
    with contextlib.suppress(OSError):
        os.close(os.open(file, os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_CLOEXEC, 0o600))
    with contextlib.suppress(OSError):
        if file.stat().st_mode & 0o077:
            file.chmod(0o600)
