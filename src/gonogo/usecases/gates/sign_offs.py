"""Signing a version off in a role, and taking a paper back.

A sign-off is bound to one commit and to the digest of the evidence and handoff that its signer was
shown; when these have moved it is refused with what moved, and nothing is filed. Its id follows from
who signed what, so that the same word given twice is one paper, also when both come at once.
"""

import hashlib
import json
from dataclasses import replace
from datetime import datetime

from gonogo.domain.actor import Actor, Role
from gonogo.domain.change import CommitNote
from gonogo.domain.dossier import OF_THE_DESK, Dossier, evidence_digest, newest, withdrawn
from gonogo.domain.errors import Conflict, InvalidInput, NotAllowed, NotFound
from gonogo.domain.paper import (
    Acknowledgement,
    FiledEvidence,
    Handoff,
    Paper,
    Rejection,
    SignOff,
    Waiver,
    Withdrawal,
)
from gonogo.domain.plan import Plan, RollbackCriterion
from gonogo.domain.release_notes import SHORT
from gonogo.gates.sign_offs import Standing, authors
from gonogo.usecases.context import Context
from gonogo.usecases.gates.standing import sign_offs_rule, standing_criteria, standing_sign_offs
from gonogo.usecases.papers.criteria import signed
from gonogo.usecases.papers.filing import file_paper, paper_of, spoken
from gonogo.usecases.papers.versions import Candidate, find_version, gather
from gonogo.usecases.permissions import PERMISSIONS, Deed, allow

_ADMINS = frozenset({Role.OWNER, Role.ADMIN})


async def sign_off(
    context: Context,
    actor: Actor,
    *,
    service: str,
    version: str,
    role: Role,
    digest_seen: str,
    criteria: tuple[RollbackCriterion, ...] = (),
    note: str = "",
) -> Paper:
    """File the actor's word in a role that they have; the one filed before when they gave it already.

    `digest_seen` is the digest of the evidence they were shown. Raises NotAllowed for a role they do
    not have or a change they wrote part of, Conflict when the evidence has moved since.
    """
    allow(actor, Deed.SIGN_OFF)
    _has(actor, role)
    note = spoken(note, "the note", least=0)
    candidate = await find_version(context, service, version)
    dossier = await gather(context, candidate)
    now = context.clock.now()
    digest = evidence_digest(dossier)
    if digest_seen != digest:
        raise _moved(candidate, dossier, digest_seen)
    others = standing_criteria(candidate.plan, dossier, now)
    own = signed(criteria, actor, candidate.plan, others)
    taken = _handed_over(candidate.plan, dossier, now, (actor, role), own)
    content = SignOff(role, digest, (*own, *taken), note)
    earlier = standing_sign_offs(candidate.plan, dossier, now, whoever_wrote=True)
    known = _given(candidate, earlier, actor, content, own)
    if known is not None:
        return known
    _not_the_author(actor, candidate, dossier)
    return await _file(context, actor, candidate, earlier, content)


async def reject(
    context: Context,
    actor: Actor,
    *,
    service: str,
    version: str,
    role: Role,
    digest_seen: str,
    reason: str,
) -> Paper:
    """File the actor's no in a role that they have, with the reason.

    It stands until they take it back or sign; their earlier yes is taken back with it. Raises what
    `sign_off` raises, but for authors, who may say no to their own change.
    """
    allow(actor, Deed.SIGN_OFF)
    _has(actor, role)
    reason = spoken(reason, "a reason")
    candidate = await find_version(context, service, version)
    dossier = await gather(context, candidate)
    if digest_seen != evidence_digest(dossier):
        raise _moved(candidate, dossier, digest_seen)
    content = Rejection(role, digest_seen, reason)
    paper = paper_of(context, actor, candidate.service, candidate.commit, content)
    now = context.clock.now()
    own = tuple(
        one.paper.id
        for one in standing_sign_offs(candidate.plan, dossier, now, whoever_wrote=True)
        if one.void is None and (one.paper.actor, one.sign_off.role) == (actor.name, role)
    )
    # Their earlier yes goes with it, so that the same yes said again is a new one.
    taken = tuple(
        replace(paper, id=f"{paper.id}-{place}", content=Withdrawal(earlier, reason))
        for place, earlier in enumerate(own)
    )
    data = {
        "version": candidate.version,
        "role": role.value,
        "digest": digest_seen,
        "reason": reason,
    }
    return await file_paper(context, paper, "rejection", data, also=taken)


