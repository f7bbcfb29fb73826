"""Evidence: what a report that was read says, bound to its bytes by a digest.

One report may hold several kinds of facts (an SBOM with its vulnerabilities), so a reader gives one or
more pieces of evidence. A report's own word on commit and time is part of the evidence; what somebody
only says of it is a `Claim` beside it (see gonogo.domain.paper).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from gonogo.domain.facts import (
    AlertRuleFacts,
    ChangeFacts,
    ComponentFacts,
    CoverageFacts,
    DrillFacts,
    FindingFacts,
    LintFacts,
    LoadFacts,
    MeasurementFacts,
    MigrationFacts,
    RehearsalFacts,
    SiteHealthFacts,
    SmokeFacts,
    TestFacts,
    VulnerabilityFacts,
)


class EvidenceKind(StrEnum):
    """What a piece of evidence speaks of."""

    TESTS = "tests"
    COVERAGE = "coverage"
    LINT = "lint"
    FINDINGS = "findings"
    VULNERABILITIES = "vulnerabilities"
    COMPONENTS = "components"
    LOAD = "load"
    MIGRATIONS = "migrations"
    ALERT_RULES = "alert_rules"
    MEASUREMENTS = "measurements"
    SITE_HEALTH = "site_health"
    DRILL = "drill"
    SMOKE = "smoke"
    REHEARSAL = "rehearsal"
    CHANGE = "change"


Facts = (
    TestFacts
    | CoverageFacts
    | LintFacts
    | FindingFacts
    | VulnerabilityFacts
    | ComponentFacts
    | LoadFacts
    | MigrationFacts
    | AlertRuleFacts
    | MeasurementFacts
    | SiteHealthFacts
    | DrillFacts
    | SmokeFacts
    | RehearsalFacts
    | ChangeFacts
)

FACTS: Mapping[EvidenceKind, type[Facts]] = {
    EvidenceKind.TESTS: TestFacts,
    EvidenceKind.COVERAGE: CoverageFacts,
    EvidenceKind.LINT: LintFacts,
    EvidenceKind.FINDINGS: FindingFacts,
    EvidenceKind.VULNERABILITIES: VulnerabilityFacts,
    EvidenceKind.COMPONENTS: ComponentFacts,
    EvidenceKind.LOAD: LoadFacts,
    EvidenceKind.MIGRATIONS: MigrationFacts,
    EvidenceKind.ALERT_RULES: AlertRuleFacts,
    EvidenceKind.MEASUREMENTS: MeasurementFacts,
    EvidenceKind.SITE_HEALTH: SiteHealthFacts,
    EvidenceKind.DRILL: DrillFacts,
    EvidenceKind.SMOKE: SmokeFacts,
    EvidenceKind.REHEARSAL: RehearsalFacts,
    EvidenceKind.CHANGE: ChangeFacts,
}
"""Which facts belong to which kind."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What one report says of one kind.

    `format` is the reader that read it ("junit"), `name` the file's name without folders, `digest`
    the SHA-256 of its bytes in hex, `size` their number. `commit` (full or abbreviated) and `at` are
    what the report itself says, or None.
    """

    format: str
    name: str
    digest: str
    size: int
    facts: Facts
    commit: str | None = None
    at: datetime | None = None

    @property
    def kind(self) -> EvidenceKind:
        """What it speaks of."""
        return KINDS[type(self.facts)]


KINDS: Mapping[type[Facts], EvidenceKind] = {facts: kind for kind, facts in FACTS.items()}
