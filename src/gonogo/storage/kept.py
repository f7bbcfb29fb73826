"""One open connection for work that comes one after another, as it does over SQLite.

To take a connection from a pool and give it back costs more than a short transaction on SQLite does.
So the thread that writes keeps its connection, and the thread that reads keeps another. Whoever comes
while the connection is in use is served from the pool, as ever.
"""

import contextlib
import threading
from collections.abc import Callable
from typing import TypeVar

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from gonogo.storage.faults import explain
from gonogo.storage.transaction import transact

Result = TypeVar("Result")


class Kept:
    """Transactions over one engine; those over SQLite on a connection that stays open."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine
        self._is_sqlite = engine.dialect.name == "sqlite"
        self._in_use = threading.Lock()
        self._connection: sa.Connection | None = None

    def transact(self, work: Callable[[sa.Connection], Result]) -> Result:
        """Do the work in one transaction and return what it returned; raises as `transact` does."""
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

    def _on_kept(self, work: Callable[[sa.Connection], Result]) -> Result:
        connection = self._connection
        if connection is None:
            connection = self._connection = self._engine.connect()
        try:
            with connection.begin():
                return work(connection)
        except SQLAlchemyError:
            # One that could not even be rolled back is for the pool to make good, or anew.
            if connection.in_transaction() or connection.invalidated:
                self._give_back()
            raise

    def _give_back(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            with contextlib.suppress(SQLAlchemyError):
                connection.close()

    def close(self) -> None:
        """Give the connection back to the pool. Called when nobody works any more."""
        with self._in_use:
            self._give_back()
