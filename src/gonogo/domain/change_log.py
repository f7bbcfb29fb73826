"""A change log in the form of Keep a Changelog: the section of one version is put in once.

Everything else in the file stays byte for byte what it was: its line ends, its order, its spelling
of versions (with or without `v`, with or without brackets).
"""

import re
from collections.abc import Mapping
from datetime import date

from gonogo.domain.release_notes import UNNOTED, Noted, Notes, Section

_HEADING = re.compile(r"^##[ \t]+(?P<open>\[?)(?P<name>[^\]\s]+)\]?.*$", re.MULTILINE)
_START = """# Changelog

All notable changes are listed here, in the form of Keep a Changelog; versions follow SemVer.

## [Unreleased]
"""
_GROUPS: Mapping[Section, str] = {
    Section.FEATURES: "Added",
    Section.PERFORMANCE: "Changed",
    Section.OTHER: "Changed",
    Section.FIXES: "Fixed",
    Section.SECURITY: "Security",
}
_ORDER = ("Added", "Changed", "Fixed", "Security")


def body_of(notes: Notes, changes: tuple[str, ...] = ()) -> str:
    """What the section says: the changes that QA names, then the commits that users would notice."""
    groups: dict[str, list[str]] = {name: [] for name in _ORDER}
    told = {noted.said for noted in notes.commits}
    named = [" ".join(change.split()) for change in changes]
    groups["Changed"] += [f"- {change}" for change in named if change not in told]
    for noted in notes.commits:
        if noted.breaking:
            groups["Changed"].append(f"- **Breaking:** {_line(noted, noted.breaking)}")
        elif noted.type not in UNNOTED:
            groups[_GROUPS[noted.section]].append(f"- {noted.line}")
    parts = ["\n".join([f"### {name}", "", *groups[name]]) for name in _ORDER if groups[name]]
    return "\n\n".join(parts) if parts else "No change that users would notice."


def _line(noted: Noted, said: str) -> str:
    scope = f"**{noted.scope}:** " if noted.scope else ""
    return f"{scope}{said} ({noted.commit[:7]})"


def inserted(text: str, version: str, on: date, body: str) -> str:
    """The change log with the section of this version; unchanged when it has one already.

    It stands before the newest version, after `Unreleased`. `text` keeps its line ends, which
    the new section takes over; an empty text becomes a whole change log.
    """
    text = text or _START
    headings = list(_HEADING.finditer(text))
    if any(_bare(heading["name"]) == _bare(version) for heading in headings):
        return text
    released = [each for each in headings if re.match(r"[vV]?[0-9]", each["name"])]
    ending = "\r\n" if "\r\n" in text else "\n"
    section = f"{_heading(version, on, released)}\n\n{body.strip()}\n".replace("\n", ending)
    if released:
        place = released[0].start()
        return f"{text[:place]}{section}{ending}{text[place:]}"
    place = _end_of_unreleased(text, headings)
    gap = "" if text[:place].endswith(ending * 2) else ending
    gap = gap if text[:place].endswith(ending) else ending * 2
    rest = text[place:]
    return f"{text[:place]}{gap}{section}{ending if rest else ''}{rest}"


def _bare(name: str) -> str:
    return name.lower().removeprefix("v")


def _heading(version: str, on: date, released: list[re.Match[str]]) -> str:
    name, bracket = version.removeprefix("v").removeprefix("V"), True
    if released:
        bracket = bool(released[0]["open"])
        name = version if released[0]["name"][:1] in {"v", "V"} else name
    return f"## [{name}] - {on.isoformat()}" if bracket else f"## {name} - {on.isoformat()}"


def _end_of_unreleased(text: str, headings: list[re.Match[str]]) -> int:
    """Where the section of `Unreleased` ends: before the links at the end, or at the end."""
    start = headings[-1].end() if headings else 0
    links = re.compile(r"^\[[^\]\n]+\]:[ \t]", re.MULTILINE).search(text, start)
    return links.start() if links else len(text)
