"""A release on its page: the answer at the top, what was filed about it, and what happened."""

from dataclasses import dataclass, replace
from datetime import datetime

from gonogo.domain.actor import Actor, Role
from gonogo.domain.audit import AuditEntry
from gonogo.domain.dossier import Dossier
from gonogo.domain.gate import Decision
from gonogo.domain.gate_rules import SignOffsRule
from gonogo.domain.journal import StepState
from gonogo.domain.look import Look
from gonogo.domain.paper import Paper
from gonogo.domain.plan import Plan
from gonogo.domain.release import Instruction, InstructionKind, Release, Stage
from gonogo.domain.slot import SlotRole, with_role
from gonogo.domain.story import (
    DECISIONS,
    OUT_OF_ROTATION,
    PERSON,
    Figures,
    Story,
    deciding_look,
    figures,
    first_entry,
    recorded_time,
)
from gonogo.domain.verdict import Evidence, Interval, KpiAssessment, Test, Verdict
from gonogo.ports.store import Delivery
from gonogo.usecases.context import Context
from gonogo.usecases.gates.waivers import frozen
from gonogo.usecases.permissions import PERMISSIONS, Deed, allow
from gonogo.usecases.releases.decisions import decision_on, last_decision
from gonogo.usecases.releases.lifecycle import find_release
from gonogo.usecases.views.kept_looks import series_of, watched_story
from gonogo.usecases.views.release_actions import Choice, Filing, awaited, choices, fitting
from gonogo.usecases.views.release_gates import GateList, gate_list
from gonogo.usecases.views.release_series import Series
from gonogo.usecases.views.summary import Summary, handoff_summary

_STAGE = "desk:release:"
_BACK = frozenset({Stage.ROLLING_BACK, Stage.VERIFYING_ROLLBACK, Stage.ROLLED_BACK})


@dataclass(frozen=True, slots=True)
class Return:
    """A version being taken back. `commanded` is when that was decided, by `who` (a person, or the judge
    where it is empty); `confirmed` when the router was read back without it, which is another thing.

    `crossed`: the evidence crossed its limit. `deciding` is the KPI that decided, `points` its canary −
    baseline as shares, with a band; None where something else than that difference decided.
    """

    commanded: datetime | None
    confirmed: datetime | None
    seconds: float | None
    who: str
    reason: str
    crossed: bool
    deciding: KpiAssessment | None
    points: Interval | None
    figures: Figures


@dataclass(frozen=True, slots=True)
class Head:
    """The top of the page. `heard` are words of people that nobody has acted on yet; `steps` names
    steps whose end the desk cannot tell. `sequence` is the newest audit entry that this rests on.

    `serving` is the version that customers get beside this one.
    """

    release: Release
    gates: GateList | None
    back: Return | None
    figures: Figures | None
    last: Look | None
    heard: tuple[Instruction, ...]
    steps: tuple[str, ...]
    fitting: tuple[InstructionKind, ...]
    sequence: int
    serving: str | None

    @property
    def marks(self) -> str:
        """What its stage can follow, for the buttons of the page."""
        return " ".join(kind.value for kind in self.fitting)


async def head(context: Context, release_id: str) -> Head:
    """The top of a release's page, and its gates. Raises NotFound."""
    release = await find_release(context, release_id)
    story = await watched_story(context, release)
    decision = last_decision(story.audit)
    back = None
    if release.stage in _BACK:
        back = _back(story, await series_of(context, release.id))
    ended = release.final and (release.exposed or bool(story.looks))
    slots = await context.store.slots(release.service, release.plan.production.name)
    baseline = with_role(slots, SlotRole.BASELINE)
    return Head(
        release=release,
        gates=None if decision is None else gate_list(decision, release.plan),
        back=back,
        figures=figures(story) if ended else None,
        last=story.looks[-1] if story.looks else None,
        heard=await context.store.instructions(release.id),
        steps=tuple(
            entry.step
            for entry in story.journal
            if entry.state in {StepState.FAILED, StepState.UNKNOWN}
        ),
        fitting=fitting(release),
        sequence=max((entry.sequence for entry in story.audit), default=0),
        serving=baseline.version if baseline is not None else None,
    )


def _back(story: Story, series: Series) -> Return:
    found = figures(story)
    decision = first_entry(story.audit, DECISIONS)
    words = {
        f"{PERSON}{kind.value}" for kind in (InstructionKind.ROLL_BACK, InstructionKind.REJECT)
    }
    person = None if decision is not None else first_entry(story.audit, words)
    began = first_entry(story.audit, {f"{_STAGE}{Stage.ROLLING_BACK.value}"})
    look = deciding_look(story)
    deciding = None if look is None else _deciding(look, decision)
    return Return(
        commanded=found.decided_at or _moment(person) or _moment(began),
        confirmed=_moment(first_entry(story.audit, {OUT_OF_ROTATION})),
        seconds=found.seconds_decision_to_weight_zero,
        who="" if person is None else person.actor,
        reason=_reason(person or decision, story.release.reason),
        crossed=look is not None and _crossed(look),
        deciding=deciding,
        points=None
        if look is None or deciding is None or not _by_comparison(deciding)
        else series.difference(deciding.kpi, look.at),
        figures=found,
    )


def _moment(entry: AuditEntry | None) -> datetime | None:
    return None if entry is None else recorded_time(entry) or entry.at


