"""Facts: what reports say, as gates look at it: counts, and the first few examples for people."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Severity(StrEnum):
    """How bad a finding is, worst first. UNKNOWN is what a report does not say; it counts as the worst."""

    UNKNOWN = "unknown"
    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


@dataclass(frozen=True, slots=True)
class Example:
    """One thing a person will want to look at: what, where (path and line, or a name), and the message."""

    what: str
    where: str = ""
    message: str = ""


EXAMPLES = 20
"""How many examples a reader keeps; counts are always whole."""


@dataclass(frozen=True, slots=True)
class SuiteCounts:
    """What one top-level suite of a test report adds up to."""

    name: str
    total: int
    failed: int
    skipped: int
    flaky: int


@dataclass(frozen=True, slots=True)
class TestFacts:
    """Test cases by how they ended: total = passed + failed + skipped.

    `failed` counts failures and errors. A case that failed and then passed when it was run again is
    passed, and counted in `flaky` too.
    """

    __test__ = False

    total: int
    passed: int
    failed: int
    skipped: int
    flaky: int = 0
    seconds: float = 0.0
    suites: tuple[SuiteCounts, ...] = ()
    failures: tuple[Example, ...] = ()


@dataclass(frozen=True, slots=True)
class FileCoverage:
    """Lines of one file as closed ranges (from 1): those that ran, and those that could and did not.

    `path` is as the report says it, with `/`; it may lack the folder that the repository has.
    """

    path: str
    covered: tuple[tuple[int, int], ...]
    missed: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class CoverageFacts:
    """Lines that ran, of those that could."""

    covered: int
    total: int
    files: tuple[FileCoverage, ...] = ()


@dataclass(frozen=True, slots=True)
class LintFacts:
    """What one linter, formatter or type checker found."""

    tool: str
    errors: int
    warnings: int
    files: int | None = None
    examples: tuple[Example, ...] = ()


@dataclass(frozen=True, slots=True)
class FindingFacts:
    """Findings of a code scanner by severity. Suppressed ones are counted apart."""

    tool: str
    counts: Mapping[Severity, int] = field(default_factory=dict)
    suppressed: int = 0
    examples: tuple[Example, ...] = ()


@dataclass(frozen=True, slots=True)
class Vulnerability:
    """A known weakness in a package. `fixed_in` is the first version without it, where one is known."""

    id: str
    package: str
    version: str
    severity: Severity
    fixed_in: str | None = None
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class VulnerabilityFacts:
    """What a dependency scanner found in `packages` packages (None: the report does not say how many).

    `skipped` names packages that it could not look at.
    """

    tool: str
    packages: int | None
    vulnerabilities: tuple[Vulnerability, ...] = ()
    skipped: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Component:
    """A part of what is shipped; licences as SPDX names or as the report writes them."""

    name: str
    version: str
    licences: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ComponentFacts:
    """The parts of what is shipped."""

    components: tuple[Component, ...]


@dataclass(frozen=True, slots=True)
class LoadFacts:
    """A load test. Times are milliseconds; None is what the report does not say."""

    tool: str
    requests: int
    failures: int
    seconds: float | None
    p50_ms: float | None
    p95_ms: float | None
    p99_ms: float | None
    concurrency: int | None


class Hazard(StrEnum):
    """Why a migration's operation is dangerous, worst first.

    BREAKING: the version before cannot go on running. DESTRUCTIVE: data is lost for good.
    LOCKING: customers wait while it runs.
    """

    DESTRUCTIVE = "destructive"
    BREAKING = "breaking"
    LOCKING = "locking"


@dataclass(frozen=True, slots=True)
class Operation:
    """One dangerous operation: `statement` is its number in the SQL from 1, `what` names it in a few
    words ("drops column orders.courier"), `advice` says how it is done safely."""

    hazard: Hazard
    what: str
    statement: int
    advice: str


@dataclass(frozen=True, slots=True)
class MigrationFacts:
    """Offline SQL of pending migrations. `unread` counts statements that could not be understood."""

    dialect: str
    revisions: tuple[str, ...]
    statements: int
    operations: tuple[Operation, ...] = ()
    unread: int = 0
    heads: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AlertRuleFacts:
    """What a checker of alerting configuration said: how many rules or files hold, and what does not."""

    tool: str
    checked: int
    failed: int
    examples: tuple[Example, ...] = ()


@dataclass(frozen=True, slots=True)
class Measurement:
    """One named number with its unit, as in ("export p95", 1.4, "s")."""

    name: str
    value: float
    unit: str = ""


@dataclass(frozen=True, slots=True)
class MeasurementFacts:
    """Named numbers that something else measured."""

    measurements: tuple[Measurement, ...]


class HealthState(StrEnum):
    """How a service's own health test came out, worst first."""

    CRITICAL = "critical"
    RECOMMENDED = "recommended"
    GOOD = "good"


@dataclass(frozen=True, slots=True)
class HealthTest:
    """One of a service's own health tests with what to do about it."""

    name: str
    state: HealthState
    detail: str = ""
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class SiteHealthFacts:
    """A service's own health tests."""

    tests: tuple[HealthTest, ...]


@dataclass(frozen=True, slots=True)
class DrillFacts:
    """A backup that was restored: did it work, how old was the data, and how long did it take."""

    name: str
    restored: bool
    smoke_passed: bool
    data_age_seconds: float | None
    restore_seconds: float | None


@dataclass(frozen=True, slots=True)
class SmokeFacts:
    """The desk's own smoke tests on this version in one environment."""

    environment: str
    passed: int
    failed: int
    failures: tuple[Example, ...] = ()


class RehearsalStep(StrEnum):
    """What a rollback rehearsal tries, in order.

    When the version before fails on its own schema already, the rehearsal proves nothing.
    """

    PREVIOUS_ON_OWN_SCHEMA = "previous_on_own_schema"
    UPGRADE = "upgrade"
    PREVIOUS_ON_NEW_SCHEMA = "previous_on_new_schema"
    NEW_ON_NEW_SCHEMA = "new_on_new_schema"
    DOWNGRADE = "downgrade"
    PREVIOUS_AFTER_DOWNGRADE = "previous_after_downgrade"


@dataclass(frozen=True, slots=True)
class RehearsedStep:
    """How one step of a rehearsal ended; `detail` names the request or command that failed."""

    step: RehearsalStep
    passed: bool
    seconds: float
    detail: str = ""


@dataclass(frozen=True, slots=True)
class RehearsalFacts:
    """Proof, or its refutation, that `previous` still runs once `version` has migrated the database."""

    previous: str
    version: str
    steps: tuple[RehearsedStep, ...]


@dataclass(frozen=True, slots=True)
class ChangeFacts:
    """How large a change is, counted against `base`: files and lines that a person has to review.

    `branch_type` is what the branch's name says it is, or None. `ignored` counts generated and lock
    files, which are left out.
    """

    base: str
    branch: str | None
    branch_type: str | None
    files: int
    lines: int
    ignored: int = 0
    largest: tuple[Example, ...] = ()
