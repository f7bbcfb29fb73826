"""Patch guard: no change may be larger than its type of branch allows.

A reviewer finds little in a change of a thousand lines, and a large hotfix is no hotfix. So each
change that came in since the version that serves is counted by itself: many small ones may make up a
large release.

Counted are files, and lines as added + deleted. A renamed file is one file with its changed lines, a
binary file one without lines. Left out, and counted as ignored, is what the repository's attributes
call generated and what the rule's patterns match.

Patterns match whole paths from the top of the tree: `**` is any number of folders, also none; `*`, `?`
and `[…]` match within one name. Case matters. So `**/yarn.lock` is every yarn.lock, `*.lock` only those
at the top.
"""

import math
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from fnmatch import fnmatchcase
from functools import lru_cache

from gonogo.domain.change import Change, CommitNote, FileChange, Merge
from gonogo.domain.dossier import Dossier
from gonogo.domain.facts import EXAMPLES, ChangeFacts, Example
from gonogo.domain.gate import GateResult, GateStatus
from gonogo.domain.gate_rules import BRANCH_WORDS, PatchGuardRule, PatchLimit

FIX = (
    "split the change into smaller ones that can each be reviewed and released;"
    " mark files that tools write as linguist-generated in .gitattributes"
)

_CONVENTIONAL = re.compile(r"(?:Merged PR \d+: )?([A-Za-z0-9_-]+)(?:\([^()]*\))?!?:(?:\s|\Z)")
_WORD = re.compile(r"[a-z0-9]+")


@dataclass(frozen=True, slots=True)
class Measure:
    """How large a change is: files and lines that a person has to review, and files left out."""

    files: int
    lines: int
    ignored: int


@dataclass(frozen=True, slots=True)
class Measured:
    """One change with its measure and the limit of its type (None: `other`)."""

    name: str
    branch_type: str | None
    measure: Measure
    limit: PatchLimit

    @property
    def within(self) -> bool:
        """Whether it keeps its limit."""
        return self.measure.files <= self.limit.files and self.measure.lines <= self.limit.lines

    @property
    def excess(self) -> float:
        """How many times its limit it is, by files or lines, whichever is more."""
        return max(
            _times(self.measure.files, self.limit.files),
            _times(self.measure.lines, self.limit.lines),
        )

    @property
    def sentence(self) -> str:
        """As in "feature/search: 24 files, limit 20; 812 lines, limit 600"."""
        return (
            f"{self.name}: {_counted(self.measure.files, 'file')}, limit {self.limit.files};"
            f" {_counted(self.measure.lines, 'line')}, limit {self.limit.lines}"
        )


def patch_guard(rule: PatchGuardRule, dossier: Dossier, now: datetime) -> GateResult:
    """Whether every change since the version that serves keeps its limit.

    With no merges it is the change as a whole that is judged. `number` is how many break their limit.
    That one of the last changes of all broke its limit is said, and stops nothing.
    """
    del now  # a commit does not age
    if dossier.merges is None or (not dossier.merges and dossier.change is None):
        return _result(
            rule,
            GateStatus.MISSING,
            "the changes since the version that serves could not be read from the repository",
        )
    if not dossier.merges and dossier.change is not None and not dossier.change.base:
        # Everything there is came in over years: nobody reviews it as one change.
        reason = "it is the first version: there is no change to hold against a limit"
        return _result(rule, GateStatus.NOT_APPLICABLE, reason)
    judged = changes_of(rule, dossier)
    broken = [each for each in judged if not each.within]
    if broken:
        worst = max(broken, key=lambda each: each.excess)
        more = f"{len(broken)} of {len(judged)} changes broke their limits, the worst "
        reason = (more if len(judged) > 1 else "") + worst.sentence
        return _result(rule, GateStatus.FAIL, reason, len(broken))
    said = warning(rule, dossier.recent)
    reason = f"{_passed(judged)} ({said})" if said else _passed(judged)
    return _result(rule, GateStatus.PASS, reason, 0)


def changes_of(rule: PatchGuardRule, dossier: Dossier) -> tuple[Measured, ...]:
    """Every change that is judged, measured."""
    if dossier.merges:
        return tuple(measured_merge(each, rule) for each in dossier.merges)
    if dossier.change is None or not dossier.change.files:
        return ()
    return (measured_change(dossier.change, rule),)


def warning(rule: PatchGuardRule, recent: tuple[Merge, ...] | None) -> str:
    """What is to be said of the last changes when some broke their limits; empty when none did."""
    looked = [measured_merge(each, rule) for each in (recent or ())[: rule.recent]]
    broken = [each for each in looked if not each.within]
    if not broken:
        return ""
    said = "; ".join(each.sentence for each in broken[:3])
    more = f"; and {len(broken) - 3} more" if len(broken) > 3 else ""
    return f"{len(broken)} of the last {len(looked)} changes broke the limits: {said}{more}"


def measured_change(change: Change, rule: PatchGuardRule) -> Measured:
    """A whole change, named by its branch or its commit."""
    name = change.branch or change.head[:12]
    return _measured(name, branch_type(change.branch, change.commits, rule), change.files, rule)