def _reason(entry: AuditEntry | None, otherwise: str) -> str:
    if entry is None:
        return otherwise
    found = entry.data.get("reason") or entry.data.get("sentence")
    return found if isinstance(found, str) else otherwise


def _crossed(look: Look) -> bool:
    """Whether a test's evidence is what decided; a dead canary fails without any."""
    return any(
        _beyond(evidence)
        for kpi in look.judgement.kpis
        for evidence in kpi.evidence
        if evidence.alpha
    )


def _beyond(evidence: Evidence) -> bool:
    return max(evidence.log10_e, evidence.peak) >= evidence.threshold


def _by_comparison(kpi: KpiAssessment) -> bool:
    """Whether it was worse than the baseline; a KPI beyond a limit of its own may well be better."""
    return any(each.test is Test.RELATIVE and _beyond(each) for each in kpi.evidence)


def _deciding(look: Look, decision: AuditEntry | None) -> KpiAssessment | None:
    named = None if decision is None else decision.data.get("kpi")
    kpis = look.judgement.kpis
    found = next((kpi for kpi in kpis if kpi.kpi == named), None)
    return found or next((kpi for kpi in kpis if kpi.verdict is Verdict.FAIL), None)


async def decided(context: Context, release_id: str) -> tuple[Release, Decision | None]:
    """A release and the newest decision on it. Raises NotFound."""
    release = await find_release(context, release_id)
    return release, await decision_on(context, release)


async def happened(context: Context, release_id: str) -> Story:
    """The story of a release. Raises NotFound."""
    release = await find_release(context, release_id)
    story = await watched_story(context, release)
    # Looks are what charts show: without them a look of the judge leaves the timeline as it is.
    return replace(story, looks=(), at=release.stage_since)


async def told(context: Context, release_id: str) -> tuple[Delivery, ...]:
    """The messages about a release, and what became of each. Raises NotFound."""
    release = await find_release(context, release_id)
    return await context.store.deliveries(release.id)


async def filed(context: Context, release_id: str) -> Summary:
    """What people filed about a release's version: as it was when it ended, or as it is now.

    Whether somebody who signed wrote part of the change is for the gate to say, which reads the
    repository.
    """
    release = await find_release(context, release_id)
    papers = await context.store.papers(release.service, release.commit)
    now = context.clock.now()
    if release.final:
        now = release.stage_since
        papers = tuple(paper for paper in papers if paper.at <= now)
    dossier = _dossier(release, papers)
    found = handoff_summary(
        dossier,
        _without_authors(release.plan),
        now,
        previous=release.previous,
        back_to=release.previous,
    )
    return replace(found, at=release.stage_since)


def _dossier(release: Release, papers: tuple[Paper, ...]) -> Dossier:
    return Dossier(
        release.service, release.version, release.commit, papers, previous=release.previous
    )


def _without_authors(plan: Plan) -> Plan:
    rules = tuple(
        replace(rule, author_may_sign=True) if isinstance(rule, SignOffsRule) else rule
        for rule in plan.gates
    )
    return replace(plan, gates=rules)


@dataclass(frozen=True, slots=True)
class ReleasePage:
    """What the page shows to one visitor beside what it shows to all. `waivable` are the gates that they
    may let pass, in one of `waiver_roles`; `awaited` is what they can file that a gate waits for."""

    release: Release
    choices: tuple[Choice, ...]
    sequence: int
    receipt: AuditEntry | None
    frozen: str
    waivable: tuple[str, ...]
    waiver_roles: tuple[Role, ...]
    awaited: tuple[Filing, ...]


async def release_page(
    context: Context, actor: Actor, reference: str, *, receipt: int | None = None
) -> ReleasePage:
    """A release as this person may act on it; `receipt` is the number of an audit entry of theirs."""
    allow(actor, Deed.LOOK)
    release = await find_release(context, reference)
    roles = tuple(role for role in Role if role in actor.roles & PERMISSIONS[Deed.WAIVE])
    entries = [entry async for entry in context.store.entries(subject=release.id)]
    mine = (each for each in entries if each.sequence == receipt and each.actor == actor.name)
    papers = await context.store.papers(release.service)
    held = frozen(_dossier(release, papers), context.clock.now())
    decision = last_decision(entries)
    return ReleasePage(
        release=release,
        choices=choices(actor, release, await context.store.journal(release.id)),
        sequence=max((entry.sequence for entry in entries), default=0),
        receipt=next(mine, None),
        frozen=f"{held[0].actor}: {held[1].reason}" if held else "",
        waivable=_waivable(release, decision) if roles else (),
        waiver_roles=roles,
        awaited=awaited(actor, release, decision),
    )


def _waivable(release: Release, decision: Decision | None) -> tuple[str, ...]:
    """The gates that keep a release waiting; what has ended waits for nothing."""
    if decision is None or release.final:
        return ()
    return tuple(line.result.kind.value for line in gate_list(decision, release.plan).blocking)


async def last_word(context: Context, actor: Actor, subject: str, action: str, after: int) -> int:
    """The number of the entry that this person's act left after another; 0 when there is none."""
    found = 0
    async for entry in context.store.entries(subject=subject, after=after):
        if entry.actor == actor.name and entry.action.startswith(action):
            found = entry.sequence
    return found
