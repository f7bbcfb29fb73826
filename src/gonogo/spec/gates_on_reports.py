"""The shape of gates that hold reports and measurements against limits."""

import re
from typing import Any, ClassVar

from pydantic import Field

from gonogo.domain import gate_rules as rules
from gonogo.domain.facts import Hazard
from gonogo.domain.gate import GateMoment
from gonogo.spec import limits
from gonogo.spec.gate import GatePart, setting
from gonogo.spec.limits import (
    AnyCount,
    AnyDuration,
    AnyPercentage,
    AnyPositiveCount,
    Count,
    Number,
    Percentage,
    PositiveCount,
    Version,
)
from gonogo.spec.names import note_long_keys
from gonogo.spec.part import Part, Problems
from gonogo.spec.scalars import Boolean, Name, Requests
from gonogo.spec.source import Table, Text
from gonogo.spec.units import Unfit
from gonogo.spec.wording import quoted

_MOST = "The most {} that are tolerated; any for any number."


class TestsPart(GatePart):
    """Tests ran and passed."""

    __test__ = False
    makes: ClassVar[type[rules.Rule]] = rules.TestsRule

    at_least: PositiveCount | None = setting(
        rules.TestsRule, "at_least", "How many test cases must have run at the least."
    )
    failed: Count | None = setting(rules.TestsRule, "failed", "The most failed cases.")
    skipped: AnyPercentage | None = setting(
        rules.TestsRule, "skipped", "The largest share of skipped cases; any for any share."
    )
    flaky: AnyCount | None = setting(rules.TestsRule, "flaky", _MOST.format("flaky cases"))
    suites: list[Name] | None = Field(
        None,
        description="Suites that must each be there with cases in them.",
        examples=[["unit", "end to end"]],
    )


class CoveragePart(GatePart):
    """Enough lines ran under test."""

    makes: ClassVar[type[rules.Rule]] = rules.CoverageRule

    total: AnyPercentage | None = setting(
        rules.CoverageRule, "total", "Lowest share of all lines that ran; any for any share."
    )
    changed: AnyPercentage | None = setting(
        rules.CoverageRule,
        "changed",
        "Lowest share of new and changed lines that ran; any for any share.",
    )

    def lack(self) -> str:
        """A share to reach."""
        rule = rules.CoverageRule(**self.settings())
        if rule.total is None and rule.changed is None:
            return "this coverage gate lets any coverage pass; give total or changed, as in 60%"
        return ""


class LintPart(GatePart):
    """Linters and type checkers found little enough."""

    makes: ClassVar[type[rules.Rule]] = rules.LintRule

    errors: Count | None = setting(rules.LintRule, "errors", "The most errors over all tools.")
    warnings: AnyCount | None = setting(
        rules.LintRule, "warnings", _MOST.format("warnings over all tools")
    )
    tools: list[Name] | None = Field(
        None, description="Tools that must each have reported.", examples=[["ruff", "mypy"]]
    )


class FindingsPart(GatePart):
    """Scanners of the code found little enough."""

    makes: ClassVar[type[rules.Rule]] = rules.FindingsRule

    critical: AnyCount | None = setting(
        rules.FindingsRule, "critical", _MOST.format("critical findings")
    )
    high: AnyCount | None = setting(rules.FindingsRule, "high", _MOST.format("high findings"))
    medium: AnyCount | None = setting(rules.FindingsRule, "medium", _MOST.format("medium findings"))
    low: AnyCount | None = setting(rules.FindingsRule, "low", _MOST.format("low findings"))
    tools: list[Name] | None = Field(
        None, description="Tools that must each have reported.", examples=[["semgrep"]]
    )


