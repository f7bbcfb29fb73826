"""What a change consists of, as the repository tells it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True)
class FileChange:
    """One changed file. A renamed file has `old_path`; a binary one has no lines.

    `generated` says that the repository's attributes call it generated.
    """

    path: str
    added: int
    deleted: int
    old_path: str | None = None
    binary: bool = False
    generated: bool = False


@dataclass(frozen=True, slots=True)
class CommitNote:
    """One commit: its full name, who wrote it, when (UTC), and what its message says."""

    id: str
    author_name: str
    author_email: str
    at: datetime
    subject: str
    body: str = ""


@dataclass(frozen=True, slots=True)
class Change:
    """Everything between `base` (the merge base with what the change goes into) and `head`.

    `files` compares the two ends, so a line that was added and taken away again does not count.
    `added_lines` maps a path in `head` to closed ranges of new or changed lines. `commits` are newest
    first.
    """

    base: str
    head: str
    branch: str | None
    files: tuple[FileChange, ...]
    commits: tuple[CommitNote, ...] = ()
    added_lines: Mapping[str, tuple[tuple[int, int], ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Merge:
    """One change that came in: a merge commit, or a commit made directly (`branch` None)."""

    commit: CommitNote
    branch: str | None
    files: tuple[FileChange, ...]
