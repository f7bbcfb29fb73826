"""Counts in the PostgreSQL that desks share, one statement for each.

Guarantees: what is taken by any desk is counted once and for all of them, also at the same instant: the
row of a place is locked by the statement that looks at it. What is refused is not counted, and writes
nothing. Time is the server's, so desks need not agree about it. A count is never part of a transaction of
the store: it has connections of its own, so that neither waits for the other's. Whoever asks has an answer
or Unavailable within `PATIENCE`.

The table is unlogged: after a crash of the server, or on a standby that took over, it is empty and
everybody begins anew. Nothing waits for a disk, and no copy of the server holds what stands in it. Places
are digests; whoever can read the table could still find an address by trying all of them, within the two
windows for which a row is kept.
"""

import asyncio
import logging
import time
from collections.abc import Mapping
from datetime import timedelta
from hashlib import blake2b
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from gonogo.domain.errors import Unavailable
from gonogo.storage.engine import parse
from gonogo.storage.faults import explain, name_of
from gonogo.storage.postgresql import COUNTING, connect_arguments
from gonogo.storage.runner import Threads

PATIENCE = timedelta(seconds=2)
"""How long a count may take, with all its waiting for others."""

_PRUNE_EVERY = timedelta(seconds=30)
_PRUNE_AT_ONCE = 2000

_PRUNE = sa.text(
    "DELETE FROM counts WHERE place IN (SELECT place FROM counts"
    " WHERE over_at < extract(epoch FROM statement_timestamp())"
    " LIMIT :most FOR UPDATE SKIP LOCKED)"
)

_log = logging.getLogger("gonogo.storage")


def place_of(*parts: str | int) -> str:
    """The digest under which something is counted."""
    return blake2b("\0".join(map(str, parts)).encode(), digest_size=16).hexdigest()


class SharedCounts:
    """Runs statements over the table `counts` of a PostgreSQL; nothing is opened before the first."""

    def __init__(self, url: str, *, patience: timedelta = PATIENCE) -> None:
        self._patience = patience.total_seconds()
        self._engine = _engine(parse(url), patience)
        self._run = Threads(COUNTING)
        self._prune_at = time.monotonic() + _PRUNE_EVERY.total_seconds()
        self._closed = False

    async def row(
        self, statement: sa.TextClause, values: Mapping[str, Any]
    ) -> sa.Row[tuple[Any, ...]] | None:
        """Run it, and return its first row.

        Raises Unavailable when the database does not do it in time, whatever the reason.
        """
        if self._closed:
            raise Unavailable("requests are not counted any more: the desk is going down")
        try:
            return await asyncio.wait_for(
                self._run(lambda: self._first(statement, values)), self._patience
            )
        except TimeoutError:
            raise Unavailable(
                f"the database {name_of(self._engine.url)} took too long to count a request"
            ) from None

    async def close(self) -> None:
        """Finish what was begun and let go of the database."""
        if not self._closed:
            self._closed = True
            await self._run(self._engine.dispose)
            self._run.close()

    def _first(
        self, statement: sa.TextClause, values: Mapping[str, Any]
    ) -> sa.Row[tuple[Any, ...]] | None:
        for last in (False, True):
            try:
                with self._engine.connect() as connection:
                    found = connection.execute(statement, values)
                    row = found.first() if found.returns_rows else None
                    self._prune_now_and_then(connection)
                    return row
            except SQLAlchemyError as error:
                # A server that was restarted cut the pooled connections, and one that is a standby
                # by now counts nothing: new connections look for the host that does.
                cut = isinstance(error, sa.exc.DBAPIError) and error.connection_invalidated
                if not isinstance(error, sa.exc.TimeoutError):
                    self._engine.dispose()
                if last or not cut:
                    raise self._told(error) from error
        raise AssertionError("the last try returns or raises")

    def _told(self, error: SQLAlchemyError) -> Unavailable:
        """Any error at all: what cannot count must refuse, and the log has the reason."""
        known = explain(error, self._engine.url) if isinstance(error, sa.exc.DBAPIError) else None
        if isinstance(known, Unavailable):
            return known
        reason = str(known or getattr(error, "orig", None) or error).strip().partition("\n")[0]
        return Unavailable(f"the database {name_of(self._engine.url)} does not count: {reason}")

    def _prune_now_and_then(self, connection: sa.Connection) -> None:
        """Forget what is over: some rows at a time, and again with the next count while there are more."""
        now = time.monotonic()
        if now < self._prune_at:
            return
        self._prune_at = now + _PRUNE_EVERY.total_seconds()
        try:
            gone = connection.execute(_PRUNE, {"most": _PRUNE_AT_ONCE}).rowcount
        except SQLAlchemyError:
            _log.warning("counts that are over could not be deleted", exc_info=True)
            return
        if gone == _PRUNE_AT_ONCE:
            self._prune_at = now


def shared_counts(url: str) -> SharedCounts | None:
    """The counts of the desks that share this database; None for SQLite, over which there is one desk."""
    return None if parse(url).get_backend_name() == "sqlite" else SharedCounts(url)


def _engine(url: sa.URL, patience: timedelta) -> sa.Engine:
    arguments = connect_arguments(url, patience / 2)
    counting = f"-c statement_timeout={round(patience.total_seconds() * 750)}"
    arguments["options"] = f"{arguments['options']} {counting} -c synchronous_commit=off"
    if "connect_timeout" in arguments:
        arguments["connect_timeout"] = 2
    if "tcp_user_timeout" in arguments:
        arguments["tcp_user_timeout"] = round(patience.total_seconds() * 1000)
    return sa.create_engine(
        url,
        pool_size=COUNTING,
        max_overflow=0,
        pool_timeout=patience.total_seconds(),
        isolation_level="AUTOCOMMIT",
        connect_args=arguments,
    )
