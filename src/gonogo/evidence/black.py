"""What `black --check` says: files that it would change or cannot read."""

import re
from typing import BinaryIO

from gonogo.domain.facts import Example, LintFacts
from gonogo.evidence.format import Beginning, Format, Reading, unfit
from gonogo.evidence.wording import add, beginning_text, read_lines

_BAD = r"would be reformatted|would fail to reformat|failed to reformat"
_PART = re.compile(
    rf"(?P<count>[0-9]{{1,15}}) files? "
    rf"(?:(?P<bad>{_BAD})|(?:would be )?left unchanged|(?P<changed>reformatted))"
)
_START = re.compile(
    r"^(?:All done!|Oh no!|would reformat \S|No Python files are present|error: cannot (?:parse|format) )",
    re.MULTILINE,
)
_NOTHING = "No Python files are present"
_BROKEN = re.compile(r"error: cannot (?:parse|format) (?P<where>.+?)(?:: (?P<message>.*))?")


def recognises(beginning: Beginning) -> bool:
    """Its own words."""
    return _START.search(beginning_text(beginning)) is not None


def read(file: BinaryIO, name: str) -> Reading:
    """Files. Raises InvalidInput."""
    errors = files = sums = 0
    examples: list[Example] = []
    for _number, line in read_lines(file, name):
        if line.startswith(_NOTHING):
            raise unfit(name, "black found no files: nothing was looked at")
        parts = list(_PART.finditer(line))
        if parts and ", ".join(part.group() for part in parts) + "." == line:
            sums += 1
            if any(part["changed"] for part in parts):
                raise unfit(name, "black changed files in this run", hint="run black --check")
            files += sum(int(part["count"]) for part in parts)
            errors += sum(int(part["count"]) for part in parts if part["bad"])
        elif line.startswith("would reformat "):
            add(examples, "would reformat", line.removeprefix("would reformat "), "")
        elif broken := _BROKEN.fullmatch(line):
            add(examples, "cannot be read", broken["where"], broken["message"] or "")
    if sums != 1:
        raise unfit(name, f"black's sum of files stands in it {sums} times, not once")
    if not files:
        raise unfit(name, "black looked at no file")
    if errors < len(examples):
        raise unfit(name, f"black's sum says {errors}, but it names {len(examples)}")
    return Reading((LintFacts("black", errors, 0, files, tuple(examples)),))


BLACK = Format("black", recognises, read)
