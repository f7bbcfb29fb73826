"""One file that says what was decided about a release, on what, and how it went: signed, and offline.

A bundle is a list of DSSE envelopes with in-toto statements, one a line; docs/bundle.md has the
format. The last line lists the digests of all others, so that nothing can be taken out, put in or
moved, and carries the desk's public keys. Nothing is signed that the desk cannot stand for: a broken
audit chain, or papers that are not those the decision rests on, are refused.
"""

from typing import Any

from gonogo.domain.audit import GENESIS, AuditEntry, first_broken
from gonogo.domain.dossier import Dossier
from gonogo.domain.errors import Conflict, GonogoError, Unavailable
from gonogo.domain.paper import Paper
from gonogo.domain.plan import Plan
from gonogo.domain.registration import Registration
from gonogo.domain.release import Release
from gonogo.domain.signing import KeyRing, ring_data
from gonogo.domain.story import Story
from gonogo.usecases.bundling import statements as of
from gonogo.usecases.bundling.audit import audit_predicate
from gonogo.usecases.bundling.papers import (
    as_of,
    evidence_predicate,
    papers_predicate,
    shown_of,
    test_results,
)
from gonogo.usecases.bundling.rollout import decision_predicate, last_decision, rollout_predicate
from gonogo.usecases.bundling.withholding import secrets_of, without
from gonogo.usecases.context import Context, signer_of
from gonogo.usecases.releases.lifecycle import tell_story

_TRIES = 20


def bundle_name(release: Release) -> str:
    """What its file is called, in signs that a header can carry between quotes."""
    name = f"{release.service}-{release.version}".replace("/", "-").replace('"', "")
    return f"{name.encode('ascii', 'replace').decode()}.intoto.jsonl"


async def build_bundle(context: Context, release: Release) -> str:
    """The bundle of any release, also one under way or refused: the content of its file.

    Raises Conflict when the audit chain does not hold, or the evidence is not what was decided on.
    """
    story = await _at_rest(context, release)
    release = story.release
    registration = await context.store.registration(release.service)
    filed = await context.store.papers(release.service, release.commit)
    dossier = await _dossier(context, release, registration, filed)
    then = as_of(dossier, last_decision(story.audit), story.at)
    papers = shown_of(filed, then)
    entries, head = await _entries(context, story, papers)
    secrets = secrets_of(release, registration)
    predicates: list[tuple[str, dict[str, Any]]] = [
        *((of.TEST_RESULT, result) for result in test_results(papers)),
        (of.PLAN, without(plan_predicate(release.plan), secrets)),
        (of.EVIDENCE, evidence_predicate(papers, then)),
        (of.PAPERS, without(papers_predicate(release.plan, then, papers), secrets)),
        (of.DECISION, without(decision_predicate(story.audit), secrets)),
        (of.ROLLOUT, without(rollout_predicate(story), secrets)),
        (of.AUDIT, audit_predicate(entries, head, story.at, secrets)),
    ]
    subject = await _subject(context, release, registration)
    signer = signer_of(context)
    for _ in range(_TRIES):
        ring = await signer.ring()
        payloads = _payloads(context, release, subject, predicates, ring)
        lines = [await signer.envelope(payload, of.PAYLOAD_TYPE) for payload in payloads]
        if await signer.ring() == ring:  # a key made meanwhile would be missing in the last line
            return "".join(f"{line}\n" for line in lines)
    raise Unavailable("the desk's keys change all the time", hint="try again")


async def _at_rest(context: Context, release: Release) -> Story:
    """The story of a release, told while it did not move on, so that its parts fit together."""
    for _ in range(_TRIES):
        release = await context.store.release(release.id) or release
        story = await tell_story(context, release)
        now = await context.store.release(release.id)
        if now is None or now.revision == release.revision:
            return story
    raise Unavailable(
        f"{release.service} {release.version} moves on faster than it can be told", hint="try again"
    )


