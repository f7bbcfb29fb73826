"""The files that people file about a version, read as strictly as the spec: handoffs and criteria.

Unknown keys, empty values and doubled names are refused with their line and column, all in one run;
durations and percentages are written as in gonogo.yaml.
"""

import re
import unicodedata
from typing import Annotated, Any, ClassVar, TypeVar

from pydantic import Field, PlainValidator, ValidationError, WithJsonSchema

from gonogo.domain.facts import Severity
from gonogo.domain.paper import Concern, Handoff
from gonogo.domain.plan import RollbackCriterion
from gonogo.spec import scalars
from gonogo.spec.assembly import criterion
from gonogo.spec.names import note_duplicates
from gonogo.spec.part import Part, Problems, found_by_shape
from gonogo.spec.problem import Document, SpecError
from gonogo.spec.rules import format_bad, format_endpoint
from gonogo.spec.shape import CriterionPart
from gonogo.spec.source import Node, Table, Text, parse
from gonogo.spec.units import Unfit, format_duration, format_share
from gonogo.spec.wording import quoted

HANDOFF = Document("handoff", "scope: …", "docs/handoff.md explains every key and has an example")
CRITERIA = Document(
    "file of rollback criteria",
    "rollback_when:",
    "docs/handoff.md explains rollback_when; it is written as in gonogo.yaml",
)
MOST_TEXT = 20_000
MOST_LINE = 300
MOST_ITEMS = 200

PartType = TypeVar("PartType", bound=Part)


def _written(text: str, most: int, *, lines: bool) -> str:
    kept = text.strip()
    if not kept:
        raise Unfit("this is empty; give it a value")
    if len(kept) > most:
        raise Unfit(f"this has {len(kept)} characters, the limit is {most}")
    for sign in kept:
        if unicodedata.category(sign) in {"Cc", "Cs"} and not (lines and sign in "\n\t"):
            where = "" if lines else " in one line"
            raise Unfit(f"the character U+{ord(sign):04X} is not allowed{where}")
    return kept


def _line(node: Node) -> str:
    return _written(scalars.text_of(node), MOST_LINE, lines=False)


def _prose(node: Node) -> str:
    return _written(scalars.text_of(node), MOST_TEXT, lines=True)


def _count(node: Node) -> int:
    text = scalars.text_of(node)
    if re.fullmatch(r"[0-9]{1,6}", text) is None:
        raise Unfit(f"{quoted(text)} is not a number of things; write a whole number, as in 3")
    return int(text)


Line = Annotated[
    str,
    PlainValidator(_line),
    WithJsonSchema({"type": "string", "minLength": 1, "maxLength": MOST_LINE}),
]
Prose = Annotated[
    str,
    PlainValidator(_prose),
    WithJsonSchema({"type": "string", "minLength": 1, "maxLength": MOST_TEXT}),
]
Count = Annotated[int, PlainValidator(_count), WithJsonSchema({"type": "integer", "minimum": 0})]


def _pair(text: Text, first: str, whole: str, example: str) -> Table:
    match = re.fullmatch(r"\s*([0-9]{1,6})\s+(?:of|/)\s+([0-9]{1,6})\s*", text.text)
    match = match or re.fullmatch(r"\s*([0-9]{1,6})/([0-9]{1,6})\s*", text.text)
    if match is None:
        raise Unfit(f"{quoted(text.text)} does not say how many of how many; write it as {example}")
    table = Table(text.mark)
    for key, number in zip((first, whole), match.groups(), strict=True):
        table[key] = Text(number, text.mark, plain=True)
        table.key_marks[key] = text.mark
    return table


class StoriesPart(Part):
    """Stories in the version, and how many of them were tested."""

    shorthand: ClassVar[dict[str, Any] | None] = {"type": "string", "examples": ["3 of 3"]}

    tested: Count
    total: Count

    @classmethod
    def expand(cls, text: Text) -> Table:
        """`3 of 3`: tested, in all."""
        return _pair(text, "tested", "total", "in 3 of 3 (tested, in all)")

    def check(self, problems: Problems) -> None:
        """Not more tested than there are."""
        if self.tested > self.total:
            problems.note(self.mark(), f"{self.tested} of {self.total} stories cannot be tested")


