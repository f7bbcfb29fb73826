"""The shape of `deploy`: what the versions of an environment are deployed on."""

from typing import Annotated, Any, ClassVar

from pydantic import Discriminator, Field, Tag, WithJsonSchema

from gonogo.domain.ground import (
    PROCESSES,
    Ground,
    GroundKind,
    Processes,
    Script,
    Scripts,
    SystemdUnits,
)
from gonogo.spec.defaults import default_words
from gonogo.spec.part import Part, Problems, one_key
from gonogo.spec.scalars import Boolean, Line, PositiveDuration, from_text
from gonogo.spec.source import Table, Text
from gonogo.spec.units import Unfit, format_duration, parse_duration
from gonogo.spec.wording import did_you_mean, listed, quoted

DEPLOY_WITHIN = parse_duration("10m")
READ_WITHIN = parse_duration("5s")
RETIRE_WITHIN = parse_duration("2m")
WEIGHT_WITHIN = parse_duration("30s")

_LONGEST = (
    ("deploy", parse_duration("2h"), "a release waits for it"),
    ("read", parse_duration("30s"), "what it says would be old already"),
    ("retire", parse_duration("5m"), "the end of a rollback waits for it"),
    ("weight", parse_duration("1m"), "customers wait for it when a version is taken back"),
)

_WORDS: dict[str, Ground] = {
    GroundKind.PROCESSES.value: PROCESSES,
    GroundKind.SYSTEMD.value: SystemdUnits(),
}
_RUN: Any = Field(description="Shell line, run in the version's files.")


class ScriptPart(Part):
    """A script of a platform, alone or with a limit on its time."""

    shorthand: ClassVar[dict[str, Any] | None] = {"type": "string", "pattern": r"\S"}

    run: Line = _RUN
    within: PositiveDuration | None = Field(
        None, description="How long it may take before it is killed; what it did is then unknown."
    )

    @classmethod
    def expand(cls, text: Text) -> Table:
        """A line alone is `run`."""
        return one_key(text, "run")


class DeployScriptPart(ScriptPart):
    """The script that puts a version onto a platform."""

    repeatable: Boolean | None = Field(
        None,
        description="Whether running it twice is harmless, so that it may be tried again when nobody "
        "saw it end." + default_words(Scripts, "repeatable"),
    )


class ScriptsPart(Part):
    """Scripts of a platform; the contract is in docs/grounds.md."""

    deploy: DeployScriptPart = Field(
        description=f"Puts one instance there. Default within {format_duration(DEPLOY_WITHIN)}.",
        examples=["bin/platform deploy {instance} {commit} {port}"],
    )
    read: ScriptPart = Field(
        description="Prints what the platform says of one instance, as one JSON document. "
        f"Default within {format_duration(READ_WITHIN)}.",
        examples=["bin/platform read {instance}"],
    )
    retire: ScriptPart = Field(
        description="Takes one instance from the platform. "
        f"Default within {format_duration(RETIRE_WITHIN)}.",
        examples=["bin/platform retire {instance}"],
    )
    weight: ScriptPart | None = Field(
        None,
        description="Sets the share of customers of one instance in the platform's own load balancer. "
        "Without it the desk's router shares them. "
        f"Default within {format_duration(WEIGHT_WITHIN)}.",
        examples=["bin/platform weight {instance} {share}"],
    )
    every: PositiveDuration | None = Field(
        None, description="How often read is run." + default_words(Scripts, "every")
    )
    stale: PositiveDuration | None = Field(
        None,
        description="How old what read said may be before nothing is known any more."
        + default_words(Scripts, "stale"),
    )

    def check(self, problems: Problems) -> None:
        """Limits that nobody waits too long for, and a reading that lasts until the next one."""
        for name, longest, why in _LONGEST:
            part: ScriptPart | None = getattr(self, name)
            if part is not None and part.within is not None and part.within > longest:
                problems.note(
                    part.mark("within"),
                    f"{name} may take {format_duration(longest)} at the most, because {why}",
                )
        scripts = self.scripts()
        if scripts.stale < 2 * scripts.every:
            stale, every = format_duration(scripts.stale), format_duration(scripts.every)
            problems.note(
                self.mark("every" if self.stale is None else "stale"),
                f"a stale of {stale} is less than twice an every of {every}, so one slow read would "
                "leave nothing known; give a longer stale",
            )

    def scripts(self) -> Scripts:
        """As the domain has it."""
        given: dict[str, Any] = {
            "every": self.every,
            "stale": self.stale,
            "repeatable": self.deploy.repeatable,
        }
        weight = self.weight
        return Scripts(
            deploy=Script(self.deploy.run, self.deploy.within or DEPLOY_WITHIN),
            read=Script(self.read.run, self.read.within or READ_WITHIN),
            retire=Script(self.retire.run, self.retire.within or RETIRE_WITHIN),
            weight=None if weight is None else Script(weight.run, weight.within or WEIGHT_WITHIN),
            **{name: value for name, value in given.items() if value is not None},
        )


class DeployPart(Part):
    """What versions are deployed on, where it needs more than a word."""

    command: ScriptsPart = Field(description="Any platform, by its scripts.")


def _word(text: str) -> Ground:
    found = _WORDS.get(text.strip().lower())
    if found is not None:
        return found
    if text.strip().lower() == GroundKind.COMMAND.value:
        raise Unfit("command needs its scripts: deploy: {command: {deploy: …, read: …, retire: …}}")
    allowed = (*_WORDS, "{command: …}")
    raise Unfit(
        f"unknown value {quoted(text)}; allowed: {listed(allowed)}{did_you_mean(text, _WORDS)}"
    )


def _form(node: object) -> str:
    return "ground mapping" if isinstance(node, Table) else "ground word"


AnyDeploy = Annotated[
    Annotated[DeployPart, Tag("ground mapping")]
    | Annotated[
        Processes | SystemdUnits,
        from_text(_word),
        WithJsonSchema({"enum": list(_WORDS)}),
        Tag("ground word"),
    ],
    Discriminator(_form),
]


def ground_of(part: DeployPart | Processes | SystemdUnits | None) -> Ground:
    """As the domain has it; processes of this machine where nothing is said."""
    if isinstance(part, DeployPart):
        return part.command.scripts()
    return PROCESSES if part is None else part
