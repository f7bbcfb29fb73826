"""Counts against brute force: both trees are checked out, and difflib says what changed."""

import asyncio
import difflib
import subprocess
import tempfile
from collections.abc import AsyncIterator, Mapping, Sequence
from itertools import pairwise
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gonogo.adapters.local.git_output import LoggedCommit, parse_added_lines, parse_log, parts
from gonogo.adapters.local.history import GitHistory
from gonogo.domain.change import FileChange
from gonogo.domain.gate_rules import PatchGuardRule
from gonogo.gates.patch_guard import measure

Tree = Mapping[str, tuple[int, ...]]

NAMES = ("a", "dir/b", "two words", 'c"d', "e\tf", "ü/n", "x.lock/y")


@st.composite
def histories(draw: st.DrawFn) -> list[Tree]:
    """Trees of a line of commits. No line of text ever comes twice, so every diff is unambiguous."""
    fresh = iter(range(1_000_000))
    trees: list[Tree] = []
    tree: dict[str, tuple[int, ...]] = {}
    for _ in range(draw(st.integers(2, 5))):
        for name in draw(st.lists(st.sampled_from(NAMES), unique=True, max_size=3)):
            if name in tree and draw(st.booleans()):
                del tree[name]
                continue
            lines = []
            for line in tree.get(name, ()):
                lines += [next(fresh) for _ in range(draw(st.sampled_from((0, 0, 0, 1, 3))))]
                if draw(st.integers(0, 3)):
                    lines.append(line)
            lines += [next(fresh) for _ in range(draw(st.integers(0, 4)))]
            tree[name] = tuple(lines)
        trees.append(dict(tree))
    return trees


def imported(place: Path, trees: Sequence[Tree]) -> list[str]:
    """Put these trees into a repository as a line of commits."""
    stream = []
    for number, tree in enumerate(trees, start=1):
        stream.append(b"commit refs/heads/main\nmark :%d\n" % number)
        stream.append(b"committer a <a@example.invalid> %d +0000\ndata 1\nx\n" % number)
        stream.append(b"deleteall\n")
        for name, lines in tree.items():
            text = "".join(f"line {line}\n" for line in lines).encode()
            quoted = name.replace("\\", "\\\\").replace('"', '\\"')
            stream.append(f'M 100644 inline "{quoted}"\n'.encode())
            stream.append(b"data %d\n%s\n" % (len(text), text))
    git(place, "init", "--quiet", "--initial-branch=main")
    git(place, "fast-import", "--quiet", given=b"".join(stream))
    return git(place, "rev-list", "--reverse", "main").decode().split()


def git(place: Path, *arguments: str, given: bytes = b"") -> bytes:
    done = subprocess.run(
        ["git", "-C", str(place), *arguments], input=given, capture_output=True, check=True
    )
    return done.stdout


def checked_out(place: Path, commit: str) -> dict[str, list[str]]:
    """Every file of the commit with its lines, from a checkout."""
    with tempfile.TemporaryDirectory() as folder:
        git(place, f"--work-tree={folder}", "read-tree", "--empty")
        git(place, f"--work-tree={folder}", "read-tree", commit)
        git(place, f"--work-tree={folder}", "checkout-index", "--all", "--force")
        return {
            str(file.relative_to(folder)): file.read_text().splitlines()
            for file in Path(folder).rglob("*")
            if file.is_file()
        }


def brute_force(before: Mapping[str, list[str]], after: Mapping[str, list[str]]) -> set[FileChange]:
    found = set()
    for name in before.keys() | after.keys():
        old, new = before.get(name, []), after.get(name, [])
        if old == new and (name in before) == (name in after):
            continue
        said = [line[0] for line in difflib.ndiff(old, new)]
        found.add(FileChange(name, said.count("+"), said.count("-")))
    return found


