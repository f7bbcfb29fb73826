"""mypy's text."""

import re
from typing import BinaryIO

from gonogo.domain.facts import Example, LintFacts
from gonogo.evidence.format import Beginning, Format, Reading, unfit
from gonogo.evidence.wording import add, beginning_text, miscounted, read_lines

_FINDING = re.compile(
    r"(?P<where>\S.*?): (?P<kind>error|warning): (?P<message>.*?)(?:  \[(?P<what>[\w-]+)\])?"
)
_CLEAN = re.compile(r"Success: no issues found in ([0-9]{1,15}) source files?")
_SUM = re.compile(
    r"Found (?P<errors>[0-9]{1,15}) errors? in \d+ files? "
    r"\((?:checked (?P<files>[0-9]{1,15}) source files?|errors prevented further checking)\)"
)
_SUM_START = re.compile(rf"^(?:{_CLEAN.pattern}|{_SUM.pattern})$", re.MULTILINE)
_FINDING_START = re.compile(r"\S[^\n]*?\.pyi?(?::\d+)+: (?:error|note|warning): ")


def recognises(beginning: Beginning) -> bool:
    """Its own last words, or a finding in a Python file in the first line."""
    text = beginning_text(beginning)
    return _SUM_START.search(text) is not None or _FINDING_START.match(text) is not None


def read(file: BinaryIO, name: str) -> Reading:
    """Findings. Raises InvalidInput."""
    errors = warnings = 0
    said: int | None = None
    files: int | None = None
    examples: list[Example] = []
    for number, line in read_lines(file, name):
        if said is not None and line.strip():
            raise unfit(name, f"goes on after mypy's last words (line {number})")
        if clean := _CLEAN.fullmatch(line):
            said, files = 0, int(clean[1])
        elif total := _SUM.fullmatch(line):
            said = int(total["errors"])
            files = int(total["files"]) if total["files"] else None
        elif finding := _FINDING.fullmatch(line):
            errors += finding["kind"] == "error"
            warnings += finding["kind"] == "warning"
            add(examples, finding["what"] or finding["kind"], finding["where"], finding["message"])
    if said is None:
        raise unfit(name, "lacks mypy's last words: it is not whole")
    if said != errors:
        raise miscounted(name, "mypy", said, errors)
    if files == 0:
        raise unfit(name, "mypy looked at no file")
    return Reading((LintFacts("mypy", errors, warnings, files, tuple(examples)),))


MYPY = Format("mypy", recognises, read)
