"""The shape of gates that look at people's word and at what a release needs around it."""

from dataclasses import replace
from typing import Annotated, Any, ClassVar

from pydantic import Field, WithJsonSchema

from gonogo.domain import gate_rules as rules
from gonogo.domain.actor import Role
from gonogo.spec import freeze
from gonogo.spec.gate import GatePart, setting
from gonogo.spec.limits import (
    SIGNERS,
    File,
    Place,
    PositiveCount,
    Sentence,
    Variable,
    role_pattern,
    words_of,
)
from gonogo.spec.part import Part, Problems, one_key
from gonogo.spec.scalars import Boolean, Name, from_text
from gonogo.spec.source import Table, Text
from gonogo.spec.wording import listed

_ROLE_KEYS = {role.value: role.words.lower() for role in SIGNERS}


class SignOffsPart(GatePart):
    """Enough people of each role have signed."""

    makes: ClassVar[type[rules.Rule]] = rules.SignOffsRule

    devops: PositiveCount | None = Field(None, description="How many of devops must have signed.")
    qa: PositiveCount | None = Field(None, description="How many of QA must have signed.")
    tech_lead: PositiveCount | None = Field(
        None, alias="tech lead", description="How many tech leads must have signed."
    )
    security: PositiveCount | None = Field(
        None, description="How many of security must have signed."
    )
    product: PositiveCount | None = Field(None, description="How many of product must have signed.")
    author_may_sign: Boolean | None = setting(
        rules.SignOffsRule,
        "author_may_sign",
        "Whether the signature of somebody who wrote part of the change counts.",
    )

    @classmethod
    def _known(cls, table: Table, problems: Problems) -> Table:
        """Roles are read as everywhere: in any case, with a blank or `_`."""
        for key in [key for key in table if words_of(key) in _ROLE_KEYS]:
            known = _ROLE_KEYS[words_of(key)]
            if known not in table:
                table[known] = table.pop(key)
                table.key_marks[known] = table.key_marks.pop(key)
        return super()._known(table, problems)

    def _needed(self) -> dict[Role, int]:
        given = {role: getattr(self, role.value) for role in SIGNERS}
        return {role: number for role, number in given.items() if number is not None}

    def lack(self) -> str:
        """Somebody who signs."""
        if self._needed():
            return ""
        return "this gate asks nobody to sign; write it as in {qa: 1, tech lead: 1}"

    def settings(self) -> dict[str, Any]:
        """Numbers by role, as the rule has them."""
        roles = {role.value for role in SIGNERS}
        given = {name: value for name, value in super().settings().items() if name not in roles}
        return {**given, "needed": self._needed()}

    @classmethod
    def adapt_schema(cls, schema: dict[str, Any]) -> None:
        """Every way to write a role."""
        super().adapt_schema(schema)
        schema["patternProperties"] = {
            role_pattern(role): schema["properties"][_ROLE_KEYS[role.value]] for role in SIGNERS
        }


class ChecklistsGatePart(GatePart):
    """Checklists are complete."""

    makes: ClassVar[type[rules.Rule]] = rules.ChecklistsRule

    names: list[Name] | None = Field(
        None,
        description="Checklists that must be complete. Without it all that are for before a release.",
        examples=[["pre-release"]],
    )


Dates = Annotated[
    rules.FreezeDates,
    from_text(freeze.parse_dates),
    WithJsonSchema({"type": "string", "pattern": r"^[0-9]{4}-[0-9]{2}-[0-9]{2}"}),
]
Hours = Annotated[
    rules.FreezeHours,
    from_text(freeze.parse_hours),
    WithJsonSchema(
        {"type": "string", "pattern": r"^[A-Za-z]+\s+[0-9]{1,2}:[0-9]{2}\s+to\s+[A-Za-z]"}
    ),
]
_BECAUSE: Any = Field(None, description="The reason.", examples=["holidays"])


class FreezeDatesPart(Part):
    """One time without releases."""

    shorthand: ClassVar[dict[str, Any] | None] = {
        "type": "string",
        "pattern": r"^[0-9]{4}-[0-9]{2}-[0-9]{2}",
        "examples": ["2026-12-20 to 2027-01-03"],
    }

    when: Dates = Field(
        description="The first and the last day, or two moments.",
        examples=["2026-12-20 18:00 to 2027-01-03 08:00 Europe/Berlin"],
    )
    because: Sentence | None = _BECAUSE

    @classmethod
    def expand(cls, text: Text) -> Table:
        """A window alone is `when`."""
        return one_key(text, "when")


