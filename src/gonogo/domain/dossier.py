"""Everything that is known of one version when the decision is made, and what of it holds now."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from gonogo.domain.change import Change, Merge
from gonogo.domain.evidence import Evidence, EvidenceKind, Facts
from gonogo.domain.paper import Content, FiledEvidence, Flag, Handoff, Paper, Withdrawal

AnyContent = TypeVar("AnyContent", bound=Content)
AnyFacts = TypeVar("AnyFacts", bound=Facts)

OF_THE_DESK = frozenset({EvidenceKind.SMOKE, EvidenceKind.REHEARSAL, EvidenceKind.CHANGE})
"""Evidence that the desk makes while a release is under way; a sign-off is not bound to it."""


@dataclass(frozen=True, slots=True)
class Dossier:
    """One version of one service.

    `papers` are those of this commit and those of the service as a whole, in the order they were
    filed. `change` is everything since the version that serves (None: it could not be read), `merges`
    the changes that it came in by, `recent` the last ones of all. `secrets` are the names set in each
    environment. `files` holds the content of the files that rules ask for, None where the version has
    no such file.
    """

    service: str
    version: str
    commit: str
    papers: tuple[Paper, ...] = ()
    previous: str | None = None
    change: Change | None = None
    merges: tuple[Merge, ...] | None = None
    recent: tuple[Merge, ...] | None = None
    secrets: Mapping[str, frozenset[str]] | None = None
    files: Mapping[str, str | None] | None = None


@dataclass(frozen=True, slots=True)
class Filed:
    """A paper with its content as what it is."""

    paper: Paper
    content: FiledEvidence


def withdrawn(papers: Iterable[Paper]) -> Mapping[str, Paper]:
    """The withdrawal of every paper that was taken back, by the id of that paper."""
    return {paper.content.paper: paper for paper in papers if isinstance(paper.content, Withdrawal)}


def holding(dossier: Dossier, content: type[AnyContent]) -> tuple[tuple[Paper, AnyContent], ...]:
    """Papers of one kind that were not taken back, in the order they were filed."""
    gone = withdrawn(dossier.papers)
    return tuple(
        (paper, paper.content)
        for paper in dossier.papers
        if isinstance(paper.content, content) and paper.id not in gone
    )


def newest(dossier: Dossier, content: type[AnyContent]) -> tuple[Paper, AnyContent] | None:
    """The last filed paper of one kind that was not taken back."""
    found = holding(dossier, content)
    return found[-1] if found else None


def standing_flag(papers: tuple[Paper, ...], name: str, now: datetime) -> tuple[Paper, Flag] | None:
    """The flag of a service that is on now; None when the last word on it was off, or its time is over."""
    said = [(each, each.content) for each in papers if isinstance(each.content, Flag)]
    last = next((found for found in reversed(said) if found[1].name == name), None)
    if last is None or not last[1].on:
        return None
    return last if last[1].until is None or last[1].until > now else None


def current(dossier: Dossier) -> tuple[Filed, ...]:
    """The evidence that counts: of several reports of one kind, format and name, the last filed.

    One report may say several things of one kind (of each tool that wrote into it); all of them count.
    """
    last: dict[tuple[str, ...], tuple[Filed, ...]] = {}
    for paper, content in holding(dossier, FiledEvidence):
        place = place_of(content.evidence)
        earlier = last.pop(place, ())  # the newest also stands last
        filed = Filed(paper, content)
        last[place] = (*earlier, filed) if _of_one_report(earlier, filed) else (filed,)
    return tuple(filed for together in last.values() for filed in together)


def place_of(evidence: Evidence) -> tuple[str, ...]:
    """Where evidence stands: a report takes the place of an earlier one of its kind, format and name."""
    return evidence.kind.value, evidence.format, evidence.name


def _of_one_report(earlier: tuple[Filed, ...], filed: Filed) -> bool:
    """Whether this is one more thing that the report said; the same thing again is a new filing."""
    evidence, actor = filed.content.evidence, filed.paper.actor
    return all(
        (each.content.evidence.digest, each.paper.actor) == (evidence.digest, actor)
        and each.content.evidence.facts != evidence.facts
        for each in earlier
    )


def evidence_digest(dossier: Dossier) -> str:
    """SHA-256 over the evidence that counts and the handoff: what a sign-off is bound to.

    What the desk finds out itself while the release is under way is left out.
    """
    lines = (
        [
            filed.content.evidence.kind.value,
            filed.content.evidence.name,
            filed.content.evidence.digest,
        ]
        for filed in current(dossier)
        if filed.content.evidence.kind not in OF_THE_DESK and filed.paper.commit is not None
    )
    handoff = newest(dossier, Handoff)
    return digest_of_evidence(
        dossier.service, dossier.commit, handoff[0].id if handoff else None, lines
    )


def digest_of_evidence(
    service: str, commit: str, handoff: str | None, lines: Iterable[list[str]]
) -> str:
    """`evidence_digest` from its parts: the handoff's id, and kind, name and digest of each report."""
    content = [service, commit, handoff, sorted(lines)]
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
