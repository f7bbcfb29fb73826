"""ruff: its findings as JSON and as text, and what its formatter would change."""

import re
from typing import BinaryIO

from gonogo.domain.facts import Example, LintFacts
from gonogo.evidence.format import Beginning, Format, Reading, unfit
from gonogo.evidence.json_document import Node, outline, read_document
from gonogo.evidence.wording import add, beginning_text, miscounted, read_lines, strange

CODE = r"(?:[A-Z]{1,6}\d{1,5}|(?:invalid-syntax|SyntaxError):)"
_CLEAN = re.compile(r"All checks passed!")
_SUM = re.compile(r"Found ([0-9]{1,15}) errors?(?: \(\d+ fixed, ([0-9]{1,15}) remaining\))?\.")
_CONCISE = re.compile(rf"(?P<where>\S.*?:\d+:\d+): (?P<what>{CODE}) (?:\[\*\] )?(?P<message>.*)")
_HEADING = re.compile(rf"(?P<what>{CODE}) (?:\[\*\] )?(?P<message>.*)")
_ARROW = re.compile(r" +--> (?P<where>\S.*:\d+:\d+)")
_FRAME = re.compile(r"\s*(?:\d+ )?[ |+\-…:]|\s*\d+$|(?:help|note|info): |\.\.\.$")
_REMARK = re.compile(r"warning: |\[\*\] \d+ |No fixes available|\d+ (?:hidden|unsafe) fix")
_NOTHING = "No Python files found"
_FULL_START = re.compile(rf"^{CODE} .*\n +--> \S.*:\d+:\d+$", re.MULTILINE)
_SUM_START = re.compile(rf"^{_SUM.pattern}$", re.MULTILINE)
_FORMAT_HEADING = re.compile(r"(?P<what>invalid-syntax:|unformatted:) (?P<message>.*)")
_FORMAT_PART = re.compile(
    r"(?P<count>[0-9]{1,15}) files? (?:(?P<bad>would be reformatted)|(?P<good>(?:already|left) \w+))"
)


def recognises_json(beginning: Beginning) -> bool:
    """A list of findings, or a list of none in a file that is named after ruff."""
    if beginning.head.strip() == b"[]":
        return beginning.name.lower().startswith("ruff")
    found = outline(beginning)
    return found is not None and found.is_list and {"code", "filename", "location"} <= found.keys


def read_json(file: BinaryIO, name: str) -> Reading:
    """Findings. Raises InvalidInput."""
    errors = warnings = 0
    examples: list[Example] = []
    for finding in read_document(file, name).items():
        severity = finding.find("severity")
        if severity is not None and severity.exact() == "warning":
            warnings += 1
        else:
            errors += 1
        code = finding.find("code")
        add(
            examples,
            code.text() if code is not None else "invalid-syntax",
            _place(finding),
            finding.need("message").text(),
        )
    return Reading((LintFacts("ruff", errors, warnings, None, tuple(examples)),))


def _place(finding: Node) -> str:
    row = finding.need("location").need("row").count()
    return f"{finding.need('filename').text()}:{row}"


def recognises_text(beginning: Beginning) -> bool:
    """Its own last words, or a finding in its own hand."""
    text = beginning_text(beginning)
    return (
        re.search(r"^All checks passed!$", text, re.MULTILINE) is not None
        or _SUM_START.search(text) is not None
        or _FULL_START.search(text) is not None
    )


def read_text(file: BinaryIO, name: str) -> Reading:
    """Findings of the full or the concise text. Raises InvalidInput."""
    sums: list[int] = []
    found = 0
    examples: list[Example] = []
    heading: re.Match[str] | None = None
    for number, line in read_lines(file, name):
        if _NOTHING in line:
            raise unfit(name, "ruff found no files: nothing was looked at")
        if _CLEAN.fullmatch(line):
            sums.append(0)
        elif total := _SUM.fullmatch(line):
            sums.append(int(total[2] or total[1]))
        elif concise := _CONCISE.fullmatch(line):
            found += 1
            add(examples, concise["what"].rstrip(":"), concise["where"], concise["message"])
        elif heading is not None and (arrow := _ARROW.fullmatch(line)):
            found += 1
            add(examples, heading["what"].rstrip(":"), arrow["where"], heading["message"])
            heading = None
        elif next_heading := _HEADING.fullmatch(line):
            heading = next_heading
        elif line.strip() and not _FRAME.match(line) and not _REMARK.match(line):
            raise strange(name, number, line, "ruff", "ruff check --output-format json")
    if len(sums) != 1:
        raise unfit(name, f"ruff's last words stand in it {len(sums)} times, not once")
    if sums[0] != found:
        raise miscounted(name, "ruff", sums[0], found)
    return Reading((LintFacts("ruff", found, 0, None, tuple(examples)),))


def recognises_format(beginning: Beginning) -> bool:
    """Its sum of files."""
    text = beginning_text(beginning)
    parts = r"(?:\d+ files? (?:would be reformatted|already formatted)(?:, )?)+"
    return re.search(rf"^{parts}$", text, re.MULTILINE) is not None


def read_format(file: BinaryIO, name: str) -> Reading:
    """Files that `ruff format --check` would change. Raises InvalidInput."""
    errors = files = sums = broken = 0
    examples: list[Example] = []
    heading: re.Match[str] | None = None
    for _number, line in read_lines(file, name):
        if _NOTHING in line:
            raise unfit(name, "ruff found no files: nothing was looked at")
        parts = list(_FORMAT_PART.finditer(line))
        if parts and ", ".join(part.group() for part in parts) == line:
            sums += 1
            errors += sum(int(part["count"]) for part in parts if part["bad"])
            files += sum(int(part["count"]) for part in parts)
        elif line.startswith("Would reformat: "):
            add(examples, "would reformat", line.removeprefix("Would reformat: "), "")
        elif heading is not None and (arrow := _ARROW.fullmatch(line)):
            unread = heading["what"] != "unformatted:"
            what = "cannot be read" if unread else "would reformat"
            add(examples, what, arrow["where"], heading["message"])
            broken += unread
            heading = None
        elif line.startswith("error: "):
            add(examples, "cannot be read", "", line.removeprefix("error: "))
            broken += 1
        else:
            heading = _FORMAT_HEADING.fullmatch(line) or heading
    if sums != 1 or not files:
        raise unfit(name, f"ruff's sum of files stands in it {sums} times, not once")
    return Reading((LintFacts("ruff format", errors + broken, 0, files + broken, tuple(examples)),))


RUFF = Format("ruff", recognises_json, read_json)
RUFF_TEXT = Format("ruff-text", recognises_text, read_text)
RUFF_FORMAT = Format("ruff-format", recognises_format, read_format)
