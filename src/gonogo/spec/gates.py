"""The shape of `gates`: which evidence a release needs before it may go on."""

from typing import Any, ClassVar

from pydantic import Field

from gonogo.spec import gates_on_people as people
from gonogo.spec import gates_on_reports as reports
from gonogo.spec.gate import GatePart
from gonogo.spec.part import Part, Problems
from gonogo.spec.patch_guard import PatchGuardPart

NONE_REQUIRED = (
    "no gate is required, so nothing could hold a release; add at least gates: {smoke: required}"
)


class GatesPart(Part):
    """Rules over evidence, by kind, in the order in which they are shown."""

    called: ClassVar[str] = "gate"

    tests: reports.TestsPart | None = Field(None, description="Tests ran and passed.")
    coverage: reports.CoveragePart | None = Field(None, description="Enough lines ran under test.")
    lint: reports.LintPart | None = Field(
        None, description="Linters and type checkers found little enough."
    )
    findings: reports.FindingsPart | None = Field(
        None, description="Scanners of the code found little enough."
    )
    vulnerabilities: reports.VulnerabilitiesPart | None = Field(
        None, description="Dependencies have few enough known vulnerabilities."
    )
    components: reports.ComponentsPart | None = Field(
        None, description="What is shipped is new enough and may be shipped."
    )
    load_test: reports.LoadTestPart | None = Field(
        None, description="The service kept its speed under load."
    )
    migrations: reports.MigrationsGatePart | None = Field(
        None, description="Pending migrations do no harm."
    )
    rollback_rehearsal: reports.RollbackRehearsalPart | None = Field(
        None, description="The version before was seen to run on the new schema."
    )
    patch_guard: PatchGuardPart | None = Field(
        None, description="No change is too large to be reviewed."
    )
    smoke: reports.SmokeGatePart | None = Field(
        None, description="The smoke tests passed in every environment before production."
    )
    site_health: reports.SiteHealthPart | None = Field(
        None, description="The service's own health tests are good."
    )
    kpis: reports.KpisGatePart | None = Field(
        None, description="Measured numbers are within bounds."
    )
    alert_rules: reports.AlertRulesPart | None = Field(
        None, description="Alerting rules that their own checker accepts."
    )
    error_budget: reports.ErrorBudgetPart | None = Field(
        None, description="Enough of the error budget is left."
    )
    incidents: reports.IncidentsPart | None = Field(
        None, description="Few enough incidents are open."
    )
    backup: reports.BackupPart | None = Field(None, description="A backup was restored in a drill.")
    secrets: people.SecretsPart | None = Field(
        None, description="Secrets are set in every environment."
    )
    runbook: people.RunbookPart | None = Field(
        None, description="Somebody owns a runbook and dashboards that are there."
    )
    documentation: people.DocumentationPart | None = Field(
        None, description="The version has its documents."
    )
    risks: people.RisksPart | None = Field(
        None, description="No risk of the handoff is high without a mitigation."
    )
    checklists: people.ChecklistsGatePart | None = Field(
        None, description="Checklists are complete."
    )
    sign_offs: people.SignOffsPart | None = Field(
        None, description="Enough people of each role have signed."
    )
    acknowledgement: people.AcknowledgementPart | None = Field(
        None, description="Operations acknowledged the handoff."
    )
    freeze: people.FreezePart | None = Field(None, description="Nothing is released in a freeze.")

    def given(self) -> tuple[GatePart, ...]:
        """The gates in the order of the file."""
        return tuple(getattr(self, name) for name in self._table if name in self.model_fields_set)

    def check(self, problems: Problems) -> None:
        """Something that could hold a release."""
        if not self.misread and not any(gate.required for gate in self.given()):
            problems.note(self.mark(), NONE_REQUIRED)

    @classmethod
    def adapt_schema(cls, schema: dict[str, Any]) -> None:
        """Not only gates that are advisory or off."""
        mild = {"enum": ["advisory", "off", False]}
        schema["not"] = {
            "additionalProperties": {
                "anyOf": [
                    {"const": "advisory"},
                    {"type": "object", "required": ["mode"], "properties": {"mode": mild}},
                ]
            }
        }
