"""The TypeScript compiler's text. A clean run prints nothing; with `--diagnostics` it prints figures,
which tell that it ran to its end."""

import re
from typing import BinaryIO

from gonogo.domain.facts import Example, LintFacts
from gonogo.evidence.format import Beginning, Format, Reading, unfit
from gonogo.evidence.wording import add, beginning_text, miscounted, read_lines

_FINDING = re.compile(
    r"(?:(?P<file>\S.*?)[(:](?P<line>\d+)[,:]\d+\)?(?::| -) )?"
    r"(?P<kind>error|warning) (?P<what>TS\d+): (?P<message>.*)"
)
_SUM = re.compile(r"Found (?P<errors>[0-9]{1,15}) errors?(?: .*)?\.?")
_FIGURES = re.compile(r"Files: +[1-9]\d*$", re.MULTILINE)
_LAST_FIGURE = re.compile(r"Total time: +[\d.]+s")


def recognises(beginning: Beginning) -> bool:
    """A finding, or its figures, in the first line."""
    text = beginning_text(beginning).replace("\r\n", "\n")
    return _FINDING.match(text) is not None or _FIGURES.match(text) is not None


def read(file: BinaryIO, name: str) -> Reading:
    """Findings. Raises InvalidInput."""
    errors = warnings = 0
    said: int | None = None
    figures = ended = False
    examples: list[Example] = []
    for _number, line in read_lines(file, name):
        if finding := _FINDING.fullmatch(line):
            errors += finding["kind"] == "error"
            warnings += finding["kind"] == "warning"
            where = f"{finding['file']}:{finding['line']}" if finding["file"] else ""
            add(examples, finding["what"], where, finding["message"])
        elif total := _SUM.fullmatch(line):
            said = int(total["errors"])
        elif _FIGURES.fullmatch(line):
            figures = True
        elif _LAST_FIGURE.fullmatch(line):
            ended = True
    if figures != ended:
        raise unfit(name, "holds only a part of tsc's figures: it is not whole")
    if said is not None and said != errors:
        raise miscounted(name, "tsc", said, errors)
    return Reading((LintFacts("tsc", errors, warnings, None, tuple(examples)),))


TSC = Format("tsc", recognises, read)
