"""The rules of gates as a plan holds them: one frozen value for each kind, with its limits.

A limit is written as people would say it; None means that nothing is asked.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from typing import Literal

from gonogo.domain.actor import Role
from gonogo.domain.facts import Hazard
from gonogo.domain.gate import GateKind, GateMode, GateMoment


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """What all rules have.

    `before` says before which environments it must be answered: any, or production alone. `because`
    is the reason for `off`. Evidence older than `expires` is STALE. `owner` is who to ask, `fix` what
    to do; empty ones are filled from the table of gates. `suppliers` are names of people or CI jobs,
    or roles, whose evidence counts; with none anybody's does who may supply evidence.
    """

    mode: GateMode = GateMode.REQUIRED
    before: GateMoment = GateMoment.STAGING
    because: str = ""
    expires: timedelta = timedelta(days=7)
    owner: str = ""
    fix: str = ""
    suppliers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TestsRule(Rule):
    """At least `at_least` cases, at most `failed` failed and `flaky` flaky (None: any number), at most
    a share `skipped` skipped. Every name in `suites` is a suite that must be there with cases in it."""

    __test__ = False

    kind: Literal[GateKind.TESTS] = GateKind.TESTS
    at_least: int = 1
    failed: int = 0
    skipped: float | None = 0.1
    flaky: int | None = None
    suites: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CoverageRule(Rule):
    """Lowest share of lines that ran: of all lines, and of lines new or changed since the base."""

    kind: Literal[GateKind.COVERAGE] = GateKind.COVERAGE
    total: float | None = 0.6
    changed: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LintRule(Rule):
    """At most so many errors and warnings over all tools; `tools` must each have reported."""

    kind: Literal[GateKind.LINT] = GateKind.LINT
    errors: int = 0
    warnings: int | None = None
    tools: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingsRule(Rule):
    """At most so many findings of a severity (None: any number); unknown ones count as critical."""

    kind: Literal[GateKind.FINDINGS] = GateKind.FINDINGS
    critical: int | None = 0
    high: int | None = 0
    medium: int | None = None
    low: int | None = None
    tools: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class VulnerabilitiesRule(Rule):
    """At most so many vulnerabilities of a severity; unknown ones count as critical.

    With `unfixed` those without a fixed version do not count.
    """

    kind: Literal[GateKind.VULNERABILITIES] = GateKind.VULNERABILITIES
    critical: int | None = 0
    high: int | None = 0
    medium: int | None = None
    low: int | None = None
    unfixed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ComponentsRule(Rule):
    """Lowest versions by component, and licences that must not be shipped (SPDX names)."""

    kind: Literal[GateKind.COMPONENTS] = GateKind.COMPONENTS
    minimum: Mapping[str, str] = field(default_factory=dict)
    denied_licences: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadRule(Rule):
    """Highest p95 and p99, lowest number of concurrent users, highest share of failed requests."""

    kind: Literal[GateKind.LOAD_TEST] = GateKind.LOAD_TEST
    p95: timedelta | None = None
    p99: timedelta | None = None
    concurrency: int | None = None
    errors: float | None = 0.01
    requests: int = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class MigrationsRule(Rule):
    """Hazards that are allowed in pending migrations; none by default."""

    kind: Literal[GateKind.MIGRATIONS] = GateKind.MIGRATIONS
    allow: tuple[Hazard, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RehearsalRule(Rule):
    """The version before must run on the new schema."""

    kind: Literal[GateKind.ROLLBACK_REHEARSAL] = GateKind.ROLLBACK_REHEARSAL


@dataclass(frozen=True, slots=True)
class PatchLimit:
    """The most files and lines that a change of one type of branch may touch."""

    files: int
    lines: int


PATCH_LIMITS: Mapping[str, PatchLimit] = {
    "feature": PatchLimit(20, 600),
    "hotfix": PatchLimit(5, 150),
    "bugfix": PatchLimit(8, 200),
    "refactor": PatchLimit(15, 500),
    "perf": PatchLimit(12, 350),
    "security": PatchLimit(8, 200),
    "docs": PatchLimit(30, 800),
    "tests": PatchLimit(25, 700),
    "i18n": PatchLimit(50, 1000),
    "migration": PatchLimit(15, 400),
    "compatibility": PatchLimit(10, 300),
}
"""The limits of seed 2, by type of branch."""

BRANCH_WORDS: Mapping[str, str] = {
    "feat": "feature",
    "fix": "bugfix",
    "bug": "bugfix",
    "performance": "perf",
    "doc": "docs",
    "test": "tests",
    "migrations": "migration",
    "compat": "compatibility",
    "sec": "security",
    "refactoring": "refactor",
    "locale": "i18n",
}
"""Other words that branches and Conventional Commits use for a type."""

IGNORED_FILES: tuple[str, ...] = (
    "**/package-lock.json",
    "**/npm-shrinkwrap.json",
    "**/yarn.lock",
    "**/pnpm-lock.yaml",
    "**/poetry.lock",
    "**/uv.lock",
    "**/pdm.lock",
    "**/Pipfile.lock",
    "**/Cargo.lock",
    "**/composer.lock",
    "**/Gemfile.lock",
    "**/go.sum",
)
"""Files that tools write: nobody reviews them line by line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PatchGuardRule(Rule):
    """How large one change may be. A change whose type is not known is held against `other`.

    `ignore` are patterns of files beside the generated ones. Every change since the version that
    serves counts, and the last `recent` ones are looked at for the warning.
    """

    kind: Literal[GateKind.PATCH_GUARD] = GateKind.PATCH_GUARD
    limits: Mapping[str, PatchLimit] = field(default_factory=lambda: dict(PATCH_LIMITS))
    other: PatchLimit = PATCH_LIMITS["feature"]
    ignore: tuple[str, ...] = IGNORED_FILES
    recent: int = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class SmokeRule(Rule):
    """The desk's own smoke tests must have passed in every environment before production.

    It is answered once the version runs there, before any customer meets it.
    """

    kind: Literal[GateKind.SMOKE] = GateKind.SMOKE
    before: GateMoment = GateMoment.PRODUCTION
    expires: timedelta = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteHealthRule(Rule):
    """The service's own health tests: none critical, at most `recommended` to be improved."""

    kind: Literal[GateKind.SITE_HEALTH] = GateKind.SITE_HEALTH
    recommended: int | None = None