async def _file(
    context: Context,
    actor: Actor,
    candidate: Candidate,
    earlier: tuple[Standing, ...],
    content: SignOff,
) -> Paper:
    identity = _identity(candidate, earlier, actor, content)
    paper = paper_of(
        context, actor, candidate.service, candidate.commit, content, paper_id=identity
    )
    data = {
        "version": candidate.version,
        "role": content.role.value,
        "digest": content.digest,
        "criteria": [each.name for each in content.criteria],
        "note": content.note,
    }
    return await file_paper(context, paper, "sign_off", data)


def _handed_over(
    plan: Plan,
    dossier: Dossier,
    now: datetime,
    signer: tuple[Actor, Role],
    own: tuple[RollbackCriterion, ...],
) -> tuple[RollbackCriterion, ...]:
    """The handoff's criteria, which whoever signs first signs too: each is promised by one person."""
    actor, role = signer
    handoff = newest(dossier, Handoff)
    promised = {criterion.name for criterion in own}
    for one in standing_sign_offs(plan, dossier, now):
        mine = (one.paper.actor, one.sign_off.role) == (actor.name, role)
        if one.void is None and not mine:
            promised |= {criterion.name for criterion in one.sign_off.criteria}
    return tuple(
        replace(criterion, signer=actor.name)
        for criterion in (handoff[1].criteria if handoff else ())
        if criterion.name not in promised
    )


def _has(actor: Actor, role: Role) -> None:
    signing = PERMISSIONS[Deed.SIGN_OFF]
    if role not in signing:
        names = ", ".join(each.words for each in Role if each in signing)
        raise InvalidInput(f"nobody signs as {role.words}; roles that sign: {names}")
    if role not in actor.roles:
        own = ", ".join(sorted(each.words for each in actor.roles))
        raise NotAllowed(
            f"{actor.name} ({own}) does not have the role {role.words};"
            " a sign-off is the word of somebody who has it"
        )


def _moved(candidate: Candidate, dossier: Dossier, seen: str) -> Conflict:
    """What was filed since the evidence had this digest: found by going back paper by paper."""
    papers = dossier.papers
    hint = f"look again: gonogo signoff {candidate.service} {candidate.version} --as ROLE"
    for end in range(len(papers) - 1, -1, -1):
        before = Dossier(candidate.service, candidate.version, candidate.commit, papers[:end])
        if evidence_digest(before) != seen:
            continue
        news = [said for paper in papers[end:] if (said := _news(paper, papers))]
        return Conflict(
            f"the evidence of {candidate.words} changed since you looked: {'; '.join(news)}",
            hint=hint,
        )
    return Conflict(
        f"what you saw is not the evidence of {candidate.words}: it belongs to another version,"
        " commit or service",
        hint=hint,
    )


def _news(paper: Paper, papers: tuple[Paper, ...]) -> str:
    at = f"{paper.at:%Y-%m-%d %H:%M} UTC"
    content = paper.content
    if isinstance(content, FiledEvidence):
        evidence = content.evidence
        if paper.commit is None or evidence.kind in OF_THE_DESK:
            return ""
        kind = evidence.kind.value.replace("_", " ")
        return f"{paper.actor} filed {kind} ({evidence.name}) at {at}"
    if isinstance(content, Handoff):
        return f"{paper.actor} filed a handoff at {at}"
    if isinstance(content, Withdrawal):
        gone = next((each for each in papers if each.id == content.paper), None)
        if gone is not None and isinstance(gone.content, FiledEvidence | Handoff):
            return f"{paper.actor} took back {gone.kind.value} {gone.id} at {at}"
    return ""


