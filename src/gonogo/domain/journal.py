"""Steps that must not be repeated: written down before they start and after they end."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class StepState(StrEnum):
    """Where a step stands.

    PLANNED: a person asked for it to be run again. UNKNOWN: it was started and nobody saw it end; it
    waits for a person and is never repeated by itself.
    """

    PLANNED = "planned"
    STARTED = "started"
    DONE = "done"
    FAILED = "failed"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class JournalEntry:
    """One step of one release, e.g. `production/migrate`. `output` is the end of what it printed."""

    release: str
    step: str
    state: StepState
    started_at: datetime
    ended_at: datetime | None = None
    output: str = ""
