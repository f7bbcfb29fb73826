"""One transaction, whole or not at all, and begun anew where that is certain to do no harm.

Desks on one PostgreSQL stand in each other's way now and then, and a server that was restarted has
cut every pooled connection. What ended before its commit was undone by the server, so the same work
can be done again. What failed at its commit may have been stored: that is never repeated here, and
the caller has to read what is true.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import TypeVar

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError, IntegrityError

from gonogo.domain.errors import Unavailable
from gonogo.storage.faults import explain, name_of
from gonogo.storage.postgresql import THREADS, is_read_only, may_try_again

Result = TypeVar("Result")

_TRIES = 3


def transact(
    engine: sa.Engine,
    work: Callable[[sa.Connection], Result],
    opened: Callable[[], AbstractContextManager[sa.Connection]] | None = None,
) -> Result:
    """Do the work in one transaction and return what it returned.

    `opened` gives the connection, with its transaction begun if it needs one, and ends that. Raises
    what `faults.explain` names where the database does not do it, and the driver's own error for what
    is a fault of the program.
    """
    left, stale = _TRIES, 2 * THREADS + 2
    while True:
        committing = False
        try:
            with engine.begin() if opened is None else opened() as connection:
                result = work(connection)
                committing = True
            return result
        except DBAPIError as error:
            if error.connection_invalidated and stale and not committing:
                stale -= 1  # where one connection was cut, so were those that wait in the pool
                continue
            left -= 1
            if left and not committing and _again(engine, error):
                continue
            explained = explain(error, engine.url)
            if is_read_only(error):
                engine.dispose()  # new connections look for the host that takes writes
            if explained is None:
                raise
            raise explained from error
        except sa.exc.TimeoutError as error:
            raise Unavailable(
                f"the database {name_of(engine.url)} is busy: no connection was free in time"
            ) from error


def _again(engine: sa.Engine, error: DBAPIError) -> bool:
    if engine.dialect.name == "sqlite":
        return (
            False  # a writer there has the whole file to itself: nothing can have come in between
        )
    # A row that another desk added in the same instant: the second look finds it.
    return isinstance(error, IntegrityError) or may_try_again(error)