@dataclass(frozen=True, slots=True)
class Bound:
    """What a measurement must keep to; `unit` must be the one it was measured in."""

    measurement: str
    at_most: float | None = None
    at_least: float | None = None
    unit: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class KpisRule(Rule):
    """Measured numbers within bounds."""

    kind: Literal[GateKind.KPIS] = GateKind.KPIS
    bounds: tuple[Bound, ...] = ()
    expires: timedelta = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertRulesRule(Rule):
    """Alerting rules and configuration that their own checker accepts."""

    kind: Literal[GateKind.ALERT_RULES] = GateKind.ALERT_RULES


ERROR_BUDGET = "error budget left"
OPEN_INCIDENTS = "open incidents"


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorBudgetRule(Rule):
    """At least so much of the error budget is left: the measurement "error budget left", a share or %."""

    kind: Literal[GateKind.ERROR_BUDGET] = GateKind.ERROR_BUDGET
    at_least: float = 0.1
    expires: timedelta = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentsRule(Rule):
    """At most so many incidents are open: the measurement "open incidents"."""

    kind: Literal[GateKind.INCIDENTS] = GateKind.INCIDENTS
    at_most: int = 0
    expires: timedelta = timedelta(hours=4)


@dataclass(frozen=True, slots=True, kw_only=True)
class BackupRule(Rule):
    """A backup was restored in a drill: its data no older than `rpo`, back within `rto`."""

    kind: Literal[GateKind.BACKUP] = GateKind.BACKUP
    rpo: timedelta | None = timedelta(hours=4)
    rto: timedelta | None = timedelta(hours=2)
    expires: timedelta = timedelta(days=31)


@dataclass(frozen=True, slots=True, kw_only=True)
class SecretsRule(Rule):
    """Names of secrets that must be set in every environment."""

    kind: Literal[GateKind.SECRETS] = GateKind.SECRETS
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RunbookRule(Rule):
    """Who owns the runbook, where it is, and where the dashboards are: a path in the files of the
    version, which must be there, or a link."""

    kind: Literal[GateKind.RUNBOOK] = GateKind.RUNBOOK
    runbook_owner: str = ""
    runbook: str = ""
    dashboard: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentationRule(Rule):
    """Files that the version must have; `change_log` is one that must name the version."""

    kind: Literal[GateKind.DOCUMENTATION] = GateKind.DOCUMENTATION
    files: tuple[str, ...] = ()
    change_log: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RisksRule(Rule):
    """No risk or known issue of the handoff is high or critical without a mitigation."""

    kind: Literal[GateKind.RISKS] = GateKind.RISKS


@dataclass(frozen=True, slots=True, kw_only=True)
class ChecklistsRule(Rule):
    """Checklists that must be complete; none named means all that are for before a release."""

    kind: Literal[GateKind.CHECKLISTS] = GateKind.CHECKLISTS
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SignOffsRule(Rule):
    """How many people of a role must have signed. Whoever wrote part of the change does not count
    unless `author_may_sign`."""

    kind: Literal[GateKind.SIGN_OFFS] = GateKind.SIGN_OFFS
    needed: Mapping[Role, int] = field(default_factory=dict)
    author_may_sign: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class AcknowledgementRule(Rule):
    """Operations acknowledged the handoff; a window that they gave must be open."""

    kind: Literal[GateKind.ACKNOWLEDGEMENT] = GateKind.ACKNOWLEDGEMENT


@dataclass(frozen=True, slots=True)
class FreezeDates:
    """No releases from `start` up to `end` (UTC)."""

    start: datetime
    end: datetime
    reason: str = ""


@dataclass(frozen=True, slots=True)
class FreezeHours:
    """No releases every week from one day and time up to another, in a time zone.

    Days count from 0 = Monday. An end that lies before its start is in the week after.
    """

    start_day: int
    start: time
    end_day: int
    end: time
    zone: str
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FreezeRule(Rule):
    """No release in a freeze window, or while somebody has set the freeze flag."""

    kind: Literal[GateKind.FREEZE] = GateKind.FREEZE
    dates: tuple[FreezeDates, ...] = ()
    hours: tuple[FreezeHours, ...] = ()


GateRule = (
    TestsRule
    | CoverageRule
    | LintRule
    | FindingsRule
    | VulnerabilitiesRule
    | ComponentsRule
    | LoadRule
    | MigrationsRule
    | RehearsalRule
    | PatchGuardRule
    | SmokeRule
    | SiteHealthRule
    | KpisRule
    | AlertRulesRule
    | ErrorBudgetRule
    | IncidentsRule
    | BackupRule
    | SecretsRule
    | RunbookRule
    | DocumentationRule
    | RisksRule
    | ChecklistsRule
    | SignOffsRule
    | AcknowledgementRule
    | FreezeRule
)
