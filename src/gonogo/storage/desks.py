"""Which desks there are, and which of them reach an environment."""

from collections.abc import Iterable, Mapping

import sqlalchemy as sa

from gonogo.domain.desk import SILENT_AFTER, DeskSeen
from gonogo.storage.rows import put
from gonogo.storage.statements import Prepared
from gonogo.storage.tables import desks, places

_SILENT = desks.c.seen_at < sa.func.clock_timestamp() - SILENT_AFTER
_SEEN = Prepared(sa.select(desks, _SILENT.label("silent")).order_by(desks.c.name))
_PLACES = Prepared(sa.select(places))


def seen(connection: sa.Connection) -> tuple[DeskSeen, ...]:
    """Every desk that has not ended properly, by name; empty where only one can be."""
    if connection.dialect.name == "sqlite":
        return ()
    rows = _SEEN.all(connection)
    return tuple(
        DeskSeen(row.name, row.site, row.host, row.version, row.since, row.silent) for row in rows
    )


def sites(connection: sa.Connection) -> Mapping[tuple[str, str], str]:
    """The site of every (service, environment) that has one."""
    return {(row.service, row.environment): row.site for row in _PLACES.all(connection)}


def settle(connection: sa.Connection, service: str, environments: Iterable[str], site: str) -> None:
    """Let environments live on this site, but for those of a site where a desk is at work."""
    known = sites(connection)
    alive = {desk.site for desk in seen(connection) if not desk.silent}
    for environment in environments:
        here = known.get((service, environment))
        if here is None or (here != site and here not in alive):
            key = {"service": service, "environment": environment}
            put(connection, places, key, {"site": site})
