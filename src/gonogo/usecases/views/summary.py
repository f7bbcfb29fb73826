"""A version on one page: what QA hands over, what operations takes over, and what became of it.

Everything here was filed or recorded; what was not is None or empty and is shown as such.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from gonogo.domain.actor import Actor, Role
from gonogo.domain.dossier import Dossier, current, evidence_digest, newest, withdrawn
from gonogo.domain.evidence import EvidenceKind
from gonogo.domain.gate import Decision, GateMode, GateResult
from gonogo.domain.gate_rules import RunbookRule, SignOffsRule
from gonogo.domain.paper import Acknowledgement, Concern, Handoff, Paper, Waiver
from gonogo.domain.plan import Plan
from gonogo.domain.release import VerifiedLine
from gonogo.domain.release_notes import Notes, render
from gonogo.domain.story import Story
from gonogo.usecases.context import Context
from gonogo.usecases.gates.standing import sign_offs_rule, standing_criteria, standing_sign_offs
from gonogo.usecases.gates.waivers import frozen
from gonogo.usecases.papers.checklists import ChecklistState, states
from gonogo.usecases.papers.criteria import criterion_words
from gonogo.usecases.papers.evidence_words import KIND_WORDS, say, troubled
from gonogo.usecases.papers.handoff_draft import migrations_said, notes_since
from gonogo.usecases.papers.versions import Candidate, find_version, gather
from gonogo.usecases.permissions import Deed, allow
from gonogo.usecases.releases.decisions import decide_now, last_decision
from gonogo.usecases.releases.lifecycle import tell_story
from gonogo.usecases.releases.why import why


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the testing summary. `well` is None where it is neither good nor bad."""

    metric: str
    result: str
    well: bool | None = None


@dataclass(frozen=True, slots=True)
class Promise:
    """A rollback criterion in words, and who signed it."""

    name: str
    said: str
    signer: str


@dataclass(frozen=True, slots=True)
class Signature:
    """One sign-off. `void` says why it does not count; empty when it does."""

    paper: str
    role: Role
    actor: str
    at: datetime
    note: str
    void: str


@dataclass(frozen=True, slots=True)
class Takeover:
    """What operations said to the handoff. `void` says why it does not count; empty when it does."""

    paper: str
    actor: str
    at: datetime
    content: Acknowledgement
    void: str


@dataclass(frozen=True, slots=True)
class WaiverRow:
    """A gate that somebody let pass. `void` says why it does not hold; empty when it does."""

    paper: str
    gate: str
    role: Role
    actor: str
    reason: str
    until: datetime
    whole_service: bool
    void: str


@dataclass(frozen=True, slots=True)
class EvidenceRow:
    """One report that counts. `claimed` names what is only its supplier's word."""

    kind: EvidenceKind
    name: str
    said: str
    digest: str
    at: datetime
    age_seconds: float
    supplier: str
    claimed: tuple[str, ...]
    troubled: bool
    of_service: bool


