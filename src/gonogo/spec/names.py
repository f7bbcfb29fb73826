"""Names that are given in free mappings and lists: which are allowed, and that none comes twice."""

import re

from gonogo.domain.legible import is_legible
from gonogo.spec import scalars
from gonogo.spec.part import Problems
from gonogo.spec.problem import Mark
from gonogo.spec.source import Table
from gonogo.spec.wording import quoted

_PLAIN = {
    scalars.HEADER_PATTERN: "letters, digits and hyphens, as in Authorization",
    scalars.VARIABLE_PATTERN: "letters, digits and _, not a digit first",
    scalars.TYPE_PATTERN: "lower-case letters, digits, - and _, a letter first, at most 40 characters",
    scalars.SERVICE_PATTERN: "lower-case letters, digits and hyphens, a letter first, at most 40 characters",
}


def note_duplicates(problems: Problems, what: str, named: list[tuple[str, Mark]]) -> None:
    """Note every name that was given before."""
    seen: dict[str, Mark] = {}
    for name, mark in named:
        if name in seen:
            problems.note(
                mark, f"duplicate {what} name {quoted(name)}, first given in line {seen[name].line}"
            )
        seen.setdefault(name, mark)


def note_bad_keys(problems: Problems, table: object, pattern: str, what: str) -> None:
    """Note every key of a free mapping that does not fit."""
    if isinstance(table, Table):
        for key, mark in table.key_marks.items():
            if re.fullmatch(pattern, key) is None:
                problems.note(mark, f"{quoted(key)} is not {what}; allowed: {_PLAIN[pattern]}")


def note_long_keys(problems: Problems, table: object, what: str) -> None:
    """Note every key of a free mapping that is not 1 to 80 characters on one line."""
    if isinstance(table, Table):
        for key, mark in table.key_marks.items():
            if not key.strip() or len(key) > 80 or not is_legible(key):
                problems.note(
                    mark, f"{quoted(key)} is not the name of {what}; 1 to 80 characters on one line"
                )
