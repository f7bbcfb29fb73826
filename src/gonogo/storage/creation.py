"""Every table at once, for a database that lives in memory; on disk migrations make them."""

from functools import cache

import sqlalchemy as sa
from sqlalchemy.schema import CreateIndex, CreateTable, ExecutableDDLElement

from gonogo.storage.tables import AUDIT_GUARDS, HEAD_ROW, audit_head, metadata


def create_all(connection: sa.Connection) -> None:
    """Every table, its indexes and guards, as the newest migration leaves them."""
    for statement in _creation(connection.dialect.name):
        connection.exec_driver_sql(statement)
    connection.execute(sa.insert(audit_head), HEAD_ROW)


@cache
def _creation(name: str) -> tuple[str, ...]:
    dialect = sa.make_url(f"{name}://").get_dialect()()
    tables = metadata.sorted_tables
    indexes = sorted(
        (index for table in tables for index in table.indexes), key=lambda index: str(index.name)
    )
    made: list[ExecutableDDLElement] = [*map(CreateTable, tables), *map(CreateIndex, indexes)]
    return (*(str(item.compile(dialect=dialect)) for item in made), *AUDIT_GUARDS[name])
