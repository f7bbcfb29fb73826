"""Evidence: reports that somebody pushes are read here, and what they say is filed.

The desk reads the bytes itself: what a report says is never taken on anybody's word. Where a report
says nothing of its commit or its time, its supplier's word is filed and marked as a claim. Where it
does, its word must fit: a report of another commit, or from the future, is refused.
"""

import asyncio
import itertools
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, BinaryIO

from gonogo.domain.actor import Actor
from gonogo.domain.audit import AuditDraft
from gonogo.domain.dossier import OF_THE_DESK, Dossier, Filed, current, place_of
from gonogo.domain.errors import InvalidInput
from gonogo.domain.evidence import Evidence, EvidenceKind
from gonogo.domain.paper import FiledEvidence, Paper
from gonogo.evidence.format import BEGINNING
from gonogo.evidence.formats import LARGEST, detect, read_report
from gonogo.usecases.context import Context
from gonogo.usecases.papers.evidence_words import KIND_WORDS
from gonogo.usecases.papers.filing import paper_of, wake_releases
from gonogo.usecases.permissions import Deed, allow
from gonogo.usecases.services.specs import registration_of

__all__ = ["BEGINNING", "LARGEST", "format_of"]

SERVICE_WIDE = frozenset(
    {
        EvidenceKind.ALERT_RULES,
        EvidenceKind.DRILL,
        EvidenceKind.MEASUREMENTS,
        EvidenceKind.SITE_HEALTH,
    }
)
"""Kinds that may speak of the service as a whole."""

_SKEW = timedelta(minutes=5)
"""How far ahead of ours the clock of whoever made a report may be."""
_LONGEST_JOB = 300
_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_ABBREVIATED = re.compile(r"[0-9a-f]{7,64}")


@dataclass(frozen=True, slots=True)
class Report:
    """A report's bytes, which can be read from their start more than once, and its file's name."""

    name: str
    file: BinaryIO


@dataclass(frozen=True, slots=True)
class Claims:
    """What the supplier says of reports: when they were made, by which CI job, and what they are of.

    That is a version (a tag, or a commit in full), a commit (in full), both, or neither: the service
    as a whole.
    """

    version: str | None = None
    commit: str | None = None
    at: datetime | None = None
    job: str = ""


@dataclass(frozen=True, slots=True)
class Pushed:
    """Papers that stand for what was pushed. `known` are ids of those that had been filed before."""

    papers: tuple[Paper, ...]
    known: frozenset[str] = frozenset()


def format_of(name: str, head: bytes) -> str | None:
    """The name of the format that a file's name and beginning look like, or None."""
    found = detect(name, head)
    return None if found is None else found.name


async def push_evidence(
    context: Context,
    actor: Actor,
    *,
    service: str,
    reports: Iterable[Report],
    claims: Claims,
    check_only: bool = False,
) -> Pushed:
    """Read reports and file what they say: all of it in one transaction, or nothing.

    With `check_only` nothing is filed. The same bytes pushed again by the same actor for the same
    commit add nothing as long as nothing newer has taken their place. Raises InvalidInput when a
    report cannot be read or does not fit its claims, NotFound for a service or version not known.
    """
    allow(actor, Deed.SUPPLY_EVIDENCE)
    if not claims.job.isprintable() or len(claims.job) > _LONGEST_JOB:
        raise InvalidInput(f"a job's name has up to {_LONGEST_JOB} characters that print")
    commit = await _commit(context, service, claims)
    filed = await context.store.papers(service, commit)
    now = context.clock.now()
    made = _Filing(context, actor, service, commit, filed, now)
    for report in reports:
        # A report can take seconds to read; the desk judges releases in its own thread meanwhile.
        read = await asyncio.to_thread(read_report, report.file, report.name)
        made.add(_fitting(evidence, commit, claims, now) for evidence in read)
    pushed = made.pushed()
    new = tuple(paper for paper in pushed.papers if paper.id not in pushed.known)
    if new and not check_only:
        await context.store.file(new, _audit(actor, service, commit, claims, new))
        await wake_releases(context, service)
    return pushed


async def list_evidence(
    context: Context, actor: Actor, *, service: str, version: str | None = None
) -> list[dict[str, Any]]:
    """What was filed about a version (a tag) and about its service as a whole, the oldest first."""
    allow(actor, Deed.LOOK)
    commit = await _commit(context, service, Claims(version=version))
    now = context.clock.now()
    return [
        {**paper_view(paper), "age_seconds": max(0.0, (now - paper.content.at).total_seconds())}
        for paper in await context.store.papers(service, commit)
        if isinstance(paper.content, FiledEvidence)
    ]


def pushed_view(pushed: Pushed) -> list[dict[str, Any]]:
    """What became of a push, one entry for each piece of evidence."""
    return [{**paper_view(paper), "known": paper.id in pushed.known} for paper in pushed.papers]


def paper_view(paper: Paper) -> dict[str, Any]:
    """One filed piece of evidence as plain data. Raises TypeError for any other paper."""
    if not isinstance(paper.content, FiledEvidence):
        raise TypeError(f"{paper.id} is no evidence")
    filed, evidence = paper.content, paper.content.evidence
    return {
        "paper": paper.id,
        "kind": evidence.kind.value,
        "format": evidence.format,
        "name": evidence.name,
        "digest": evidence.digest,
        "size": evidence.size,
        "commit": paper.commit,
        "claimed_commit": filed.claimed_commit,
        "at": filed.at.isoformat(),
        "claimed_at": filed.claimed_at,
        "by": paper.actor,
        "job": filed.job,
        "filed_at": paper.at.isoformat(),
    }


