"""What the shapes of all gates have in common.

Every kind of gate is a part that names the rule it `makes`: its fields are those of the rule, a key
that is left out keeps the rule's own default, and the description of a key says that default. So no
limit stands anywhere but in the domain.
"""

from typing import Any, ClassVar, cast

from pydantic import Field

from gonogo.domain.gate import GateMode, GateMoment
from gonogo.domain.gate_rules import GateRule, Rule
from gonogo.spec import limits
from gonogo.spec.defaults import default_of, default_words
from gonogo.spec.limits import Sentence, Supplier
from gonogo.spec.part import Part, Problems, one_key
from gonogo.spec.scalars import PositiveDuration
from gonogo.spec.source import Table, Text


def setting(rule: type[Rule], name: str, description: str, **more: Any) -> Any:  # noqa: ANN401
    """A key of a gate, described with the default of the rule's field of that name."""
    return Field(None, description=description + default_words(rule, name), **more)


class GatePart(Part):
    """One gate: whether it can stop a release, and what it asks for."""

    shorthand: ClassVar[dict[str, Any] | None] = {"enum": ["required", "advisory"]}
    makes: ClassVar[type[Rule]] = Rule

    mode: limits.member(GateMode) | None = setting(  # type: ignore[valid-type]
        Rule,
        "mode",
        "required: it can stop a release. advisory: it only says what it finds. off: not looked at, "
        "with the reason in because.",
    )
    before: limits.member(GateMoment) | None = setting(  # type: ignore[valid-type]
        Rule, "before", "Before which environments it must be answered: staging or production."
    )
    because: Sentence | None = Field(None, description="The reason for the mode; off needs one.")
    expires: PositiveDuration | None = setting(
        Rule, "expires", "Evidence older than this is stale."
    )
    owner: Sentence | None = Field(None, description="Who to ask.", examples=["QA"])
    fix: Sentence | None = Field(
        None, description="What to do when it does not pass.", examples=["run make coverage"]
    )
    suppliers: list[Supplier] | None = Field(
        None,
        alias="from",
        description="Whose evidence counts: names of people or CI jobs, or roles. "
        "Without it that of everybody who may supply evidence.",
        examples=[["ci"]],
    )

    @classmethod
    def expand(cls, text: Text) -> Table:
        """A mode alone is `mode`."""
        return one_key(text, "mode")

    @classmethod
    def keys(cls) -> tuple[str, ...]:
        """Its own keys first, then those that all gates have."""
        common = set(GatePart.model_fields)
        named = [(name, field.alias or name) for name, field in cls.model_fields.items()]
        own = [key for name, key in named if name not in common]
        return (*own, *(key for name, key in named if name in common))

    @property
    def on(self) -> bool:
        """Whether it is looked at."""
        return self.mode is not GateMode.OFF

    @property
    def required(self) -> bool:
        """Whether it can stop a release."""
        return (self.mode or default_of(self.makes, "mode")) is GateMode.REQUIRED

    def check(self, problems: Problems) -> None:
        """A reason for what is off; something to hold evidence against for all others."""
        if not self.on:
            if self.because is None:
                problems.note(
                    self.mark("mode"),
                    "a gate that is off needs a reason; "
                    'write it as in {mode: off, because: "no dependencies"}',
                )
        elif not self.misread and (lack := self.lack()):
            problems.note(self.mark(), lack)

    def lack(self) -> str:
        """What this gate must be told before it can ask for anything, or nothing."""
        return ""

    def settings(self) -> dict[str, Any]:
        """The fields of the rule that the file gives."""
        given = {name: getattr(self, name) for name in self.model_fields_set}
        return {
            name: tuple(value) if isinstance(value, list) else value
            for name, value in given.items()
        }

    def rule(self) -> GateRule:
        """The rule that this gate means."""
        return cast("GateRule", self.makes(**self.settings()))

    @classmethod
    def adapt_schema(cls, schema: dict[str, Any]) -> None:
        """The kind's own time and moment; a reason for off."""
        for key in ("before", "expires"):
            about = schema["properties"][key]
            common, own = default_words(Rule, key), default_words(cls.makes, key)
            about["description"] = about["description"].removesuffix(common) + own
        schema["if"] = {"properties": {"mode": {"const": "off"}}, "required": ["mode"]}
        schema["then"] = {"required": ["because"]}
