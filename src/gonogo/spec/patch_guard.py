"""The shape of the patch guard: how large one change may be, by type of branch."""

import re
from typing import Any, ClassVar

from pydantic import Field

from gonogo.domain import gate_rules as rules
from gonogo.spec.gate import GatePart, setting
from gonogo.spec.limits import Count, PositiveCount
from gonogo.spec.names import note_bad_keys
from gonogo.spec.part import Part, Problems
from gonogo.spec.scalars import TYPE_PATTERN, Line
from gonogo.spec.source import Table, Text
from gonogo.spec.units import Unfit
from gonogo.spec.wording import quoted

_LIMIT = re.compile(
    r"^\s*(?P<files>[0-9]{1,10})\s*(?:files?\s*,?\s*(?P<lines>[0-9]{1,10})\s*lines?|/\s*(?P<short>[0-9]{1,10}))\s*$"
)


class PatchLimitPart(Part):
    """The most files and lines of one change."""

    shorthand: ClassVar[dict[str, Any] | None] = {
        "type": "string",
        "pattern": r"^\s*[0-9]+\s*(files?\s*,?\s*[0-9]+\s*lines?|/\s*[0-9]+)\s*$",
        "examples": ["20 files 600 lines", "20/600"],
    }

    files: Count = Field(description="The most files that it touches.")
    lines: Count = Field(description="The most lines that it adds and takes away.")

    @classmethod
    def expand(cls, text: Text) -> Table:
        """`20 files 600 lines`, `20/600`."""
        match = _LIMIT.match(text.text) if len(text.text) <= 60 else None
        if match is None:
            raise Unfit(
                f"{quoted(text.text)} is not a limit; write it as in 20 files 600 lines, or 20/600"
            )
        table = Table(text.mark)
        for key, value in (("files", match["files"]), ("lines", match["lines"] or match["short"])):
            table[key] = Text(value, text.mark, plain=True)
            table.key_marks[key] = text.mark
        return table

    @property
    def limit(self) -> rules.PatchLimit:
        """As the domain has it."""
        return rules.PatchLimit(self.files, self.lines)


class PatchGuardPart(GatePart):
    """No change is too large to be reviewed."""

    makes: ClassVar[type[rules.Rule]] = rules.PatchGuardRule

    limits: dict[str, PatchLimitPart] | None = Field(
        None,
        description="Limits by type of branch. A type that is not named keeps its own.",
        examples=[{"feature": "20 files 600 lines"}],
    )
    other: PatchLimitPart | None = Field(
        None,
        description="The limit of a change whose type is not known. "
        f"Default {rules.PatchGuardRule().other.files}/{rules.PatchGuardRule().other.lines}.",
    )
    ignore: list[Line] | None = Field(
        None,
        description="Patterns of files that do not count, beside generated ones and lock files.",
        examples=[["docs/**"]],
    )
    recent: PositiveCount | None = setting(
        rules.PatchGuardRule, "recent", "How many of the last changes are looked at for a warning."
    )

    @classmethod
    def examine(cls, table: Table, problems: Problems) -> None:
        """Types of branches, each once whatever it is called."""
        given = table.get("limits")
        note_bad_keys(problems, given, TYPE_PATTERN, "a type of branch")
        if not isinstance(given, Table):
            return
        seen: dict[str, str] = {}
        for key, mark in given.key_marks.items():
            kind = _type_of(key)
            if kind in seen:
                problems.note(
                    mark, f"{quoted(key)} is the same type of branch as {quoted(seen[kind])}"
                )
            seen.setdefault(kind, key)

    def settings(self) -> dict[str, Any]:
        """Own limits beside those that every service has."""
        given = super().settings()
        if self.limits is not None:
            own = {_type_of(word): part.limit for word, part in self.limits.items()}
            given["limits"] = {**rules.PatchGuardRule().limits, **own}
        if self.other is not None:
            given["other"] = self.other.limit
        if self.ignore is not None:
            given["ignore"] = (*rules.PatchGuardRule().ignore, *self.ignore)
        return given


def _type_of(word: str) -> str:
    return rules.BRANCH_WORDS.get(word, word)
