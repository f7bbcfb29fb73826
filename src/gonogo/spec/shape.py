"""The shape of gonogo.yaml: one model for every mapping in it, with what editors show of each key."""

import re
from typing import Annotated, Any, ClassVar

from pydantic import Discriminator, Field, Tag

from gonogo.spec import scalars
from gonogo.spec.part import Part, Problems
from gonogo.spec.problem import Mark
from gonogo.spec.scalars import (
    Boolean,
    Duration,
    Line,
    Name,
    Path,
    PositiveDuration,
    Requests,
    Share,
)
from gonogo.spec.source import Table, Text
from gonogo.spec.units import Unfit
from gonogo.spec.wording import quoted

SMOKE_METHODS = ("get", "post", "put", "patch", "delete", "head")


def _one_key(text: Text, key: str) -> Table:
    table = Table(text.mark)
    table[key] = text
    table.key_marks[key] = text.mark
    return table


_WITHIN: Any = Field(
    None, description="How long it may take before it is killed and has failed. Default 10m."
)
_REPEATABLE: Any = Field(
    None,
    description="Whether running it twice is harmless, so that it may be repeated after a crash. "
    "Default true for build, false elsewhere.",
)
_RUN: Any = Field(description="Shell line, run in the version's files; must end with 0.")
_TRIED: Any = Field(description="What is tried, in a few words.", examples=["log in"])
_BAD: Any = Field(
    description="What makes a request bad: statuses, or slower than a duration. "
    "A request without any answer is always bad."
)
_ON: Any = Field(
    None,
    description="Which requests are looked at: METHOD path; * for any method or one segment, a "
    "last ** for the rest. Default all.",
)


class CommandPart(Part):
    """A shell line, alone or with a limit on its time."""

    shorthand: ClassVar[dict[str, Any] | None] = {"type": "string", "pattern": r"\S"}

    run: Line = _RUN
    within: PositiveDuration | None = _WITHIN
    repeatable: Boolean | None = _REPEATABLE

    @classmethod
    def expand(cls, text: Text) -> Table:
        """A line alone is `run`."""
        return _one_key(text, "run")


class HookPart(Part):
    """A command before or after deployment."""

    name: Name = Field(description="What it does, in a few words.", examples=["clear cache"])
    run: Line = _RUN
    within: PositiveDuration | None = _WITHIN
    repeatable: Boolean | None = _REPEATABLE


class HealthPart(Part):
    """How a started version shows that it is ready."""

    shorthand: ClassVar[dict[str, Any] | None] = {"type": "string", "pattern": r"^/\S*$"}

    path: Path = Field(description="GET on this path answers 2xx when the version is ready.")
    within: PositiveDuration | None = Field(
        None, description="How long a start may take. Default 30s."
    )

    @classmethod
    def expand(cls, text: Text) -> Table:
        """A path alone is `path`."""
        return _one_key(text, "path")


class MigrationsPart(Part):
    """How the database's schema goes up, and down where that is possible."""

    upgrade: CommandPart = Field(
        description="Brings the schema up before the new version starts.",
        examples=["python -m alembic upgrade head"],
    )
    downgrade: CommandPart | None = Field(
        None, description="Takes the schema back.", examples=["python -m alembic downgrade -1"]
    )


class HooksPart(Part):
    """Commands around the deployment."""

    before: list[HookPart] = Field([], description="Run in order before anything is deployed.")
    after: list[HookPart] = Field([], description="Run in order after promotion.")

    def check(self, problems: Problems) -> None:
        """Names tell commands apart in the journal."""
        named = [(hook.name, hook.mark("name")) for hook in (*self.before, *self.after)]
        note_duplicates(problems, "hook", named)


class ExpectPart(Part):
    """What the answer must be."""

    shorthand: ClassVar[dict[str, Any] | None] = {"type": "integer", "minimum": 100, "maximum": 599}
    may_be_null: ClassVar[frozenset[str]] = frozenset({"json"})

    status: scalars.Status | None = Field(None, description="The status. Default 200.")
    body: scalars.JsonValue = Field(
        None,
        alias="json",
        description="Must be contained in the JSON answer: objects by key, lists by position.",
        examples=[{"state": "created"}],
    )

    @classmethod
    def expand(cls, text: Text) -> Table:
        """A status alone is `status`."""
        return _one_key(text, "status")


