"""What people and programs file about a version: evidence, handoff, sign-offs, waivers, ticks, flags.

Papers are only ever added. Which of them hold now follows from all of them, the commit and the time;
see gonogo.domain.dossier. A paper is bound to a service and a commit, or to the service alone where
its content is not about one version (a flag, a waiver, a recurring checklist).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from gonogo.domain.actor import Role
from gonogo.domain.evidence import Evidence
from gonogo.domain.facts import Severity
from gonogo.domain.gate import GateKind
from gonogo.domain.plan import RollbackCriterion


class PaperKind(StrEnum):
    """What a paper is."""

    EVIDENCE = "evidence"
    HANDOFF = "handoff"
    ACKNOWLEDGEMENT = "acknowledgement"
    SIGN_OFF = "sign_off"
    REJECTION = "rejection"
    WAIVER = "waiver"
    TICK = "tick"
    FLAG = "flag"
    WITHDRAWAL = "withdrawal"


@dataclass(frozen=True, slots=True)
class FiledEvidence:
    """Evidence with what its supplier claims where the report itself is silent.

    `commit` and `at` are the report's own word where it has one (then `claimed_commit` or
    `claimed_at` is False), otherwise the supplier's. `job` names the CI job that made it.
    """

    evidence: Evidence
    at: datetime
    claimed_commit: bool
    claimed_at: bool
    job: str = ""


@dataclass(frozen=True, slots=True)
class Concern:
    """A known issue or a risk with what is done about it."""

    title: str
    severity: Severity
    mitigation: str = ""
    owner: str = ""


@dataclass(frozen=True, slots=True)
class Handoff:
    """QA hands a version over."""

    version: str
    scope: str
    stories_tested: int | None = None
    stories_total: int | None = None
    bugs_found: int | None = None
    bugs_fixed: int | None = None
    changes: tuple[str, ...] = ()
    known_issues: tuple[Concern, ...] = ()
    risks: tuple[Concern, ...] = ()
    release_notes: str = ""
    criteria: tuple[RollbackCriterion, ...] = ()


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """Operations takes a handoff over with a schedule. Without `starts_at` it may start at once.

    The window is open from `starts_at` for `window` (None: it does not close).
    """

    starts_at: datetime | None = None
    window: timedelta | None = None
    duration: timedelta | None = None
    downtime: timedelta = timedelta()
    steps: tuple[str, ...] = ()
    concerns: str = ""


@dataclass(frozen=True, slots=True)
class SignOff:
    """A named person's word in a role, for one commit and one set of evidence (`digest`).

    `criteria` become part of the release.
    """

    role: Role
    digest: str
    criteria: tuple[RollbackCriterion, ...] = ()
    note: str = ""


@dataclass(frozen=True, slots=True)
class Rejection:
    """A named person's no in a role, to one commit, having been shown the evidence with this digest.

    It stands until it is taken back, or until the same person signs in the same role.
    """

    role: Role
    digest: str
    reason: str


@dataclass(frozen=True, slots=True)
class Waiver:
    """A gate let pass by a named person until a date; for one commit, or for the service."""

    gate: GateKind
    role: Role
    reason: str
    until: datetime


@dataclass(frozen=True, slots=True)
class Tick:
    """One item of a checklist, done or undone again, with what shows it."""

    checklist: str
    item: str
    done: bool = True
    evidence: str = ""


@dataclass(frozen=True, slots=True)
class Flag:
    """A switch of the service that people set, such as `freeze`."""

    name: str
    on: bool
    reason: str
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """A sign-off, rejection, waiver or acknowledgement (`paper`) is taken back."""

    paper: str
    reason: str


Content = (
    FiledEvidence
    | Handoff
    | Acknowledgement
    | SignOff
    | Rejection
    | Waiver
    | Tick
    | Flag
    | Withdrawal
)

CONTENTS: Mapping[PaperKind, type[Content]] = {
    PaperKind.EVIDENCE: FiledEvidence,
    PaperKind.HANDOFF: Handoff,
    PaperKind.ACKNOWLEDGEMENT: Acknowledgement,
    PaperKind.SIGN_OFF: SignOff,
    PaperKind.REJECTION: Rejection,
    PaperKind.WAIVER: Waiver,
    PaperKind.TICK: Tick,
    PaperKind.FLAG: Flag,
    PaperKind.WITHDRAWAL: Withdrawal,
}
_KINDS: Mapping[type[Content], PaperKind] = {content: kind for kind, content in CONTENTS.items()}

FREEZE = "freeze"
QUIET = "quiet"
"""The flag that holds every release of a service."""


@dataclass(frozen=True, slots=True)
class Paper:
    """One filed paper: what, of which service and commit (None: of the service), when and by whom.

    `roles` and `emails` are those its actor had then.
    """

    id: str
    service: str
    commit: str | None
    at: datetime
    actor: str
    roles: tuple[Role, ...]
    content: Content
    emails: tuple[str, ...] = ()

    @property
    def kind(self) -> PaperKind:
        """What it is."""
        return _KINDS[type(self.content)]
