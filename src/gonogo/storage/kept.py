"""Connections that stay open between short transactions.

To take a connection from a pool, begin, commit and give it back through SQLAlchemy costs ten times
what a short transaction costs SQLite. So the thread that writes keeps its connection, and the thread
that reads keeps another; SQLAlchemy takes all that happens on it for one transaction that never ends,
and the driver is told where the real ones begin and end. Whoever comes while the connection is in use
is served from the pool, as ever. Over PostgreSQL it is the threads that read that keep theirs: there each
statement stands alone, so that nothing has to begin or end.
"""

import contextlib
import sqlite3
import threading
from collections import deque
from collections.abc import Callable, Iterator
from typing import TypeVar, cast

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from gonogo.storage.engine import KEPT, READING
from gonogo.storage.faults import explain
from gonogo.storage.statements import as_sqlalchemy_says
from gonogo.storage.transaction import transact

Result = TypeVar("Result")


class Kept:
    """Transactions over one engine; those over SQLite on a connection that stays open."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine
        self._is_sqlite = engine.dialect.name == "sqlite"
        reads = engine.get_execution_options().get(READING, False)
        self._begin = "BEGIN" if reads else "BEGIN IMMEDIATE"
        self._in_use = threading.Lock()
        self._connection: sa.Connection | None = None
        self._alone = engine.get_execution_options().get("isolation_level") == "AUTOCOMMIT"
        self._standing: deque[sa.Connection] = deque()

    def transact(self, work: Callable[[sa.Connection], Result]) -> Result:
        """Do the work in one transaction and return what it returned; raises as `transact` does."""
        if self._alone:
            return transact(self._engine, work, self._standing_one)
        if not self._is_sqlite or not self._in_use.acquire(blocking=False):
            return transact(self._engine, work)
        try:
            return self._on_kept(work)
        except DBAPIError as error:
            explained = explain(error, self._engine.url)
            if explained is None:
                raise
            raise explained from error
        finally:
            self._in_use.release()

    @contextlib.contextmanager
    def _standing_one(self) -> Iterator[sa.Connection]:
        """A connection that nobody uses now; all go back to the pool when anything fails."""
        try:
            connection = self._standing.pop()
        except IndexError:
            connection = self._engine.connect()
        try:
            yield connection
        except BaseException:
            self._standing.append(connection)
            self._let_go()  # where one was cut, so were the others
            raise
        self._standing.append(connection)

    def _let_go(self) -> None:
        with contextlib.suppress(IndexError):
            while True:
                connection = self._standing.pop()
                with contextlib.suppress(SQLAlchemyError):
                    connection.close()

    def _on_kept(self, work: Callable[[sa.Connection], Result]) -> Result:
        connection = self._connection or self._open()
        driver = cast("sqlite3.Connection", connection.connection.driver_connection)
        self._say(driver, self._begin)
        try:
            result = work(connection)
            self._say(driver, "COMMIT")
        except BaseException:
            self._undo(driver)
            raise
        return result

    def _open(self) -> sa.Connection:
        opened = self._engine.connect().execution_options(**{KEPT: True})
        opened.begin()
        self._connection = opened
        return opened

    def _say(self, driver: sqlite3.Connection, text: str) -> None:
        try:
            driver.execute(text)
        except sqlite3.Error as error:
            raise as_sqlalchemy_says(text, [], error, self._engine.dialect) from error

    def _undo(self, driver: sqlite3.Connection) -> None:
        """After some failures SQLite has undone everything itself."""
        try:
            if driver.in_transaction:
                driver.execute("ROLLBACK")
        except sqlite3.Error:  # one that cannot even do that is for the pool to make good, or anew
            self._give_back()

    def _give_back(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            with contextlib.suppress(SQLAlchemyError):
                connection.close()

    def close(self) -> None:
        """Give the connections back to the pool. Called when nobody works any more."""
        with self._in_use:
            self._give_back()
        self._let_go()
