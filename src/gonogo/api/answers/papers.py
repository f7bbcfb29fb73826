"""What is answered of papers: evidence, checklists, the handoff and its draft."""

from typing import Any

from pydantic import Field

from gonogo.api.answers.shapes import Answer, Instant


class PaperAnswer(Answer):
    """One filed paper; `content` depends on `kind`. Without `commit` it is of the whole service."""

    paper: str = Field(examples=["b41c9e0d2f77"])
    kind: str = Field(examples=["sign_off"])
    service: str
    commit: str | None
    at: Instant
    by: str
    content: dict[str, Any]


class EvidenceAnswer(Answer):
    """One piece of evidence. `claimed_…`: it is the supplier's word, not the report's."""

    paper: str
    kind: str = Field(examples=["tests"])
    format: str
    name: str
    digest: str
    size: int
    commit: str | None
    claimed_commit: bool
    at: Instant
    claimed_at: bool
    by: str
    job: str
    filed_at: Instant


class PushedEvidence(EvidenceAnswer):
    """A piece of evidence of this push; `known` when it had been filed before."""

    known: bool


class ListedEvidence(EvidenceAnswer):
    """A piece of evidence and its age."""

    age_seconds: float


class ProgressAnswer(Answer):
    """How far a checklist or a component of it is."""

    name: str
    done: int
    total: int


class ItemAnswer(Answer):
    """One line of a checklist."""

    name: str
    component: str
    roles: list[str]
    wants_evidence: bool
    done: bool
    lapsed: bool
    by: str | None
    at: Instant | None
    due: Instant | None
    evidence: str


class ChecklistAnswer(Answer):
    """A checklist with the state of every line."""

    name: str
    when: str
    every_seconds: float | None
    progress: ProgressAnswer
    components: list[ProgressAnswer]
    items: list[ItemAnswer]


class TestingRow(Answer):
    """One line of the testing summary."""

    metric: str
    result: str
    well: bool | None


class SummaryAnswer(Answer):
    """A version on one page. `digest` is what a sign-off given now is bound to."""

    service: str
    version: str
    commit: str
    previous: str | None
    back_to: str | None
    at: Instant
    digest: str
    decision: str | None
    handed_by: str | None
    handed_at: Instant | None
    scope: str
    testing: list[TestingRow]
    changes: list[str]
    release_notes: str
    known_issues: list[dict[str, Any]]
    risks: list[dict[str, Any]]
    criteria: list[dict[str, Any]]
    sign_offs: list[dict[str, Any]]
    still_to_sign: list[str]
    takeover: dict[str, Any] | None
    migrations: str
    gates: list[dict[str, Any]]
    waivers: list[dict[str, Any]]
    checklists: list[ChecklistAnswer]
    evidence: list[dict[str, Any]]
    links: list[dict[str, Any]]
    frozen: str
    outcome: dict[str, Any] | None


class DraftAnswer(Answer):
    """A handoff to begin with, as YAML."""

    service: str
    version: str
    previous: str | None
    fit: str
    migrations: str
    text: str


class ChangeLogAnswer(Answer):
    """The section of a change log, as Markdown."""

    service: str
    version: str
    on: str
    body: str
