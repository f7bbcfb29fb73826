"""A repository's past without a repository: commits are put in by hand."""

import difflib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from gonogo.domain.change import Change, CommitNote, FileChange, Merge
from gonogo.domain.errors import InvalidInput, NotFound

_START = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class _Commit:
    note: CommitNote
    number: int
    parents: tuple[str, ...]
    tree: Mapping[str, str]
    merged: str | None


class MemoryHistory:
    """The twin of git's history. A renamed file is seen where its text stayed the same.

    A text with NUL in it is binary. `generated` holds the paths that count as generated.
    """

    def __init__(self, *repositories: str) -> None:
        self.generated: set[str] = set()
        self._names: dict[str, dict[str, str]] = {each: {} for each in repositories}
        self._commits: dict[str, _Commit] = {}

    def commit(
        self,
        repository: str,
        branch: str,
        tree: Mapping[str, str],
        *,
        subject: str,
        body: str = "",
        author: tuple[str, str] = ("author", "author@example.invalid"),
        merged: str | None = None,
    ) -> str:
        """Put a commit with all these files on a branch; `merged` is another branch that it merges.

        Gives the commit's name. A branch that is not there yet begins without a past.
        """
        names = self._names[repository]
        others = (merged,) if merged is not None else ()
        parents = tuple(names[each] for each in (branch, *others) if each in names)
        number = len(self._commits) + 1
        note = CommitNote(
            f"{number:040x}", *author, _START + timedelta(minutes=number), subject, body
        )
        self._commits[note.id] = _Commit(note, number, parents, dict(tree), merged)
        names[branch] = note.id
        return note.id

    def name(self, repository: str, name: str, commit: str) -> None:
        """Give a commit the name of a new branch or tag."""
        self._names[repository][name] = commit

    async def change(self, repository: str, base: str | None, head: str) -> Change:
        """Everything in `head` since its merge base with `base`. Raises like a real history."""
        tip = self._find(repository, head)
        if base is None:
            start, known = None, set[str]()
        else:
            start = self._merge_base(base, head, self._find(repository, base), tip)
            known = self._past(start.note.id)
        new = (self._commits[each] for each in self._past(tip.note.id) - known)
        before = {} if start is None else start.tree
        return Change(
            base="" if start is None else start.note.id,
            head=tip.note.id,
            branch=head if head in self._names[repository] else None,
            files=self._compared(before, tip.tree),
            commits=tuple(
                each.note for each in sorted(new, key=lambda one: one.number, reverse=True)
            ),
            added_lines=dict(_added_lines(before, tip.tree)),
        )

    async def merges(
        self, repository: str, head: str, *, since: str | None = None, limit: int | None = None
    ) -> tuple[Merge, ...]:
        """First parents of `head`, newest first. Raises like a real history."""
        tip = self._find(repository, head)
        known = set[str]()
        if since is not None:
            start = self._find(repository, since)
            self._merge_base(since, head, start, tip)
            known = self._past(start.note.id)
        found: list[Merge] = []
        at: str | None = tip.note.id
        while at is not None and at not in known and (limit is None or len(found) < limit):
            commit = self._commits[at]
            at = commit.parents[0] if commit.parents else None
            before = {} if at is None else self._commits[at].tree
            found.append(Merge(commit.note, commit.merged, self._compared(before, commit.tree)))
        return tuple(found)

    async def files(
        self, repository: str, commit: str, paths: tuple[str, ...]
    ) -> Mapping[str, str | None]:
        """The text of each of these files. Raises like a real history."""
        tree = self._find(repository, commit).tree
        return {path: tree.get(path) for path in paths}

    def _find(self, repository: str, name: str) -> _Commit:
        if repository not in self._names:
            raise InvalidInput(f"the repository {repository} is not a folder of this machine")
        if not name or name.startswith("-") or any(mark.isspace() for mark in name):
            raise InvalidInput(f'"{name}" cannot be the name of a commit, tag or branch')
        found = self._commits.get(self._names[repository].get(name, name))
        if found is None:
            raise NotFound(f'{repository} has no commit, tag or branch "{name}"')
        return found

    def _past(self, commit: str) -> set[str]:
        """The commit with all its ancestors."""
        seen: set[str] = set()
        waiting = [commit]
        while waiting:
            at = waiting.pop()
            if at not in seen:
                seen.add(at)
                waiting.extend(self._commits[at].parents)
        return seen

    def _merge_base(self, base: str, head: str, first: _Commit, second: _Commit) -> _Commit:
        shared = self._past(first.note.id) & self._past(second.note.id)
        if not shared:
            raise InvalidInput(f'"{base}" and "{head}" have nothing in common')
        return max((self._commits[each] for each in shared), key=lambda one: one.number)

    def _compared(
        self, before: Mapping[str, str], after: Mapping[str, str]
    ) -> tuple[FileChange, ...]:
        gone = {path: text for path, text in before.items() if path not in after}
        changes = []
        for path in sorted(before.keys() | after.keys()):
            if path in after and before.get(path) != after[path]:
                source = path if path in before else _renamed_from(after[path], gone)
                if source != path and source is not None:
                    gone.pop(source)
                changes.append(_file_change(path, source, before, after))
        changes.extend(_file_change(path, path, before, after) for path in gone)
        marked = (replace(each, generated=each.path in self.generated) for each in changes)
        return tuple(sorted(marked, key=lambda each: each.path))


def _renamed_from(text: str, gone: Mapping[str, str]) -> str | None:
    return next((path for path, old in gone.items() if text and old == text), None)


def _file_change(
    path: str, source: str | None, before: Mapping[str, str], after: Mapping[str, str]
) -> FileChange:
    old = "" if source is None else before.get(source, "")
    new = after.get(path, "")
    old_path = source if source != path else None
    if "\0" in old or "\0" in new:
        return FileChange(path, 0, 0, old_path, binary=True)
    blocks = list(_blocks(old, new))
    added = sum(end - start for start, end, _ in blocks)
    return FileChange(path, added, sum(deleted for _, _, deleted in blocks), old_path)


def _added_lines(
    before: Mapping[str, str], after: Mapping[str, str]
) -> Iterator[tuple[str, tuple[tuple[int, int], ...]]]:
    gone = {path: text for path, text in before.items() if path not in after}
    for path, text in sorted(after.items()):
        source = path if path in before else _renamed_from(text, gone)
        old = "" if source is None else before[source]
        if "\0" in old or "\0" in text:
            continue
        ranges = tuple((start + 1, end) for start, end, _ in _blocks(old, text) if end > start)
        if ranges:
            yield path, ranges


def _blocks(old: str, new: str) -> Iterator[tuple[int, int, int]]:
    """New lines as start and end (from 0, open), with the number of lines that went there."""
    matcher = difflib.SequenceMatcher(
        None, old.splitlines(keepends=True), new.splitlines(keepends=True), autojunk=False
    )
    for kind, old_start, old_end, start, end in matcher.get_opcodes():
        if kind != "equal":
            yield start, end, old_end - old_start
