"""What is written down of instances on platforms, so that any later desk can read and retire them.

A note is written before a script acts and again when it is known what came of it. It has the scripts
themselves, because whoever retires an instance has only its id. Secrets are not in it.
"""

from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from gonogo.adapters.local.notes import Notes
from gonogo.domain.instance import Instance

if TYPE_CHECKING:
    from pydantic import TypeAdapter


class Phase(StrEnum):
    """How far the last act on an instance went.

    DEPLOYING and RETIRING: begun, and nobody saw it end. UNKNOWN: deploy ended in a way that leaves
    open what it did. FAILED: deploy ended, and nothing of it is there.
    """

    DEPLOYING = "deploying"
    DEPLOYED = "deployed"
    UNKNOWN = "unknown"
    FAILED = "failed"
    RETIRING = "retiring"


UNCERTAIN = frozenset({Phase.DEPLOYING, Phase.UNKNOWN})
"""Nobody knows by the note alone whether deploy did anything."""


@dataclass(frozen=True, slots=True)
class PlatformNote:
    """One instance as it was deployed. `failure` is what deploy said when it ended by itself, badly."""

    instance: Instance
    phase: Phase
    failure: str = ""


class PlatformNotes(Notes):
    """Notes of one directory, a folder for each instance, readable by its owner alone."""

    def found(self, identity: str) -> PlatformNote | None:
        """Its note; None when there is none or it cannot be read."""
        try:
            return _adapter().validate_json(self._note(identity).read_bytes())
        except (FileNotFoundError, ValueError):
            return None

    def keep(self, note: PlatformNote) -> None:
        """Replace its note as a whole."""
        target = self._note(note.instance.id)
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        fresh = target.with_suffix(".new")
        fresh.write_bytes(_adapter().dump_json(note))
        fresh.replace(target)

    def _note(self, identity: str) -> Path:
        return self.folder(identity) / "note.json"


@cache
def _adapter() -> "TypeAdapter[PlatformNote]":
    """Built at first use: pydantic takes its time, and most desks have no platform."""
    from pydantic import TypeAdapter

    return TypeAdapter(PlatformNote)
