"""What is registered, and the slots of each service."""

from collections.abc import Sequence
from datetime import datetime
from functools import cache, lru_cache
from typing import Any

import sqlalchemy as sa

from gonogo.domain.audit import AuditDraft
from gonogo.domain.registration import Registration
from gonogo.domain.slot import SLOT_NAMES, Slot
from gonogo.storage import chain, desks
from gonogo.storage.codec import encode
from gonogo.storage.rows import put, registration_of, slot_of, values_of_slot
from gonogo.storage.statements import Prepared, Row
from gonogo.storage.tables import registrations, specs
from gonogo.storage.tables import slots as slots_table

_SLOTS = Prepared(
    sa.select(slots_table).where(
        slots_table.c.service == sa.bindparam("of_service"),
        slots_table.c.environment == sa.bindparam("of_environment"),
    )
)
_ALL_SLOTS = Prepared(
    sa.select(slots_table).order_by(
        slots_table.c.service, slots_table.c.environment, slots_table.c.name
    )
)
_WITH_SPEC: sa.Select[Any] = (
    sa.select(registrations, specs.c.spec).join(specs).order_by(registrations.c.service)
)
_REGISTRATIONS = Prepared(_WITH_SPEC)
_REGISTRATION = Prepared(_WITH_SPEC.where(registrations.c.service == sa.bindparam("of_service")))
_KNOWN_SPEC = Prepared(sa.select(specs.c.digest).where(specs.c.digest == sa.bindparam("of_digest")))
_ADD_SPEC = Prepared(sa.insert(specs))
_NEWER = {"revision": slots_table.c.revision + 1}
_OLD_PICTURES = Prepared(
    sa.update(slots_table).where(slots_table.c.service == sa.bindparam("of_service")).values(_NEWER)
)


def register(
    connection: sa.Connection,
    registration: Registration,
    audit: AuditDraft,
    now: datetime,
    site: str | None = None,
) -> None:
    """Store or replace a registration; every spec that was ever registered is kept by its digest.

    Its environments live on the site of the desk that was asked, unless another desk has them.
    """
    plan = registration.plan
    if _KNOWN_SPEC.first(connection, {"of_digest": plan.digest}) is None:
        spec = {
            "digest": plan.digest,
            "service": registration.service,
            "spec": registration.spec,
            "first_at": registration.at,
        }
        _ADD_SPEC.run(connection, spec)
    put(
        connection,
        registrations,
        {"service": registration.service},
        {
            "repository": registration.repository,
            "digest": plan.digest,
            "plan": encode(plan),
            "actor": registration.actor,
            "at": registration.at,
            "tester_secret": registration.tester_secret,
        },
    )
    # Where customers come in may have changed: no router follows the registration before any more.
    _OLD_PICTURES.run(connection, {"of_service": registration.service})
    for environment in plan.environments:
        _add_missing_slots(connection, registration.service, environment.name)
    if site is not None:
        names = [environment.name for environment in plan.environments]
        desks.settle(connection, registration.service, names, site)
    chain.append(connection, audit, now)


def _add_missing_slots(connection: sa.Connection, service: str, environment: str) -> None:
    stored = _stored_slots(connection, service, environment)
    for name in SLOT_NAMES:
        if name not in stored:
            put_slot(connection, Slot(service=service, environment=environment, name=name))


@cache
def _put_slots() -> sa.Insert:
    """Rows replaced or added in one statement; built at first use, on PostgreSQL alone."""
    from sqlalchemy.dialects import postgresql

    new = postgresql.insert(slots_table).values(revision=1)
    names = ("role", "version", "commit", "instance", "port", "share", "testers", "host", "adopted")
    changes = {name: new.excluded[name] for name in names}
    key = ["service", "environment", "name"]
    return new.on_conflict_do_update(index_elements=key, set_={**changes, **_NEWER})


def put_slots(connection: sa.Connection, changed: Sequence[Slot]) -> None:
    """Make the rows of these slots what the values say; on PostgreSQL all in one go."""
    if connection.dialect.name == "sqlite":
        for slot in changed:
            put_slot(connection, slot)
    elif changed:
        rows = [
            {
                "service": slot.service,
                "environment": slot.environment,
                "name": slot.name,
                **values_of_slot(slot),
            }
            for slot in changed
        ]
        connection.execute(_put_slots(), rows)


def put_slot(connection: sa.Connection, slot: Slot) -> None:
    """Make the row of this slot what the value says."""
    key = {"service": slot.service, "environment": slot.environment, "name": slot.name}
    put(connection, slots_table, key, values_of_slot(slot))


def slots(connection: sa.Connection, service: str, environment: str) -> tuple[Slot, ...]:
    """The slots of one environment by name, empty ones where nothing is stored."""
    stored = _stored_slots(connection, service, environment)
    for name in SLOT_NAMES:
        stored.setdefault(name, Slot(service=service, environment=environment, name=name))
    return tuple(stored[name] for name in sorted(stored))


def all_slots(connection: sa.Connection) -> tuple[Slot, ...]:
    """Every stored slot."""
    return tuple(_known_slot(row) for row in _ALL_SLOTS.all(connection))


@lru_cache(maxsize=8192)
def _known_slot(row: Row) -> Slot:
    """Where there are thousands, few have changed since they were read last."""
    return slot_of(row)


def _stored_slots(connection: sa.Connection, service: str, environment: str) -> dict[str, Slot]:
    rows = _SLOTS.all(connection, {"of_service": service, "of_environment": environment})
    return {row.name: slot_of(row) for row in rows}


def find_registrations(
    connection: sa.Connection, service: str | None = None
) -> tuple[Registration, ...]:
    """All registrations by name, or the one of a service."""
    if service is None:
        rows = _REGISTRATIONS.all(connection)
    else:
        rows = _REGISTRATION.all(connection, {"of_service": service})
    return tuple(registration_of(row) for row in rows)
