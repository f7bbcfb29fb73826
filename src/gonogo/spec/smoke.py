"""The shape of smoke tests: requests and commands."""

from typing import Annotated, Any, ClassVar

from pydantic import Discriminator, Field, Tag

from gonogo.spec import scalars
from gonogo.spec.deployment import WITHIN
from gonogo.spec.names import note_bad_keys
from gonogo.spec.part import Part, Problems, one_key
from gonogo.spec.scalars import Line, Name, Path, PositiveDuration
from gonogo.spec.source import Table, Text

SMOKE_METHODS = ("get", "post", "put", "patch", "delete", "head")
_TRIED: Any = Field(description="What is tried, in a few words.", examples=["log in"])


class ExpectPart(Part):
    """What the answer must be."""

    shorthand: ClassVar[dict[str, Any] | None] = {"type": "integer", "minimum": 100, "maximum": 599}
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
        return one_key(text, "status")


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
        expect = table.get("expect")
        if given == ["head"] and isinstance(expect, Table) and "json" in expect:
            problems.note(expect.key_marks["json"], "the answer to HEAD has no JSON; use get")
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
    within: PositiveDuration | None = WITHIN


def _smoke_kind(node: object) -> str:
    if isinstance(node, Table) and "run" in node and not set(node) & set(SMOKE_METHODS):
        return "command"
    return "http"


SmokePart = Annotated[
    Annotated[HttpSmokePart, Tag("http")] | Annotated[CommandSmokePart, Tag("command")],
    Discriminator(_smoke_kind),
]
