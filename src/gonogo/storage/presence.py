"""A desk's presence on PostgreSQL: its name, its heartbeat, and its ear for the other desks.

One session of its own for as long as the desk lives. It holds an advisory lock on the desk's name, so
that two desks of one name cannot be at work; it says every other second that the desk is there; and it
listens to what other desks stored. When the session breaks it is made again. What was told meanwhile
is lost, so everybody is told to read anew; until then the desk looks by itself, once a second, as it
does on SQLite.

The lock is released by the server in the moment the desk's process ends. A session that the server
still keeps after the network was cut is ended from here, if it is this desk's own; where another
desk has taken the name meanwhile, this one has to end: `lost` is called.

So it is where the tables have become those of another program: a newer gonogo changes them only when no
desk was heard of for a while, and one that stood still for so long must not go on with them.
"""

import contextlib
import hashlib
import json
import logging
import threading
import time
import uuid
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from gonogo.domain.errors import Conflict, GonogoError, Unavailable
from gonogo.ports.notices import Notice
from gonogo.storage.faults import explain, name_of
from gonogo.storage.notices import Announcements
from gonogo.storage.schema import NEWEST

if TYPE_CHECKING:
    from psycopg import Connection

log = logging.getLogger("gonogo.presence")

CHANNEL = "gonogo"
_LISTEN_SECONDS = 0.5
_HEARTBEAT_SECONDS = 2.0
_AGAIN_SECONDS = 0.5
_NAME_SECONDS = 3.0

_SIGN_IN = """
INSERT INTO desks (name, site, host, version, incarnation, session, since, seen_at)
VALUES (%(name)s, %(site)s, %(host)s, %(version)s, %(incarnation)s, pg_backend_pid(),
        clock_timestamp(), clock_timestamp())
ON CONFLICT (name) DO UPDATE SET
    site = EXCLUDED.site, host = EXCLUDED.host, version = EXCLUDED.version,
    session = EXCLUDED.session, seen_at = EXCLUDED.seen_at, incarnation = EXCLUDED.incarnation,
    since = CASE WHEN desks.incarnation = EXCLUDED.incarnation THEN desks.since ELSE EXCLUDED.since END
"""
_HERE = "UPDATE desks SET seen_at = clock_timestamp() WHERE name = %s AND incarnation = %s"
_GONE = "DELETE FROM desks WHERE name = %s AND incarnation = %s"
_END_OWN = (
    "SELECT pg_terminate_backend(session) FROM desks"
    " WHERE name = %s AND incarnation = %s AND session <> pg_backend_pid()"
)
_SCHEMA = "SELECT version_num FROM alembic_version"
_WHO = "SELECT host, since FROM desks WHERE name = %s"


