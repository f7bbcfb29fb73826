"""A version on one page: what QA hands over, what operations takes over, and what became of it.

Everything here was filed or recorded; what was not is None or empty and is shown as such.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from gonogo.domain.actor import Actor
from gonogo.domain.dossier import Dossier, evidence_digest, newest
from gonogo.domain.gate import Decision, GateMode, GateResult
from gonogo.domain.gate_rules import RunbookRule
from gonogo.domain.paper import Concern, Handoff
from gonogo.domain.plan import Plan
from gonogo.domain.release import VerifiedLine
from gonogo.domain.release_notes import Notes, render
from gonogo.domain.story import Story
from gonogo.usecases.context import Context
from gonogo.usecases.gates.standing import sign_offs_rule
from gonogo.usecases.gates.waivers import frozen
from gonogo.usecases.papers.checklists import ChecklistState, states
from gonogo.usecases.papers.handoff_draft import migrations_said, notes_since
from gonogo.usecases.papers.versions import Candidate, find_version, gather
from gonogo.usecases.permissions import Deed, allow
from gonogo.usecases.releases.decisions import decide_now, last_decision
from gonogo.usecases.releases.lifecycle import tell_story
from gonogo.usecases.releases.why import why
from gonogo.usecases.views.filed import (
    EvidenceRow,
    Promise,
    Row,
    Signature,
    Takeover,
    WaiverRow,
    evidence_rows,
    promises,
    signatures_of,
    still_to_sign,
    takeover_of,
    testing_rows,
    waiver_rows,
)


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
    signatures = signatures_of(plan, dossier, now)
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
        testing=testing_rows(handoff, dossier),
        changes=handoff.changes if handoff else (),
        release_notes=(handoff.release_notes if handoff else "") or drafted,
        known_issues=handoff.known_issues if handoff else (),
        risks=handoff.risks if handoff else (),
        criteria=promises(plan, dossier, now),
        sign_offs=signatures,
        still_to_sign=still_to_sign(sign_offs_rule(plan), signatures),
        takeover=takeover_of(dossier),
        migrations=migrations,
        gates=decision.results if decision else (),
        waivers=waiver_rows(dossier, now),
        checklists=states(plan, dossier, now),
        evidence=evidence_rows(dossier, now),
        links=_links(plan),
        frozen=f"{held[0].actor}: {held[1].reason}" if held else "",
        outcome=_outcome(story),
    )


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
