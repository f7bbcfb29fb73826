"""Counts of two arms from CSV: lines of bytes in, one value per row out; streamed, nothing guessed.

Columns `at`, `arm`, `bad`, `total` and, where several things are counted, `kpi`; in any order, each
once, no others. A row holds what was counted since the row before of the same arm and KPI (an
increment). `at` is ISO 8601 or a number of seconds; rows with the same `at` are one look.
"""

import csv
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import groupby

from gonogo.domain.errors import InvalidInput
from gonogo.domain.traffic import Arm, Counts, Increment

NEEDED = ("at", "arm", "bad", "total")
OPTIONAL = "kpi"
ONLY_KPI = "requests"
"""The name of the one KPI of a file without the column `kpi`."""

LARGEST = 10**15  # beyond this a float no longer holds every whole number
LONGEST_NAME = 200
_SHOWN = 40
_START = datetime(1970, 1, 1, tzinfo=UTC)
_ARMS = {arm.value: arm for arm in Arm}
_INCREMENTS = (
    "rows are increments: a counter that began anew must not be subtracted from the one before"
)


@dataclass(frozen=True, slots=True)
class CountsRow:
    """One row. `number` counts data rows from 1; seconds are instants counted from 1970-01-01 UTC."""

    number: int
    at: datetime
    kpi: str
    arm: Arm
    counts: Counts


@dataclass(frozen=True, slots=True)
class CountedLook:
    """One look: what each KPI gained in it. `last_row` is the number of its last row."""

    last_row: int
    at: datetime
    increments: Mapping[str, Increment]


def read_counts(lines: Iterable[bytes], name: str) -> Iterator[CountsRow]:
    """The rows of a file that messages call `name`.

    Raises InvalidInput naming row and column at the first thing that is wrong; rows before it have
    been given out by then.
    """
    reader = csv.reader(_decoded(lines, name), strict=True)
    places = _places(_next(reader, name, 0), name)
    times = _Times()
    number = 0
    while (fields := _next(reader, name, number + 1)) is not None:
        if not fields:
            continue
        number += 1
        yield _row(fields, places, times, _Where(name, number, reader.line_num))


def in_looks(rows: Iterable[CountsRow]) -> Iterator[CountedLook]:
    """Rows that follow one another with the same `at`, added up."""
    for at, found in groupby(rows, key=lambda row: row.at):
        sums: dict[tuple[str, Arm], tuple[int, int]] = {}
        last = 0
        for row in found:
            bad, total = sums.get((row.kpi, row.arm), (0, 0))
            sums[row.kpi, row.arm] = (bad + row.counts.bad, total + row.counts.total)
            last = row.number
        yield CountedLook(
            last,
            at,
            {
                kpi: Increment(
                    kpi,
                    Counts(*sums.get((kpi, Arm.BASELINE), (0, 0))),
                    Counts(*sums.get((kpi, Arm.CANARY), (0, 0))),
                )
                for kpi in dict.fromkeys(kpi for kpi, _ in sums)
            },
        )


@dataclass(frozen=True, slots=True)
class _Where:
    """A row, for messages."""

    name: str
    number: int
    line: int

    def wrong(self, column: str | None, what: str, hint: str | None = None) -> InvalidInput:
        place = f"{self.name}, row {self.number} (line {self.line})"
        if column is not None:
            place += f", column {column}"
        said = "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in what)
        return InvalidInput(f"{place}: {said}", hint=hint)


def _decoded(lines: Iterable[bytes], name: str) -> Iterator[str]:
    for number, line in enumerate(lines, start=1):
        try:
            yield line.decode("utf-8-sig" if number == 1 else "utf-8")
        except UnicodeDecodeError as error:
            raise InvalidInput(
                f"{name}, line {number}: not UTF-8 text", hint="save it as UTF-8"
            ) from error


def _next(reader: Iterator[list[str]], name: str, number: int) -> list[str] | None:
    try:
        return next(reader, None)
    except csv.Error as error:
        place = f"row {number}" if number else "the header"
        raise InvalidInput(f"{name}, {place}: not CSV ({error})") from error