class VulnerabilitiesPart(GatePart):
    """Dependencies have few enough known vulnerabilities."""

    makes: ClassVar[type[rules.Rule]] = rules.VulnerabilitiesRule

    critical: AnyCount | None = setting(
        rules.VulnerabilitiesRule, "critical", _MOST.format("critical vulnerabilities")
    )
    high: AnyCount | None = setting(
        rules.VulnerabilitiesRule, "high", _MOST.format("high vulnerabilities")
    )
    medium: AnyCount | None = setting(
        rules.VulnerabilitiesRule, "medium", _MOST.format("medium vulnerabilities")
    )
    low: AnyCount | None = setting(
        rules.VulnerabilitiesRule, "low", _MOST.format("low vulnerabilities")
    )
    unfixed: Boolean | None = setting(
        rules.VulnerabilitiesRule,
        "unfixed",
        "Whether those that no version fixes are tolerated.",
    )


class ComponentsPart(GatePart):
    """What is shipped is new enough and may be shipped."""

    makes: ClassVar[type[rules.Rule]] = rules.ComponentsRule

    minimum: dict[str, Version] | None = Field(
        None, description="Lowest version by component.", examples=[{"python": "3.11"}]
    )
    denied_licences: list[Name] | None = Field(
        None,
        description="Licences that must not be shipped, by their SPDX names.",
        examples=[["AGPL-3.0-only"]],
    )

    @classmethod
    def examine(cls, table: Table, problems: Problems) -> None:
        """Names of components."""
        note_long_keys(problems, table.get("minimum"), "a component")


class LoadTestPart(GatePart):
    """The service kept its speed under load."""

    makes: ClassVar[type[rules.Rule]] = rules.LoadRule

    p95: AnyDuration | None = setting(
        rules.LoadRule, "p95", "95 % of answers must come within this; any for any time."
    )
    p99: AnyDuration | None = setting(
        rules.LoadRule, "p99", "99 % of answers must come within this; any for any time."
    )
    concurrency: AnyPositiveCount | None = setting(
        rules.LoadRule, "concurrency", "How many users at once at the least; any for any number."
    )
    errors: AnyPercentage | None = setting(
        rules.LoadRule, "errors", "Largest share of failed requests; any for any share."
    )
    requests: Requests | None = setting(
        rules.LoadRule, "requests", "How many requests there must have been at the least."
    )


class MigrationsGatePart(GatePart):
    """Pending migrations do no harm."""

    makes: ClassVar[type[rules.Rule]] = rules.MigrationsRule

    allow: list[limits.member(Hazard)] | None = Field(  # type: ignore[valid-type]
        None,
        description="Hazards that are tolerated: destructive, breaking, locking. None by default.",
        examples=[["locking"]],
    )


class RollbackRehearsalPart(GatePart):
    """The version before was seen to run on the new schema."""

    makes: ClassVar[type[rules.Rule]] = rules.RehearsalRule


class SmokeGatePart(GatePart):
    """The smoke tests passed in every environment before production."""

    makes: ClassVar[type[rules.Rule]] = rules.SmokeRule

    def lack(self) -> str:
        """A moment at which it can have been answered."""
        if self.before is GateMoment.STAGING:
            return "smoke tests are run in staging, so they cannot be passed before it; leave before out"
        return ""


class SiteHealthPart(GatePart):
    """The service's own health tests are good."""

    makes: ClassVar[type[rules.Rule]] = rules.SiteHealthRule

    recommended: AnyCount | None = setting(
        rules.SiteHealthRule, "recommended", _MOST.format("recommended improvements")
    )


_BOUND = re.compile(
    r"^at\s+(?P<side>most|least)\s+(?P<number>-?[0-9]+(\.[0-9]+)?)\s*(?P<unit>[^\s0-9].*)?$",
    re.IGNORECASE,
)


