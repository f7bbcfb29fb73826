"""Understanding what git writes: logs, counts of lines, hunks. Bytes in, values out.

Everything is asked for with NUL between the parts, for a path may hold any other byte and a message
any character. Where commits and counts of lines come in one stream (`git log -z --numstat`), a count
always holds two tabs and the name of a commit never holds one, so no file name can pass for a commit.
"""

import re
from collections.abc import AsyncIterable, AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import lru_cache
from typing import NamedTuple

from gonogo.domain.change import CommitNote

LOG_FORMAT = "--format=tformat:%H%x00%P%x00%an%x00%ae%x00%ct%x00%s%x00%b%x00"
"""What `parse_log` reads, with `-z`."""

_FIELDS = 7
_KEPT_OF_A_LINE = 1 << 16
_HUNK = re.compile(rb"@@ -\d+(?:,\d+)? \+(\d+)(?:,(\d+))? @@")
_ESCAPED = re.compile(rb"\\([0-7]{3}|.)", re.DOTALL)
_ESCAPES = {
    b"a": b"\a",
    b"b": b"\b",
    b"f": b"\f",
    b"n": b"\n",
    b"r": b"\r",
    b"t": b"\t",
    b"v": b"\v",
}

_MERGED = (
    # git, GitLab
    re.compile(r"Merge branch '(?P<branch>.+?)'(?: of \S+)?(?: into .+)?"),
    re.compile(r"Merge remote-tracking branch '[^/']+/(?P<branch>.+?)'(?: into .+)?"),
    # GitHub
    re.compile(r"Merge pull request #\d+ from [^/\s]+/(?P<branch>\S+)"),
    # Gitea, Forgejo
    re.compile(r"Merge pull request '.*' \(#\d+\) from (?:[^:\s]+:)?(?P<branch>\S+) into \S+"),
    # Bitbucket
    re.compile(r"Merged in (?P<branch>\S+) \(pull request #\d+\)"),
    re.compile(r"Merge pull request #\d+ in \S+ from (?P<branch>\S+) to \S+"),
    # Azure
    re.compile(r"Merge pull request \d+ from (?P<branch>\S+) into \S+"),
)


class CountedFile(NamedTuple):
    """One changed file as git counts it, its paths as bytes. None lines: it is binary."""

    path: bytes
    old_path: bytes | None
    added: int | None
    deleted: int | None


@dataclass(frozen=True, slots=True)
class LoggedCommit:
    """One commit of a log, with its files where they were asked for."""

    note: CommitNote
    parents: tuple[str, ...]
    files: tuple[CountedFile, ...] = ()


@lru_cache(maxsize=1 << 14)
def text_of(path: bytes) -> str:
    """A path for people and reports; bytes that are not UTF-8 stay visible as in `caf\\xe9.txt`."""
    return path.decode(errors="backslashreplace")


def merged_branch(subject: str) -> str | None:
    """The branch that a merge commit says it merged, in the words of git and of common servers."""
    for pattern in _MERGED:
        found = pattern.fullmatch(subject)
        if found:
            return found["branch"]
    return None


async def parts(pieces: AsyncIterable[bytes], separator: bytes = b"\0") -> AsyncIterator[bytes]:
    """What stands between separators; a last part without one after it too, unless it is empty."""
    rest: list[bytes] = []
    async for piece in pieces:
        first, *more = piece.split(separator)
        rest.append(first)
        if more:
            yield b"".join(rest)
            for part in more[:-1]:
                yield part
            rest = [more[-1]]
    last = b"".join(rest)
    if last:
        yield last


async def parse_counts(pieces: AsyncIterable[bytes]) -> AsyncIterator[CountedFile]:
    """Files of `git diff-tree --numstat -z`. Raises ValueError for anything else."""
    stream = parts(pieces)
    async for part in stream:
        yield await _counted(part, stream)


