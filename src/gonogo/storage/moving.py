"""Moving a desk's database from SQLite to PostgreSQL: all of it or nothing.

One transaction on the target makes the tables, takes every row in batches, and is committed only after
the rows of every table were counted on both sides and the audit chain was recomputed from what the
target holds, up to the very head that the source has. The source is only read; it must not be written
meanwhile: no desk may be running over it.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from gonogo.domain.audit import AuditEntry, first_broken
from gonogo.domain.errors import Conflict, InvalidInput, NeedsPerson
from gonogo.storage import desks
from gonogo.storage.engine import make_engine, parse, reading
from gonogo.storage.faults import explain, name_of
from gonogo.storage.rows import entry_of
from gonogo.storage.schema import upgrade, upgrade_within
from gonogo.storage.tables import audit, audit_head, counts, metadata, slots
from gonogo.storage.tables import desks as desks_table

_BATCH = 500
_LEFT_OUT = frozenset({desks_table.name, counts.name})
"""Who was at work on the source, and who asked it how often, says nothing of the target."""


@dataclass(frozen=True, slots=True)
class Moved:
    """What was moved: where to, how many rows of each table, and where the audit chain ends."""

    target: str
    rows: dict[str, int]
    entries: int
    head: str


def move(source_url: str, target_url: str, site: str) -> Moved:
    """Move everything; environments live on `site` afterwards.

    Raises InvalidInput when the target is no PostgreSQL, Conflict when it is not empty, NeedsPerson
    when the audit chain does not hold, Unavailable when a database does not answer.
    """
    target = parse(target_url)
    if target.get_backend_name() == "sqlite":
        raise InvalidInput(
            "a desk's database is moved to PostgreSQL, and this is SQLite",
            hint="gonogo migrate-database --to postgresql://USER@HOST/DATABASE",
        )
    upgrade(source_url)
    source_engine, target_engine = make_engine(source_url), make_engine(target_url)
    try:
        with reading(source_engine).connect() as source, target_engine.begin() as into:
            upgrade_within(into)
            return _Move(source, into, name_of(target)).all_of_it(site)
    except DBAPIError as error:
        explained = explain(error, target)
        if explained is None:
            raise
        raise explained from error
    finally:
        source_engine.dispose()
        target_engine.dispose()


class _Move:
    def __init__(self, source: sa.Connection, target: sa.Connection, name: str) -> None:
        self._source = source
        self._target = target
        self._name = name

    def all_of_it(self, site: str) -> Moved:
        # A statement may take as long as a large table does.
        self._target.exec_driver_sql("SET LOCAL statement_timeout = 0")
        self._see_that_it_is_empty()
        self._target.execute(sa.delete(audit_head))
        rows = {}
        for table in metadata.sorted_tables:
            if table.name not in _LEFT_OUT:
                rows[table.name] = self._copy(table)
                self._count_on(table)
        self._see_that_all_came(rows)
        entries, head = self._check_chain()
        self._settle(site)
        return Moved(
            self._name, {name: count for name, count in rows.items() if count}, entries, head
        )

    def _see_that_it_is_empty(self) -> None:
        for table in metadata.sorted_tables:
            query = sa.select(sa.literal(1)).select_from(table).limit(1)
            if table is audit_head:
                query = query.where(audit_head.c.sequence > 0)
            if self._target.execute(query).first() is not None:
                raise Conflict(
                    f"the database {self._name} is not empty: its table {table.name} has rows",
                    hint="give an empty one: createdb NAME",
                )

    def _copy(self, table: sa.Table) -> int:
        copied = 0
        query = sa.select(table).order_by(*table.primary_key.columns)
        found = self._source.execute(query.execution_options(yield_per=_BATCH))
        for batch in found.mappings().partitions():
            self._target.execute(sa.insert(table), [dict(row) for row in batch])
            copied += len(batch)
        return copied

    def _count_on(self, table: sa.Table) -> None:
        """Let the next number of a table follow the ones that were copied."""
        number = table.c.get("number")
        if number is None:
            return
        last = sa.select(sa.func.max(number)).scalar_subquery()
        series = sa.func.pg_get_serial_sequence(table.name, number.name)
        self._target.execute(sa.select(sa.func.setval(series, last)).where(last.is_not(None)))

    def _see_that_all_came(self, rows: dict[str, int]) -> None:
        for name, copied in rows.items():
            counted = sa.select(sa.func.count()).select_from(metadata.tables[name])
            here = self._target.execute(counted).scalar_one()
            there = self._source.execute(counted).scalar_one()
            if not here == there == copied:
                raise Conflict(
                    f"the table {name} has {there} rows and {here} came over: the database is being"
                    " written",
                    hint="stop the desk and everything else that uses the database, then try again",
                )

    def _check_chain(self) -> tuple[int, str]:
        broken = first_broken(self._entries(self._target))
        if broken is not None:
            raise NeedsPerson(
                f"entry {broken[0].sequence} of the audit chain does not hold: {broken[1]};"
                " nothing was moved",
                hint="gonogo verify, and find out who changed it",
            )
        heads = [
            connection.execute(sa.select(audit_head.c.sequence, audit_head.c.digest)).one()
            for connection in (self._source, self._target)
        ]
        last = self._target.execute(
            sa.select(audit.c.sequence, audit.c.digest).order_by(audit.c.sequence.desc()).limit(1)
        ).first()
        if tuple(heads[0]) != tuple(heads[1]) or (
            last is not None and tuple(last) != tuple(heads[1])
        ):
            raise NeedsPerson(
                f"the audit chain should end with entry {heads[0].sequence} and does not;"
                " nothing was moved",
                hint="gonogo verify",
            )
        return heads[1].sequence, heads[1].digest

    def _entries(self, connection: sa.Connection) -> Iterator[AuditEntry]:
        query = sa.select(audit).order_by(audit.c.sequence)
        with connection.execute(query.execution_options(yield_per=_BATCH)) as rows:
            for row in rows:
                yield entry_of(row)

    def _settle(self, site: str) -> None:
        known = sa.select(slots.c.service, slots.c.environment).distinct()
        for row in self._target.execute(known).all():
            desks.settle(self._target, row.service, [row.environment], site)
