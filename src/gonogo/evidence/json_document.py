"""JSON reports: bounded, strict, and walked with the way that was gone, so that a refusal can name it.

Guarantees: whatever bytes come in, a walk ends in values of the types asked for or in InvalidInput.
A key that stands twice in one object is refused, since one of its values would be hidden; so are NaN
and the infinities, which no limit can be compared with.
"""

import json
import math
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, BinaryIO

from gonogo.domain.errors import InvalidInput
from gonogo.evidence.format import Beginning, unfit
from gonogo.evidence.wording import COMMIT, shown

LARGEST_JSON = 64 * 1024 * 1024
"""Bytes of the largest JSON report; the whole of it is held in memory."""

LARGEST_COUNT = 10**15

# A text without an end runs to the end: it must not be looked at again from each quote inside it.
_TOKEN = re.compile(r'"((?:[^"\\]|\\.)*+)(?:"|\\?\Z)|[{}\[\]:,]', re.DOTALL)


class _Refused(ValueError):
    """What json cannot be stopped at otherwise; the message is a clause about the file."""


@dataclass(frozen=True, slots=True)
class Node:
    """One value of a document; `way` leads to it (`runs[0].tool`) and `report` is the file's name."""

    value: Any
    way: str
    report: str

    def unfit(self, what: str, *, hint: str | None = None) -> InvalidInput:
        """A refusal that names this place."""
        return unfit(self.report, f"{self.way or 'the document'} {what}", hint=hint)

    def keys(self) -> tuple[str, ...]:
        """The keys of an object."""
        return tuple(self._object())

    def find(self, key: str) -> "Node | None":
        """The value under a key of an object; None when it is not there or null."""
        value = self._object().get(key)
        return None if value is None else self._below(key, value)

    def need(self, key: str) -> "Node":
        """The value under a key of an object; refused when it is not there or null."""
        found = self.find(key)
        if found is None:
            raise self.unfit(f"has no {key}")
        return found

    def items(self) -> Iterator["Node"]:
        """The elements of a list."""
        if not isinstance(self.value, list):
            raise self._other("a list")
        for number, value in enumerate(self.value):
            yield Node(value, f"{self.way}[{number}]", self.report)

    def members(self) -> Iterator[tuple[str, "Node"]]:
        """Keys and values of an object."""
        for key, value in self._object().items():
            yield key, self._below(key, value)

    def text(self) -> str:
        """A text, fit to be shown: one line, printable, cut when it is long."""
        return shown(self.exact())

    def exact(self) -> str:
        """A text as it stands."""
        if not isinstance(self.value, str):
            raise self._other("a text")
        return self.value

    def flag(self) -> bool:
        """True or false."""
        if not isinstance(self.value, bool):
            raise self._other("true or false")
        return self.value

    def number(self) -> float:
        """A finite number."""
        if isinstance(self.value, bool) or not isinstance(self.value, int | float):
            raise self._other("a number")
        try:
            number = float(self.value)
        except OverflowError:
            number = math.inf
        if not math.isfinite(number):
            raise self.unfit("is too large a number")
        return number

    def amount(self) -> float:
        """A finite number that is not negative."""
        number = self.number()
        if number < 0:
            raise self.unfit(f"is {number:g}, which is negative")
        return number

    def count(self) -> int:
        """A whole number that is not negative."""
        number = self.amount()
        if number != int(number) or number > LARGEST_COUNT:
            raise self.unfit(f"is {number:g}, not a count")
        return int(number)

    def instant(self) -> datetime:
        """An ISO 8601 instant with its zone, in UTC."""
        said = self.exact()
        try:
            at = datetime.fromisoformat(said)
            if at.tzinfo is not None:
                return at.astimezone(UTC)
        except (ValueError, OverflowError):
            raise self.unfit(f'"{shown(said, 40)}" is no time as in ISO 8601') from None
        raise self.unfit(f'"{shown(said, 40)}" has no zone', hint="end it with Z or +00:00")

    def commit(self) -> str:
        """A commit, full or abbreviated, in small letters."""
        said = self.exact().lower()
        if not COMMIT.fullmatch(said):
            raise self.unfit(f'"{shown(said, 70)}" is no commit (7 to 64 hexadecimal digits)')
        return said

    def _object(self) -> dict[str, Any]:
        if not isinstance(self.value, dict):
            raise self._other("an object")
        return self.value

    def _below(self, key: str, value: object) -> "Node":
        return Node(
            value, f"{self.way}.{shown(key, 60)}" if self.way else shown(key, 60), self.report
        )

    def _other(self, wanted: str) -> InvalidInput:
        kinds = {dict: "an object", list: "a list", str: "a text", bool: "true or false"}
        found = "null" if self.value is None else kinds.get(type(self.value), "a number")
        return self.unfit(f"is {found}, not {wanted}")


def read_document(file: BinaryIO, name: str) -> Node:
    """The document in a file. Raises InvalidInput when it is not one JSON value in UTF-8, larger than
    `LARGEST_JSON`, nested too deeply, or ambiguous."""
    content = file.read(LARGEST_JSON + 1)
    if len(content) > LARGEST_JSON:
        limit = LARGEST_JSON // (1024 * 1024)
        raise unfit(name, f"is larger than {limit} MiB, the most that is read of JSON")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise unfit(
            name, f"is not UTF-8 text (byte {error.start})", hint="save it as UTF-8"
        ) from None
    try:
        value = json.loads(text, object_pairs_hook=_object, parse_constant=_no_number)
    except _Refused as error:
        raise unfit(name, str(error)) from None
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise unfit(name, f"is not JSON ({where}: {error.msg}); is it cut off?") from None
    except RecursionError:
        raise unfit(name, "is nested too deeply") from None
    except ValueError:
        raise unfit(name, "holds a number with too many digits") from None
    return Node(value, "", name)


@dataclass(frozen=True, slots=True)
class Outline:
    """What the beginning of a JSON file shows: the keys of its top object, or of the first object in
    its top list, as far as they stand in the beginning."""

    is_list: bool
    keys: frozenset[str]


def outline(beginning: Beginning) -> Outline | None:
    """The outline of a file; None when it is no JSON object and no list of objects."""
    return _outline(beginning.head)


@lru_cache(maxsize=4)
def _outline(head: bytes) -> Outline | None:
    text = head.decode("utf-8-sig", "replace").lstrip()
    is_list = text[:1] == "["
    if is_list:
        if not text[1:].lstrip().startswith("{"):
            return None
    elif not text.startswith("{"):
        return None
    return Outline(is_list, frozenset(_keys(text, 2 if is_list else 1)))


def _keys(text: str, level: int) -> Iterator[str]:
    """Keys that stand `level` brackets deep in the first object that is so deep."""
    depth, last = 0, None
    for token in _TOKEN.finditer(text):
        mark = token.group()
        if mark in "{[":
            depth += 1
        elif mark in "}]":
            depth -= 1
            if depth < level:
                return
        elif mark == ":" and depth == level and last is not None:
            yield last
        last = token.group(1)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        twice = next(key for key, count in Counter(key for key, _ in pairs).items() if count > 1)
        raise _Refused(f"has the key {shown(twice, 60)} twice in one object")
    return found


def _no_number(constant: str) -> float:
    raise _Refused(f"holds {constant}, which is no number of JSON")
