"""Reads offline SQL of migrations: what Alembic, Django and Flyway-like tools print or run.

The SQL of an upgrade gives MigrationFacts. A text in which the tool says that it cannot print the SQL
(several heads, conflicting migrations, an operation that needs a database) is refused with the tool's
own reason, since nothing is known of what would run.
"""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, BinaryIO

from gonogo.domain.facts import MigrationFacts
from gonogo.evidence.format import Beginning, Format, Reading, unfit
from gonogo.evidence.migrations.dialect import guess

if TYPE_CHECKING:
    from gonogo.evidence.migrations.script import Script

LARGEST = 8 * 1024 * 1024
"""Bytes of the longest script; what is larger is data, which a migration should not carry."""

MOST = 50_000
"""Statements of the longest script."""

_MARKS = re.compile(
    r"^-- Running (?:upgrade|downgrade) "
    r"|^(?:CREATE TABLE|INSERT INTO|UPDATE) alembic_version |\ABEGIN;\n--\n-- \w",
    re.MULTILINE,
)
_LOGGED = re.compile(r"^(?:DEBUG|INFO|WARNI\w*)[ \t]+\[[\w. ]+\] [^\n]*$", re.MULTILINE)
_HEADS = re.compile(r"Multiple head revisions are present[^\n;]*", re.IGNORECASE)
_CONFLICT = re.compile(
    r"^(?:[\w.]*CommandError: )?Conflicting migrations detected[^\n]*", re.MULTILINE
)
_FAILED = re.compile(r"^(?:FAILED:|CommandError:)\s*([^\n]{1,300})", re.MULTILINE)
_BATCHES = re.compile(r"^[ \t]*GO[ \t]*$", re.MULTILINE | re.IGNORECASE)
_VERSIONED = re.compile(r"[VBU](\d[\w.]*?)__", re.ASCII)
_BACK = re.compile(r"(?:\.down\.sql|_down\.sql)$|^U\d[\w.]*__", re.IGNORECASE)
_STAMP = re.compile(
    r"\s*(?:INSERT\s+INTO\s+\S+\s*\(version_num\)\s*VALUES\s*\('(?P<new>[^']*)'\)"
    r"|UPDATE\s+\S+\s+SET\s+version_num\s*=\s*'(?P<to>[^']*)'\s+WHERE\s+\S*version_num\S*\s*=\s*'(?P<of>[^']*)'"
    r"|DELETE\s+FROM\s+\S+\s+WHERE\s+\S*version_num\S*\s*=\s*'(?P<gone>[^']*)')",
    re.IGNORECASE,
)


def recognises(beginning: Beginning) -> bool:
    """SQL by its name, or by what migration tools print, errors included."""
    if beginning.name.lower().endswith(".sql"):
        return True
    text = beginning.head.decode("utf-8-sig", errors="ignore")
    if "\0" in text:
        return False
    return any(pattern.search(text) for pattern in (_MARKS, _HEADS, _CONFLICT))


def read(file: BinaryIO, name: str) -> Reading:
    """The facts of one script. Raises InvalidInput."""
    text = _text(file.read(LARGEST + 1), name)
    _refuse_failures(text, name)
    if text.count(";") > 2 * MOST:
        raise unfit(name, f"holds more than {MOST} statements, the most that are read")
    # Brings the SQL parser, which nothing else needs.
    from gonogo.evidence.migrations.judging import judge
    from gonogo.evidence.migrations.script import CONTROL, cut

    script = cut(_LOGGED.sub("", text), guess(text), name)
    only_back = script.left_out and not any(
        each.tokens[0].text.upper() not in CONTROL for each in script.statements
    )
    if only_back or _BACK.search(name):
        raise unfit(name, "holds a downgrade only", hint="give the SQL of the upgrade")
    count = len(script.statements)
    if not count:
        raise unfit(name, "holds no SQL statement")
    if count > MOST:
        raise unfit(name, f"holds more than {MOST} statements, the most that are read")
    heads = _heads(script, name)
    judged = judge(script)
    if judged.in_transaction:
        raise unfit(
            name, "begins a transaction that it never commits", hint="was the file cut off?"
        )
    revisions = script.revisions or tuple(_named(name))
    return Reading(
        (
            MigrationFacts(
                script.dialect,
                revisions,
                count,
                tuple(judged.operations),
                judged.unread,
                heads,
            ),
        )
    )


def _text(data: bytes, name: str) -> str:
    if len(data) > LARGEST:
        limit = LARGEST // (1024 * 1024)
        raise unfit(name, f"is larger than {limit} MiB, the most SQL that is read")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        what = f"is not UTF-8 text (byte {error.start + 1})"
        raise unfit(name, what, hint="save it as UTF-8") from error
    if "\0" in text:
        raise unfit(name, f"is not text: it has a zero byte at {text.index(chr(0)) + 1}")
    return text.replace("\r\n", "\n")


def _refuse_failures(text: str, name: str) -> None:
    """Refuse a text in which the tool says that it could not print the SQL."""
    failure = _FAILED.search(text)
    if (heads := _HEADS.search(text)) and (failure or not _MARKS.search(text)):
        raise unfit(
            name,
            f"Alembic could not say what would run: {_clause(heads[0])}",
            hint="alembic merge heads",
        )
    if conflict := _CONFLICT.search(text):
        raise unfit(
            name,
            f"Django could not say what would run: {_clause(conflict[0])}",
            hint="python manage.py makemigrations --merge",
        )
    if failure:
        raise unfit(name, f"the migration tool failed: {_clause(failure[1])}")
    if _BATCHES.search(text):
        raise unfit(name, "is SQL for SQL Server; PostgreSQL, SQLite and MySQL are read")


def _clause(said: str) -> str:
    plain = "".join(char if char.isprintable() else " " for char in said).strip()
    return plain if len(plain) <= 200 else f"{plain[:199]}…"


def _heads(script: "Script", name: str) -> tuple[str, ...]:
    """The revisions that the database is at afterwards, as far as the script stamps them."""
    heads: dict[str, None] = {}
    last = 0
    for statement in script.statements:
        if len(statement.tokens) > 20 or not (stamp := _STAMP.match(statement.text)):
            continue
        last = statement.number
        for gone in (stamp["of"], stamp["gone"]):
            heads.pop(gone or "", None)
        for new in (stamp["new"], stamp["to"]):
            if new:
                heads[new] = None
    if last < script.last_begins:
        named = _clause(script.revisions[-1])
        revision = f"revision {named}" if named else "a revision"
        raise unfit(
            name,
            f"breaks off in the middle of {revision}: it is never stamped",
            hint="was the file cut off?",
        )
    return tuple(heads)


def _named(name: str) -> Iterator[str]:
    """The version that Flyway reads from a file's name."""
    if match := _VERSIONED.match(name):
        yield match[1].replace("_", ".")


MIGRATION_SQL = Format("migration-sql", recognises, read)