async def _commit(context: Context, service: str, claims: Claims) -> str | None:
    """The commit that is meant. Raises InvalidInput when version and commit do not fit together."""
    registration = await registration_of(context, service)
    if claims.commit is not None and not _COMMIT.fullmatch(claims.commit):
        raise InvalidInput(f'"{claims.commit[:80]}" is not the full name of a commit')
    if claims.version is None:
        return claims.commit
    if _COMMIT.fullmatch(claims.version):
        commit = claims.version
    else:
        commit = await context.source.resolve(registration.repository, claims.version)
    if claims.commit is not None and claims.commit != commit:
        raise InvalidInput(
            f"{claims.version} is commit {commit[:12]} in the desk's repository,"
            f" not {claims.commit[:12]}",
            hint=f"git -C {registration.repository} fetch --tags",
        )
    return commit


def _fitting(
    evidence: Evidence, commit: str | None, claims: Claims, now: datetime
) -> FiledEvidence:
    """The evidence with what is claimed of it. Raises InvalidInput when they do not fit."""
    name, kind = evidence.name, evidence.kind
    if kind in OF_THE_DESK:
        raise InvalidInput(f"{name}: only the desk itself makes {kind.value} evidence")
    if commit is None and kind not in SERVICE_WIDE:
        raise InvalidInput(
            f"{name}: {KIND_WORDS[kind].lower()} evidence is of one version; say of which",
            hint=f"gonogo evidence push {name} --release VERSION",
        )
    if commit is not None and evidence.commit is not None and not _same(evidence.commit, commit):
        raise InvalidInput(
            f"{name} is a report of another commit: it says {evidence.commit[:12]},"
            f" and {_meant(claims, commit)}"
        )
    at = evidence.at or claims.at
    if at is None:
        raise InvalidInput(
            f"{name} does not say when it was made; say it",
            hint=f"gonogo evidence push {name} --at TIME",
        )
    if at > now + _SKEW:
        raise InvalidInput(f"{name} is from the future: it is of {at.isoformat()}")
    return FiledEvidence(
        evidence=evidence,
        at=min(at, now) if evidence.at is None else at,
        claimed_commit=commit is not None and evidence.commit is None,
        claimed_at=evidence.at is None,
        job=claims.job,
    )


def _same(said: str, commit: str) -> bool:
    said = said.lower()
    return _ABBREVIATED.fullmatch(said) is not None and commit.startswith(said)


def _meant(claims: Claims, commit: str) -> str:
    return f"{claims.version} is {commit[:12]}" if claims.version else f"not {commit[:12]}"


class _Filing:
    """Papers of one push, made beside those that were filed before."""

    def __init__(
        self,
        context: Context,
        actor: Actor,
        service: str,
        commit: str | None,
        filed: Iterable[Paper],
        now: datetime,
    ) -> None:
        self._context, self._actor, self._now = context, actor, now
        self._service, self._commit = service, commit
        own = tuple(paper for paper in filed if paper.commit == commit)
        self._standing: dict[tuple[str, ...], list[Filed]] = {}
        for each in current(Dossier(service, "", commit or "", own)):
            self._standing.setdefault(place_of(each.content.evidence), []).append(each)
        self._filed_ids = {paper.id for paper in own}
        self._made: dict[str, Paper] = {}
        self._known: set[str] = set()

    def add(self, report: Iterable[FiledEvidence]) -> None:
        """Make papers of one report, unless the same actor's same bytes already stand in its place."""
        for content in report:
            standing = self._standing.get(place_of(content.evidence), [])
            known = [each.paper for each in standing if self._stands(each, content)]
            self._known.update(paper.id for paper in known)
            for paper in known or [self._paper(content)]:
                self._made[paper.id] = paper

    def pushed(self) -> Pushed:
        """What stands for the push."""
        return Pushed(tuple(self._made.values()), frozenset(self._known))

    def _stands(self, each: Filed, content: FiledEvidence) -> bool:
        same_bytes = each.content.evidence.digest == content.evidence.digest
        return same_bytes and each.paper.actor == self._actor.name

    def _paper(self, content: FiledEvidence) -> Paper:
        fresh = self._fresh_id(content.evidence)
        made = paper_of(self._context, self._actor, self._service, self._commit, content, fresh)
        return replace(made, at=self._now)  # what one push files is of one instant

    def _fresh_id(self, evidence: Evidence) -> str:
        """An id that the same push sent twice at once gives twice, so that it is stored once.

        It is counted on, so that a report that another has replaced meanwhile can be filed again.
        """
        about = [self._service, self._commit, self._actor.name, evidence.digest]
        for number in itertools.count():
            parts = json.dumps([*about, *place_of(evidence), number])
            identity = sha256(parts.encode()).hexdigest()[:24]
            if identity not in self._filed_ids and identity not in self._made:
                return identity
        raise AssertionError("counting never ends")


def _audit(
    actor: Actor, service: str, commit: str | None, claims: Claims, papers: tuple[Paper, ...]
) -> AuditDraft:
    shown = [paper_view(paper) for paper in papers]
    keys = ("paper", "kind", "name", "digest", "at", "claimed_commit", "claimed_at")
    data = {
        "version": claims.version,
        "commit": commit,
        "job": claims.job,
        "papers": [{key: each[key] for key in keys} for each in shown],
    }
    about = "service" if commit is None else "version"
    return AuditDraft(actor.name, f"person:{about}:evidence", service, data)
