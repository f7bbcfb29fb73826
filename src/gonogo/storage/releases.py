"""Releases: opened once, changed only by whoever holds the newest lease and read the newest row."""

from dataclasses import replace
from datetime import datetime
from functools import cache
from typing import Any

import sqlalchemy as sa

from gonogo.domain.audit import AuditDraft
from gonogo.domain.errors import Conflict, NotFound, StaleLease
from gonogo.domain.message import Message
from gonogo.domain.release import Instruction, Release
from gonogo.domain.story import PERSON
from gonogo.ports.store import Change, Lease
from gonogo.storage import chain, history, outbox, services
from gonogo.storage.codec import encode
from gonogo.storage.rows import (
    changing_values_of,
    instruction_of,
    lines_text,
    plan_of,
    release_of,
    values_of_release,
)
from gonogo.storage.statements import Prepared, Row
from gonogo.storage.tables import instructions, leases, plans, registrations, releases

_OTHER = releases.alias("other")
_OF_RELEASE = releases.c.id == sa.bindparam("of_release")
_WITH_PLAN: sa.Select[Any] = sa.select(releases, plans.c.plan).join(plans)
# Statements of the way of a rollback are built once: building one costs more than running it.
_FIND = Prepared(_WITH_PLAN.where(_OF_RELEASE))
_STORED = Prepared(
    sa.select(releases.c.revision, plans.c.plan, leases.c.desk, leases.c.fence)
    .select_from(releases)
    .join(plans)
    .join(leases, leases.c.release_id == releases.c.id, isouter=True)
    .where(_OF_RELEASE)
)
_SERVICE = releases.c.service == sa.bindparam("of_service")
_VERSION = releases.c.version == sa.bindparam("of_version")
_LAST = _WITH_PLAN.order_by(releases.c.number.desc()).limit(1)
_NEWEST_OF_SERVICE = Prepared(_LAST.where(_SERVICE))
_NEWEST_OF_VERSION = Prepared(_LAST.where(_VERSION))
_NEWEST_OF_BOTH = Prepared(_LAST.where(_SERVICE, _VERSION))
_STORED_LOCKED = Prepared(
    sa.select(releases.c.revision, plans.c.plan, leases.c.desk, leases.c.fence)
    .select_from(releases)
    .join(plans)
    .join(leases, leases.c.release_id == releases.c.id)
    .where(_OF_RELEASE)
    .with_for_update(of=(releases, leases))
)
_OPEN = Prepared(sa.insert(releases))
_KEEP_PLAN = Prepared(sa.insert(plans))
_CHANGE = Prepared(sa.update(releases).where(_OF_RELEASE))
_LOCK_SERVICE = Prepared(
    sa.select(registrations.c.service)
    .where(registrations.c.service == sa.bindparam("of_service"))
    .with_for_update()
)
_UNDER_WAY = Prepared(
    sa.select(releases).where(
        releases.c.service == sa.bindparam("of_service"),
        releases.c.ended.is_(False),
        # Another desk may have stored the same one a moment ago: then its id is refused below, and the
        # second look finds it.
        releases.c.id != sa.bindparam("own"),
    )
)
_ID = sa.select(releases.c.id).where(_OF_RELEASE)
_LOCK = Prepared(_ID.with_for_update())
_LOCK_IF_FREE = Prepared(_ID.with_for_update(skip_locked=True))
_LEASE = Prepared(sa.select(leases).where(leases.c.release_id == sa.bindparam("of_release")))
_FIRST_LEASE = Prepared(sa.insert(leases))
_NEXT_LEASE = Prepared(sa.update(leases).where(leases.c.release_id == sa.bindparam("of_release")))
_KNOWN_WORD = Prepared(
    sa.select(instructions.c.id).where(instructions.c.id == sa.bindparam("of_id"))
)
_SAY = Prepared(sa.insert(instructions))
_UNANSWERED = Prepared(
    sa.select(instructions)
    .where(
        instructions.c.release_id == sa.bindparam("of_release"),
        instructions.c.handled_at.is_(None),
    )
    .order_by(instructions.c.number)
)
_ANSWERED = Prepared(
    sa.update(instructions).where(
        instructions.c.id == sa.bindparam("of_id"), instructions.c.handled_at.is_(None)
    )
)


def open_release(
    connection: sa.Connection,
    release: Release,
    audit: AuditDraft,
    messages: tuple[Message, ...],
    now: datetime,
) -> Release:
    """Store a new release, or return the one that has its id.

    Raises Conflict when another of its service is under way.
    """
    known = find(connection, release.id)
    if known is not None:
        return known
    if not release.final:
        lock_service(connection, release.service)
        refuse_second(connection, release.service, release.id)
    keep_release(connection, release)
    outbox.queue(connection, messages)
    chain.append(connection, audit, now)
    return release


