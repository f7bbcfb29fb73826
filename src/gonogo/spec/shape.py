"""The shape of gonogo.yaml: one model for every mapping in it, with what editors show of each key."""

import re
from typing import Annotated, Any, ClassVar

from pydantic import Discriminator, Field, Tag

from gonogo.domain.plan import Verification
from gonogo.spec import scalars
from gonogo.spec.checklists import ChecklistPart
from gonogo.spec.collection import CollectionPart
from gonogo.spec.defaults import default_words
from gonogo.spec.deployment import (
    CommandPart,
    EnvironmentPart,
    HealthPart,
    HooksPart,
    MigrationsPart,
)
from gonogo.spec.gates import GatesPart
from gonogo.spec.gauges import GaugePart
from gonogo.spec.limits import VERIFIERS, Sentence, role
from gonogo.spec.metrics import MetricsPart
from gonogo.spec.names import note_duplicates
from gonogo.spec.part import Part, Problems, one_key, written
from gonogo.spec.problem import Mark
from gonogo.spec.scalars import (
    Duration,
    Line,
    Name,
    PositiveDuration,
    Requests,
    Share,
)
from gonogo.spec.smoke import SmokePart
from gonogo.spec.source import Table, Text
from gonogo.spec.units import Unfit
from gonogo.spec.wording import quoted

_BAD: Any = Field(
    description="What makes a request bad: statuses, or slower than a duration. "
    "A request without any answer is always bad."
)
_ON: Any = Field(
    None,
    description="Which requests are looked at: METHOD path; * for any method or one segment, a "
    "last ** for the rest. Default all.",
)


class KpiPart(Part):
    """A share of bad requests that is judged."""

    bad: scalars.Bad = _BAD
    on: scalars.On | None = _ON
    limit: Share | None = Field(None, description="Highest tolerated share of bad requests.")
    ratio: scalars.Ratio | None = Field(
        None, description="How many times the baseline's share of bad requests is tolerated."
    )
    unit: scalars.choice("request", "client") = Field(  # type: ignore[valid-type]
        "request",
        description="What is counted: every request, or every customer once in the time of once_in. "
        "Default request.",
    )
    once_in: scalars.DurationOrOff | None = Field(
        None,
        description="For how long a customer is set aside after a bad answer (unit request), or after "
        "it was counted (unit client); off: every request counts. Default 1m, of unit client 10m.",
    )

    @classmethod
    def examine(cls, table: Table, problems: Problems) -> None:
        """Something to judge against, and a time where customers are counted."""
        if not {"limit", "ratio"} & set(table.key_marks):
            problems.note(
                table.mark,
                "this KPI has neither limit nor ratio, so nothing could fail; "
                "give limit (as in 5%), ratio (as in 1.2) or both",
            )
        if _word(table, "unit") == "client" and _word(table, "once_in") in scalars.OFF:
            problems.note(
                table.key_marks["once_in"],
                "a KPI that counts customers counts each once in a time; give one, as in 10m",
            )

    @classmethod
    def adapt_schema(cls, schema: dict[str, Any]) -> None:
        """Limit, ratio or both."""
        schema["anyOf"] = [{"required": ["limit"]}, {"required": ["ratio"]}]


def _word(table: Table, key: str) -> str:
    node = table.get(key)
    return node.text.strip().lower() if isinstance(node, Text) else ""


def _kpi_kind(node: object) -> str:
    is_gauge = isinstance(node, Table) and "gauge" in node.key_marks
    return "gauge kpi" if is_gauge else "rate kpi"  # no key: places in messages step over it


AnyKpiPart = Annotated[
    Annotated[KpiPart, Tag("rate kpi")] | Annotated[GaugePart, Tag("gauge kpi")],
    Discriminator(_kpi_kind),
]


_STEP = re.compile(
    r"^(?P<share>[^\s,]+)\s+for\s+(?P<for>[^,]+?)\s*(?:,\s*at\s+least\s+(?P<requests>[^,]+?))?\s*$",
    re.IGNORECASE,
)


