"""Between rows and domain values."""

import json
from collections.abc import Mapping
from functools import cache, lru_cache
from typing import Any

import sqlalchemy as sa

from gonogo.domain.actor import Scope
from gonogo.domain.audit import AuditEntry
from gonogo.domain.journal import JournalEntry, StepState
from gonogo.domain.message import Message
from gonogo.domain.person import Token
from gonogo.domain.plan import Plan
from gonogo.domain.registration import Registration
from gonogo.domain.release import Instruction, InstructionKind, Release, Stage, VerifiedLine
from gonogo.domain.session import Invitation, Purpose, Session
from gonogo.domain.slot import Slot, SlotRole
from gonogo.storage.codec import decode, encode
from gonogo.storage.statements import Prepared, Row
from gonogo.storage.tables import slots

Values = dict[str, Any]


def values_of_release(release: Release) -> Values:
    """A release's row without its plan, which lies in a table of its own."""
    return {
        "id": release.id,
        "service": release.service,
        "version": release.version,
        "commit": release.commit,
        "actor": release.actor,
        "created_at": release.created_at,
        **changing_values_of(release),
    }


def changing_values_of(release: Release) -> Values:
    """What of a release's row may change while it is under way."""
    return {
        "previous": release.previous,
        "stage": release.stage.value,
        "stage_since": release.stage_since,
        "reason": release.reason,
        "step": release.step,
        "step_since": release.step_since,
        "exposed": release.exposed,
        "came_from": None if release.came_from is None else release.came_from.value,
        "attempt": release.attempt,
        "revision": release.revision,
        "ended": release.final,
    }


@lru_cache(maxsize=1024)
def plan_of(text: str) -> Plan:
    """The plan that this text holds; frozen, so that all who read the same text may share it."""
    return decode(Plan, text)


def release_of(row: Row) -> Release:
    """The release of a row of `releases` joined with its plan."""
    return Release(
        id=row.id,
        service=row.service,
        version=row.version,
        commit=row.commit,
        previous=row.previous,
        plan=plan_of(row.plan),
        actor=row.actor,
        created_at=row.created_at,
        stage=Stage(row.stage),
        stage_since=row.stage_since,
        reason=row.reason,
        step=row.step,
        step_since=row.step_since,
        exposed=row.exposed,
        came_from=None if row.came_from is None else Stage(row.came_from),
        attempt=row.attempt,
        revision=row.revision,
    )


def registration_of(row: Row) -> Registration:
    """The registration of a row of `registrations` joined with its spec."""
    return Registration(
        service=row.service,
        repository=row.repository,
        spec=row.spec,
        plan=plan_of(row.plan),
        actor=row.actor,
        at=row.at,
        tester_secret=row.tester_secret,
    )


def values_of_slot(slot: Slot) -> Values:
    """What of a slot may change; service, environment and name say which it is."""
    return {
        "role": slot.role.value,
        "version": slot.version,
        "commit": slot.commit,
        "instance": slot.instance,
        "port": slot.port,
        "share": slot.share,
        "testers": slot.testers,
        "host": slot.host,
        "adopted": slot.adopted,
    }


def slot_of(row: Row) -> Slot:
    """The slot of a row."""
    return Slot(
        service=row.service,
        environment=row.environment,
        name=row.name,
        role=SlotRole(row.role),
        version=row.version,
        commit=row.commit,
        instance=row.instance,
        port=row.port,
        share=row.share,
        testers=row.testers,
        host=row.host,
        adopted=row.adopted,
        revision=row.revision,
    )


def instruction_of(row: Row) -> Instruction:
    """The instruction of a row."""
    return Instruction(
        id=row.id,
        release=row.release_id,
        kind=InstructionKind(row.kind),
        actor=row.actor,
        reason=row.reason,
        at=row.at,
        lines=tuple(decode(VerifiedLine, json.dumps(line)) for line in json.loads(row.lines)),
    )


def lines_text(lines: tuple[VerifiedLine, ...]) -> str:
    """What a person tried, line by line, as JSON."""
    return f"[{','.join(encode(line) for line in lines)}]"


def token_of(row: Row) -> Token:
    """The token of a row."""
    return Token(
        id=row.id,
        person=row.person,
        digest=row.digest,
        created_at=row.created_at,
        expires_at=row.expires_at,
        revoked_at=row.revoked_at,
        scopes=scopes_of(row.scopes),
    )


def scopes_of(text: str | None) -> tuple[Scope, ...] | None:
    """What a token is narrowed to; None when it is not."""
    return None if text is None else tuple(Scope(name) for name in text.split())


def values_of_session(session: Session) -> Values:
    """What of a session may change; its id says which it is."""
    return {
        "digest": session.digest,
        "successor": session.successor,
        "previous": session.previous,
        "seen_at": session.seen_at,
        "turned_at": session.turned_at,
    }


def session_of(row: Row) -> Session:
    """The session of a row."""
    return Session(
        id=row.id,
        person=row.person,
        digest=row.digest,
        csrf=row.csrf,
        created_at=row.created_at,
        seen_at=row.seen_at,
        turned_at=row.turned_at,
        expires_at=row.expires_at,
        successor=row.successor,
        previous=row.previous,
        client=row.client,
        address=row.address,
    )


def invitation_of(row: Row) -> Invitation:
    """The one-time link of a row."""
    return Invitation(
        digest=row.digest,
        person=row.person,
        purpose=Purpose(row.purpose),
        made_by=row.made_by,
        created_at=row.created_at,
        expires_at=row.expires_at,
        ended_at=row.ended_at,
    )


def values_of_journal(entry: JournalEntry) -> Values:
    """What of a journal entry may change; release and step say which it is."""
    return {
        "state": entry.state.value,
        "started_at": entry.started_at,
        "ended_at": entry.ended_at,
        "output": entry.output,
    }


def journal_of(row: Row) -> JournalEntry:
    """The journal entry of a row."""
    return JournalEntry(
        release=row.release_id,
        step=row.step,
        state=StepState(row.state),
        started_at=row.started_at,
        ended_at=row.ended_at,
        output=row.output,
    )


def message_of(row: Row) -> Message:
    """The message of a row."""
    return Message(id=row.id, release=row.release_id, kind=row.kind, text=row.text, at=row.at)


def entry_of(row: Row) -> AuditEntry:
    """The audit entry of a row."""
    return AuditEntry(
        sequence=row.sequence,
        at=row.at,
        actor=row.actor,
        action=row.action,
        subject=row.subject,
        data=json.loads(row.data),
        previous=row.previous,
        digest=row.digest,
    )


@cache
def _update_and_insert(table: sa.Table, key: frozenset[str]) -> tuple[Prepared, Prepared]:
    here = sa.and_(*(table.c[name] == sa.bindparam(f"of_{name}") for name in sorted(key)))
    update, insert = sa.update(table).where(here), sa.insert(table)
    if table is slots:  # which of two pictures is newer follows from how often rows were written
        update = update.values(revision=slots.c.revision + 1)
        insert = insert.values(revision=1)
    return Prepared(update), Prepared(insert)


def put(
    connection: sa.Connection, table: sa.Table, key: Mapping[str, Any], values: Mapping[str, Any]
) -> None:
    """Replace the row with this key, or add it; the caller holds the lock that covers it."""
    update, insert = _update_and_insert(table, frozenset(key))
    here = {f"of_{name}": value for name, value in key.items()}
    if not update.run(connection, {**here, **values}):
        insert.run(connection, {**key, **values})
