"""Versions that ran before, and slots that change while no release is under way."""

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa

from gonogo.domain.adoption import Adoption
from gonogo.domain.audit import AuditDraft
from gonogo.domain.errors import Conflict
from gonogo.domain.message import Message
from gonogo.domain.release import Release
from gonogo.domain.slot import Slot
from gonogo.storage import chain, outbox, services
from gonogo.storage.releases import keep_release, lock_service, refuse_second
from gonogo.storage.tables import adoptions, releases

_ALL = (
    sa.select(adoptions, releases)
    .join(releases, releases.c.id == adoptions.c.release_id)
    .order_by(releases.c.number.desc())
)


def adopt(
    connection: sa.Connection,
    adoption: Adoption,
    release: Release,
    slots: Sequence[Slot],
    audit: AuditDraft,
    now: datetime,
) -> None:
    """Store an adopted version with its release and the slots that hold it. Raises as `rearrange`."""
    _see_that_they_may_change(connection, release.service, slots)
    keep_release(connection, release)
    where = {"environment": adoption.environment, "host": adoption.host, "port": adoption.port}
    connection.execute(sa.insert(adoptions).values(release_id=release.id, **where))
    services.put_slots(connection, slots)
    chain.append(connection, audit, now)


def undo(
    connection: sa.Connection,
    service: str,
    environment: str,
    slots: Sequence[Slot],
    audit: AuditDraft,
    now: datetime,
) -> None:
    """Forget what was adopted in an environment, and store its slots. Raises as `rearrange`."""
    rearrange(connection, slots, audit, (), now)
    of_service = sa.select(releases.c.id).where(releases.c.service == service)
    connection.execute(
        sa.delete(adoptions)
        .where(adoptions.c.environment == environment)
        .where(adoptions.c.release_id.in_(of_service))
    )


def rearrange(
    connection: sa.Connection,
    slots: Sequence[Slot],
    audit: AuditDraft,
    messages: Sequence[Message],
    now: datetime,
) -> None:
    """Replace rows of one service outside of its releases.

    Raises Conflict while a release of it is under way, and when a row was changed since it was read.
    """
    if slots:
        _see_that_they_may_change(connection, slots[0].service, slots)
    services.put_slots(connection, slots)
    outbox.queue(connection, messages)
    chain.append(connection, audit, now)


def _see_that_they_may_change(
    connection: sa.Connection, service: str, slots: Sequence[Slot]
) -> None:
    lock_service(connection, service)
    refuse_second(connection, service)
    for slot in slots:
        stored = services.slots(connection, slot.service, slot.environment)
        found = next(each for each in stored if each.name == slot.name)
        if found.revision != slot.revision:
            raise Conflict(
                f"slot {slot.name} of {service} in {slot.environment} was changed meanwhile",
                hint="look at what serves now (`gonogo status`), and say it again",
            )


def every(connection: sa.Connection, service: str | None) -> tuple[Adoption, ...]:
    """Everything that was adopted and not undone, the last first; of one service where one is named."""
    query = _ALL if service is None else _ALL.where(releases.c.service == service)
    return tuple(
        Adoption(
            release=row.release_id,
            service=row.service,
            environment=row.environment,
            version=row.version,
            commit=row.commit,
            host=row.host,
            port=row.port,
            actor=row.actor,
            at=row.created_at,
        )
        for row in connection.execute(query)
    )