class StepPart(Part):
    """A share of customers for a time."""

    shorthand: ClassVar[dict[str, Any] | None] = {
        "type": "string",
        "pattern": r"^\s*[0-9.]+\s*%\s+for\s+[^,]+(,\s*at\s+least\s+[0-9]+(\s+requests?)?)?\s*$",
        "examples": ["5% for 2m, at least 100 requests"],
    }

    share: scalars.StepShare = Field(
        description="Share of customers on the new version; less than 100%."
    )
    hold: PositiveDuration = Field(alias="for", description="How long the step lasts.")
    requests: Requests | None = Field(
        None,
        description="How many requests the new version must have answered by the step's end. "
        "Default 100.",
    )

    @classmethod
    def expand(cls, text: Text) -> Table:
        """`5% for 2m, at least 100 requests`."""
        # A longer line is no step, and matching it could take very long.
        match = _STEP.match(text.text) if len(text.text) <= 120 else None
        if match is None:
            raise Unfit(
                f"{quoted(text.text)} is not a step; write it as in 5% for 2m, at least 100 requests"
            )
        table = Table(text.mark)
        for key, value in match.groupdict().items():
            if value is not None:
                shift = match.start(key) + (0 if text.plain else 1)
                mark = Mark(text.mark.line, text.mark.column + shift)
                table[key] = Text(value, mark, plain=text.plain)
                table.key_marks[key] = mark
        return table


class RolloutPart(Part):
    """The way to everyone."""

    steps: list[StepPart] = Field(
        description="Steps that only go up; after the last one everyone gets the new version.",
        min_length=0,
        examples=[["5% for 2m, at least 100 requests"]],
    )
    false_alarm: Share | None = Field(
        None, description="Highest probability of taking back a good release. Default 1%."
    )
    unproven: scalars.choice("advance", "hold") | None = Field(  # type: ignore[valid-type]
        None,
        description="What happens at a step's end when neither harm nor safety is shown. Default advance.",
    )
    patience: Duration | None = Field(
        None, description="How long past its end a step waits before a person is asked. Default 1h."
    )
    warm: Duration | None = Field(
        None,
        description="How long at the least the version before is kept running. Default 0s.",
    )
    past: scalars.choice("tell", "stop", "off") | None = Field(  # type: ignore[valid-type]
        None,
        description="What follows when a ratio is broken after promotion against the service's own "
        "recorded past: people are told, or the release is taken back. Default tell.",
    )
    drain: Duration | None = Field(
        None,
        description="How long a version may finish its requests before it is stopped. Default 10s.",
    )

    def check(self, problems: Problems) -> None:
        """Steps that go up."""
        if not self.steps:
            problems.note(
                self.mark("steps"),
                "rollout.steps is empty; give at least one, as in 5% for 2m, at least 100 requests",
            )
        for before, step in zip(self.steps, self.steps[1:], strict=False):
            if step.share <= before.share:
                low, high = written(step, "share"), written(before, "share")
                problems.note(
                    step.mark("share"),
                    f"a step of {low} after one of {high} does not go up; "
                    f"allowed: more than {high} and less than 100%",
                )

    @classmethod
    def adapt_schema(cls, schema: dict[str, Any]) -> None:
        """At least one step."""
        schema["properties"]["steps"]["minItems"] = 1


class CriterionPart(Part):
    """A promise of when the release is taken back."""

    name: Name = Field(
        description="What is promised, in a few words.", examples=["tracking errors"]
    )
    bad: scalars.Bad = _BAD
    on: scalars.On | None = _ON
    limit: Share = Field(description="More than this share of bad requests takes the release back.")
    within: PositiveDuration = Field(description="The window in which requests are counted.")
    at_least: Requests | None = Field(
        None, description="Requests that must be in the window before it counts. Default 20."
    )
    lasts: PositiveDuration | None = Field(
        None,
        description="How long after the first customer it holds. Without it until the release has ended.",
    )
    mode: scalars.choice("literal", "judged") = Field(  # type: ignore[valid-type]
        description="literal: the bare share in the window. judged: only on evidence, within false_alarm."
    )