@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(trees=histories())
def test_counts_are_those_of_two_checkouts_compared(trees: list[Tree]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        commits = imported(place, trees)
        files = [checked_out(place, commit) for commit in commits]
        change = asyncio.run(GitHistory().change(folder, commits[0], "main"))
        expected = brute_force(files[0], files[-1])
        assert renames_undone(change.files) == expected
        assert measured(change.files) == measured(tuple(expected))
        for path, ranges in change.added_lines.items():
            told = sum(last - first + 1 for first, last in ranges)
            assert told == sum(file.added for file in expected if file.path == path)
        merges = asyncio.run(GitHistory().merges(folder, "main"))
        for merge, before, after in zip(reversed(merges), ({}, *files[:-1]), files, strict=True):
            assert renames_undone(merge.files) == brute_force(before, after)


def renames_undone(files: Sequence[FileChange]) -> set[FileChange]:
    """Empty files look alike, so git may take one for another; lines never move between files here."""
    found = set(files)
    for file in files:
        if file.old_path is not None:
            assert file.added == file.deleted == 0
            found -= {file}
            found |= {FileChange(file.path, 0, 0), FileChange(file.old_path, 0, 0)}
    return found


def measured(files: tuple[FileChange, ...]) -> tuple[int, int, int]:
    found = measure(tuple(renames_undone(files)), PatchGuardRule(ignore=("x.lock/**",)))
    return found.files, found.lines, found.ignored


LOG = (
    b"a" * 40 + b"\0\0Jo\0jo@example.invalid\0" + b"12\0feat: x\0\0\0"
    b"\n1\t2\ta file\0-\t-\t\0old\nname\0new\0"
    + b"b" * 40 + b"\0" + b"a" * 40 + b" " + b"c" * 40 + b"\0J\xc3\xb6\0\0" + b"\0s\0body\n\0\0"
    + b"c" * 40 + b"\0\0\0\0" + b"13\0s\0\0\0\n0\t0\tx\0"
)  # fmt: skip


@given(cuts=st.lists(st.integers(0, len(LOG)), max_size=30))
def test_where_the_pieces_of_a_log_are_cut_does_not_matter(cuts: list[int]) -> None:
    ends = sorted({0, len(LOG), *cuts})
    pieces = [LOG[start:end] for start, end in pairwise(ends)]

    async def read(pieces: Sequence[bytes]) -> list[LoggedCommit]:
        return [commit async for commit in parse_log(each(pieces))]

    found = asyncio.run(read(pieces))
    assert found == asyncio.run(read([LOG]))
    assert [len(commit.files) for commit in found] == [2, 0, 1]
    assert found[0].files[1].old_path == b"old\nname"


@given(
    content=st.binary(max_size=60).map(lambda some: some.replace(b"x", b"\0")),
    size=st.integers(1, 9),
)
def test_parts_are_what_stands_between_separators(content: bytes, size: int) -> None:
    async def read() -> list[bytes]:
        pieces = [content[at : at + size] for at in range(0, len(content), size)]
        return [part async for part in parts(each(pieces))]

    expected = content.split(b"\0")
    if not expected[-1]:
        expected.pop()
    assert asyncio.run(read()) == expected


def test_a_line_longer_than_any_buffer_hides_nothing_after_it() -> None:
    patch = (
        b'diff --git "a/a\\tb" "b/a\\tb"\n--- "a/a\\tb"\n+++ "b/a\\tb"\n@@ -1 +1,2 @@\n-x\n+'
        + b"long @@ -1 +7 @@" * 50_000
        + b"\n+y\n@@ -9,0 +11 @@ text\n+z\n"
    )

    async def read() -> Mapping[bytes, tuple[tuple[int, int], ...]]:
        return await parse_added_lines(
            each([patch[at : at + 1000] for at in range(0, len(patch), 1000)])
        )

    assert asyncio.run(read()) == {b"a\tb": ((1, 2), (11, 11))}


async def each(pieces: Sequence[bytes]) -> AsyncIterator[bytes]:
    for piece in pieces:
        yield piece
