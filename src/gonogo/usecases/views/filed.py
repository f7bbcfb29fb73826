"""What was filed about a version, as rows of its page.

Whether a paper holds is asked here as the gates ask it; a row says what the paper says, never more.
"""

from dataclasses import dataclass
from datetime import datetime

from gonogo.domain.actor import Role
from gonogo.domain.dossier import Dossier, current, newest, withdrawn
from gonogo.domain.evidence import EvidenceKind
from gonogo.domain.gate_rules import SignOffsRule
from gonogo.domain.paper import Acknowledgement, Handoff, Paper, Waiver
from gonogo.domain.plan import Plan
from gonogo.usecases.gates.standing import standing_criteria, standing_sign_offs
from gonogo.usecases.papers.criteria import criterion_words
from gonogo.usecases.papers.evidence_words import KIND_WORDS, say, troubled


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


def testing_rows(handoff: Handoff | None, dossier: Dossier) -> tuple[Row, ...]:
    """What was tested: by the handoff, then by the reports that count."""
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


def promises(plan: Plan, dossier: Dossier, now: datetime) -> tuple[Promise, ...]:
    """The rollback criteria, of the spec and of people, each with who stands by it."""
    return tuple(
        Promise(each.name, criterion_words(each), each.signer or nobody)
        for criteria, nobody in (
            (plan.rollback_criteria, "the spec"),
            (standing_criteria(plan, dossier, now), "nobody yet; the handoff proposes it"),
        )
        for each in criteria
    )


def signatures_of(plan: Plan, dossier: Dossier, now: datetime) -> tuple[Signature, ...]:
    """Every sign-off in the order of filing; `void` says why one does not hold."""
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


def still_to_sign(rule: SignOffsRule | None, signatures: tuple[Signature, ...]) -> tuple[str, ...]:
    """The roles whose sign-offs are still missing, with how many there are of how many."""
    if rule is None:
        return ()
    left = []
    for role, needed in rule.needed.items():
        given = len({each.actor for each in signatures if each.role is role and not each.void})
        if given < needed:
            left.append(f"{role.words} ({given} of {needed})")
    return tuple(left)


def takeover_of(dossier: Dossier) -> Takeover | None:
    """The newest acknowledgement; None when operations has not taken the version over."""
    found = newest(dossier, Acknowledgement)
    if found is None:
        return None
    paper, content = found
    handoff = newest(dossier, Handoff)
    older = handoff is not None and dossier.papers.index(paper) < dossier.papers.index(handoff[0])
    void = "the handoff is newer" if older else ""
    return Takeover(paper.id, paper.actor, paper.at, content, void)


def waiver_rows(dossier: Dossier, now: datetime) -> tuple[WaiverRow, ...]:
    """Every waiver in the order of filing; `void` says why one does not hold."""
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
