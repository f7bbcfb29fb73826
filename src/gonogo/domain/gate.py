"""Gates: rules over evidence, and what comes of applying one.

A rule says what a service asks for; every kind has a class of its own, with its limits and its
defaults. Rules come from the registered spec, never from the commit that is judged by them.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class GateKind(StrEnum):
    """What a gate looks at."""

    TESTS = "tests"
    COVERAGE = "coverage"
    LINT = "lint"
    FINDINGS = "findings"
    VULNERABILITIES = "vulnerabilities"
    COMPONENTS = "components"
    LOAD_TEST = "load_test"
    MIGRATIONS = "migrations"
    ROLLBACK_REHEARSAL = "rollback_rehearsal"
    PATCH_GUARD = "patch_guard"
    SMOKE = "smoke"
    SITE_HEALTH = "site_health"
    KPIS = "kpis"
    ALERT_RULES = "alert_rules"
    ERROR_BUDGET = "error_budget"
    INCIDENTS = "incidents"
    BACKUP = "backup"
    SECRETS = "secrets"
    RUNBOOK = "runbook"
    DOCUMENTATION = "documentation"
    RISKS = "risks"
    CHECKLISTS = "checklists"
    SIGN_OFFS = "sign_offs"
    ACKNOWLEDGEMENT = "acknowledgement"
    FREEZE = "freeze"


class GateMode(StrEnum):
    """Whether a gate can stop a release, only says what it finds, or is switched off with a reason."""

    REQUIRED = "required"
    ADVISORY = "advisory"
    OFF = "off"


class GateStatus(StrEnum):
    """What came of a gate, worst first.

    MISSING: there is no evidence. STALE: it is older than the rule allows, or of another commit.
    INCONCLUSIVE: it was read and does not answer the question. WAIVED never looks like PASS.
    NOT_APPLICABLE: the question does not arise for this release.
    """

    FAIL = "fail"
    MISSING = "missing"
    STALE = "stale"
    INCONCLUSIVE = "inconclusive"
    WAIVED = "waived"
    NOT_APPLICABLE = "not_applicable"
    PASS = "pass"  # noqa: S105


class GateMoment(StrEnum):
    """Up to when a gate must be answered."""

    STAGING = "staging"
    PRODUCTION = "production"


@dataclass(frozen=True, slots=True)
class EvidenceReference:
    """Which evidence a result rests on: the report's name and digest, its time, and who supplied it."""

    name: str
    digest: str
    at: datetime
    supplier: str


@dataclass(frozen=True, slots=True)
class GateResult:
    """What came of one gate.

    `number` against `limit` in `unit` is what was held against what (both None where nothing is
    counted). `reason` is one sentence. `asks` are the people or roles who can change it. `until` is
    when a PASS or WAIVED stops holding by itself, or when a failure that `passes` ends; None where no
    time is known. `passes` says that a FAIL goes away without another commit (a freeze ends), so that
    the release is held and not refused. `later` says that it need not be answered yet. `waived` is
    the status that a waiver covers, `waiver` the waiver's id.
    """

    kind: GateKind
    mode: GateMode
    status: GateStatus
    reason: str
    number: float | None = None
    limit: float | None = None
    unit: str = ""
    owner: str = ""
    fix: str = ""
    asks: tuple[str, ...] = ()
    evidence: tuple[EvidenceReference, ...] = ()
    until: datetime | None = None
    passes: bool = False
    later: bool = False
    waived: GateStatus | None = None
    waiver: str | None = None


class Answer(StrEnum):
    """May traffic move? HOLD: something is missing. NO_GO: something failed."""

    GO = "go"
    HOLD = "hold"
    NO_GO = "no_go"


@dataclass(frozen=True, slots=True)
class Decision:
    """The answer at one moment, for one commit and one set of evidence, with every gate's result.

    `sentence` says it for people: "NO-GO: 1 of 6 gates blocks: load test is 9 days old (limit 7)".
    `digest` is that of the evidence which was looked at. `due` is the next moment at which time alone
    may change it. `rehearse` says that staging may begin: whatever is missing need not be answered
    before it.
    """

    answer: Answer
    sentence: str
    commit: str
    digest: str
    at: datetime
    results: tuple[GateResult, ...] = ()
    rehearse: bool = False
    due: datetime | None = None
