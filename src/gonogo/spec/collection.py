"""The shape of commands that make evidence."""

from typing import Any

from pydantic import Field

from gonogo.spec.deployment import RUN, WITHIN
from gonogo.spec.limits import File
from gonogo.spec.part import Part, Problems
from gonogo.spec.scalars import Line, Name, PositiveDuration


class CollectionPart(Part):
    """A command that makes reports, run while a release is checked."""

    name: Name = Field(description="What it makes.", examples=["unit tests"])
    run: Line = RUN
    reports: list[File] = Field(
        description="Files that it writes, inside the version's files.",
        examples=[["reports/junit.xml"]],
    )
    within: PositiveDuration | None = WITHIN

    def check(self, problems: Problems) -> None:
        """Something that can be read afterwards."""
        if not self.reports:
            problems.note(
                self.mark("reports"),
                "this command leaves no report; name what it writes, as in [reports/junit.xml]",
            )

    @classmethod
    def adapt_schema(cls, schema: dict[str, Any]) -> None:
        """At least one report."""
        schema["properties"]["reports"]["minItems"] = 1