class HttpSmokePart(Part):
    """One request and what its answer must be."""

    elsewhere: ClassVar[dict[str, str]] = {
        "run": "a smoke test is either a request or a command, so run cannot stand here; make two of it"
    }
    may_be_null: ClassVar[frozenset[str]] = frozenset({"json"})

    name: Name = _TRIED
    get: Path | None = Field(None, description="Path of a GET request.")
    post: Path | None = Field(None, description="Path of a POST request.")
    put: Path | None = Field(None, description="Path of a PUT request.")
    patch: Path | None = Field(None, description="Path of a PATCH request.")
    delete: Path | None = Field(None, description="Path of a DELETE request.")
    head: Path | None = Field(None, description="Path of a HEAD request.")
    body: scalars.JsonValue = Field(
        None, alias="json", description="Body of the request; ${variable} is replaced in its texts."
    )
    headers: dict[str, scalars.Value] = Field(
        {}, description="Headers of the request.", examples=[{"Authorization": "Bearer ${token}"}]
    )
    expect: ExpectPart | None = Field(
        None, description="What the answer must be: a status, or status and JSON. Default 200."
    )
    save: dict[str, scalars.JsonPath] = Field(
        {},
        description="Variable: dotted path in the JSON answer. Later tests use it as ${variable}.",
        examples=[{"token": "data.token"}],
    )
    within: PositiveDuration | None = Field(
        None, description="How long the answer may take. Default 10s."
    )

    @property
    def method(self) -> str:
        """The first method key that is given, or "" in a part that `examine` refused."""
        return next((name for name in SMOKE_METHODS if getattr(self, name) is not None), "")

    @classmethod
    def examine(cls, table: Table, problems: Problems) -> None:
        """Exactly one request; names of headers and variables."""
        given = [key for key in table if key in SMOKE_METHODS]
        allowed = f"give one of {', '.join(SMOKE_METHODS)}, or run"
        if not given and set(table.key_marks) <= set(cls.keys()):
            problems.note(table.mark, f"this smoke test tries nothing; {allowed}")
        for key in given[1:]:
            problems.note(
                table.key_marks[key], f"{key} is a second request in one smoke test; {allowed}"
            )
        note_bad_keys(
            problems, table.get("headers"), scalars.HEADER_PATTERN, "the name of a header"
        )
        note_bad_keys(
            problems, table.get("save"), scalars.VARIABLE_PATTERN, "the name of a variable"
        )
        if given == ["head"] and "save" in table:
            problems.note(
                table.key_marks["save"], "the answer to HEAD has no JSON to save from; use get"
            )

    @classmethod
    def adapt_schema(cls, schema: dict[str, Any]) -> None:
        """Exactly one method."""
        schema["oneOf"] = [{"required": [name]} for name in SMOKE_METHODS]


class CommandSmokePart(Part):
    """A command that must end with 0."""

    name: Name = _TRIED
    run: Line = Field(description="Shell line that must end with 0.", examples=["./smoke.sh {url}"])
    within: PositiveDuration | None = _WITHIN


def _smoke_kind(node: object) -> str:
    if isinstance(node, Table) and "run" in node and not set(node) & set(SMOKE_METHODS):
        return "command"
    return "http"


SmokePart = Annotated[
    Annotated[HttpSmokePart, Tag("http")] | Annotated[CommandSmokePart, Tag("command")],
    Discriminator(_smoke_kind),
]


class EnvironmentPart(Part):
    """One place the service runs in."""

    port: scalars.Port = Field(description="Where customers of this environment come in.")
    bind: scalars.Bind | None = Field(
        None, description="The address customers reach it on. Default 127.0.0.1, this machine only."
    )
    database_url: scalars.DatabaseUrl | None = Field(
        None, description="Replaces {database_url} in commands.", examples=["sqlite:///orders.db"]
    )
    env: dict[str, scalars.Value] = Field(
        {}, description="Environment variables of the service and its commands."
    )

    @classmethod
    def examine(cls, table: Table, problems: Problems) -> None:
        """Names of variables."""
        variables = table.get("env")
        note_bad_keys(problems, variables, scalars.VARIABLE_PATTERN, "the name of a variable")
        if isinstance(variables, Table) and "PORT" in variables:
            mark = variables.key_marks["PORT"]
            problems.note(mark, "PORT is set for every instance by gonogo; leave it out")


class KpiPart(Part):
    """A share of bad requests that is judged."""

    bad: scalars.Bad = _BAD
    on: scalars.On | None = _ON
    limit: Share | None = Field(None, description="Highest tolerated share of bad requests.")
    ratio: scalars.Ratio | None = Field(
        None, description="How many times the baseline's share of bad requests is tolerated."
    )

    @classmethod
    def examine(cls, table: Table, problems: Problems) -> None:
        """Something to judge against."""
        if not {"limit", "ratio"} & set(table.key_marks):
            problems.note(
                table.mark,
                "this KPI has neither limit nor ratio, so nothing could fail; "
                "give limit (as in 5%), ratio (as in 1.2) or both",
            )

    @classmethod
    def adapt_schema(cls, schema: dict[str, Any]) -> None:
        """Limit, ratio or both."""
        schema["anyOf"] = [{"required": ["limit"]}, {"required": ["ratio"]}]


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
        match = _STEP.match(text.text)
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
        description="How long the version before is kept running after promotion. Default 10m.",
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
        if text.text.lower() not in {"off", "false", "no"}:
            raise Unfit(
                f"unknown value {quoted(text.text)}; allowed: off, or {{header: X-Gonogo-Canary}}"
            )
        return _one_key(Text("off", text.mark, plain=True), "header")


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
    kpis: dict[str, KpiPart] = Field(description="What is judged while customers come over.")
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


def written(part: Part, key: str) -> str:
    """A value as it stands in the file."""
    node = part.node(key)
    return node.text if isinstance(node, Text) else "?"


def note_duplicates(problems: Problems, what: str, named: list[tuple[str, Mark]]) -> None:
    """Note every name that was given before."""
    seen: dict[str, Mark] = {}
    for name, mark in named:
        if name in seen:
            problems.note(
                mark, f"duplicate {what} name {quoted(name)}, first given in line {seen[name].line}"
            )
        seen.setdefault(name, mark)


def note_bad_keys(problems: Problems, table: object, pattern: str, what: str) -> None:
    """Note every key of a free mapping that does not fit."""
    if isinstance(table, Table):
        for key, mark in table.key_marks.items():
            if re.fullmatch(pattern, key) is None:
                problems.note(mark, f"{quoted(key)} is not {what}; allowed: {_PLAIN[pattern]}")


_PLAIN = {
    scalars.HEADER_PATTERN: "letters, digits and hyphens, as in Authorization",
    scalars.VARIABLE_PATTERN: "letters, digits and _, not a digit first",
    scalars.SERVICE_PATTERN: "lower-case letters, digits and hyphens, a letter first, at most 40 characters",
}
