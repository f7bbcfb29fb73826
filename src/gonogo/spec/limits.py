"""Types of the values that gates hold evidence against, beside those in `scalars`.

Where a rule knows "no limit", the word `any` says it.
"""

import re
from collections.abc import Callable
from datetime import timedelta
from enum import StrEnum
from pathlib import PurePosixPath
from typing import Annotated, Any, TypeVar
from urllib.parse import urlsplit

from pydantic import WithJsonSchema

from gonogo.domain.actor import PEOPLE_ROLES, Role
from gonogo.domain.legible import is_legible
from gonogo.spec import scalars, units
from gonogo.spec.defaults import ANY
from gonogo.spec.scalars import from_text
from gonogo.spec.units import Unfit
from gonogo.spec.wording import did_you_mean, listed, quoted

T = TypeVar("T")

MOST = 1_000_000_000
LONGEST_SENTENCE = 200

SIGNERS = (Role.DEVOPS, Role.QA, Role.TECH_LEAD, Role.SECURITY, Role.PRODUCT)
"""Roles that may sign a version off."""
VERIFIERS = (Role.ADMIN, Role.DEVOPS, Role.QA)
"""Roles that may confirm a release in production."""
TICKERS = (Role.ADMIN, *SIGNERS, Role.DEVELOPER)
"""Roles that may tick a checklist."""

_COUNT: dict[str, Any] = {"type": "integer", "minimum": 0, "maximum": MOST}
_PERCENTAGE: dict[str, Any] = {"type": "string", "pattern": units.PERCENT_PATTERN}
_DURATION: dict[str, Any] = {"type": "string", "pattern": units.DURATION_PATTERN}


def _count(text: str) -> int:
    if re.fullmatch(r"[0-9]{1,10}", text) is None or int(text) > MOST:
        raise Unfit(f"{quoted(text)} is not a whole number; allowed: 0 to {MOST}")
    return int(text)


def _positive_count(text: str) -> int:
    if not _count(text):
        raise Unfit(f"{quoted(text)} asks for nothing; allowed: 1 to {MOST}")
    return int(text)


def _number(text: str) -> float:
    if re.fullmatch(r"-?[0-9]{1,15}(\.[0-9]{1,15})?", text) is None:
        raise Unfit(f"{quoted(text)} is not a number; write it as in 98 or 1.5")
    return float(text)


def _sentence(text: str) -> str:
    if not text.strip() or len(text) > LONGEST_SENTENCE or not is_legible(text):
        raise Unfit(
            f"{quoted(text)} is not a sentence; allowed: 1 to {LONGEST_SENTENCE} characters on one line"
        )
    return text.strip()


def _file(text: str) -> str:
    path = PurePosixPath(text)
    if not text.strip() or not is_legible(text) or len(text) > LONGEST_SENTENCE:
        raise Unfit(f"{quoted(text)} is not the path of a file")
    if path.is_absolute() or ".." in path.parts or text.startswith("~") or path == PurePosixPath():
        raise Unfit(
            f"{quoted(text)} leads out of the files of the version; write a path inside them, "
            "as in reports/junit.xml"
        )
    return str(path)


def _place(text: str) -> str:
    if "://" not in text:
        return _file(text)
    link = urlsplit(text) if text.isprintable() and " " not in text else None
    if link is None or link.scheme not in {"http", "https"} or not link.netloc:
        raise Unfit(f"{quoted(text)} is not a link; a link starts with https:// or http://")
    return text


def words_of(text: str) -> str:
    """The text as one value of an enumeration: lower case, `_` for blanks and hyphens."""
    return re.sub(r"[\s_-]+", "_", text.strip().lower())


def _role(*roles: Role) -> Callable[[str], Role]:
    def parse(text: str) -> Role:
        found = next((role for role in roles if role.value == words_of(text)), None)
        if found is None:
            names = [role.words for role in roles]
            raise Unfit(
                f"{quoted(text)} is not a role for this; allowed: {listed(names)}{did_you_mean(text, names)}"
            )
        return found

    return parse


def _supplier(text: str) -> str:
    """A role as the domain writes it, any other name as it stands."""
    word = words_of(text)
    return word if word in {role.value for role in PEOPLE_ROLES} else scalars.name(text)


def _or_any(parse: Callable[[str], T]) -> Callable[[str], T | None]:
    return lambda text: None if text.strip().lower() == ANY else parse(text)


def _any_schema(schema: dict[str, Any]) -> WithJsonSchema:
    return WithJsonSchema({"anyOf": [schema, {"const": ANY}]})


def member(kind: type[StrEnum]) -> Any:  # noqa: ANN401  (an annotation, made at import)
    """One value of an enumeration; blanks and hyphens count as `_`."""
    words = [item.value.replace("_", " ") for item in kind]

    def parse(text: str) -> StrEnum:
        if words_of(text) not in [item.value for item in kind]:
            raise Unfit(
                f"unknown value {quoted(text)}; allowed: {listed(words)}{did_you_mean(text, words)}"
            )
        return kind(words_of(text))

    return Annotated[kind, from_text(parse), WithJsonSchema({"enum": words})]


def role_pattern(item: Role) -> str:
    """What editors accept as this role: any case; a blank, `_` or a hyphen between words."""
    signs = ("[ _-]" if sign == "_" else f"[{sign.upper()}{sign}]" for sign in item.value)
    return f"^{''.join(signs)}$"


def role(*roles: Role) -> Any:  # noqa: ANN401  (an annotation, made at import)
    """One of these roles, as people write it."""
    pattern = "|".join(role_pattern(item) for item in roles)
    schema = {"type": "string", "pattern": pattern, "examples": [roles[0].words]}
    return Annotated[Role, from_text(_role(*roles)), WithJsonSchema(schema)]


Count = Annotated[int, from_text(_count), WithJsonSchema(_COUNT)]
PositiveCount = Annotated[int, from_text(_positive_count), WithJsonSchema({**_COUNT, "minimum": 1})]
AnyCount = Annotated[int | None, from_text(_or_any(_count)), _any_schema(_COUNT)]
AnyPositiveCount = Annotated[
    int | None, from_text(_or_any(_positive_count)), _any_schema({**_COUNT, "minimum": 1})
]
Percentage = Annotated[float, from_text(units.parse_percentage), WithJsonSchema(_PERCENTAGE)]
AnyPercentage = Annotated[
    float | None, from_text(_or_any(units.parse_percentage)), _any_schema(_PERCENTAGE)
]
AnyDuration = Annotated[
    timedelta | None, from_text(_or_any(scalars.positive)), _any_schema(_DURATION)
]
Number = Annotated[float, from_text(_number), WithJsonSchema({"type": "number"})]
Sentence = Annotated[
    str,
    from_text(_sentence),
    WithJsonSchema({"type": "string", "minLength": 1, "maxLength": LONGEST_SENTENCE}),
]
File = Annotated[
    str, from_text(_file), WithJsonSchema({"type": "string", "pattern": r"^(?![/~]|.*\.\./)\S"})
]
Place = Annotated[
    str, from_text(_place), WithJsonSchema({"type": "string", "pattern": r"^(?![/~]|.*\.\./)\S"})
]
Version = Annotated[str, from_text(scalars.name), WithJsonSchema({"type": ["string", "number"]})]
Supplier = Annotated[
    str, from_text(_supplier), WithJsonSchema({"type": "string", "minLength": 1, "maxLength": 80})
]
Variable = Annotated[
    str,
    from_text(scalars.variable),
    WithJsonSchema({"type": "string", "pattern": scalars.VARIABLE_PATTERN}),
]
