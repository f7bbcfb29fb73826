"""What reports say, made fit to be kept and shown: printable, one line, cut when it is long."""

import re
from collections.abc import Iterator
from typing import BinaryIO

from gonogo.domain.errors import InvalidInput
from gonogo.domain.facts import EXAMPLES, Example
from gonogo.evidence.format import Beginning, unfit

COMMIT = re.compile(r"[0-9a-f]{7,64}")
"""A commit as reports write it, full or abbreviated, in small letters."""

LONGEST_SHOWN = 300
LONGEST_LINE = 1024 * 1024
"""Bytes of the longest line of a text report."""
MOST_LINES = 2_000_000
"""Lines of the longest text report: seconds of reading, where a file of bare line ends would take an hour."""

_BROKE_DOWN = re.compile(
    r"^(?:Traceback \(most recent call last\)|error: cannot format .*: INTERNAL ERROR\b)"
    r"|: error: INTERNAL ERROR\b"
)
_COLOURS = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")


def shown(text: str, longest: int = LONGEST_SHOWN) -> str:
    """A text on one line, without what a terminal or a store would stumble over."""
    plain = " ".join(text[: 4 * longest].split())
    said = "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in plain)
    return said if len(said) <= longest else said[: longest - 1] + "…"


def add(examples: list[Example], what: str, where: str, message: str) -> None:
    """Keep an example while there are few."""
    if len(examples) < EXAMPLES:
        examples.append(Example(shown(what), shown(where), shown(message)))


def beginning_text(beginning: Beginning) -> str:
    """The beginning of a text file without colours; characters that are no UTF-8 are replaced."""
    return _plain(beginning.head.decode("utf-8-sig", "replace"))


def read_lines(file: BinaryIO, name: str) -> Iterator[tuple[int, str]]:
    """Numbers (from 1) and lines without their ends and colours.

    Raises InvalidInput for more than `MOST_LINES`, for what is no UTF-8 text, for a last line that is
    cut off, and where the tool that wrote it broke down.
    """
    number = 0
    while line := file.readline(LONGEST_LINE + 1):
        number += 1
        if number > MOST_LINES:
            raise unfit(name, f"has more than {MOST_LINES} lines, the most that are read")
        if len(line) > LONGEST_LINE:
            raise unfit(name, f"line {number} is longer than {LONGEST_LINE // 1024} KiB")
        try:
            text = line.decode("utf-8-sig" if number == 1 else "utf-8")
        except UnicodeDecodeError:
            raise unfit(name, f"line {number} is not UTF-8 text", hint="save it as UTF-8") from None
        if not line.endswith(b"\n"):
            raise unfit(name, f"line {number} has no end: it is cut off")
        if "\0" in text:
            raise unfit(name, f"line {number} is not text")
        text = _plain(text.rstrip("\r\n"))
        if _BROKE_DOWN.search(text):
            raise unfit(
                name, f"line {number} tells that the tool itself broke down: {shown(text, 100)}"
            )
        yield number, text


def strange(name: str, number: int, line: str, tool: str, hint: str | None = None) -> InvalidInput:
    """The refusal of a line that a tool is not known to write."""
    return unfit(
        name, f'line {number} is nothing that {tool} writes: "{shown(line, 80)}"', hint=hint
    )


def miscounted(name: str, tool: str, says: int, found: int) -> InvalidInput:
    """The refusal of a report whose own sum is another."""
    return unfit(name, f"{tool} says that it found {says}, but lists {found}: it is not whole")


def _plain(text: str) -> str:
    return _COLOURS.sub("", text)
