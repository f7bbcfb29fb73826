"""The shape of what is run and where: commands, health, migrations, hooks, environments."""

from typing import Any, ClassVar

from pydantic import Field

from gonogo.spec import scalars
from gonogo.spec.grounds import AnyDeploy
from gonogo.spec.names import note_bad_keys, note_duplicates
from gonogo.spec.part import Part, Problems, one_key
from gonogo.spec.scalars import Boolean, Line, Name, Path, PositiveDuration
from gonogo.spec.source import Node, Table, Text

WITHIN: Any = Field(
    None, description="How long it may take before it is killed and has failed. Default 10m."
)
_REPEATABLE: Any = Field(
    None,
    description="Whether running it twice is harmless, so that it may be repeated after a crash. "
    "Default true for build, false elsewhere.",
)
RUN: Any = Field(description="Shell line, run in the version's files; must end with 0.")


class CommandPart(Part):
    """A shell line, alone or with a limit on its time."""

    shorthand: ClassVar[dict[str, Any] | None] = {"type": "string", "pattern": r"\S"}

    run: Line = RUN
    within: PositiveDuration | None = WITHIN
    repeatable: Boolean | None = _REPEATABLE

    @classmethod
    def expand(cls, text: Text) -> Table:
        """A line alone is `run`."""
        return one_key(text, "run")


class HookPart(Part):
    """A command before or after deployment."""

    name: Name = Field(description="What it does, in a few words.", examples=["clear cache"])
    run: Line = RUN
    within: PositiveDuration | None = WITHIN
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
        return one_key(text, "path")


class RehearsalPart(Part):
    """How a rollback is rehearsed: in a fresh database that is thrown away."""

    database_url: scalars.DatabaseUrl | None = Field(
        None,
        description="Where fresh databases are made: a SQLite URL, beside which a new file is used, or a "
        "PostgreSQL URL of a server on which databases may be created. "
        "Without it as in the first environment.",
        examples=["postgresql://localhost/postgres"],
    )
    seed: CommandPart | None = Field(
        None,
        description="Fills it once the migrations of the version before ran.",
        examples=["python -m orders.seed --url {database_url}"],
    )
    env: dict[str, scalars.Value] = Field(
        {},
        description="Environment variables that switch side effects off.",
        examples=[{"MAIL": "off"}],
    )

    @classmethod
    def examine(cls, table: Table, problems: Problems) -> None:
        """Names of variables."""
        _note_variables(table.get("env"), problems)


class MigrationsPart(Part):
    """How the database's schema goes up, and down where that is possible."""

    upgrade: CommandPart = Field(
        description="Brings the schema up before the new version starts.",
        examples=["python -m alembic upgrade head"],
    )
    downgrade: CommandPart | None = Field(
        None, description="Takes the schema back.", examples=["python -m alembic downgrade -1"]
    )
    rehearsal: RehearsalPart | None = Field(
        None, description="How a rollback is rehearsed in a fresh database."
    )


class HooksPart(Part):
    """Commands around the deployment."""

    before: list[HookPart] = Field([], description="Run in order before anything is deployed.")
    after: list[HookPart] = Field([], description="Run in order after promotion.")

    def check(self, problems: Problems) -> None:
        """Names tell commands apart in the journal."""
        named = [(hook.name, hook.mark("name")) for hook in (*self.before, *self.after)]
        note_duplicates(problems, "hook", named)


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
    deploy: AnyDeploy | None = Field(
        None,
        description="What versions are deployed on: processes of this machine, units of its systemd, or "
        "any platform by its scripts. Default processes.",
        examples=["processes"],
    )

    @classmethod
    def examine(cls, table: Table, problems: Problems) -> None:
        """Names of variables."""
        _note_variables(table.get("env"), problems)


def _note_variables(variables: Node | None, problems: Problems) -> None:
    note_bad_keys(problems, variables, scalars.VARIABLE_PATTERN, "the name of a variable")
    if isinstance(variables, Table) and "PORT" in variables:
        mark = variables.key_marks["PORT"]
        problems.note(mark, "PORT is set for every instance by gonogo; leave it out")
