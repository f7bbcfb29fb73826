"""What a database's error means to a person: which file, what happened, what to run."""

import sqlite3
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from gonogo.domain.errors import GonogoError, NeedsPerson, Unavailable
from gonogo.storage.postgresql import explain_postgresql, name_of_postgresql


def name_of(url: sa.URL) -> str:
    """A database as a person knows it: the file, or the URL without its password."""
    if url.get_backend_name() == "sqlite":
        return url.database or ":memory:"
    return name_of_postgresql(url)


def explain(error: DBAPIError, url: sa.URL) -> GonogoError | None:
    """The error in gonogo's words, or None when it is a fault of the program itself.

    Unavailable where the same call may succeed later; NeedsPerson where the file is damaged.
    """
    cause = error.orig
    if isinstance(cause, sqlite3.Error):
        # 0xFF: the lower byte is the kind of error, the rest says more closely where it came from.
        code = getattr(cause, "sqlite_errorcode", 0) & 0xFF
        return _explain_sqlite(code, cause, Path(name_of(url)))
    return None if url.get_backend_name() == "sqlite" else explain_postgresql(error, url)


_LATER = {
    sqlite3.SQLITE_BUSY: ("is locked by another program", "fuser -v {file}"),
    sqlite3.SQLITE_LOCKED: ("is locked by another program", "fuser -v {file}"),
    sqlite3.SQLITE_FULL: ("has no space left to write to", "df -h {directory}"),
    sqlite3.SQLITE_READONLY: ("cannot be written: it is read-only", "ls -ld {directory} {file}"),
    sqlite3.SQLITE_PERM: ("cannot be written: it is read-only", "ls -ld {directory} {file}"),
    sqlite3.SQLITE_CANTOPEN: ("cannot be opened", "ls -ld {directory} {file}"),
    sqlite3.SQLITE_IOERR: (
        "cannot be read or written: its disk failed ({detail})",
        "df -h {directory}",
    ),
}
_DAMAGED = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})


def _explain_sqlite(code: int, cause: sqlite3.Error, file: Path) -> GonogoError | None:
    if code in _DAMAGED:
        return NeedsPerson(
            f"the database {file} is damaged or is not a database ({cause});"
            " move it away and put a backup in its place",
            hint=f"sqlite3 {file} 'PRAGMA integrity_check'",
        )
    if code not in _LATER:
        return None
    what, hint = _LATER[code]
    detail = getattr(cause, "sqlite_errorname", str(cause))
    return Unavailable(
        f"the database {file} {what.format(detail=detail)}",
        hint=hint.format(file=file, directory=file.parent),
    )