def _payloads(
    context: Context,
    release: Release,
    subject: list[dict[str, Any]],
    predicates: list[tuple[str, dict[str, Any]]],
    ring: KeyRing,
) -> list[bytes]:
    """Every statement, and the last one, which lists the others."""
    payloads = [of.statement(subject, kind, predicate) for kind, predicate in predicates]
    last = {
        "service": release.service,
        "version": release.version,
        "commit": release.commit,
        "release": release.id,
        "outcome": release.stage.value,
        "final": release.final,
        "signed_at": of.instant(context.clock.now()),
        "statements": [
            {"predicateType": kind, "sha256": of.digest(payload)}
            for (kind, _), payload in zip(predicates, payloads, strict=True)
        ],
        "keys": ring_data(ring),
    }
    return [*payloads, of.statement(subject, of.BUNDLE, last)]


def plan_predicate(plan: Plan) -> dict[str, Any]:
    """The plan in what it promises: no command, variable, header or address of it."""
    return {
        "service": plan.service,
        "spec": {"digest": {"sha256": plan.digest}},
        "environments": [environment.name for environment in plan.environments],
        "gates": [of.plain(rule) for rule in plan.gates],
        "kpis": of.plain(plan.kpis),
        "gauges": of.plain(plan.gauges),
        "rollout": of.plain(plan.rollout),
        "watch": of.plain(plan.watch),
        "criteria": of.plain(plan.rollback_criteria),
        "verification": of.plain(plan.verification),
        "checklists": of.plain(plan.checklists),
        "smoke": [test.name for test in plan.smoke],
    }


async def _subject(
    context: Context, release: Release, registration: Registration | None
) -> list[dict[str, Any]]:
    """The version as its commit and the tree of its files; the tree where it can still be read."""
    digest = {"gitCommit": release.commit}
    if registration is not None:
        try:
            repository = registration.repository
            digest["gitTree"] = await context.source.tree(repository, release.commit)
        except GonogoError:
            pass  # the repository is gone or cannot be read: the commit still says what it is
    return [{"name": f"{release.service}@{release.version}", "digest": digest}]


async def _dossier(
    context: Context,
    release: Release,
    registration: Registration | None,
    papers: tuple[Paper, ...],
) -> Dossier:
    """The papers, and who wrote the change where the repository can still tell."""
    change = None
    if context.history is not None and registration is not None:
        repository = registration.repository
        try:
            base = None
            if release.previous is not None:
                base = await context.source.resolve(repository, release.previous)
            change = await context.history.change(repository, base, release.commit)
        except GonogoError:
            change = None  # its sign-offs then say that authors are not known any more
    return Dossier(
        release.service, release.version, release.commit, papers, release.previous, change
    )


async def _entries(
    context: Context, story: Story, papers: tuple[Paper, ...]
) -> tuple[list[AuditEntry], tuple[int, str]]:
    """Entries of the release and of the papers filed for it, and the head of the chain that holds."""
    chain = [entry async for entry in context.store.entries()]
    broken = first_broken(chain)
    if broken is not None:
        raise Conflict(
            f"entry {broken[0].sequence} of the audit chain does not hold ({broken[1]}):"
            " nothing is signed over it",
            hint="gonogo verify",
        )
    filed = {paper.id for paper in papers}
    told = {entry.sequence for entry in story.audit}
    own = [entry for entry in chain if entry.sequence in told or filed & _named(entry)]
    head = (chain[-1].sequence, chain[-1].digest) if chain else (0, GENESIS)
    return own, head


def _named(entry: AuditEntry) -> frozenset[str]:
    """Ids of the papers that an entry says were filed."""
    several = entry.data.get("papers")
    found = (
        [each.get("paper") for each in several if isinstance(each, dict)]
        if isinstance(several, list)
        else []
    )
    return frozenset(str(each) for each in (*found, entry.data.get("paper")) if each)
