"""The audit chain: every entry carries the digest of the one before it."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

GENESIS = "0" * 64
_CANONICAL = json.JSONEncoder(sort_keys=True, ensure_ascii=False, separators=(",", ":"))


@dataclass(frozen=True, slots=True)
class AuditDraft:
    """What is to be written down. `action` is `source:subject:action`, e.g. `judge:release:fail`."""

    actor: str
    action: str
    subject: str
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """A draft in its place in the chain. `digest` covers all the rest of it."""

    sequence: int
    at: datetime
    actor: str
    action: str
    subject: str
    data: Mapping[str, Any]
    previous: str
    digest: str


@dataclass(frozen=True, slots=True)
class AuditSearch:
    """Which entries are looked for. `action` is how their action begins.

    `beyond` is the sequence number after which (newest first: before which) the answer begins.
    """

    subject: str | None = None
    actor: str | None = None
    action: str | None = None
    newest_first: bool = True
    beyond: int | None = None
    limit: int = 100


def digest_of(sequence: int, at: datetime, draft: AuditDraft | AuditEntry, previous: str) -> str:
    """SHA-256 over the canonical JSON of an entry's content and the digest before it."""
    return hashlib.sha256(hashed_text(sequence, at, draft, previous).encode()).hexdigest()


def hashed_text(sequence: int, at: datetime, draft: AuditDraft | AuditEntry, previous: str) -> str:
    """What `digest_of` covers: a JSON list of the digest before and the entry's content."""
    content = [
        previous,
        sequence,
        at.astimezone(UTC).isoformat(timespec="microseconds"),
        draft.actor,
        draft.action,
        draft.subject,
        draft.data,
    ]
    return _CANONICAL.encode(content)


def link(draft: AuditDraft, at: datetime, last: AuditEntry | None) -> AuditEntry:
    """The entry that follows `last` in the chain, or the first one."""
    return entry_after(draft, at, last.sequence if last else 0, last.digest if last else GENESIS)


def entry_after(draft: AuditDraft, at: datetime, sequence: int, digest: str) -> AuditEntry:
    """The entry that follows the one with this sequence number and digest (0 and GENESIS: none)."""
    return AuditEntry(
        sequence=sequence + 1,
        at=at,
        actor=draft.actor,
        action=draft.action,
        subject=draft.subject,
        data=draft.data,
        previous=digest,
        digest=digest_of(sequence + 1, at, draft, digest),
    )


def first_broken(entries: Iterable[AuditEntry]) -> tuple[AuditEntry, str] | None:
    """The first entry of a whole chain that does not hold, and why; None when all of it holds."""
    last: AuditEntry | None = None
    for entry in entries:
        fault = fault_after(last, entry)
        if fault is not None:
            return entry, fault
        last = entry
    return None


def fault_after(last: AuditEntry | None, entry: AuditEntry) -> str | None:
    """Why an entry does not follow the one before it (None: it is the first); None when it does."""
    expected, previous = (last.sequence + 1, last.digest) if last else (1, GENESIS)
    if entry.sequence != expected:
        return f"entry {expected} is missing before it"
    if entry.previous != previous:
        return "it does not follow the entry before it"
    if entry.digest != digest_of(entry.sequence, entry.at, entry, entry.previous):
        return "its content was changed after it was written"
    return None
