"""What a bundle says of the audit chain: entries that each hold by themselves, and the chain's head."""

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from hashlib import sha256
from typing import Any

from gonogo.domain.audit import AuditEntry, digest_of, hashed_text
from gonogo.usecases.bundling.statements import instant, plain
from gonogo.usecases.bundling.withholding import holds_any


def audit_predicate(
    entries: Iterable[AuditEntry], head: tuple[int, str], at: datetime, secrets: tuple[str, ...]
) -> dict[str, Any]:
    """Entries in order. `head` is the sequence number and digest of the chain's last entry."""
    return {
        "head": {"sequence": head[0], "digest": head[1], "at": instant(at)},
        "entries": [_entry(entry, secrets) for entry in entries],
    }


def _entry(entry: AuditEntry, secrets: tuple[str, ...]) -> dict[str, Any]:
    """One entry. What must not leave the desk is left out whole: changed, it would not hold."""
    text = hashed_text(entry.sequence, entry.at, entry, entry.previous)
    shown = {
        "sequence": entry.sequence,
        "at": instant(entry.at),
        "action": entry.action,
        "subject": entry.subject,
        "previous": entry.previous,
        "digest": entry.digest,
    }
    content = {"actor": entry.actor, "data": plain(entry.data)}
    if holds_any({**content, "text": text}, secrets):
        return {**shown, "withheld": True}
    if content["data"] == entry.data:
        return {**shown, **content}
    # A number that JSON does not have: what was hashed is given as it was.
    return {**shown, **content, "hashed": text}


def why_not(entry: Mapping[str, Any]) -> str | None:
    """Why one entry of a bundle does not hold, as a clause, or None. Withheld ones cannot be told.

    Raises KeyError, TypeError or ValueError for what is no entry.
    """
    if entry.get("withheld") is True:
        return None
    at = datetime.fromisoformat(entry["at"])
    told = AuditEntry(
        sequence=entry["sequence"],
        at=at,
        actor=entry["actor"],
        action=entry["action"],
        subject=entry["subject"],
        data=entry["data"],
        previous=entry["previous"],
        digest=entry["digest"],
    )
    if "hashed" not in entry:
        again = digest_of(told.sequence, at, told, told.previous)
        return None if again == told.digest else "its digest is not that of its content"
    if sha256(entry["hashed"].encode()).hexdigest() != told.digest:
        return "its digest is not that of its content"
    shown = [
        told.previous,
        told.sequence,
        instant(at),
        told.actor,
        told.action,
        told.subject,
        told.data,
    ]
    return None if plain(json.loads(entry["hashed"])) == shown else "it shows what was not hashed"
