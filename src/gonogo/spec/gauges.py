"""Gauges as people write them: where a number is read, its bound, and for how long it may be broken."""

import re
from typing import Annotated, Any, ClassVar

from pydantic import Field, WithJsonSchema

from gonogo.domain.gauge import (
    Bound,
    Gauge,
    GaugeOrigin,
    JsonNumber,
    Metric,
    ResidentMemory,
    Unit,
)
from gonogo.spec import scalars, units
from gonogo.spec.part import Part, Problems
from gonogo.spec.scalars import Duration, from_text
from gonogo.spec.source import Table, Text
from gonogo.spec.units import Unfit
from gonogo.spec.wording import quoted

MEMORY = "memory"
_NUMBER = r"-?[0-9]{1,15}(\.[0-9]{1,15})?"
_AMOUNT_SHOWN = "a number, a size or a duration, as in 1000, 128MB or 10s"
_SERIES = re.compile(r"^(?P<name>[A-Za-z_:][A-Za-z0-9_:]*)\s*(?:\{(?P<labels>.*)\})?$", re.DOTALL)
_LABEL = re.compile(
    r'\s*(?P<label>[A-Za-z_][A-Za-z0-9_]*)\s*=\s*"(?P<value>(?:[^"\\]|\\["\\n])*)"\s*(?:,|$)'
)
_ESCAPES = {'\\"': '"', "\\\\": "\\", "\\n": "\n"}
_LONGEST = 500
_ORIGINS = f"{MEMORY}, {{json: /stats, at: /depth}} or {{metrics: /metrics, series: queue_depth}}"

Amount = tuple[float, Unit]


def _amount(text: str) -> Amount:
    """`1000`, `0.5`, `128MB` (bytes) or `10s` (seconds)."""
    if re.fullmatch(_NUMBER, text):
        return float(text), Unit.NUMBER
    if len(text) <= 60 and re.fullmatch(r"[0-9.]+\s*[kKMGT]?i?[bB]", text):
        return float(units.parse_size(text)), Unit.BYTES
    if len(text) <= 60 and re.match(units.DURATION_PATTERN, text):
        return units.parse_duration(text).total_seconds(), Unit.SECONDS
    raise Unfit(f"{quoted(text)} is no bound; write {_AMOUNT_SHOWN}")


def _pointer(text: str) -> str:
    if len(text) > _LONGEST or not re.fullmatch(r"(/([^~/]|~[01])*)+", text):
        raise Unfit(
            f"{quoted(text)} is no place in JSON; write a JSON pointer, as in /queues/0/depth"
        )
    return text


def _series(text: str) -> tuple[str, tuple[tuple[str, str], ...]]:
    match = _SERIES.match(text.strip()) if len(text) <= _LONGEST else None
    if match is None:
        raise Unfit(
            f'{quoted(text)} is no series; write it as in queue_depth or queue_depth{{queue="mail"}}'
        )
    labels: dict[str, str] = {}
    rest = match["labels"] or ""
    while rest.strip():
        found = _LABEL.match(rest)
        if found is None:
            raise Unfit(
                f'{quoted(text)} has labels that cannot be read; write them as in {{queue="mail"}}'
            )
        if found["label"] in labels:
            raise Unfit(f"{quoted(text)} has the label {found['label']} twice")
        labels[found["label"]] = re.sub(r"\\.", lambda it: _ESCAPES[it[0]], found["value"])
        rest = rest[found.end() :]
    return match["name"], tuple(labels.items())


_BOUND: Any = Annotated[
    Amount,
    from_text(_amount),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "number"},
                {"type": "string", "pattern": r"^[0-9.]+\s*[kKMGT]?i?[bB]$"},
                {"type": "string", "pattern": units.DURATION_PATTERN},
            ],
            "examples": [1000, "128MB", "10s"],
        }
    ),
]
_POINTER: Any = Annotated[
    str,
    from_text(_pointer),
    WithJsonSchema({"type": "string", "pattern": "^/", "examples": ["/queues/0/depth"]}),
]
_SERIES_TYPE: Any = Annotated[
    tuple[str, tuple[tuple[str, str], ...]],
    from_text(_series),
    WithJsonSchema(
        {
            "type": "string",
            "pattern": r"^\s*[A-Za-z_:][A-Za-z0-9_:]*\s*(\{.*\})?\s*$",
            "examples": ['queue_depth{queue="mail"}'],
        }
    ),
]


