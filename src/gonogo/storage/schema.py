"""Brings a database to the schema of this program.

The whole way up is one transaction under the database's write lock: two programs that start at once
take turns, and a failed migration leaves what was there.
"""

from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from gonogo.domain.desk import SILENT_AFTER
from gonogo.domain.errors import Conflict
from gonogo.storage.engine import make_engine
from gonogo.storage.faults import explain, name_of
from gonogo.storage.tables import desks, metadata

if TYPE_CHECKING:
    from alembic.config import Config

NEWEST = "0009"
"""The schema this program was written for. Known here, so that a start need not load the migrations."""

_MIGRATIONS = Path(__file__).parent / "migrations"
_LOCK = 0x676F6E6F676F  # any number will do, as long as every version of the program has the same


def upgrade(url: str) -> None:
    """Bring the database behind this URL to the newest schema; nothing happens where it is there.

    Raises Conflict for a database written by a newer program or by another one, and what
    `faults.explain` names for one that cannot be reached.
    """
    engine = make_engine(url)
    try:
        upgrade_with(engine)
    finally:
        engine.dispose()


def upgrade_with(engine: sa.Engine) -> None:
    """`upgrade`, through an engine made by `make_engine`."""
    try:
        with engine.begin() as connection:
            upgrade_within(connection)
    except DBAPIError as error:
        explained = explain(error, engine.url)
        if explained is None:
            raise
        raise explained from error


def upgrade_within(connection: sa.Connection) -> None:
    """`upgrade` as a part of a transaction that has just begun."""
    _take_lock(connection)
    _go_up(connection, name_of(connection.engine.url))


def _take_lock(connection: sa.Connection) -> None:
    # SQLite took its lock when the transaction began.
    if connection.dialect.name == "postgresql":
        # Another desk may be making the tables, and a large one is changed for longer than it is read.
        connection.exec_driver_sql(
            "SET LOCAL lock_timeout = '60s'; SET LOCAL statement_timeout = 0"
        )
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK)))


def _go_up(connection: sa.Connection, name: str) -> None:
    found = _version_of(connection, name)
    if found == NEWEST:
        return
    _refuse_while_others_work(connection, name, found)
    from alembic import command

    if found is not None and found not in known_versions():
        raise Conflict(
            f"the database {name} has schema {found} of a newer gonogo;"
            f" this one knows schemas up to {NEWEST}",
            hint="pip install --upgrade gonogo",
        )
    config = configuration()
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def _refuse_while_others_work(connection: sa.Connection, name: str, found: str | None) -> None:
    """A desk at work was written for the tables as they are; it must not find others under its hands."""
    if connection.dialect.name == "sqlite" or found is None:
        return
    if not sa.inspect(connection).has_table(desks.name):
        return
    silent = desks.c.seen_at < sa.func.clock_timestamp() - SILENT_AFTER
    query = sa.select(desks.c.name, desks.c.host, desks.c.version).where(~silent)
    other = connection.execute(query.order_by(desks.c.name)).first()
    if other is not None:
        raise Conflict(
            f"the database {name} has schema {found} and this gonogo needs {NEWEST}, but desk"
            f" {other.name} ({other.version}, on {other.host}) is at work over it",
            hint="end every desk (services run on without them), then start the new ones",
        )


def _version_of(connection: sa.Connection, name: str) -> str | None:
    tables = set(sa.inspect(connection).get_table_names())
    if "alembic_version" in tables:
        version = sa.table("alembic_version", sa.column("version_num", sa.Text))
        found = connection.execute(sa.select(version.c.version_num)).scalar_one_or_none()
        return None if found is None else str(found)
    foreign = sorted(tables & set(metadata.tables))
    if foreign:
        raise Conflict(
            f"the database {name} is not gonogo's: it has a table {foreign[0]}, but no schema version",
            hint="give gonogo a database of its own: export GONOGO_DATABASE_URL=sqlite:///FILE",
        )
    return None


def configuration() -> "Config":
    """Alembic's configuration: no file, no logging, nothing printed."""
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


def known_versions() -> tuple[str, ...]:
    """Every schema this program knows, oldest first."""
    from alembic.script import ScriptDirectory

    script = ScriptDirectory.from_config(configuration())
    return tuple(reversed([revision.revision for revision in script.walk_revisions()]))
