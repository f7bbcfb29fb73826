"""What every part of the spec has in common: a pydantic model that reads a `Table` and knows its places.

Shape and JSON Schema come from the models. Unknown keys, empty values and whatever a part finds wrong
between its keys are noted with their own place in the `Problems` of the validation context, so that
one run finds all of them.
"""

from typing import Any, ClassVar, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    GetJsonSchemaHandler,
    ModelWrapValidatorHandler,
    PrivateAttr,
    ValidationError,
    ValidationInfo,
    model_validator,
)
from pydantic_core import CoreSchema, ErrorDetails

from gonogo.spec.problem import Mark, Problem
from gonogo.spec.source import Node, Row, Table, Text, kind
from gonogo.spec.units import Unfit
from gonogo.spec.wording import not_allowed, quoted

NO_VALUE = "{} has no value; give it one or leave the key out"


class Problems(list[Problem]):
    """What was found wrong so far."""

    def note(self, mark: Mark, message: str) -> None:
        """Keep one problem."""
        self.append(Problem(mark, message))


class Part(BaseModel):
    """One mapping of the spec."""

    model_config = ConfigDict(extra="forbid", populate_by_name=False, arbitrary_types_allowed=True)

    shorthand: ClassVar[dict[str, Any] | None] = None
    """JSON Schema of the one-line form, where there is one."""
    called: ClassVar[str] = "key"
    """What a key of it is called in sentences."""
    elsewhere: ClassVar[dict[str, str]] = {}
    """What to say of a key that is known, but not here."""
    may_be_null: ClassVar[frozenset[str]] = frozenset()

    _table: Table = PrivateAttr()

    @classmethod
    def expand(cls, text: Text) -> Table | None:
        """The mapping that the one-line form stands for. Raises Unfit."""
        return None

    @model_validator(mode="wrap")
    @classmethod
    def _read(
        cls, node: object, handler: ModelWrapValidatorHandler[Self], info: ValidationInfo
    ) -> Self:
        expanded = cls.expand(node) if isinstance(node, Text) and not node.empty else None
        if isinstance(node, Text):
            node.expanded = expanded
        table = expanded if expanded is not None else node
        if not isinstance(table, Table):
            keys = ", ".join(cls.keys())
            raise Unfit(f"this must be a mapping with the keys {keys}, not {kind(node)}")
        problems: Problems = Problems() if info.context is None else info.context
        known = cls._known(table, problems)
        cls.examine(known, problems)
        part = handler(known)
        part._table = table  # noqa: SLF001  (cls is the class of this very instance)
        part.check(problems)
        return part

    @classmethod
    def keys(cls) -> tuple[str, ...]:
        """The keys as they are written in the file."""
        return tuple(field.alias or name for name, field in cls.model_fields.items())

    @classmethod
    def _known(cls, table: Table, problems: Problems) -> Table:
        allowed = cls.keys()
        known = Table(table.mark)
        known.key_marks = table.key_marks
        for key, node in table.items():
            if key not in allowed:
                sentence = cls.elsewhere.get(key) or not_allowed(cls.called, key, allowed)
                problems.note(table.key_marks[key], sentence)
            elif isinstance(node, Text) and node.empty and key not in cls.may_be_null:
                problems.note(table.key_marks[key], NO_VALUE.format(key))
            else:
                known[key] = node
        return known

    @classmethod
    def examine(cls, table: Table, problems: Problems) -> None:
        """Note what is wrong between the keys before their values are read."""

    def check(self, problems: Problems) -> None:
        """Note what is wrong between values that were read."""

    @property
    def misread(self) -> bool:
        """Whether it has keys that nobody knows: what seems to lack may stand there misspelt."""
        return not set(self._table) <= set(self.keys())

    def mark(self, key: str | None = None) -> Mark:
        """Where the value of this key starts, or the part itself."""
        node = self._table.get(key) if key is not None else None
        return node.mark if node is not None else self._table.mark

    def node(self, key: str) -> Node | None:
        """The value of a key as it was written."""
        return self._table.get(key)

    def marks(self, key: str) -> list[Mark]:
        """Where the items of a list start."""
        node = self._table.get(key)
        return [item.mark for item in node] if isinstance(node, Row) else []

    @classmethod
    def __get_pydantic_json_schema__(
        cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        schema = handler.resolve_ref_schema(handler(core_schema))
        cls.adapt_schema(schema)
        if cls.shorthand is None:
            return schema
        return {"anyOf": [cls.shorthand, schema]}

    @classmethod
    def adapt_schema(cls, schema: dict[str, Any]) -> None:
        """Say in the schema what the fields alone cannot."""


def one_key(text: Text, key: str) -> Table:
    """A one-line form that stands for one key."""
    table = Table(text.mark)
    table[key] = text
    table.key_marks[key] = text.mark
    return table


def written(part: Part, key: str) -> str:
    """A value as it stands in the file."""
    node = part.node(key)
    return node.text if isinstance(node, Text) else "?"


def found_by_shape(error: ValidationError, root: Table, noted: Problems) -> list[Problem]:
    """What pydantic found, each with its place in the file and in our words.

    A missing key is not told when it was `noted` already as empty or as misspelt.
    """
    found = []
    for detail in error.errors():
        missing = detail["type"] == "missing"
        node, label = _follow(detail["loc"][:-1] if missing else detail["loc"], root)
        if not missing:
            found.append(_misfit(detail, node, label))
        elif not _told(key := str(detail["loc"][-1]), node, noted):
            where = f" in {label}" if label else ""
            found.append(Problem(node.mark, f"{key} is missing{where}{_why_needed(key, label)}"))
    return found


def _told(key: str, node: Node, noted: Problems) -> bool:
    if not isinstance(node, Table):
        return False
    guess = f'; did you mean "{key}"?'
    own_marks = set(node.key_marks.values())
    return key in node or any(
        problem.mark in own_marks and problem.message.endswith(guess) for problem in noted
    )


def _misfit(detail: ErrorDetails, node: Node, label: str) -> Problem:
    prefix = f"{label}: " if label else ""
    cause = detail.get("ctx", {}).get("error")
    if isinstance(cause, Unfit):
        return Problem(node.mark, f"{prefix}{cause}")
    wanted = {"dict_type": "a mapping of keys to values", "list_type": "a list"}.get(detail["type"])
    if wanted is not None:
        return Problem(node.mark, f"{prefix}this must be {wanted}, not {kind(node)}")
    return Problem(node.mark, f"{prefix}{detail['msg']}")


_NEEDED = {
    "smoke": "; a release that no smoke test tried is not verified",
    "kpis": "; without a KPI nothing would judge the release",
    "environments": "; name at least one, the last one is production",
    "rollout": "; say in steps how customers come to the new version",
    "health": "; name the path that answers 2xx once the service is ready, as in /health",
    "run": "; it is the command that starts the service",
    "gates": "; without a required gate nothing could hold a release; "
    "add at least gates: {smoke: required}",
    "mode": "; literal takes back at the bare share in the window, judged only on evidence",
}


def _why_needed(key: str, label: str) -> str:
    if label and key != "mode":
        return ""
    return _NEEDED.get(key, "")


def _follow(location: tuple[int | str, ...], root: Table) -> tuple[Node, str]:
    """The deepest node on the way, and the way in words; names of union members are stepped over."""
    node: Node = root
    label = ""
    for item in location:
        if isinstance(node, Text) and node.expanded is not None and item in node.expanded:
            node = node.expanded
        if isinstance(node, Table) and item in node:
            shown = str(item) if len(str(item)) <= 80 else quoted(str(item))
            node, label = node[str(item)], f"{label}.{shown}" if label else shown
        elif isinstance(node, Row) and isinstance(item, int) and item < len(node):
            node, label = node[item], f"{label}[{item + 1}]"
    return node, label