class OriginPart(Part):
    """Where a gauge's number is read."""

    shorthand: ClassVar[dict[str, Any] | None] = {"const": MEMORY}

    answer: scalars.Path | None = Field(
        None,
        alias="json",
        description="Path on the instance itself that answers GET with JSON.",
    )
    at: _POINTER | None = Field(
        None, description="Where the number stands in that JSON, as a JSON pointer."
    )
    metrics: scalars.Path | None = Field(
        None,
        description="Path on the instance itself that answers GET with Prometheus text.",
        examples=["/metrics"],
    )
    series: _SERIES_TYPE | None = Field(
        None,
        description="Name and labels that exactly one series of that text has.",
    )

    @classmethod
    def expand(cls, text: Text) -> Table:
        """`memory`: the resident memory of the instance's processes."""
        if text.text.strip().lower() != MEMORY:
            raise Unfit(f"unknown gauge {quoted(text.text)}; write {_ORIGINS}")
        return Table(text.mark)

    @classmethod
    def examine(cls, table: Table, problems: Problems) -> None:
        """One of the two pairs, or the word."""
        given = set(table.key_marks) & set(cls.keys())
        if given == set(table.key_marks) and given not in (
            set(),
            {"json", "at"},
            {"metrics", "series"},
        ):
            problems.note(
                table.mark,
                "a gauge is read from json and at, or from metrics and series; give both keys of one",
            )

    @property
    def origin(self) -> GaugeOrigin:
        """As the domain has it."""
        if self.answer is not None and self.at is not None:
            return JsonNumber(self.answer, self.at)
        if self.metrics is not None and self.series is not None:
            name, labels = self.series
            return Metric(self.metrics, name, labels)
        return ResidentMemory()

    @classmethod
    def adapt_schema(cls, schema: dict[str, Any]) -> None:
        """One pair or the other."""
        schema["oneOf"] = [{"required": ["json", "at"]}, {"required": ["metrics", "series"]}]


class GaugePart(Part):
    """A number that is read from the new version, with a bound and a time."""

    gauge: OriginPart = Field(
        description="Where the number is read: memory, or a place in what the instance answers.",
        examples=[MEMORY],
    )
    at_most: _BOUND | None = Field(None, description="The highest value that is well.")
    at_least: _BOUND | None = Field(None, description="The lowest value that is well.")
    lasting: Duration = Field(
        alias="for",
        description="How long without a break it must lie beyond its bound to take the release back; "
        "0s: one reading is enough.",
    )

    @classmethod
    def examine(cls, table: Table, problems: Problems) -> None:
        """A place, and exactly one bound."""
        origin = table.get("gauge")
        if isinstance(origin, Table) and not origin.key_marks:
            problems.note(origin.mark, f"this gauge is read nowhere; write {_ORIGINS}")
        given = [key for key in ("at_most", "at_least") if key in table.key_marks]
        if not given and set(table.key_marks) <= set(cls.keys()):
            problems.note(
                table.mark,
                "this gauge has no bound, so nothing could fail; give at_most or at_least",
            )
        if len(given) == 2:
            problems.note(
                table.key_marks[given[1]],
                "a gauge has one bound, at_most or at_least; make two gauges of it",
            )

    def check(self, problems: Problems) -> None:
        """Memory is counted in bytes."""
        key = "at_most" if self.at_most is not None else "at_least"
        _, unit = self.limit
        if isinstance(self.node("gauge"), Text) and unit is not Unit.BYTES:
            problems.note(self.mark(key), f"{key}: memory is bounded by a size, as in 128MB")

    @property
    def limit(self) -> Amount:
        """The bound that is given."""
        found: Amount | None = self.at_most if self.at_most is not None else self.at_least
        return found or (0.0, Unit.BYTES)

    def read(self, name: str) -> Gauge:
        """As the domain has it."""
        value, unit = self.limit
        bound = Bound.AT_MOST if self.at_most is not None else Bound.AT_LEAST
        return Gauge(name, self.gauge.origin, bound, value, self.lasting, unit)

    @classmethod
    def adapt_schema(cls, schema: dict[str, Any]) -> None:
        """One bound."""
        schema["oneOf"] = [{"required": ["at_most"]}, {"required": ["at_least"]}]