class BoundPart(Part):
    """What a measurement must keep to."""

    shorthand: ClassVar[dict[str, Any] | None] = {
        "type": "string",
        "pattern": r"^at (most|least) -?[0-9]",
        "examples": ["at most 2 s", "at least 98 %", "at least 1 and at most 5 s"],
    }

    at_most: Number | None = Field(None, description="Highest number.")
    at_least: Number | None = Field(None, description="Lowest number.")
    unit: Name | None = Field(
        None, description="The unit that it must have been measured in.", examples=["%", "s"]
    )

    @classmethod
    def expand(cls, text: Text) -> Table:
        """`at most 2 s`, `at least 1 and at most 5 s`."""
        pieces = re.split(r"\s+and\s+", text.text[:121])
        found = [_BOUND.match(piece.strip()) for piece in pieces]
        table = Table(text.mark)
        units = set()
        for match in found:
            key = f"at_{match['side'].lower()}" if match else ""
            if match is None or key in table or len(text.text) > 120:
                raise Unfit(
                    f"{quoted(text.text)} is not a bound; write it as in at most 2 s, at least 98 % "
                    "or at least 1 and at most 5 s"
                )
            table[key] = Text(match["number"], text.mark, plain=True)
            table.key_marks[key] = text.mark
            units |= {match["unit"].strip()} if match["unit"] else set()
        if len(units) > 1:
            raise Unfit(f"{quoted(text.text)} has two units; both ends have the same one")
        for unit in units:
            table["unit"] = Text(unit, text.mark, plain=False)
            table.key_marks["unit"] = text.mark
        return table

    def check(self, problems: Problems) -> None:
        """A bound, and room in it."""
        if self.at_most is None and self.at_least is None:
            problems.note(self.mark(), "this bound has neither at_most nor at_least; give one")
            return
        low, high = self.at_least, self.at_most
        if low is not None and high is not None and low > high:
            problems.note(self.mark(), f"no number is at least {low:g} and at most {high:g}")


class KpisGatePart(GatePart):
    """Measured numbers are within bounds."""

    makes: ClassVar[type[rules.Rule]] = rules.KpisRule

    bounds: dict[str, BoundPart] | None = Field(
        None,
        description="Measurement: at most or at least a number, with its unit.",
        examples=[{"export p95": "at most 2 s"}],
    )

    @classmethod
    def examine(cls, table: Table, problems: Problems) -> None:
        """Names of measurements."""
        note_long_keys(problems, table.get("bounds"), "a measurement")

    def lack(self) -> str:
        """Bounds."""
        if self.bounds:
            return ""
        return "this gate has no bounds; write them as in {bounds: {export p95: at most 2 s}}"

    def settings(self) -> dict[str, Any]:
        """Bounds as the rule has them."""
        given = super().settings()
        if self.bounds is not None:
            given["bounds"] = tuple(
                rules.Bound(name, part.at_most, part.at_least, part.unit or "")
                for name, part in self.bounds.items()
            )
        return given


class AlertRulesPart(GatePart):
    """Alerting rules that their own checker accepts."""

    makes: ClassVar[type[rules.Rule]] = rules.AlertRulesRule


class ErrorBudgetPart(GatePart):
    """Enough of the error budget is left."""

    makes: ClassVar[type[rules.Rule]] = rules.ErrorBudgetRule

    at_least: Percentage | None = setting(
        rules.ErrorBudgetRule,
        "at_least",
        f'Lowest share that is left, by the measurement "{rules.ERROR_BUDGET}".',
    )


class IncidentsPart(GatePart):
    """Few enough incidents are open."""

    makes: ClassVar[type[rules.Rule]] = rules.IncidentsRule

    at_most: Count | None = setting(
        rules.IncidentsRule,
        "at_most",
        f'The most incidents that may be open, by the measurement "{rules.OPEN_INCIDENTS}".',
    )


class BackupPart(GatePart):
    """A backup was restored in a drill."""

    makes: ClassVar[type[rules.Rule]] = rules.BackupRule

    rpo: AnyDuration | None = setting(
        rules.BackupRule, "rpo", "How old restored data may be; any for any age."
    )
    rto: AnyDuration | None = setting(
        rules.BackupRule, "rto", "How long restoring may take; any for any time."
    )
