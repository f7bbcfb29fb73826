"""Coverage as lcov writes it: lcov itself, gcovr, coverage.py, c8, Node's test runner, llvm-cov.

What is counted are the lines (`DA`) themselves. `LF` and `LH` are not held against them, because
llvm-cov counts those by function and so differently. A file that ends inside a record was cut off.
lcov knows neither the time nor the commit.
"""

import re
from typing import BinaryIO

from gonogo.domain.errors import InvalidInput
from gonogo.evidence.coverage_lines import CoverageLines
from gonogo.evidence.format import Beginning, Format, Reading, unfit

LONGEST_LINE = 64 * 1024
"""Bytes of one line."""

_FIRST = re.compile(rb"(?:\xef\xbb\xbf)?(?:\s|#[^\n]*\n)*+(?:TN:|SF:)")
_RECORD = re.compile(r"[A-Z]{1,8}:")
_DATA = re.compile(r"(\d{1,18}),(-?\d{1,30})(?:,.*)?")


def recognises(beginning: Beginning) -> bool:
    """Text whose first line is `TN:` or `SF:`."""
    return _FIRST.match(beginning.head) is not None


def read(file: BinaryIO, name: str) -> Reading:
    """Facts of the coverage. Raises InvalidInput with the number of the line that cannot be read."""
    reader = _Reader(name)
    number = 0
    while line := file.readline(LONGEST_LINE + 1):
        number += 1
        if len(line) > LONGEST_LINE:
            raise unfit(name, f"has a line {number} that is longer than {LONGEST_LINE} bytes")
        try:
            text = line.decode("utf-8-sig" if number == 1 else "utf-8").strip()
        except UnicodeDecodeError:
            raise unfit(name, f"is not UTF-8 in line {number}", hint="save it as UTF-8") from None
        if text:
            reader.take(text, number)
    return reader.reading()


class _Reader:
    def __init__(self, name: str) -> None:
        self._name = name
        self._lines = CoverageLines(name)
        self._within = False
        self._files = 0

    def take(self, text: str, number: int) -> None:
        if text.startswith("DA:") and self._within:
            found = _DATA.fullmatch(text, 3)
            if found is None:
                raise self._wrong(text, number)
            self._lines.line(int(found[1]), int(found[2]) > 0)
        elif text.startswith("SF:"):
            if self._within:
                raise unfit(self._name, f"has a record that does not end before line {number}")
            self._lines.begin(text[3:])
            self._within = True
            self._files += 1
        elif text == "end_of_record":
            if not self._within:
                raise self._wrong(text, number)
            self._lines.end()
            self._within = False
        elif text.startswith("DA:") or not (_RECORD.match(text) or text.startswith("#")):
            raise self._wrong(text, number)

    def reading(self) -> Reading:
        if self._within:
            raise unfit(self._name, "was cut off: its last record has no end_of_record")
        if not self._files:
            raise unfit(self._name, "has no file in it")
        return Reading((self._lines.facts(),))

    def _wrong(self, text: str, number: int) -> InvalidInput:
        return unfit(self._name, f"has {text[:60]!r} in line {number}, which lcov does not write")


LCOV = Format("lcov", recognises, read)
