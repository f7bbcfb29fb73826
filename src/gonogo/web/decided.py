"""The decision of the gates as rows that a person can read, and the rollback rehearsal behind it.

Only what was written down is told: without a decision that can be read there is none to show.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from gonogo.domain.audit import AuditEntry
from gonogo.domain.facts import RehearsalStep
from gonogo.domain.gate import Answer, Decision, EvidenceReference, GateMode, GateResult, GateStatus
from gonogo.domain.story import Story
from gonogo.usecases.releases.decisions import OPEN, gate_name, last_decision
from gonogo.web.chronicle import REHEARSAL, number_of, text_of
from gonogo.web.wording import number, seconds, share

ANSWERS: Mapping[Answer, tuple[str, str, str]] = {
    Answer.GO: ("✓", "Go", "safe"),
    Answer.HOLD: ("‖", "Hold", "waiting"),
    Answer.NO_GO: ("✕", "No-Go", "harm"),
}
"""Sign, word and tone of each answer."""

STATUSES: Mapping[GateStatus, tuple[str, str, str]] = {
    GateStatus.PASS: ("✓", "passed", "safe"),
    GateStatus.FAIL: ("✕", "failed", "harm"),
    GateStatus.MISSING: ("∅", "missing", "waiting"),
    GateStatus.STALE: ("↺", "stale", "waiting"),
    GateStatus.INCONCLUSIVE: ("?", "inconclusive", "waiting"),
    GateStatus.WAIVED: ("≈", "waived", "waived"),
    GateStatus.NOT_APPLICABLE: ("–", "not applicable", "still"),
}
"""Sign, word and tone of each status; what was waived never looks as if it had passed."""


@dataclass(frozen=True, slots=True)
class EvidenceRow:
    """One piece of evidence that a gate looked at, as old as it was when that was decided."""

    name: str
    digest: str
    age: str
    supplier: str


@dataclass(frozen=True, slots=True)
class GateRow:
    """One gate. `note` says what sets it apart: advisory, not due yet, instead of what it was waived.

    `stands_out` is what a reader must not miss: a refusal, and a waiver.
    """

    sign: str
    word: str
    tone: str
    gate: str
    note: str
    counted: str
    reason: str
    owner: str
    fix: str
    evidence: tuple[EvidenceRow, ...]
    until: datetime | None
    stands_out: bool


@dataclass(frozen=True, slots=True)
class RehearsalRow:
    """One step of the rollback rehearsal."""

    what: str
    passed: bool
    seconds: float | None
    detail: str


@dataclass(frozen=True, slots=True)
class Decided:
    """The last decision on a release, and the rehearsal that it rests on."""

    decision: Decision
    outcome: tuple[str, str, str]
    rows: tuple[GateRow, ...]
    rehearsal: tuple[RehearsalRow, ...]


def decided(story: Story) -> Decided | None:
    """What is to be shown of the last decision; None when there was none."""
    decision = last_decision(story.audit)
    if decision is None:
        return None
    return Decided(
        decision,
        ANSWERS[decision.answer],
        tuple(_gate(result, decision) for result in decision.results),
        _rehearsal(story),
    )


def _gate(result: GateResult, decision: Decision) -> GateRow:
    sign, word, tone = STATUSES[result.status]
    return GateRow(
        sign=sign,
        word=word,
        tone=tone,
        gate=gate_name(result),
        note=_note(result),
        counted=_counted(result),
        reason=result.reason,
        owner=", ".join(result.asks) or result.owner,
        fix=result.fix if result.status in OPEN else "",
        evidence=tuple(_evidence(each, decision.at) for each in result.evidence),
        until=result.until,
        stands_out=result.mode is GateMode.REQUIRED
        and result.status in {GateStatus.FAIL, GateStatus.WAIVED},
    )


def _note(result: GateResult) -> str:
    notes = [] if result.mode is GateMode.REQUIRED else [f"{result.mode.value}, stops nothing"]
    if result.waived is not None:
        notes.append(f"instead of {STATUSES[result.waived][1]}")
    if result.later and result.status in OPEN:
        notes.append("due before production")
    return ", ".join(notes)


def _counted(result: GateResult) -> str:
    """What was held against what: "2 failed, limit 0"."""
    if result.number is None:
        return ""
    parts = [_number(result.number, result.unit)]
    if result.limit is not None:
        parts.append(f"limit {_number(result.limit, '' if result.unit != 'share' else 'share')}")
    return ", ".join(parts)


def _number(value: float, unit: str) -> str:
    return share(value) if unit == "share" else f"{number(value)} {unit}".strip()


def _evidence(reference: EvidenceReference, now: datetime) -> EvidenceRow:
    age = seconds(max(0.0, (now - reference.at).total_seconds()))
    return EvidenceRow(reference.name, reference.digest[:12], age, reference.supplier)


def _rehearsal(story: Story) -> tuple[RehearsalRow, ...]:
    """The steps of the last rehearsal; those of one that was cut off before are left out."""
    entries: list[AuditEntry] = []
    for entry in story.audit:
        if entry.action == f"{REHEARSAL}started":
            entries = []
        elif entry.action == f"{REHEARSAL}step":
            entries.append(entry)
    return tuple(_step(entry, story) for entry in entries)


def _step(entry: AuditEntry, story: Story) -> RehearsalRow:
    name = text_of(entry.data, "step")
    previous, version = story.release.previous or "the version before", story.release.version
    return RehearsalRow(
        what=step_words(name, previous, version),
        passed=entry.data.get("passed") is True,
        seconds=number_of(entry.data, "seconds"),
        detail=text_of(entry.data, "detail"),
    )


def step_words(name: str, previous: str, version: str) -> str:
    """What one step of a rehearsal tries, with the versions named."""
    said = {
        RehearsalStep.PREVIOUS_ON_OWN_SCHEMA: f"{previous} runs on its own schema",
        RehearsalStep.UPGRADE: f"the schema is brought to {version}",
        RehearsalStep.PREVIOUS_ON_NEW_SCHEMA: f"{previous} runs on the schema of {version}",
        RehearsalStep.NEW_ON_NEW_SCHEMA: f"{version} runs on its own schema",
        RehearsalStep.DOWNGRADE: f"the schema is taken back to {previous}",
        RehearsalStep.PREVIOUS_AFTER_DOWNGRADE: f"{previous} runs after that",
    }
    return {step.value: words for step, words in said.items()}.get(name, name)