class Presence:
    """`start` it before the desk works, `close` it when it has ended.

    `engine` comes from `make_engine` and is used for one connection. `wake` is called, from a thread
    of its own, with the release that another desk stored something for ("" for anything); `lost` with
    the reason why this desk must end.
    """

    def __init__(
        self,
        engine: sa.Engine,
        notices: Announcements,
        origin: str,
        *,
        name: str,
        site: str,
        host: str,
        version: str,
        wake: Callable[[str], None],
        lost: Callable[[GonogoError], None],
    ) -> None:
        self._engine = engine
        self._notices = notices
        self._origin = origin
        self._who = {"name": name, "site": site, "host": host, "version": version}
        self._name = name
        self._incarnation = uuid.uuid4().hex
        self._wake = wake
        self._lost = lost
        self._ending = threading.Event()
        self._connection: Connection[Any] | None = None
        self._thread = threading.Thread(target=self._stay, name="gonogo-presence", daemon=True)

    def start(self) -> None:
        """Take the name and begin to listen.

        Raises Conflict when a desk of this name is at work, Unavailable when the database is not there.
        """
        try:
            self._connection = self._sign_in()
        except DBAPIError as error:
            raise explain(error, self._engine.url) or error from error
        self._thread.start()

    def close(self) -> None:
        """Give the name back."""
        self._ending.set()
        if self._thread.is_alive():
            self._thread.join()
        self._drop()  # until then the name is kept, also by a desk that has to end

    def _sign_in(self) -> "Connection[Any]":
        """A session that holds the name and listens. Raises Conflict when another holds it."""
        pooled = self._engine.raw_connection()
        driver: Connection[Any] = pooled.driver_connection  # type: ignore[assignment]
        pooled.detach()
        try:
            driver.rollback()
            driver.autocommit = True
            self._see_that_the_schema_is_known(driver)
            self._take_name(driver)
            driver.execute(_SIGN_IN, {**self._who, "incarnation": self._incarnation})
            driver.execute(f"LISTEN {CHANNEL}")
        except BaseException:
            driver.close()
            raise
        return driver

    def _take_name(self, driver: "Connection[Any]") -> None:
        deadline = time.monotonic() + _NAME_SECONDS
        while True:
            found = driver.execute("SELECT pg_try_advisory_lock(%s)", (_key(self._name),))
            if found.fetchone() == (True,):
                return
            # Its own session of before, which the server has not missed yet.
            driver.execute(_END_OWN, (self._name, self._incarnation))
            if time.monotonic() >= deadline:
                row = driver.execute(_WHO, (self._name,)).fetchone()
                where = f" on {row[0]} since {row[1]:%Y-%m-%d %H:%M} UTC" if row else ""
                raise Conflict(
                    f"a desk named {self._name} is at work{where} on {name_of(self._engine.url)}",
                    hint="give every desk a name of its own: export GONOGO_DESK=NAME",
                )
            self._ending.wait(0.1)

    def _stay(self) -> None:
        try:
            self._listen_on()
        except (
            Exception
        ) as defect:  # an edge: a thread that died in silence would leave the desk deaf
            log.exception("the desk does not hear others any more")
            self._lost(Unavailable(f"the desk does not hear others any more: {defect}"))

    def _listen_on(self) -> None:
        import psycopg

        told = False
        while not self._ending.is_set():
            try:
                if self._connection is None:
                    self._connection = self._sign_in()
                    told = False
                    self._notices.tell(Notice(None, None, 0))
                    self._wake("")
                self._listen(self._connection)
            except Conflict as conflict:
                self._lost(conflict)
                return
            except (psycopg.Error, DBAPIError, OSError) as trouble:
                self._drop()
                if not told:
                    log.warning("no word from other desks for now: %s", _first_line(trouble))
                told = True
                self._ending.wait(_AGAIN_SECONDS)
        self._sign_out()

    def _listen(self, connection: "Connection[Any]") -> None:
        """Hear the others until the desk ends; raises what ends the session."""
        due = time.monotonic() + _HEARTBEAT_SECONDS
        while not self._ending.is_set():
            for heard in connection.notifies(timeout=_LISTEN_SECONDS):
                self._hear(heard.payload)
                if self._ending.is_set() or time.monotonic() >= due:
                    break
            if time.monotonic() >= due:
                self._see_that_the_schema_is_known(connection)
                connection.execute(_HERE, (self._name, self._incarnation))
                due = time.monotonic() + _HEARTBEAT_SECONDS

    def _see_that_the_schema_is_known(self, driver: "Connection[Any]") -> None:
        row = driver.execute(_SCHEMA).fetchone()
        found = None if row is None else row[0]
        if found != NEWEST:
            raise Conflict(
                f"the database {name_of(self._engine.url)} has schema {found} now, and this gonogo works"
                f" with schema {NEWEST}: desk {self._name} ends",
                hint="run the same gonogo everywhere: pip install --upgrade gonogo",
            )

    def _hear(self, payload: str) -> None:
        told = read_payload(payload)
        if told is None:
            return
        origin, notice, wakes = told
        if origin == self._origin:
            return
        self._notices.tell(notice)
        if wakes:
            self._wake(notice.release or "")

    def _drop(self) -> None:
        import psycopg

        connection, self._connection = self._connection, None
        if connection is not None:
            with contextlib.suppress(psycopg.Error):
                connection.close()

    def _sign_out(self) -> None:
        import psycopg

        if self._connection is not None:
            with contextlib.suppress(psycopg.Error):
                self._connection.execute(_GONE, (self._name, self._incarnation))
        self._drop()


def payload(origin: str, notice: Notice, *, wakes: bool) -> str:
    """What other desks are told of a write; `wakes` says that their controllers should look."""
    content = [origin, notice.release, notice.service, notice.sequence, wakes]
    return json.dumps(content, separators=(",", ":"))


def read_payload(text: str) -> tuple[str, Notice, bool] | None:
    """What `payload` wrote; None for what was told by somebody else, or by another version."""
    try:
        origin, release, service, sequence, wakes = json.loads(text)
        return str(origin), Notice(release, service, int(sequence)), bool(wakes)
    except (ValueError, TypeError):
        return None


def _key(name: str) -> int:
    """The number of the lock on a name: locks are numbers of 64 bits."""
    digest = hashlib.blake2b(f"gonogo desk {name}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, signed=True)


def _first_line(trouble: Exception) -> str:
    lines = str(trouble).strip().splitlines()
    return lines[0] if lines else type(trouble).__name__