class FreezeHoursPart(Part):
    """A time without releases in every week."""

    shorthand: ClassVar[dict[str, Any] | None] = {
        "type": "string",
        "pattern": r"^[A-Za-z]+\s+[0-9]{1,2}:[0-9]{2}\s+to\s+[A-Za-z]",
        "examples": ["fri 16:00 to mon 08:00 Europe/Berlin"],
    }

    when: Hours = Field(
        description="From one day and time to another, in a time zone.",
        examples=["fri 16:00 to mon 08:00 Europe/Berlin"],
    )
    because: Sentence | None = _BECAUSE

    @classmethod
    def expand(cls, text: Text) -> Table:
        """A window alone is `when`."""
        return one_key(text, "when")


class FreezePart(GatePart):
    """Nothing is released in a freeze."""

    makes: ClassVar[type[rules.Rule]] = rules.FreezeRule

    dates: list[FreezeDatesPart] | None = Field(
        None,
        description="Times without releases, in UTC unless a time zone is named.",
        examples=[["2026-12-20 to 2027-01-03"]],
    )
    hours: list[FreezeHoursPart] | None = Field(
        None,
        description="Times of every week without releases, in UTC unless a time zone is named.",
        examples=[["fri 16:00 to mon 08:00 Europe/Berlin"]],
    )

    def settings(self) -> dict[str, Any]:
        """Windows as the rule has them."""
        given = super().settings()
        for name in {"dates", "hours"} & set(given):
            given[name] = tuple(
                replace(part.when, reason=part.because or "") for part in given[name]
            )
        return given


class SecretsPart(GatePart):
    """Secrets are set in every environment."""

    makes: ClassVar[type[rules.Rule]] = rules.SecretsRule

    names: list[Variable] | None = Field(
        None, description="Variables that must be set.", examples=[["ORDERS_TOKEN"]]
    )

    def lack(self) -> str:
        """Names."""
        return (
            ""
            if self.names
            else "this gate names no secret; write it as in {names: [ORDERS_TOKEN]}"
        )


class RunbookPart(GatePart):
    """Somebody owns a runbook and dashboards that are there."""

    makes: ClassVar[type[rules.Rule]] = rules.RunbookRule

    owner: Sentence | None = Field(
        None, description="Who owns the runbook, and who to ask.", examples=["operations"]
    )
    runbook: Place | None = Field(
        None,
        description="Where it is: a path in the files of the version, or a link.",
        examples=["docs/runbook.md"],
    )
    dashboard: Place | None = Field(
        None,
        description="Where the dashboards are: a path or a link.",
        examples=["https://grafana.example/d/orders"],
    )

    def lack(self) -> str:
        """An owner, a runbook and dashboards."""
        missing = [
            name for name in ("owner", "runbook", "dashboard") if getattr(self, name) is None
        ]
        if not missing:
            return ""
        return (
            f"this gate lacks {listed(missing)}; write it as in "
            "{owner: operations, runbook: docs/runbook.md, dashboard: https://…}"
        )

    def settings(self) -> dict[str, Any]:
        """Whoever owns the runbook is who to ask."""
        given = super().settings()
        return {**given, "runbook_owner": self.owner} if self.owner else given


class DocumentationPart(GatePart):
    """The version has its documents."""

    makes: ClassVar[type[rules.Rule]] = rules.DocumentationRule

    files: list[File] | None = Field(
        None, description="Files that the version must have.", examples=[["README.md"]]
    )
    change_log: File | None = Field(
        None, description="A file that must name the version.", examples=["CHANGELOG.md"]
    )

    def lack(self) -> str:
        """A document."""
        if self.files or self.change_log:
            return ""
        return "this gate names no document; give files, as in [README.md], or change_log"


class RisksPart(GatePart):
    """No risk of the handoff is high without a mitigation."""

    makes: ClassVar[type[rules.Rule]] = rules.RisksRule


class AcknowledgementPart(GatePart):
    """Operations acknowledged the handoff."""

    makes: ClassVar[type[rules.Rule]] = rules.AcknowledgementRule
