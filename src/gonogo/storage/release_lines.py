"""Reading releases as lines: narrow rows by one index, never a plan."""

import sqlalchemy as sa

from gonogo.domain.release import Stage
from gonogo.domain.release_line import ReleaseLine, ReleaseSearch
from gonogo.storage.tables import releases

_COLUMNS = (
    releases.c.number,
    releases.c.id,
    releases.c.service,
    releases.c.version,
    releases.c.commit,
    releases.c.previous,
    releases.c.actor,
    releases.c.created_at,
    releases.c.stage,
    releases.c.stage_since,
    releases.c.reason,
    releases.c.exposed,
    releases.c.attempt,
)


def lines(connection: sa.Connection, search: ReleaseSearch) -> tuple[ReleaseLine, ...]:
    """Those that fit, the last opened first."""
    query = sa.select(*_COLUMNS).order_by(releases.c.number.desc()).limit(search.limit)
    if search.service is not None:
        query = query.where(releases.c.service == search.service)
    if search.stages is not None:
        query = query.where(releases.c.stage.in_([stage.value for stage in search.stages]))
    if search.since is not None:
        query = query.where(releases.c.created_at >= search.since)
    if search.until is not None:
        query = query.where(releases.c.created_at < search.until)
    if search.before is not None:
        query = query.where(releases.c.number < search.before)
    if search.text:
        query = query.where(
            sa.or_(
                releases.c.version.icontains(search.text, autoescape=True),
                releases.c.actor.icontains(search.text, autoescape=True),
                releases.c.reason.icontains(search.text, autoescape=True),
                releases.c.commit.istartswith(search.text, autoescape=True),
            )
        )
    return tuple(
        ReleaseLine(**{**row, "stage": Stage(row["stage"])})
        for row in connection.execute(query).mappings()
    )
