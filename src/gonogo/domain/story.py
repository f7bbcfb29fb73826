"""A release's whole story, and the figures that are told of it, each from what was recorded."""

from dataclasses import dataclass
from datetime import datetime

from gonogo.domain.audit import AuditEntry
from gonogo.domain.journal import JournalEntry
from gonogo.domain.look import Look
from gonogo.domain.release import Release


@dataclass(frozen=True, slots=True)
class Story:
    """Everything recorded of one release, in order, as of `at`."""

    release: Release
    looks: tuple[Look, ...]
    audit: tuple[AuditEntry, ...]
    journal: tuple[JournalEntry, ...]
    at: datetime
