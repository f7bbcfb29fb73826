"""What every reader of reports has in common.

A reader is one `Format`: a name, a look at the beginning of a file that says whether it could be one,
and a function that reads it. A file that no format recognises, or that its reader cannot understand,
is refused with one sentence; nothing is guessed.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import BinaryIO

from gonogo.domain.errors import InvalidInput
from gonogo.domain.evidence import Facts

BEGINNING = 64 * 1024
"""How many bytes of a file a format may look at to recognise it."""


@dataclass(frozen=True, slots=True)
class Beginning:
    """The start of a file: its name without folders, and at most `BEGINNING` bytes."""

    name: str
    head: bytes


@dataclass(frozen=True, slots=True)
class Reading:
    """What a report says: facts of one or more kinds, and its own word on commit and time (UTC)."""

    facts: tuple[Facts, ...]
    commit: str | None = None
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Format:
    """One format of report.

    `read` is given the file, opened for reading bytes at its start, and the name that messages call
    it by. It reads in pieces and keeps counts, not the file. It raises InvalidInput (`unfit`) for a
    file that is truncated, contradicts itself, or has nothing in it.
    """

    name: str
    recognises: Callable[[Beginning], bool]
    read: Callable[[BinaryIO, str], Reading]


def unfit(name: str, what: str, *, hint: str | None = None) -> InvalidInput:
    """The refusal of a report: `what` is a clause about the file, with the place and the value."""
    return InvalidInput(f"{name}: {what}", hint=hint)
