"""PostgreSQL as the desk's database: how it is reached, and what its errors mean to a person.

Guarantees: a commit is on the server's disk when it returns (a server set to `synchronous_commit =
off` is overruled); of several hosts in the URL the one that takes writes is used; nothing is waited
for without a limit: neither the server, nor a statement, nor another desk's lock. What the URL itself
says about such a limit counts more than what is said here.

Assumes a direct connection, or a pooler that keeps one server connection for each client: locks and
notices belong to a session.
"""

from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.exc import DBAPIError

from gonogo.domain.errors import GonogoError, InvalidInput, NeedsPerson, Unavailable

DRIVER = "postgresql+psycopg"
THREADS = 4
"""Threads of one desk that write at once, and as many that read."""

COUNTING = 2
"""Threads of one desk that count requests, each with a connection of its own."""

_CONNECT_SECONDS = 5
_STATEMENT = timedelta(seconds=15)
_SCHEMES = frozenset({"postgres", "postgresql", DRIVER})

_DURABLE = (
    "SELECT set_config('synchronous_commit', 'on', false)"
    " WHERE current_setting('synchronous_commit') = 'off'"
)


def normalised(url: sa.URL) -> sa.URL:
    """The URL with the driver that is used here, whatever way it was written.

    Raises InvalidInput for another kind of database.
    """
    if url.drivername not in _SCHEMES:
        raise InvalidInput(
            f"a desk's database cannot be of the kind {url.drivername}",
            hint="give GONOGO_DATABASE_URL as sqlite:///FILE or postgresql://USER@HOST/DATABASE",
        )
    return url.set(drivername=DRIVER)


def make_postgresql_engine(url: sa.URL, patience: timedelta) -> sa.Engine:
    """An engine over a pool of as many connections as a desk has threads.

    Raises InvalidInput when the driver is not installed.
    """
    try:
        engine = sa.create_engine(
            url,
            pool_size=2 * THREADS,
            max_overflow=2,
            pool_timeout=patience.total_seconds(),
            isolation_level="READ COMMITTED",
            connect_args=connect_arguments(url, patience),
        )
    except ImportError as error:
        raise InvalidInput(
            "PostgreSQL needs the driver psycopg, which is not installed here",
            hint="pip install 'gonogo[postgresql]'",
        ) from error

    from gonogo.storage.postgresql_text import WithoutNul

    @event.listens_for(engine, "connect")
    def _make_ready(connection: Any, _record: object) -> None:  # noqa: ANN401 - a driver's object
        connection.adapters.register_dumper(str, WithoutNul)
        try:
            connection.execute(_DURABLE)
            connection.commit()
        except BaseException:  # the pool does not know it yet, so nobody else would close it
            connection.close()
            raise

    return engine


def connect_arguments(url: sa.URL, patience: timedelta) -> dict[str, Any]:
    """What libpq is told beside the URL, as far as the URL does not say it itself.

    `patience` is how long another's lock is waited for.
    """
    settings = {
        "statement_timeout": _milliseconds(_STATEMENT),
        "lock_timeout": _milliseconds(patience),
        "idle_in_transaction_session_timeout": _milliseconds(_STATEMENT),
        # A host that vanished without a word keeps its session, and with it its locks, for so long.
        "tcp_keepalives_idle": 5,
        "tcp_keepalives_interval": 2,
        "tcp_keepalives_count": 3,
    }
    own = " ".join(f"-c {name}={value}" for name, value in settings.items())
    theirs = url.query.get("options", "")
    wanted: dict[str, Any] = {
        "connect_timeout": _CONNECT_SECONDS,
        "application_name": "gonogo",
        "client_encoding": "utf8",
        "keepalives_idle": 5,
        "keepalives_interval": 2,
        "keepalives_count": 3,
        "tcp_user_timeout": _milliseconds(_STATEMENT),
    }
    if _has_several_hosts(url):
        wanted["target_session_attrs"] = "read-write"
    said = {name: value for name, value in wanted.items() if name not in url.query}
    return {**said, "options": f"{own} {theirs if isinstance(theirs, str) else ' '.join(theirs)}"}


def _has_several_hosts(url: sa.URL) -> bool:
    hosts = url.query.get("host", "")
    return not isinstance(hosts, str) or "," in hosts


def _milliseconds(span: timedelta) -> int:
    return round(span.total_seconds() * 1000)


def name_of_postgresql(url: sa.URL) -> str:
    """The database as a person knows it: what the query of a URL says may hold a password."""
    return url.set(drivername="postgresql", query={}, password=None).render_as_string()


READ_ONLY = "25006"
_AGAIN = frozenset({"40001", "40P01"})

_LATER = {
    READ_ONLY: (
        "takes no writes now: it is read-only",
        "psql {name} -c 'SELECT pg_is_in_recovery()'",
    ),
    "40001": ("is busy: another write came in between", None),
    "40P01": ("is busy: another write came in between", None),
    "53100": ("has no space left to write to", "df -h, on the database's host"),
    "53200": ("has no memory left for this", "look at the database server's log"),
    "53300": (
        "takes no more connections",
        f"raise max_connections: a desk needs up to {2 * THREADS + COUNTING + 3}",
    ),
    "55P03": (
        "is busy: another session holds a lock",
        "psql {name} -c 'SELECT * FROM pg_stat_activity'",
    ),
    "57014": ("took too long to answer", "psql {name} -c 'SELECT * FROM pg_stat_activity'"),
    "57P01": ("is being stopped or started", None),
    "57P02": ("is being stopped or started", None),
    "57P03": ("is being stopped or started", None),
}
_DAMAGED = frozenset({"XX001", "XX002"})
_FORBIDDEN = "42501"


def may_try_again(error: DBAPIError) -> bool:
    """Whether a transaction that ended like this, before its commit, may succeed when it is begun anew.

    The server undid all of it: connections that broke, and transactions that stood in each other's way.
    """
    return error.connection_invalidated or _state(error) in _AGAIN


def explain_postgresql(error: DBAPIError, url: sa.URL) -> GonogoError | None:
    """The error in gonogo's words, or None when it is a fault of the program itself."""
    name, state = name_of_postgresql(url), _state(error)
    if state in _DAMAGED:
        return NeedsPerson(
            f"the database {name} is damaged ({_first_line(error)})",
            hint="put a backup in its place: docs/databases.md",
        )
    if state == _FORBIDDEN:
        return NeedsPerson(
            f"the database {name} does not let its user do that: {_first_line(error)}",
            hint="make the user the owner of the database: docs/databases.md",
        )
    if state in _LATER:
        what, hint = _LATER[state]
        return Unavailable(
            f"the database {name} {what}", hint=None if hint is None else hint.format(name=name)
        )
    if error.connection_invalidated or isinstance(error, sa.exc.OperationalError):
        line = _first_line(error)
        missing = line.endswith("does not exist") and url.database and f'"{url.database}"' in line
        return Unavailable(
            f"the database {name} did not answer: {line}",
            hint=f"createdb {url.database}: docs/databases.md" if missing else None,
        )
    return None


def is_read_only(error: DBAPIError) -> bool:
    """Whether the server takes no writes (any more): another of its hosts may take them now."""
    return _state(error) == READ_ONLY


def _state(error: DBAPIError) -> str:
    return getattr(error.orig, "sqlstate", None) or ""


def _first_line(error: DBAPIError) -> str:
    lines = str(error.orig).strip().splitlines()
    return lines[0] if lines else "no answer"
