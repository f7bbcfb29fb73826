"""A handoff drafted from what is known: QA edits it instead of starting from nothing.

The draft is a valid handoff file. What is only known, and not for QA to say, stands in comments.
"""

import json
import re
from dataclasses import dataclass

from gonogo.domain.actor import Actor
from gonogo.domain.change_log import body_of
from gonogo.domain.dossier import Dossier, current, newest
from gonogo.domain.facts import MigrationFacts
from gonogo.domain.paper import Handoff
from gonogo.domain.plan import Plan
from gonogo.domain.release_notes import SHORT, Notes, Section, fit, notes_of, render, summary
from gonogo.usecases.context import Context
from gonogo.usecases.papers.evidence_words import KIND_WORDS, say
from gonogo.usecases.papers.versions import Candidate, base_of, find_version, with_history
from gonogo.usecases.permissions import Deed, allow

_MIGRATION_FILE = re.compile(
    r"(^|/)(migrations?|alembic/versions|db/migrate)/(?!__init__)[^/].*\.\w+$"
)
_MOST_CHANGES = 100
MOST_TEXT = 20_000
"""How long release notes may be; gonogo.spec.handoff refuses longer ones."""
_ACTING = re.compile(
    "[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff"
    "\ud800-\udfff\ufffe\uffff]"
)


@dataclass(frozen=True, slots=True)
class Draft:
    """A handoff file (`text`, YAML) and what it was drafted from. `fit` is empty when the tag fits."""

    text: str
    notes: Notes
    previous: str | None
    fit: str
    migrations: str


async def draft_handoff(context: Context, actor: Actor, *, service: str, version: str) -> Draft:
    """A filled draft of the handoff of this version. Nothing is stored."""
    allow(actor, Deed.LOOK)
    candidate = await find_version(context, service, version)
    notes, previous, dossier = await notes_since(context, candidate)
    said = fit(version, previous, notes) if dossier.change is not None else ""
    migrations = migrations_said(candidate.plan, dossier)
    text = _text(candidate, dossier, notes, previous, (said, migrations))
    return Draft(text, notes, previous, said, migrations)


async def change_log_section(
    context: Context, actor: Actor, *, service: str, version: str
) -> dict[str, str]:
    """What a change log says of this version, and the day on which it does."""
    allow(actor, Deed.LOOK)
    candidate = await find_version(context, service, version)
    notes, _, _ = await notes_since(context, candidate)
    filed = newest(candidate.dossier, Handoff)
    body = body_of(notes, filed[1].changes if filed else ())
    on = context.clock.now().date().isoformat()
    return {"service": service, "version": version, "on": on, "body": body}


async def notes_since(context: Context, candidate: Candidate) -> tuple[Notes, str | None, Dossier]:
    """The notes since the version that serves, that version, and the dossier with the change."""
    previous, base = await base_of(context, candidate)
    dossier = await with_history(context, candidate, candidate.dossier, base)
    commits = dossier.change.commits if dossier.change else ()
    return notes_of(commits, dossier.merges or ()), previous, dossier


def migrations_said(plan: Plan, dossier: Dossier) -> str:
    """Whether there are migrations: by evidence, else by the files that changed."""
    for filed in current(dossier):
        facts = filed.content.evidence.facts
        if isinstance(facts, MigrationFacts):
            return (
                f"no ({filed.content.evidence.name})"
                if not (facts.revisions or facts.statements)
                else f"yes: {say(facts)} ({filed.content.evidence.name})"
            )
    if plan.migrations is None:
        return "no: the spec names no command for them"
    if dossier.change is None:
        return "not known: no evidence, and the change cannot be read"
    files = [each.path for each in dossier.change.files if _MIGRATION_FILE.search(each.path)]
    if files:
        return f"probably: {', '.join(files[:3])}{' and more' if len(files) > 3 else ''} changed"
    return "probably not: no file of a migration changed"


def _text(
    candidate: Candidate,
    dossier: Dossier,
    notes: Notes,
    previous: str | None,
    said: tuple[str, str],
) -> str:
    fits, migrations = said
    since = f"since {previous}" if previous else "since the first commit"
    known = dossier.change is not None
    summed = summary(notes) if known else "the commits could not be read"
    lines = [
        _comment(f"Handoff of {candidate.words}. docs/handoff.md explains every key."),
        _comment(f"{since.capitalize()}: {summed}."),
        *([_comment(f"{fits}.")] if fits else []),
        _comment(f"Migrations: {migrations}."),
        *_evidence(dossier),
        f"version: {_quoted(candidate.version)}",
        f"scope: {_quoted(f'{candidate.version}, {summed} {since}')}",
        "# stories: 3 of 3   # tested, in all",
        "# bugs: 5 of 5      # fixed, found",
        *_changes(notes),
        "known_issues: []",
        "risks: []",
        "release_notes: |",
        *_notes(notes),
        "# rollback_when:",
        "#   - {name: errors after release, bad: 5xx, limit: 5%, within: 30m, mode: judged}",
    ]
    return "\n".join(lines) + "\n"


def _notes(notes: Notes) -> list[str]:
    shown: list[str] = []
    room = MOST_TEXT - 100
    told = render(notes).split("\n")
    for place, line in enumerate(told):
        shown.append(f"  {_plain(line)}".rstrip())
        room -= len(shown[-1]) + 1
        if room < 0:
            return [*shown[:-1], f"  - and {len(told) - place} lines more"]
    return shown


def _changes(notes: Notes) -> list[str]:
    wanted = [
        noted for section in Section if section is not Section.OTHER for noted in notes.of(section)
    ]
    if not wanted:
        return ["changes: []"]
    shown = [f"  - {_quoted(noted.said[:280])}" for noted in wanted[:_MOST_CHANGES]]
    return ["changes:", *shown]


def _evidence(dossier: Dossier) -> list[str]:
    filed = current(dossier)
    if not filed:
        return ["# No evidence was filed yet: gonogo evidence push FILE --release VERSION"]
    lines = ["# Evidence filed:"]
    for each in filed:
        evidence = each.content.evidence
        said = f"{KIND_WORDS[evidence.kind]} ({evidence.name}): {say(evidence.facts)}"
        at = f"{each.content.at:%Y-%m-%d %H:%M} UTC"
        lines.append(_comment(f"- {said}; {at}, {evidence.digest[:SHORT]}"))
    return lines


def _comment(text: str) -> str:
    """One line, whatever is in the text: a second one would be read as part of the file."""
    return f"# {' '.join(_plain(text).split())}"


def _plain(text: str) -> str:
    """Foreign text without the characters that YAML refuses or that change how text is laid out."""
    return _ACTING.sub("\N{REPLACEMENT CHARACTER}", text)


def _quoted(text: str) -> str:
    return json.dumps(_plain(text.replace("\n", " ")), ensure_ascii=False)
