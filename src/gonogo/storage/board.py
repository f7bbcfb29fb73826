"""What a board shows of everything at once: a few statements, however many services there are."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from gonogo.domain.audit import AuditEntry
from gonogo.domain.look import Look
from gonogo.domain.paper import Paper, PaperKind
from gonogo.domain.release import Release
from gonogo.domain.slot import Slot
from gonogo.ports.store import ServiceState, UnderWay
from gonogo.storage import releases, services
from gonogo.storage.codec import unpack
from gonogo.storage.rows import entry_of, release_of, slot_of
from gonogo.storage.tables import audit, looks, papers, plans, registrations
from gonogo.storage.tables import releases as release_table
from gonogo.storage.tables import slots as slot_table

_MOST = 10_000
_NAMES_AT_ONCE = 500
_OF_SERVICES = (PaperKind.FLAG.value, PaperKind.WITHDRAWAL.value)


def under_way(connection: sa.Connection, decided: str) -> tuple[UnderWay, ...]:
    """Every release that has not ended, the last opened first; `decided` begins a decision's action."""
    found = releases.newest(connection, None, under_way=True, limit=_MOST)
    last, decisions = _looks(connection), _decisions(connection, decided)
    return tuple(UnderWay(each, last.get(each.id), decisions.get(each.id)) for each in found)


def _looks(connection: sa.Connection) -> dict[str, Look]:
    newest = _last(looks.c.number, looks.c.release_id == release_table.c.id)
    rows = connection.execute(
        sa.select(looks.c.release_id, looks.c.look).where(looks.c.number.in_(_of_all(newest)))
    )
    return {row.release_id: unpack(Look, row.look) for row in rows}


def _decisions(connection: sa.Connection, decided: str) -> dict[str, AuditEntry]:
    newest = _last(
        audit.c.sequence,
        audit.c.subject == release_table.c.id,
        audit.c.action.startswith(decided, autoescape=True),
    )
    rows = connection.execute(sa.select(audit).where(audit.c.sequence.in_(_of_all(newest))))
    return {entry.subject: entry for entry in map(entry_of, rows)}


def _last(number: sa.Column[int], *of: sa.ColumnElement[bool]) -> sa.ScalarSelect[int]:
    """The highest number, found from the end of an index: how many rows there are does not matter."""
    return sa.select(number).where(*of).order_by(number.desc()).limit(1).scalar_subquery()


def _of_all(newest: sa.ScalarSelect[int]) -> sa.Select[Any]:
    """For each release under way; compared as the partial index over them is, so that it is used."""
    return sa.select(newest).where(release_table.c.ended == sa.false())


def service_states(connection: sa.Connection) -> tuple[ServiceState, ...]:
    """Every service by name."""
    known = services.find_registrations(connection)
    names = [registration.service for registration in known]
    running, flags, ended = _running(connection), _flags(connection, names), _ended(connection)
    return tuple(
        ServiceState(
            registration,
            tuple(running[registration.service]),
            ended.get(registration.service),
            tuple(flags[registration.service]),
        )
        for registration in known
    )


def _running(connection: sa.Connection) -> dict[str, list[Slot]]:
    columns = slot_table.c
    found: defaultdict[str, list[Slot]] = defaultdict(list)
    query = sa.select(slot_table).where(columns.instance.is_not(None))
    for row in connection.execute(query.order_by(columns.environment, columns.name)):
        found[row.service].append(slot_of(row))
    return found


def _flags(connection: sa.Connection, names: Sequence[str]) -> dict[str, list[Paper]]:
    columns = papers.c
    found: defaultdict[str, list[Paper]] = defaultdict(list)
    query = sa.select(columns.service, columns.paper).where(
        columns.commit.is_(None), columns.kind.in_(_OF_SERVICES)
    )
    for some in _batches(names):
        rows = connection.execute(query.where(columns.service.in_(some)).order_by(columns.number))
        for row in rows:
            found[row.service].append(unpack(Paper, row.paper))
    return found


def _ended(connection: sa.Connection) -> dict[str, Release]:
    """The last opened of each service's releases that have ended."""
    columns = release_table.alias("past").c
    newest = _last(
        columns.number, columns.service == registrations.c.service, columns.ended.is_(True)
    )
    rows: sa.CursorResult[Any] = connection.execute(
        sa.select(release_table, plans.c.plan)
        .join(plans)
        .where(release_table.c.number.in_(sa.select(newest).select_from(registrations)))
    )
    return {row.service: release_of(row) for row in rows}


def _batches(names: Sequence[str]) -> list[Sequence[str]]:
    return [names[first : first + _NAMES_AT_ONCE] for first in range(0, len(names), _NAMES_AT_ONCE)]