async def parse_log(pieces: AsyncIterable[bytes]) -> AsyncIterator[LoggedCommit]:
    """Commits of `git log -z` in LOG_FORMAT, with their files if `--numstat` was asked for.

    Raises ValueError for anything else.
    """
    stream = parts(pieces)
    head: list[bytes] = []
    commit: LoggedCommit | None = None
    files: list[CountedFile] = []
    async for part in stream:
        # The first count of a commit stands on a line of its own.
        count = part[1:] if part[:1] == b"\n" else part
        if commit is not None and b"\t" in count:
            files.append(await _counted(count, stream))
            continue
        if commit is not None:
            yield replace(commit, files=tuple(files))
            commit, files = None, []
        head.append(part)
        if len(head) == _FIELDS + 1:  # the end of a commit's format is a separator too
            commit, head = _commit(head), []
    if head:
        raise ValueError(f"a log ends after {len(head)} of {_FIELDS} fields")
    if commit is not None:
        yield replace(commit, files=tuple(files))


async def parse_added_lines(
    pieces: AsyncIterable[bytes],
) -> dict[bytes, tuple[tuple[int, int], ...]]:
    """Ranges of new or changed lines by path, from `git diff-tree -p -U0`."""
    found: dict[bytes, list[tuple[int, int]]] = {}
    path: bytes | None = None
    in_header = False
    # A line of content begins with +, - or \\: it cannot pass for the start of a file or of a hunk.
    async for line in _lines(pieces):
        if line.startswith(b"diff --git "):
            path, in_header = None, True
        elif in_header and line.startswith(b"+++ "):
            path = _patched(line[4:])
        elif line.startswith(b"@@ "):
            in_header = False
            hunk = _HUNK.match(line)
            if hunk and path is not None:
                start, number = int(hunk[1]), int(hunk[2] or 1)
                if number:
                    found.setdefault(path, []).append((start, start + number - 1))
    return {path: tuple(ranges) for path, ranges in found.items()}


async def _counted(part: bytes, stream: AsyncIterator[bytes]) -> CountedFile:
    fields = part.split(b"\t", 2)
    if len(fields) != 3:
        raise ValueError(f"not a count of lines: {part[:80]!r}")
    added, deleted, path = fields
    old_path = None
    if not path:  # a rename: its two paths come after
        old_path = await anext(stream, b"")
        path = await anext(stream, b"")
        if not path:
            raise ValueError("a rename ends without its second path")
    binary = added == b"-"
    return CountedFile(
        path, old_path, None if binary else int(added), None if binary else int(deleted)
    )


def _commit(fields: list[bytes]) -> LoggedCommit:
    name, parents, author, email, at, subject, body, end = fields
    if end:
        raise ValueError(f"not the end of a commit: {end[:80]!r}")
    note = CommitNote(
        id=name.decode("ascii"),
        author_name=author.decode(errors="replace"),
        author_email=email.decode(errors="replace"),
        at=_moment(at),
        subject=subject.decode(errors="replace"),
        body=body.decode(errors="replace").strip(),
    )
    return LoggedCommit(note, tuple(parents.decode("ascii").split()))


def _moment(seconds: bytes) -> datetime:
    try:
        return datetime.fromtimestamp(int(seconds), UTC)
    except (ValueError, OverflowError, OSError):  # a commit may claim any time, or none
        return datetime.fromtimestamp(0, UTC)


async def _lines(pieces: AsyncIterable[bytes]) -> AsyncIterator[bytes]:
    """Lines by their beginning alone: a file may be one line of a gigabyte."""
    rest = b""
    async for piece in pieces:
        *lines, last = piece.split(b"\n")
        if lines:
            lines[0] = rest + lines[0]
            rest = last
            for line in lines:
                yield line
        elif len(rest) < _KEPT_OF_A_LINE:
            rest += last
    if rest:
        yield rest


def _patched(name: bytes) -> bytes | None:
    """The path behind `+++ `; None stands for a file that is gone."""
    if name == b"/dev/null":
        return None
    if name.startswith(b'"'):
        inner = name[1 : name.rindex(b'"')]
        name = _ESCAPED.sub(_unescaped, inner)
    else:
        name = name.removesuffix(b"\t")  # git ends a name with blanks in it by a tab
    return name.removeprefix(b"b/")


def _unescaped(found: re.Match[bytes]) -> bytes:
    escaped = found[1]
    if len(escaped) == 3:
        return bytes((int(escaped, 8) & 0xFF,))
    return _ESCAPES.get(escaped, escaped)