def _given(
    candidate: Candidate,
    earlier: tuple[Standing, ...],
    actor: Actor,
    content: SignOff,
    own: tuple[RollbackCriterion, ...],
) -> Paper | None:
    """The same word of the same person, when it stands already."""
    for one in earlier:
        same = (one.sign_off.role, one.sign_off.digest) == (content.role, content.digest)
        if one.void is not None or not same or one.paper.actor != actor.name:
            continue
        if any(criterion not in one.sign_off.criteria for criterion in own):
            raise Conflict(
                f"you signed {candidate.words} as {content.role.words} already,"
                " with other rollback criteria",
                hint=f'take that back first: gonogo withdraw {one.paper.id} --reason "…"',
            )
        return one.paper
    return None


def _identity(
    candidate: Candidate, earlier: tuple[Standing, ...], actor: Actor, content: SignOff
) -> str:
    """An id that the same word has again, until it was withdrawn or has grown too old."""
    parts = [
        candidate.service,
        candidate.commit,
        actor.name,
        content.role.value,
        content.digest,
        [one.paper.id for one in earlier if one.void is not None],
    ]
    return hashlib.sha256(json.dumps(parts, ensure_ascii=False).encode()).hexdigest()[:32]


def _not_the_author(actor: Actor, candidate: Candidate, dossier: Dossier) -> None:
    rule = sign_offs_rule(candidate.plan)
    if rule is None or rule.author_may_sign:
        return
    own = _written_by(actor, dossier)
    if own is not None:
        raise NotAllowed(
            f"{actor.name} wrote part of {candidate.words} (commit {own.id[:SHORT]}"
            f' "{own.subject[:80]}"); somebody else has to sign it off'
        )


def _written_by(actor: Actor, dossier: Dossier) -> CommitNote | None:
    """A commit of the change that this person is an author or co-author of, as the gate sees it."""
    own = {actor.name.casefold(), *(email.casefold() for email in actor.emails)}
    if dossier.change is None or own.isdisjoint(authors(dossier.change) or frozenset()):
        return None
    return next(
        commit
        for commit in dossier.change.commits
        if not own.isdisjoint(authors(replace(dossier.change, commits=(commit,))) or frozenset())
    )


async def withdraw(context: Context, actor: Actor, *, paper_id: str, reason: str) -> Paper:
    """Take back a sign-off, rejection, waiver or acknowledgement: one's own, or any as an admin.

    The paper stays in the record. Raises Conflict when it was taken back before.
    """
    reason = spoken(reason, "a reason")
    paper = await context.store.paper(paper_id)
    if paper is None:
        raise NotFound(f'no paper "{paper_id}" was filed')
    if not isinstance(paper.content, SignOff | Rejection | Waiver | Acknowledgement):
        kind = paper.kind.value.replace("_", " ")
        raise InvalidInput(
            f"{paper_id} is of the kind {kind}; only sign-offs, rejections, waivers and acknowledgements"
            " can be taken back"
        )
    if paper.actor != actor.name and not actor.roles & _ADMINS:
        raise NotAllowed(f"{paper_id} is {paper.actor}'s; only they or an admin can take it back")
    filed = await context.store.papers(paper.service, paper.commit)
    gone = withdrawn(filed).get(paper_id)
    if gone is not None:
        raise Conflict(f"{gone.actor} took {paper_id} back at {gone.at:%Y-%m-%d %H:%M} UTC already")
    taken = paper_of(context, actor, paper.service, paper.commit, Withdrawal(paper_id, reason))
    version = await _version_of(context, paper)
    named = {} if version is None else {"version": version}
    data = {**named, "withdrawn": paper_id, "kind": paper.kind.value, "reason": reason}
    return await file_paper(context, taken, "withdrawal", data)


async def _version_of(context: Context, paper: Paper) -> str | None:
    """The version that a paper was filed for, as its audit entry says."""
    async for entry in context.store.entries(subject=paper.service):
        if entry.data.get("paper") == paper.id:
            version = entry.data.get("version")
            return version if isinstance(version, str) else None
    return None