class BugsPart(Part):
    """Bugs that testing found, and how many of them were fixed."""

    shorthand: ClassVar[dict[str, Any] | None] = {"type": "string", "examples": ["5 of 5"]}

    fixed: Count
    found: Count

    @classmethod
    def expand(cls, text: Text) -> Table:
        """`5 of 5`: fixed, found."""
        return _pair(text, "fixed", "found", "in 5 of 5 (fixed, found)")

    def check(self, problems: Problems) -> None:
        """Not more fixed than found."""
        if self.fixed > self.found:
            problems.note(self.mark(), f"{self.fixed} of {self.found} bugs cannot be fixed")


class ConcernPart(Part):
    """A known issue or a risk."""

    title: Line
    severity: scalars.choice("critical", "high", "medium", "low")  # type: ignore[valid-type]
    mitigation: Prose | None = None
    owner: Line | None = None

    @property
    def concern(self) -> Concern:
        """As a domain value."""
        severity = Severity(self.severity)
        return Concern(self.title, severity, self.mitigation or "", self.owner or "")


class HandoffPart(Part):
    """QA hands a version over."""

    version: Line | None = None
    scope: Prose
    stories: StoriesPart | None = None
    bugs: BugsPart | None = None
    changes: list[Line] = Field([])
    known_issues: list[ConcernPart] = Field([])
    risks: list[ConcernPart] = Field([])
    release_notes: Prose | None = None
    rollback_when: list[CriterionPart] = Field([])

    def check(self, problems: Problems) -> None:
        """Lists of a size that people read, and no criterion twice."""
        for key in ("changes", "known_issues", "risks", "rollback_when"):
            number = len(getattr(self, key))
            if number > MOST_ITEMS:
                problems.note(
                    self.mark(key), f"{key} has {number} items, the limit is {MOST_ITEMS}"
                )
        _no_criterion_twice(self.rollback_when, problems)


class CriteriaPart(Part):
    """Rollback criteria that somebody signs."""

    rollback_when: list[CriterionPart] = Field()

    def check(self, problems: Problems) -> None:
        """At least one, and none twice."""
        if not self.rollback_when:
            problems.note(self.mark("rollback_when"), "rollback_when is empty; give at least one")
        _no_criterion_twice(self.rollback_when, problems)


def _no_criterion_twice(criteria: list[CriterionPart], problems: Problems) -> None:
    named = [(each.name, each.mark("name")) for each in criteria]
    note_duplicates(problems, "rollback criterion", named)


def read_handoff(content: str | bytes, path: str) -> Handoff:
    """The handoff in this file; `version` is empty where the file names none. Raises SpecError."""
    part = _read(HandoffPart, content, path, HANDOFF)
    stories, bugs = part.stories, part.bugs
    return Handoff(
        version=part.version or "",
        scope=part.scope,
        stories_tested=None if stories is None else stories.tested,
        stories_total=None if stories is None else stories.total,
        bugs_found=None if bugs is None else bugs.found,
        bugs_fixed=None if bugs is None else bugs.fixed,
        changes=tuple(part.changes),
        known_issues=tuple(each.concern for each in part.known_issues),
        risks=tuple(each.concern for each in part.risks),
        release_notes=part.release_notes or "",
        criteria=tuple(map(criterion, part.rollback_when)),
    )


def read_criteria(content: str | bytes, path: str) -> tuple[RollbackCriterion, ...]:
    """The rollback criteria in this file, without their signer. Raises SpecError."""
    return tuple(map(criterion, _read(CriteriaPart, content, path, CRITERIA).rollback_when))


def _read(part: type[PartType], content: str | bytes, path: str, document: Document) -> PartType:
    table, _ = parse(content, path, document)
    problems = Problems()
    read: PartType | None = None
    try:
        read = part.model_validate(table, context=problems)
    except ValidationError as error:
        problems += found_by_shape(error, table, problems)
    if problems or read is None:
        raise SpecError(path, tuple(problems), document)
    return read


def say_criterion(said: RollbackCriterion) -> str:
    """`more than 5% 5xx on GET /orders within 30m (from 20 requests on; literal)`."""
    where = format_endpoint(said.endpoint)
    on = "" if where == "*" else f" on {where}"
    lasts = f", for {format_duration(said.lasts)}" if said.lasts else ""
    requests = "request" if said.minimum_requests == 1 else "requests"
    return (
        f"more than {format_share(said.limit)} {format_bad(said.bad)}{on}"
        f" within {format_duration(said.window)}{lasts}"
        f" (from {said.minimum_requests} {requests} on; {said.mode.value})"
    )