def keep_release(connection: sa.Connection, release: Release) -> None:
    """Store the row of a release that is not known yet, and its plan."""
    _OPEN.run(connection, values_of_release(release))
    _KEEP_PLAN.run(connection, {"release_id": release.id, "plan": encode(release.plan)})


def lock_service(connection: sa.Connection, service: str) -> None:
    """See that nobody else opens a release of it or changes its slots before this transaction ends."""
    if connection.dialect.name != "sqlite":  # which has one writer anyhow
        _LOCK_SERVICE.first(connection, {"of_service": service})


def refuse_second(connection: sa.Connection, service: str, own: str = "") -> None:
    """Raise Conflict when a release of this service is under way; the one with the id `own` is none."""
    other = _UNDER_WAY.first(connection, {"of_service": service, "own": own})
    if other is not None:
        raise Conflict(
            f"{other.service} {other.version} (release {other.id}) is under way:"
            f" {other.stage} since {other.stage_since:%Y-%m-%d %H:%M:%S} UTC",
            hint=f"gonogo status {other.id}",
        )


def find(connection: sa.Connection, release_id: str) -> Release | None:
    """The release with this id."""
    row = _FIND.first(connection, {"of_release": release_id})
    return None if row is None else release_of(row)


def newest(
    connection: sa.Connection,
    service: str | None,
    *,
    under_way: bool,
    limit: int,
    before: str | None = None,
) -> tuple[Release, ...]:
    """Releases, the last opened first; with `before` only those opened before that one."""
    given = {"before": before, "of_service": service}
    given = {name: value for name, value in given.items() if value is not None}
    query = _newest(frozenset(given), under_way)
    return tuple(release_of(row) for row in query.all(connection, {**given, "most": limit}))


@cache
def _newest(given: frozenset[str], under_way: bool) -> Prepared:
    query = _WITH_PLAN
    if "before" in given:
        place = sa.select(_OTHER.c.number).where(_OTHER.c.id == sa.bindparam("before"))
        query = query.where(releases.c.number < place.scalar_subquery())
    if "of_service" in given:
        query = query.where(_SERVICE)
    if under_way:
        # As the partial index over them says it; "ended IS 0" would read every release there ever was.
        query = query.where(releases.c.ended == sa.false())
    most = sa.bindparam("most", type_=sa.Integer)
    return Prepared(query.order_by(releases.c.number.desc()).limit(most))


def matching(connection: sa.Connection, reference: str, limit: int) -> tuple[Release, ...]:
    """What a reference may mean: an id, else the newest of a name, else ids that begin with it."""
    exact = find(connection, reference)
    if exact is not None:
        return (exact,)
    service, _, version = reference.partition(" ")
    # One query for each index, as a database answers an OR over two columns by reading everything.
    found = [
        _NEWEST_OF_SERVICE.first(connection, {"of_service": reference}),
        _NEWEST_OF_VERSION.first(connection, {"of_version": reference}),
        _NEWEST_OF_BOTH.first(connection, {"of_service": service, "of_version": version})
        if version
        else None,
    ]
    named = [row for row in found if row is not None]
    if named:
        return (release_of(max(named, key=lambda row: int(row.number))),)
    if not reference:
        return ()
    # Not LIKE, which takes capitals for small letters in SQLite.
    begins = _WITH_PLAN.where(sa.func.substr(releases.c.id, 1, len(reference)) == reference)
    rows = connection.execute(begins.order_by(releases.c.number.desc()).limit(limit))
    return tuple(release_of(row) for row in rows)


def record(connection: sa.Connection, change: Change, now: datetime) -> Release:
    """Store a change whole; the caller's transaction undoes all of it when anything is refused."""
    release = change.release
    _check_parts(change)
    stored = _stored(connection, release.id)
    _check_lease(change.lease, release, stored)
    changed = replace(release, revision=release.revision + 1)
    _CHANGE.run(connection, {"of_release": release.id, **changing_values_of(changed)})
    _keep_plan(connection, release, stored.plan)
    services.put_slots(connection, change.slots)
    if change.journal is not None:
        history.put_step(connection, change.journal)
    if change.look is not None:
        history.add_look(connection, change.look)
    if change.judge is not None:
        history.put_judge_memory(connection, release.id, change.judge)
    if change.handled:
        _mark_handled(connection, change.handled, now)
    outbox.queue(connection, change.messages)
    if change.audit is not None:
        chain.append(connection, change.audit, now)
    return changed


def _keep_plan(connection: sa.Connection, release: Release, stored: str) -> None:
    """Store the plan where it is another one: what was read from the same text is the same value."""
    if plan_of(stored) is release.plan:
        return
    plan = encode(release.plan)
    if plan != stored:
        connection.execute(
            sa.update(plans).where(plans.c.release_id == release.id).values(plan=plan)
        )


def _check_parts(change: Change) -> None:
    parts = (change.journal, change.look)
    strangers = {part.release for part in parts if part is not None} - {change.release.id}
    if strangers:
        raise ValueError(f"a change of release {change.release.id} holds parts of {strangers}")