class VerificationPart(Part):
    """Confirmation by a person after promotion."""

    within: PositiveDuration | None = Field(
        None, description="How long a person has to confirm. Default 30m."
    )
    on_silence: scalars.choice("accept", "roll back", "needs person") = Field(  # type: ignore[valid-type]
        description="What nobody's answer means."
    )
    lines: list[Sentence] = Field(
        [],
        description="What the person tries, each answered by itself.",
        examples=[["Login", "Order list"]],
    )
    roles: list[role(*VERIFIERS)] = Field(  # type: ignore[valid-type]
        [],
        description="Who may confirm: admin, devops, QA. Without it all of them.",
        examples=[["QA"]],
    )
    after_rollback: scalars.Boolean | None = Field(
        None,
        description="Whether the version that serves again after a rollback is confirmed too."
        + default_words(Verification, "after_rollback"),
    )

    def check(self, problems: Problems) -> None:
        """No line twice."""
        named = list(zip(self.lines, self.marks("lines"), strict=True))
        note_duplicates(problems, "verification line", named)


class TestersPart(Part):
    """How testers reach the new version."""

    __test__ = False

    shorthand: ClassVar[dict[str, Any] | None] = {"enum": ["off", False]}

    header: scalars.Header = Field(
        description="Header whose secret value leads to the new version, or off for none."
    )

    @classmethod
    def expand(cls, text: Text) -> Table:
        """`off`: no tester's way in."""
        if text.text.lower() not in scalars.OFF:
            raise Unfit(
                f"unknown value {quoted(text.text)}; allowed: off, or {{header: X-Gonogo-Canary}}"
            )
        return one_key(Text("off", text.mark, plain=True), "header")


class SpecPart(Part):
    """How one service is built, checked, rolled out, judged and taken back."""

    service: scalars.SystemName = Field(
        description="Name of the service: lower-case letters, digits, hyphens, at most 40.",
        examples=["orders"],
    )
    build: CommandPart | None = Field(
        None,
        description="Prepares a version's files, once for all environments. May use {version}.",
    )
    run: Line = Field(
        description="Starts the service in the foreground on {port} (PORT is set in its environment too).",
        examples=["python -m orders --port {port}"],
    )
    health: HealthPart = Field(description="How a started version shows that it is ready.")
    migrations: MigrationsPart | None = Field(
        None, description="How the database's schema changes."
    )
    hooks: HooksPart | None = Field(None, description="Commands before and after deployment.")
    smoke: list[SmokePart] = Field(description="What is tried on a running version, in order.")
    environments: dict[str, EnvironmentPart] = Field(
        description="Where the service runs, in the order of a release; the last one is production."
    )
    gates: GatesPart = Field(
        description="What a release must show before it may go on; at least one gate is required.",
        examples=[{"smoke": "required"}],
    )
    evidence: list[CollectionPart] = Field(
        [], description="Commands that make reports for the gates, run while a release is checked."
    )
    checklists: dict[str, ChecklistPart] = Field(
        {}, description="Lines that people tick, before a release, after it or regularly."
    )
    kpis: dict[str, AnyKpiPart] = Field(description="What is judged while customers come over.")
    metrics: MetricsPart | None = Field(
        None, description="Where requests are counted. Without it by the desk's own router."
    )
    rollout: RolloutPart = Field(description="How customers come over.")
    watch: Duration | None = Field(
        None, description="How long a promoted release is still watched. Default 30m."
    )
    rollback_when: list[CriterionPart] = Field(
        [], description="Promises of when the release is taken back, beside the KPIs."
    )
    verification: VerificationPart | None = Field(
        None, description="Ask a person to confirm after promotion."
    )
    testers: TestersPart | None = Field(
        None, description="How testers reach the new version. Default {header: X-Gonogo-Canary}."
    )

    @classmethod
    def adapt_schema(cls, schema: dict[str, Any]) -> None:
        """None of the collections may be empty."""
        schema["properties"]["smoke"]["minItems"] = 1
        for name in ("environments", "kpis"):
            schema["properties"][name]["minProperties"] = 1
        schema["properties"]["environments"]["propertyNames"] = {"pattern": scalars.SERVICE_PATTERN}
