"""What a version brings, drafted from its commits, and the version number that would fit it.

Subjects are read as Conventional Commits 1.0; what is not written so is listed too, under Other. The
number follows SemVer 2.0. Before 1.0.0, where SemVer promises nothing, a breaking change asks for a
new minor number, as a feature does.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import total_ordering

from gonogo.domain.change import CommitNote, Merge

SHORT = 7
"""How many characters of a commit's name people are shown."""


class Section(StrEnum):
    """Where a commit stands in the notes, in this order."""

    FEATURES = "Features"
    FIXES = "Fixes"
    PERFORMANCE = "Performance"
    SECURITY = "Security"
    OTHER = "Other"


_SECTIONS: Mapping[str, Section] = {
    "feat": Section.FEATURES,
    "feature": Section.FEATURES,
    "fix": Section.FIXES,
    "bugfix": Section.FIXES,
    "hotfix": Section.FIXES,
    "perf": Section.PERFORMANCE,
    "security": Section.SECURITY,
    "sec": Section.SECURITY,
}

UNNOTED = frozenset({"build", "chore", "ci", "docs", "refactor", "style", "test", "tests"})
"""Types that change nothing for whoever uses the service."""

_SUBJECT = re.compile(
    r"^(?P<type>[A-Za-z][A-Za-z-]{0,30})(?:\((?P<scope>[^()]{1,60})\))?(?P<mark>!)?:\s+(?P<said>.+)$"
)
_BREAKING = re.compile(r"^BREAKING[ -]CHANGE:\s*(?P<said>.+)$", re.MULTILINE)
_MERGE = re.compile(r"^Merge\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Noted:
    """One commit as the notes tell it. `type` is empty where the subject names none.

    `breaking` says what breaks (its own words where the commit has some), or is empty.
    """

    commit: str
    said: str
    type: str = ""
    scope: str = ""
    breaking: str = ""

    @property
    def section(self) -> Section:
        """Where it stands."""
        return _SECTIONS.get(self.type, Section.OTHER)

    @property
    def line(self) -> str:
        """`**export:** stream rows (a1b2c3d)`."""
        scope = f"**{self.scope}:** " if self.scope else ""
        return f"{scope}{self.said} ({self.commit[:SHORT]})"


@dataclass(frozen=True, slots=True)
class Notes:
    """What changed since the version before: commits newest first, merges apart."""

    commits: tuple[Noted, ...] = ()
    merges: tuple[str, ...] = ()

    @property
    def breaking(self) -> tuple[Noted, ...]:
        """Commits that break something."""
        return tuple(commit for commit in self.commits if commit.breaking)

    def of(self, section: Section) -> tuple[Noted, ...]:
        """The commits of one section."""
        return tuple(commit for commit in self.commits if commit.section is section)


def read_commit(commit: CommitNote) -> Noted:
    """What one commit's message says."""
    subject = " ".join(commit.subject.split())
    match = _SUBJECT.match(subject)
    footer = _BREAKING.search(commit.body)
    if match is None:
        breaking = " ".join(footer["said"].split()) if footer else ""
        return Noted(commit.id, subject or "(no message)", breaking=breaking)
    said = match["said"].strip()
    breaking = ""
    if footer:
        breaking = " ".join(footer["said"].split())
    elif match["mark"]:
        breaking = said
    return Noted(commit.id, said, match["type"].lower(), (match["scope"] or "").strip(), breaking)


def notes_of(commits: Iterable[CommitNote], merges: Iterable[Merge] = ()) -> Notes:
    """The notes of these commits. Merge commits are named by their branch and not listed twice."""
    merged = tuple(merge for merge in merges if merge.branch)
    through = {merge.commit.id for merge in merged}
    read = [
        read_commit(commit)
        for commit in commits
        if commit.id not in through and not _MERGE.match(commit.subject)
    ]
    named = [f"{merge.branch} ({merge.commit.id[:SHORT]})" for merge in merged]
    return Notes(tuple(read), tuple(named))


def render(notes: Notes) -> str:
    """The notes as Markdown: breaking changes first, then every section that has something."""
    parts: list[str] = []
    if notes.breaking:
        lines = [f"- {noted.breaking} ({noted.commit[:SHORT]})" for noted in notes.breaking]
        parts.append("\n".join(["### Breaking changes", "", *lines]))
    for section in Section:
        found = notes.of(section)
        if found:
            lines = [f"- {noted.line}" for noted in found]
            parts.append("\n".join([f"### {section.value}", "", *lines]))
    if notes.merges:
        parts.append("\n".join(["### Merged", "", *(f"- {name}" for name in notes.merges)]))
    return "\n\n".join(parts) if parts else "No commits since the version before."


def summary(notes: Notes) -> str:
    """`1 breaking change, 2 features, 1 fix`."""
    counted = [
        (len(notes.breaking), "breaking change", "breaking changes"),
        (len(notes.of(Section.FEATURES)), "feature", "features"),
        (len(notes.of(Section.FIXES)), "fix", "fixes"),
        (len(notes.of(Section.PERFORMANCE)), "performance change", "performance changes"),
        (len(notes.of(Section.SECURITY)), "security fix", "security fixes"),
        (len(notes.of(Section.OTHER)), "other change", "other changes"),
    ]
    said = [f"{number} {one if number == 1 else many}" for number, one, many in counted if number]
    return ", ".join(said) or "no commits"


_SEMVER = re.compile(
    r"^(?P<prefix>[vV]?)(?P<major>0|[1-9][0-9]{0,8})\.(?P<minor>0|[1-9][0-9]{0,8})"
    r"\.(?P<patch>0|[1-9][0-9]{0,8})(?:-(?P<pre>[0-9A-Za-z.-]{1,100}))?(?:\+[0-9A-Za-z.-]{1,100})?$"
)


@total_ordering
@dataclass(frozen=True, slots=True)
class SemVer:
    """A version number, ordered as SemVer 2.0 orders; `prefix` is the `v` of its tag."""

    major: int
    minor: int
    patch: int
    before: tuple[str, ...] = ()
    prefix: str = ""

    def __str__(self) -> str:
        before = f"-{'.'.join(self.before)}" if self.before else ""
        return f"{self.prefix}{self.core[0]}.{self.core[1]}.{self.core[2]}{before}"

    def __lt__(self, other: "SemVer") -> bool:
        return self._order < other._order

    @property
    def core(self) -> tuple[int, int, int]:
        """The three numbers."""
        return self.major, self.minor, self.patch

    @property
    def _order(self) -> tuple[object, ...]:
        parts = tuple(
            (0, int(part), "") if part.isdigit() else (1, 0, part) for part in self.before
        )
        return self.core, not self.before, parts


def parse_version(tag: str) -> SemVer | None:
    """The number that a tag writes, with or without `v`; None for any other tag."""
    match = _SEMVER.match(tag)
    if match is None:
        return None
    before = tuple(match["pre"].split(".")) if match["pre"] else ()
    if not all(before):
        return None
    numbers = int(match["major"]), int(match["minor"]), int(match["patch"])
    return SemVer(*numbers, before, match["prefix"])


def nearest_below(version: str, tags: Iterable[str]) -> str | None:
    """The highest finished version among the tags that is lower than this one."""
    own = parse_version(version)
    if own is None:
        return None
    lower = [
        (number, tag)
        for tag in tags
        if (number := parse_version(tag)) is not None and not number.before and number < own
    ]
    return max(lower, default=(None, None))[1]


def proposed(previous: SemVer, notes: Notes) -> SemVer:
    """The number that these changes ask for after `previous`."""
    if previous.before:
        return SemVer(*previous.core, (), previous.prefix)
    major, minor, patch = previous.core
    if notes.breaking and major:
        return SemVer(major + 1, 0, 0, (), previous.prefix)
    if notes.breaking or notes.of(Section.FEATURES):
        return SemVer(major, minor + 1, 0, (), previous.prefix)
    return SemVer(major, minor, patch + 1, (), previous.prefix)


def fit(version: str, previous: str | None, notes: Notes) -> str:
    """One sentence on whether the tag fits what changed; empty when it does.

    "v1.2.1 has a feature: v1.3.0 would fit".
    """
    own = parse_version(version)
    if own is None:
        return f"{version} is not a SemVer number, so what changed cannot be read from it"
    before = parse_version(previous) if previous else None
    if before is None:
        return ""
    wanted = proposed(before, notes)
    if own <= before:
        return f"{version} does not come after {previous}: {wanted} would fit"
    if own.core >= wanted.core:
        return ""
    why = "a breaking change" if notes.breaking else "a feature"
    return f"{version} has {why}: {wanted} would fit"