def _stored(connection: sa.Connection, release_id: str) -> Row:
    """The row, its plan and its lease, which nobody changes until the transaction ends."""
    if connection.dialect.name != "sqlite":
        # A statement that waits for a lock reads anew only what it locks: without the lease among
        # that, it would not see who took the release over meanwhile.
        row = _STORED_LOCKED.first(connection, {"of_release": release_id})
        if row is not None:
            return row
    row = _STORED.first(connection, {"of_release": release_id})
    if row is None:
        raise NotFound(f"there is no release {release_id}")
    return row


def _check_lease(lease: Lease, release: Release, stored: Row) -> None:
    if lease.release != release.id:
        raise StaleLease(f"the lease is of release {lease.release}, not of {release.id}")
    if stored.fence != lease.fence or stored.desk != lease.desk:
        holder = "nobody" if stored.fence is None else f"desk {stored.desk}, fence {stored.fence}"
        raise StaleLease(
            f"release {release.id} is not driven by desk {lease.desk}, fence {lease.fence}, any more"
            f" but by {holder}"
        )
    if stored.revision != release.revision:
        raise StaleLease(
            f"release {release.id} was changed meanwhile: revision {stored.revision} is stored,"
            f" the change follows revision {release.revision}"
        )


def _mark_handled(connection: sa.Connection, handled: tuple[str, ...], now: datetime) -> None:
    for identity in handled:
        _ANSWERED.run(connection, {"of_id": identity, "handled_at": now})


def instruct(
    connection: sa.Connection,
    instruction: Instruction,
    audit: AuditDraft,
    now: datetime,
    seen: int | None = None,
) -> None:
    """Store a person's word, once. Raises NotFound for an unknown release, Conflict as the port says."""
    if _KNOWN_WORD.first(connection, {"of_id": instruction.id}) is not None:
        return
    _lock(connection, instruction.release)
    if seen is not None:
        _nobody_was_first(connection, instruction.release, seen)
    said = {
        "id": instruction.id,
        "release_id": instruction.release,
        "kind": instruction.kind.value,
        "actor": instruction.actor,
        "reason": instruction.reason,
        "at": instruction.at,
        "lines": lines_text(instruction.lines),
    }
    _SAY.run(connection, said)
    chain.append(connection, audit, now)


def _nobody_was_first(connection: sa.Connection, release_id: str, seen: int) -> None:
    entry = chain.first_after(connection, release_id, PERSON, seen)
    if entry is not None:
        said = entry.action.removeprefix(PERSON).replace("_", " ")
        reason = entry.data.get("reason") or "no reason given"
        raise Conflict(
            f"{entry.actor} was first: {said} at {entry.at:%H:%M:%S} UTC ({reason})",
            hint="look at where it stands now, and say it again if you still mean it",
        )


def _lock(connection: sa.Connection, release_id: str) -> None:
    if _LOCK.first(connection, {"of_release": release_id}) is None:
        raise NotFound(f"there is no release {release_id}", hint="gonogo status")


def unanswered(connection: sa.Connection, release_id: str) -> tuple[Instruction, ...]:
    """Instructions that no change has answered yet, in the order they came."""
    rows = _UNANSWERED.all(connection, {"of_release": release_id})
    return tuple(instruction_of(row) for row in rows)


def claim(
    connection: sa.Connection,
    release_id: str,
    desk: str,
    now: datetime,
    until: datetime,
    *,
    anew: bool = False,
) -> Lease | None:
    """Take or renew the lease; None when another desk holds it. Raises NotFound for no such release."""
    held = _LEASE.first(connection, {"of_release": release_id})
    if held is not None and held.desk != desk and held.until > now:
        return None
    if held is None or connection.dialect.name != "sqlite":
        # Over SQLite nobody else writes before this has ended, and what holds a lease is known.
        if not _locked(connection, release_id, wait=held is None or held.desk == desk):
            return None  # another is about to take it, or its driver writes once more
        held = _LEASE.first(connection, {"of_release": release_id})
    changes = {"desk": desk, "until": until}
    if held is None:
        fence = 1
        _FIRST_LEASE.run(connection, {"release_id": release_id, "fence": fence, **changes})
        return Lease(release=release_id, desk=desk, fence=fence, until=until)
    if held.desk != desk and held.until > now:
        return None
    fence = held.fence if held.desk == desk and not anew else held.fence + 1
    _NEXT_LEASE.run(connection, {"of_release": release_id, "fence": fence, **changes})
    return Lease(release=release_id, desk=desk, fence=fence, until=until)


def _locked(connection: sa.Connection, release_id: str, *, wait: bool) -> bool:
    """Lock a release's row; without `wait`, False when another transaction has it locked."""
    if wait:
        _lock(connection, release_id)
        return True
    return _LOCK_IF_FREE.first(connection, {"of_release": release_id}) is not None
