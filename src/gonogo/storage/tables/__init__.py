"""The tables, by concern. Migrations make them; a test holds the two together.

Every time is UTC with microseconds. Text that holds a domain value is JSON by `codec`.
"""

from gonogo.storage.tables.chain import AUDIT_GUARDS, HEAD_ROW, audit, audit_head
from gonogo.storage.tables.columns import UtcTime, metadata
from gonogo.storage.tables.desk import answers, counts, desks
from gonogo.storage.tables.person import (
    credentials,
    flows,
    identities,
    invitations,
    known_browsers,
    people,
    sessions,
    tokens,
)
from gonogo.storage.tables.release import (
    instructions,
    journal,
    judge_memories,
    leases,
    looks,
    messages,
    plans,
    releases,
)
from gonogo.storage.tables.service import adoptions, papers, places, registrations, slots, specs

__all__ = [
    "AUDIT_GUARDS",
    "HEAD_ROW",
    "UtcTime",
    "adoptions",
    "answers",
    "audit",
    "audit_head",
    "counts",
    "credentials",
    "desks",
    "flows",
    "identities",
    "instructions",
    "invitations",
    "journal",
    "judge_memories",
    "known_browsers",
    "leases",
    "looks",
    "messages",
    "metadata",
    "papers",
    "people",
    "places",
    "plans",
    "registrations",
    "releases",
    "sessions",
    "slots",
    "specs",
    "tokens",
]
