"""flake8's default text. It has no severities: whatever it prints is an error to it.

A clean run prints nothing, which cannot be told from a run that never was. With `--count` it ends with
the number of findings: a clean report is then `0`, in a file that is named after flake8.
"""

import re
from typing import BinaryIO

from gonogo.domain.facts import Example, LintFacts
from gonogo.evidence.format import Beginning, Format, Reading, unfit
from gonogo.evidence.wording import add, beginning_text, miscounted, read_lines, strange

_FINDING = re.compile(r"(?P<where>\S.*?:\d+:\d+): (?P<what>[A-Z]{1,3}\d{1,4}) (?P<message>.*)")
_STATISTICS = re.compile(r"\d+ +[A-Z]{1,3}\d{1,4} .*")


def recognises(beginning: Beginning) -> bool:
    """A finding in the first line, or the count 0 in a file that is named after flake8."""
    text = beginning_text(beginning)
    if text.strip() == "0":
        return "flake8" in beginning.name.lower()
    return _FINDING.match(text) is not None


def read(file: BinaryIO, name: str) -> Reading:
    """Findings. Raises InvalidInput."""
    errors = 0
    total: int | None = None
    examples: list[Example] = []
    for number, line in read_lines(file, name):
        if total is not None:
            raise unfit(name, f"goes on after its count (line {number})")
        if finding := _FINDING.fullmatch(line):
            errors += 1
            add(examples, finding["what"], finding["where"], finding["message"])
        elif line.isascii() and line.isdecimal() and len(line) < 16:
            total = int(line)
        elif not _STATISTICS.fullmatch(line):
            raise strange(name, number, line, "flake8", "run flake8 --count with no --format")
    if total is not None and total != errors:
        raise miscounted(name, "flake8", total, errors)
    return Reading((LintFacts("flake8", errors, 0, None, tuple(examples)),))


FLAKE8 = Format("flake8", recognises, read)
