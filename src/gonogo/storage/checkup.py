"""Whether the database is whole, of this program's schema, and agrees with this machine about the time."""

import asyncio
from datetime import datetime, timedelta
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from gonogo.domain.health import Finding, Health
from gonogo.ports.clock import Clock
from gonogo.storage.engine import reading
from gonogo.storage.faults import explain, name_of
from gonogo.storage.schema import NEWEST
from gonogo.storage.tables import UtcTime

_SKEW = timedelta(seconds=2)
_LARGE_BYTES = 4 * 1024**3


class DatabaseCheckup:
    """Looks through a connection of its own, so that nothing waits for a long check."""

    def __init__(self, engine: sa.Engine, clock: Clock) -> None:
        self._engine = reading(engine)
        self._clock = clock

    async def look(self) -> tuple[Finding, ...]:
        """Schema, wholeness and size on SQLite; schema and clock on PostgreSQL."""
        try:
            return await asyncio.to_thread(self._look)
        except DBAPIError as error:
            told = explain(error, self._engine.url)
            if told is None:
                raise
            return (Finding("database", Health.CRITICAL, str(told), told.hint or ""),)

    def _look(self) -> tuple[Finding, ...]:
        with self._engine.connect() as connection:
            found = [self._schema(connection)]
            if connection.dialect.name == "sqlite":
                found.append(self._whole(connection))
            else:
                found.append(self._in_time(connection))
                found.extend(self._unwritable(connection))
        return tuple(found)

    def _schema(self, connection: sa.Connection) -> Finding:
        version = sa.table("alembic_version", sa.column("version_num", sa.Text))
        stored = connection.execute(sa.select(version.c.version_num)).scalar_one_or_none()
        if stored == NEWEST:
            return Finding(
                "schema", Health.GOOD, f"{name_of(self._engine.url)} has schema {stored}"
            )
        detail = f"{name_of(self._engine.url)} has schema {stored}, this program knows {NEWEST}"
        return Finding("schema", Health.CRITICAL, detail, "run the same gonogo everywhere")

    def _unwritable(self, connection: sa.Connection) -> tuple[Finding, ...]:
        if connection.exec_driver_sql("SHOW transaction_read_only").scalar() != "on":
            return ()
        name = name_of(self._engine.url)
        remedy = f"psql {name} -c 'SELECT pg_is_in_recovery()'"
        detail = f"the database {name} takes no writes now: it is read-only"
        return (Finding("database", Health.CRITICAL, detail, remedy),)

    def _whole(self, connection: sa.Connection) -> Finding:
        said = str(connection.exec_driver_sql("PRAGMA quick_check(1)").scalar())
        file = name_of(self._engine.url)
        if said != "ok":
            remedy = "stop the desk and restore the database from a backup"
            return Finding("database", Health.CRITICAL, f"{file} is damaged: {said}", remedy)
        size = Path(file).stat().st_size if Path(file).is_file() else 0
        detail = f"{file} is whole, {size / 1024**2:.1f} MiB"
        if size > _LARGE_BYTES:
            remedy = "move to PostgreSQL: gonogo migrate-database --to URL"
            return Finding("database", Health.RECOMMENDED, detail, remedy)
        return Finding("database", Health.GOOD, detail)

    def _in_time(self, connection: sa.Connection) -> Finding:
        before = self._clock.now()
        theirs = connection.execute(
            sa.select(sa.type_coerce(sa.func.clock_timestamp(), UtcTime))
        ).scalar_one()
        assert isinstance(theirs, datetime)
        # Half of the way there and back: a slow network is no clock that is off.
        skew = abs(before + (self._clock.now() - before) / 2 - theirs)
        detail = (
            f"the clocks of this machine and the database differ by {skew.total_seconds():.1f} s"
        )
        if skew > _SKEW:
            remedy = "let both machines keep their time by NTP, for example with chrony"
            return Finding("clock", Health.CRITICAL, detail, remedy)
        return Finding("clock", Health.GOOD, detail)