def _places(header: list[str] | None, name: str) -> dict[str, int]:
    """Where each column stands."""
    columns = [column.strip() for column in header or []]
    shown = ",".join(columns)[:_SHOWN]
    wanted = (
        "the first line must name the columns at,arm,bad,total (and kpi, where there are several)"
    )
    missing = [column for column in NEEDED if column not in columns]
    if missing:
        found = f'; the first line is "{shown}"' if columns else "; the file is empty"
        raise InvalidInput(f"{name}, header: no column {missing[0]}{found}", hint=wanted)
    for column in columns:
        if columns.count(column) > 1:
            raise InvalidInput(f"{name}, header: two columns {column[:_SHOWN]}", hint=wanted)
        if column not in {*NEEDED, OPTIONAL}:
            raise InvalidInput(
                f'{name}, header: unknown column "{column[:_SHOWN]}"; nobody would read it',
                hint="leave it out, or call it kpi when its rows are to be judged one by one",
            )
    return {column: place for place, column in enumerate(columns)}


def _row(fields: list[str], places: dict[str, int], times: "_Times", where: _Where) -> CountsRow:
    if len(fields) != len(places):
        raise where.wrong(None, f"{len(fields)} fields where the header has {len(places)}")
    arm = _ARMS.get(fields[places["arm"]].strip())
    if arm is None:
        shown = fields[places["arm"]][:_SHOWN]
        raise where.wrong("arm", f'"{shown}" is neither baseline nor canary')
    kpi = ONLY_KPI
    if OPTIONAL in places:
        kpi = fields[places[OPTIONAL]].strip()
        if not kpi or len(kpi) > LONGEST_NAME or not kpi.isprintable():
            raise where.wrong(
                "kpi", f"a name of 1 to {LONGEST_NAME} printable characters is needed"
            )
    at = times.read(fields[places["at"]].strip(), where)
    bad = _count(fields[places["bad"]].strip(), "bad", where)
    total = _count(fields[places["total"]].strip(), "total", where)
    if bad > total:
        raise where.wrong("bad", f"{bad} bad of {total} in all: bad cannot be more than total")
    return CountsRow(where.number, at, kpi, arm, Counts(bad, total))


def _count(text: str, column: str, where: _Where) -> int:
    if text.isascii() and text.isdecimal() and len(text) < 16:
        return int(text)
    shown = f'"{text[:_SHOWN]}"'
    if re.fullmatch(r"-\d+(\.\d*)?", text):
        raise where.wrong(column, f"{shown} is negative", _INCREMENTS)
    if text.isascii() and text.isdecimal():
        raise where.wrong(column, f"{shown} is too large; the limit is {LARGEST}")
    if re.fullmatch(r"\+?\d*\.?\d+([eE][-+]?\d+)?", text):
        raise where.wrong(
            column, f"{shown} is not written as a whole number, and requests are whole"
        )
    raise where.wrong(column, f"{shown} is not a number" if text else "empty")


class _Times:
    """Reads `at`, which must be of one kind and never go back."""

    def __init__(self) -> None:
        self._kind: str | None = None
        self._text: str | None = None
        self._last: datetime | None = None

    def read(self, text: str, where: _Where) -> datetime:
        if text == self._text and self._last is not None:
            return self._last
        kind, at = _instant(text, where)
        if self._kind is not None and kind != self._kind:
            raise where.wrong(
                "at", f'"{text[:_SHOWN]}" is {kind}, and the rows before are {self._kind}'
            )
        if self._last is not None and at < self._last:
            raise where.wrong(
                "at",
                f'"{text[:_SHOWN]}" is before "{self._text}" of the row before: the clock went back',
                "sort the rows by at, or judge what was counted on each side of the jump by itself",
            )
        self._kind, self._text, self._last = kind, text[:_SHOWN], at
        return at


def _instant(text: str, where: _Where) -> tuple[str, datetime]:
    if re.fullmatch(r"[-+]?\d+(\.\d+)?([eE][-+]?\d{1,2})?", text) and len(text) <= _SHOWN:
        try:
            return "a number of seconds", _START + timedelta(seconds=float(text))
        except OverflowError:
            raise where.wrong(
                "at", f'"{text}" is too large for a number of seconds', "are these milliseconds?"
            ) from None
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        what = f'"{text[:_SHOWN]}" is neither ISO 8601 nor a number of seconds' if text else "empty"
        raise where.wrong("at", what) from None
    if at.tzinfo is None:
        return "a time without a zone", at.replace(tzinfo=UTC)
    try:
        return "a time with a zone", at.astimezone(UTC)
    except OverflowError:
        raise where.wrong("at", f'"{text[:_SHOWN]}" lies outside the calendar') from None
