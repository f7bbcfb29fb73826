"""Fresh databases on this machine or on a PostgreSQL server.

SQLite: a new file in a folder of the desk's. PostgreSQL: `CREATE DATABASE` on the server of the URL,
through `psql`, which knows every way to reach a server; the password goes by its environment.
"""

import asyncio
import contextlib
import re
from pathlib import Path
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit, urlunsplit

from gonogo.adapters.local.environment import child_environment
from gonogo.domain.errors import ActionFailed, InvalidInput, Unavailable

_NAME = re.compile(r"[a-z0-9_]{1,63}")
_SQLITE = re.compile(r"(?P<scheme>sqlite(\+\w+)?):///(?P<path>[^?]*)(?P<query>\?.*)?")
_PATIENCE_SECONDS = 30.0


class LocalScratch:
    """`directory` holds the SQLite files; it is the desk's own."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    async def make(self, like: str, name: str) -> str:
        """See the port: SQLite and PostgreSQL URLs are understood."""
        await self.drop(like, name)
        found = _SQLITE.fullmatch(like)
        if found is not None:
            file = self._file(name)
            return f"{found['scheme']}:///{file}{found['query'] or ''}"
        await _psql(like, f'CREATE DATABASE "{name}"')
        return urlunsplit(_address(like)._replace(path=f"/{name}"))

    async def written(self, like: str, name: str) -> bool:
        """See the port."""
        if _SQLITE.fullmatch(like):
            file = self._file(name)
            files = (file, *(file.with_name(f"{file.name}{end}") for end in _BESIDE))
            return any(path.exists() and path.stat().st_size > 0 for path in files)
        inside = urlunsplit(_address(like)._replace(path=f"/{name}"))
        return (await _psql(inside, _ANYTHING)).strip() == "t"

    async def drop(self, like: str, name: str) -> None:
        """See the port."""
        if not _NAME.fullmatch(name):
            raise InvalidInput(f'"{name}" cannot be the name of a fresh database')
        if _SQLITE.fullmatch(like):
            file = self._file(name)
            for path in (file, *(file.with_name(f"{file.name}{end}") for end in _BESIDE)):
                path.unlink(missing_ok=True)
        elif _address(like).scheme.partition("+")[0] in {"postgresql", "postgres"}:
            await _psql(like, f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        else:
            scheme = like.partition(":")[0]
            raise InvalidInput(
                f"a fresh database of the kind {scheme} cannot be made here",
                hint="sqlite and postgresql can; give such a URL in migrations.rehearsal.database_url",
            )

    def _file(self, name: str) -> Path:
        self._directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        return self._directory / f"{name}.sqlite3"


def _address(like: str) -> SplitResult:
    """The parts of a URL. What Python says of a wrong one may hold part of its password."""
    try:
        parts = urlsplit(like)
        _ = parts.port
    except ValueError:
        scheme = like.partition(":")[0]
        raise InvalidInput(
            f"the {scheme} URL to make a fresh database like is not an address",
            hint="signs like / @ # in its password are written as %2F %40 %23",
        ) from None
    return parts


_ANYTHING = (
    "SELECT EXISTS (SELECT FROM pg_catalog.pg_class c"
    " JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace"
    " WHERE n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast'))"
)
_BESIDE = ("-wal", "-shm", "-journal")


def _server(like: str) -> dict[str, str]:
    """The server and database of a URL as psql's variables; empty where the URL says nothing."""
    parts = _address(like)
    query = parse_qs(parts.query)
    return {
        "PGHOST": parts.hostname or query.get("host", ["localhost"])[0],
        "PGPORT": str(parts.port or query.get("port", ["5432"])[0]),
        "PGUSER": unquote(parts.username or query.get("user", [""])[0]),
        "PGPASSWORD": unquote(parts.password or query.get("password", [""])[0]),
        "PGDATABASE": unquote(parts.path.lstrip("/")) or "postgres",
        "PGSSLMODE": query.get("sslmode", [""])[0],
        "PGCONNECT_TIMEOUT": "10",
        "LC_ALL": "C",
    }


async def _psql(like: str, statement: str) -> str:
    """What one statement on the server of this URL prints, without any frame.

    Messages name the server's host and never its password.
    """
    where = _server(like)
    host = where["PGHOST"]
    options = ("--no-psqlrc", "--quiet", "--no-password", "--set=ON_ERROR_STOP=1", "-At")
    try:
        child = await asyncio.create_subprocess_exec(
            "psql",
            *options,
            "--command",
            statement,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env=child_environment(({name: value for name, value in where.items() if value},)),
        )
    except FileNotFoundError as error:
        raise ActionFailed(
            "a fresh PostgreSQL database needs psql, which is not on PATH",
            hint="install PostgreSQL's client, for example with: apt install postgresql-client",
        ) from error
    try:
        output, errors = await asyncio.wait_for(child.communicate(), _PATIENCE_SECONDS)
    except TimeoutError as error:
        raise Unavailable(f"the PostgreSQL server at {host} does not answer") from error
    finally:
        if child.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                child.kill()
            await child.wait()
    if child.returncode == 0:
        return output.decode(errors="replace")
    said = (errors.decode(errors="replace").strip().splitlines() or ["it said nothing"])[0]
    if child.returncode == 2:  # psql's own code for a connection that failed
        raise Unavailable(f"the PostgreSQL server at {host} cannot be reached: {said}")
    raise ActionFailed(f"the PostgreSQL server at {host} refuses a fresh database: {said}")