def measured_merge(merge: Merge, rule: PatchGuardRule) -> Measured:
    """A change that came in, named by its branch, or by its commit with the subject."""
    name = merge.branch or f"{merge.commit.id[:12]} ({_short(merge.commit.subject)})"
    return _measured(name, branch_type(merge.branch, (merge.commit,), rule), merge.files, rule)


def facts_of(change: Change, rule: PatchGuardRule) -> ChangeFacts:
    """The change as evidence."""
    measured = measured_change(change, rule)
    size = measured.measure
    return ChangeFacts(
        base=change.base,
        branch=change.branch,
        branch_type=measured.branch_type,
        files=size.files,
        lines=size.lines,
        ignored=size.ignored,
        largest=largest(change.files, rule),
    )


def branch_type(
    branch: str | None, commits: Iterable[CommitNote], rule: PatchGuardRule
) -> str | None:
    """Which of the rule's types a change is of; None when nothing says so.

    The branch's first word decides (hotfix/…, feature-x, fix/…). If it is none of the types, the
    Conventional Commit types of the subjects do, when all that are known say the same.
    """
    if branch is not None:
        for word in _first_words(branch):
            if found := _type_of(word, rule):
                return found
    said = {
        found
        for commit in commits
        if (words := _CONVENTIONAL.match(commit.subject)) and (found := _type_of(words[1], rule))
    }
    return said.pop() if len(said) == 1 else None


def measure(files: Iterable[FileChange], rule: PatchGuardRule) -> Measure:
    """Count what a person has to review."""
    number = lines = ignored = 0
    for file in files:
        if _left_out(file, rule):
            ignored += 1
        else:
            number += 1
            lines += file.added + file.deleted
    return Measure(number, lines, ignored)


def largest(files: Iterable[FileChange], rule: PatchGuardRule) -> tuple[Example, ...]:
    """Files that count, with most lines first; at most EXAMPLES."""
    counted = (file for file in files if not _left_out(file, rule))
    ordered = sorted(counted, key=lambda file: (-file.added - file.deleted, file.path))
    return tuple(_example(file) for file in ordered[:EXAMPLES])


@lru_cache(maxsize=1 << 14)
def is_ignored(path: str, patterns: tuple[str, ...]) -> bool:
    """Whether one of the patterns matches this path."""
    names = path.split("/")
    return any(_matches(names, pattern.split("/")) for pattern in patterns)


def _left_out(file: FileChange, rule: PatchGuardRule) -> bool:
    return file.generated or is_ignored(file.path, rule.ignore)


def _matches(names: list[str], pattern: list[str]) -> bool:
    """Each part of the pattern takes the numbers of names that can stand before it one further."""
    reached = {0}
    for part in pattern:
        if part == "**":
            reached = set(range(min(reached), len(names) + 1))
        else:
            reached = {at + 1 for at in reached if at < len(names) and fnmatchcase(names[at], part)}
        if not reached:
            return False
    return len(names) in reached


def _measured(
    name: str, found: str | None, files: tuple[FileChange, ...], rule: PatchGuardRule
) -> Measured:
    return Measured(name, found, measure(files, rule), rule.limits[found] if found else rule.other)


def _first_words(branch: str) -> Iterator[str]:
    """What may be the type in a branch's name: bug-fix/x gives bug-fix, bugfix and bug."""
    first = branch.lower().removeprefix("refs/heads/").split("/")[0]
    yield first
    yield first.replace("-", "").replace("_", "")
    if found := _WORD.match(first):
        yield found[0]


def _type_of(word: str, rule: PatchGuardRule) -> str | None:
    word = word.lower()
    for name in (word, BRANCH_WORDS.get(word, "")):
        if name in rule.limits:
            return name
    return None


def _passed(judged: tuple[Measured, ...]) -> str:
    if not judged:
        return "nothing changed since the version that serves"
    nearest = max(judged, key=lambda each: each.excess)
    if len(judged) == 1:
        return nearest.sentence
    return f"all {len(judged)} changes keep their limits, the largest {nearest.sentence}"


def _result(
    rule: PatchGuardRule, status: GateStatus, reason: str, number: int | None = None
) -> GateResult:
    return GateResult(
        kind=rule.kind,
        mode=rule.mode,
        status=status,
        reason=reason,
        number=number,
        limit=None if number is None else 0,
        unit="" if number is None else "changes",
        owner=rule.owner,
        fix=rule.fix or (FIX if status is GateStatus.FAIL else ""),
    )


def _times(number: int, limit: int) -> float:
    if limit:
        return number / limit
    return math.inf if number else 0.0


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _short(subject: str) -> str:
    return subject if len(subject) <= 60 else f"{subject[:59]}…"


def _example(file: FileChange) -> Example:
    what = "binary" if file.binary else f"+{file.added} −{file.deleted}"
    came = f"renamed from {file.old_path}" if file.old_path else ""
    return Example(what, file.path, came)
