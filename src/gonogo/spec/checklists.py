"""The shape of checklists."""

from typing import Any, ClassVar

from pydantic import Field

from gonogo.domain.plan import Checklist, ChecklistItem, ChecklistTime
from gonogo.spec.defaults import default_words
from gonogo.spec.limits import TICKERS, Sentence, member, role
from gonogo.spec.names import note_duplicates
from gonogo.spec.part import Part, Problems, one_key
from gonogo.spec.scalars import Boolean, Name, PositiveDuration
from gonogo.spec.source import Table, Text


class ChecklistItemPart(Part):
    """One line of a checklist, alone or with who may tick it."""

    shorthand: ClassVar[dict[str, Any] | None] = {"type": "string", "pattern": r"\S"}

    name: Sentence = Field(
        description="What is done once it is ticked.", examples=["Migrations reviewed"]
    )
    component: Name | None = Field(
        None, description="Groups lines for their progress.", examples=["database"]
    )
    roles: list[role(*TICKERS)] = Field(  # type: ignore[valid-type]
        [],
        description="Who may tick it. Without it everybody who may tick.",
        examples=[["devops", "tech lead"]],
    )
    evidence: Boolean | None = Field(
        None,
        description="Whether a tick must say what shows that it is done."
        + default_words(ChecklistItem, "evidence"),
    )

    @classmethod
    def expand(cls, text: Text) -> Table:
        """A line alone is `name`."""
        return one_key(text, "name")


class ChecklistPart(Part):
    """Lines that people tick."""

    items: list[ChecklistItemPart] = Field(
        description="The lines, in order.", examples=[["Known issues documented"]]
    )
    when: member(ChecklistTime) | None = Field(  # type: ignore[valid-type]
        None,
        description="Whether it is worked through before a release or after it."
        + default_words(Checklist, "when"),
    )
    every: PositiveDuration | None = Field(
        None,
        description="How often its ticks fall due again; it then belongs to the service. "
        "Without it every version has its own.",
    )

    def check(self, problems: Problems) -> None:
        """Something to tick, and no line twice."""
        if not self.items:
            problems.note(self.mark("items"), "this checklist has no items; give it one")
        note_duplicates(
            problems, "checklist item", [(item.name, item.mark("name")) for item in self.items]
        )

    @property
    def before(self) -> bool:
        """Whether a release can wait for it."""
        return self.when is not ChecklistTime.AFTER

    @classmethod
    def adapt_schema(cls, schema: dict[str, Any]) -> None:
        """At least one item."""
        schema["properties"]["items"]["minItems"] = 1