@dataclass(frozen=True, slots=True)
class Link:
    """Where to look: a path in the version's files, or a link."""

    name: str
    where: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of it. `verified` are the lines that a person tried in production, the last time."""

    release: str
    stage: str
    since: datetime
    final: bool
    sentences: tuple[str, ...]
    verified: tuple[VerifiedLine, ...] = ()
    verified_by: str = ""


@dataclass(frozen=True, slots=True)
class Summary:
    """All of it, as of `at`. `digest` is what a sign-off given now is bound to.

    `previous` is the version that its changes are counted from, `back_to` the one that customers go
    back to (None: nothing served before it).
    """

    service: str
    version: str
    commit: str
    previous: str | None
    back_to: str | None
    at: datetime
    digest: str
    decision: str | None
    handed_by: str | None
    handed_at: datetime | None
    scope: str
    testing: tuple[Row, ...]
    changes: tuple[str, ...]
    release_notes: str
    known_issues: tuple[Concern, ...]
    risks: tuple[Concern, ...]
    criteria: tuple[Promise, ...]
    sign_offs: tuple[Signature, ...]
    still_to_sign: tuple[str, ...]
    takeover: Takeover | None
    migrations: str
    gates: tuple[GateResult, ...]
    waivers: tuple[WaiverRow, ...]
    checklists: tuple[ChecklistState, ...]
    evidence: tuple[EvidenceRow, ...]
    links: tuple[Link, ...]
    frozen: str
    outcome: Outcome | None


@dataclass(frozen=True, slots=True)
class Standing:
    """A version as it stands now: what was read of it, what the gates would say, and its page."""

    candidate: Candidate
    dossier: Dossier
    decision: Decision
    summary: Summary


async def summarize(context: Context, actor: Actor, *, service: str, version: str) -> Summary:
    """The page of one version as it stands now. Raises NotFound for an unknown service or tag."""
    allow(actor, Deed.LOOK)
    return (await standing_of(context, service=service, version=version)).summary


async def standing_of(context: Context, *, service: str, version: str) -> Standing:
    """A version as it stands now; its repository is read once. Raises as `summarize` does."""
    candidate = await find_version(context, service, version)
    dossier = await gather(context, candidate)
    notes, previous, told = await notes_since(context, candidate)
    releases = await context.store.releases(service)
    release = next((each for each in releases if each.commit == candidate.commit), None)
    now = context.clock.now()
    story = None if release is None else await tell_story(context, release)
    decision = decide_now(candidate.plan, dossier, now)
    summary = handoff_summary(
        dossier,
        candidate.plan,
        now,
        notes=notes if told.change is not None else None,
        previous=release.previous if release and release.previous else previous,
        back_to=release.previous if release else candidate.previous,
        migrations=migrations_said(candidate.plan, told),
        decision=decision,
        story=story,
    )
    return Standing(candidate, dossier, decision, summary)


def handoff_summary(
    dossier: Dossier,
    plan: Plan,
    now: datetime,
    *,
    notes: Notes | None = None,
    previous: str | None = None,
    back_to: str | None = None,
    migrations: str = "not known",
    decision: Decision | None = None,
    story: Story | None = None,
) -> Summary:
    """The page of one version from what is known of it; `notes` are drafted from its commits.

    A release that has ended shows the last decision that was recorded of it instead of `decision`.
    """
    if story is not None and story.release.final:
        decision = last_decision(story.audit)
    filed = newest(dossier, Handoff)
    paper, handoff = filed or (None, None)
    drafted = render(notes) if notes is not None else ""
    held = frozen(dossier, now)
    signatures = _sign_offs(plan, dossier, now)
    return Summary(
        service=dossier.service,
        version=dossier.version,
        commit=dossier.commit,
        previous=previous,
        back_to=back_to,
        at=now,
        digest=evidence_digest(dossier),
        decision=decision.sentence if decision else None,
        handed_by=paper.actor if paper else None,
        handed_at=paper.at if paper else None,
        scope=handoff.scope if handoff else "",
        testing=_testing(handoff, dossier),
        changes=handoff.changes if handoff else (),
        release_notes=(handoff.release_notes if handoff else "") or drafted,
        known_issues=handoff.known_issues if handoff else (),
        risks=handoff.risks if handoff else (),
        criteria=_criteria(plan, dossier, now),
        sign_offs=signatures,
        still_to_sign=_still_to_sign(sign_offs_rule(plan), signatures),
        takeover=_takeover(dossier),
        migrations=migrations,
        gates=decision.results if decision else (),
        waivers=_waivers(dossier, now),
        checklists=states(plan, dossier, now),
        evidence=evidence_rows(dossier, now),
        links=_links(plan),
        frozen=f"{held[0].actor}: {held[1].reason}" if held else "",
        outcome=_outcome(story),
    )


def _testing(handoff: Handoff | None, dossier: Dossier) -> tuple[Row, ...]:
    rows: list[Row] = []
    if handoff is not None and handoff.stories_total is not None:
        tested = handoff.stories_tested or 0
        said = f"{tested} of {handoff.stories_total}"
        rows.append(Row("Stories tested", said, tested == handoff.stories_total))
    if handoff is not None and handoff.bugs_found is not None:
        fixed = handoff.bugs_fixed or 0
        rows.append(Row("Bugs found", str(handoff.bugs_found)))
        said = f"{fixed} of {handoff.bugs_found}"
        rows.append(Row("Bugs fixed", said, fixed == handoff.bugs_found))
    for filed in current(dossier):
        evidence = filed.content.evidence
        well = not troubled(evidence.facts)
        rows.append(Row(KIND_WORDS[evidence.kind], say(evidence.facts), well))
    return tuple(rows)


def _criteria(plan: Plan, dossier: Dossier, now: datetime) -> tuple[Promise, ...]:
    return tuple(
        Promise(each.name, criterion_words(each), each.signer or nobody)
        for criteria, nobody in (
            (plan.rollback_criteria, "the spec"),
            (standing_criteria(plan, dossier, now), "nobody yet; the handoff proposes it"),
        )
        for each in criteria
    )


def _sign_offs(plan: Plan, dossier: Dossier, now: datetime) -> tuple[Signature, ...]:
    return tuple(
        Signature(
            paper=one.paper.id,
            role=one.sign_off.role,
            actor=one.paper.actor,
            at=one.paper.at,
            note=one.sign_off.note,
            void=one.void or "",
        )
        for one in standing_sign_offs(plan, dossier, now)
    )


def _still_to_sign(rule: SignOffsRule | None, signatures: tuple[Signature, ...]) -> tuple[str, ...]:
    if rule is None:
        return ()
    left = []
    for role, needed in rule.needed.items():
        given = len({each.actor for each in signatures if each.role is role and not each.void})
        if given < needed:
            left.append(f"{role.words} ({given} of {needed})")
    return tuple(left)


def _takeover(dossier: Dossier) -> Takeover | None:
    found = newest(dossier, Acknowledgement)
    if found is None:
        return None
    paper, content = found
    handoff = newest(dossier, Handoff)
    older = handoff is not None and dossier.papers.index(paper) < dossier.papers.index(handoff[0])
    void = "the handoff is newer" if older else ""
    return Takeover(paper.id, paper.actor, paper.at, content, void)


def _waivers(dossier: Dossier, now: datetime) -> tuple[WaiverRow, ...]:
    gone = withdrawn(dossier.papers)
    rows = []
    for paper in dossier.papers:
        if not isinstance(paper.content, Waiver):
            continue
        content = paper.content
        void = _taken_back(gone.get(paper.id)) or ("ended" if content.until <= now else "")
        rows.append(
            WaiverRow(
                paper=paper.id,
                gate=content.gate.value.replace("_", " "),
                role=content.role,
                actor=paper.actor,
                reason=content.reason,
                until=content.until,
                whole_service=paper.commit is None,
                void=void,
            )
        )
    return tuple(rows)


def _taken_back(withdrawal: Paper | None) -> str:
    return f"withdrawn by {withdrawal.actor}" if withdrawal else ""


def evidence_rows(dossier: Dossier, now: datetime) -> tuple[EvidenceRow, ...]:
    """The evidence that counts, what tells of trouble first."""
    rows = []
    for filed in current(dossier):
        content, evidence = filed.content, filed.content.evidence
        claimed = ("commit",) * content.claimed_commit + ("time",) * content.claimed_at
        rows.append(
            EvidenceRow(
                kind=evidence.kind,
                name=evidence.name,
                said=say(evidence.facts),
                digest=evidence.digest,
                at=content.at,
                age_seconds=max(0.0, (now - content.at).total_seconds()),
                supplier=f"{filed.paper.actor} ({content.job})"
                if content.job
                else filed.paper.actor,
                claimed=claimed,
                troubled=troubled(evidence.facts),
                of_service=filed.paper.commit is None,
            )
        )
    return tuple(sorted(rows, key=lambda row: not row.troubled))


def _links(plan: Plan) -> tuple[Link, ...]:
    links: list[Link] = []
    for rule in plan.gates:
        if isinstance(rule, RunbookRule) and rule.mode is not GateMode.OFF:
            links += [Link("Runbook", rule.runbook)] if rule.runbook else []
            links += [Link("Runbook owner", rule.runbook_owner)] if rule.runbook_owner else []
            links += [Link("Dashboard", rule.dashboard)] if rule.dashboard else []
    return (*links, Link(plan.production.name, plan.production.url))


def _outcome(story: Story | None) -> Outcome | None:
    if story is None:
        return None
    release = story.release
    answered = {"person:release:confirm", "person:release:reject"}
    told = next(
        (
            each
            for each in reversed(story.audit)
            if each.action in answered and "lines" in each.data
        ),
        None,
    )
    return Outcome(
        release=release.id,
        stage=release.stage.value.replace("_", " "),
        since=release.stage_since,
        final=release.final,
        sentences=tuple(why(story)),
        verified=_lines(told.data["lines"]) if told else (),
        verified_by=told.actor if told else "",
    )


def _lines(data: Any) -> tuple[VerifiedLine, ...]:  # noqa: ANN401 - what was read from JSON
    """The lines as the audit entry has them; none when they cannot be read."""
    try:
        return tuple(VerifiedLine(**line) for line in data)
    except TypeError:
        return ()
