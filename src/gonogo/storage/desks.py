"""Which desks there are, and which of them reach an environment."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

import sqlalchemy as sa

from gonogo.domain.desk import SILENT_AFTER, DeskSeen
from gonogo.storage.rows import put
from gonogo.storage.statements import Prepared
from gonogo.storage.tables import UtcTime, desks, leases, places, releases

_SILENT = desks.c.seen_at < sa.func.clock_timestamp() - SILENT_AFTER
_SEEN = Prepared(sa.select(desks, _SILENT.label("silent")).order_by(desks.c.name))
_PLACES = Prepared(sa.select(places))
_FIRST_END = Prepared(
    sa.select(leases.c.until)
    .join(releases, releases.c.id == leases.c.release_id)
    .where(
        releases.c.ended == sa.false(),
        leases.c.desk != sa.bindparam("of_desk"),
        leases.c.until > sa.bindparam("now", type_=UtcTime),
    )
    .order_by(leases.c.until)
    .limit(1)
)


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


def first_to_be_free(connection: sa.Connection, desk: str, now: datetime) -> timedelta | None:
    """How long the first of other desks' leases lasts; None when they hold none that lasts."""
    row = _FIRST_END.first(connection, {"of_desk": desk, "now": now})
    return None if row is None else row.until - now
