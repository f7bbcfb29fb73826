"""Coverage as `coverage json` of coverage.py writes it.

One program writes it, so its numbers are taken at their word: a file's summary and the totals have to
be what its lines make. Its time is local and has no zone; nothing in the file tells which, so it is no
time at all (the XML that coverage.py writes has one that can be trusted).

JSON cannot be read in pieces, so this has a limit of its own.
"""

import json
import re
from typing import Any, BinaryIO

from gonogo.domain.errors import InvalidInput
from gonogo.evidence.coverage_lines import CoverageLines
from gonogo.evidence.format import Beginning, Format, Reading, unfit

LARGEST = 64 * 1024 * 1024
"""Bytes; what it becomes in memory is several times that."""

_HEAD = re.compile(rb'(?:\xef\xbb\xbf)?\s*\{\s*"meta"\s*:\s*\{[^{}]*"branch_coverage"\s*:')


def recognises(beginning: Beginning) -> bool:
    """JSON that begins with coverage.py's `meta`."""
    return _HEAD.match(beginning.head) is not None


def read(file: BinaryIO, name: str) -> Reading:
    """Facts of the coverage. Raises InvalidInput for what coverage.py does not write."""
    report = _parsed(file, name)
    files = report.get("files")
    if not isinstance(files, dict):
        raise unfit(name, 'has no "files"')
    lines = CoverageLines(name)
    for path, each in files.items():
        _take(lines, path, each, name)
    facts = lines.facts()
    _agree(name, "totals", report.get("totals"), facts.covered, facts.total)
    return Reading((facts,))


def _parsed(file: BinaryIO, name: str) -> dict[str, Any]:
    data = file.read(LARGEST + 1)
    if len(data) > LARGEST:
        limit = LARGEST // (1024 * 1024)
        what = f"is larger than {limit} MiB, the most that is read of coverage in JSON"
        raise unfit(name, what, hint="coverage lcov")
    try:
        report = json.loads(data.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        what = f"is not UTF-8 at byte {error.start + 1}"
        raise unfit(name, what, hint="save it as UTF-8") from None
    except json.JSONDecodeError as error:
        what = f"is not JSON at line {error.lineno}, column {error.colno}: {error.msg}"
        raise unfit(name, what) from None
    except (ValueError, RecursionError):  # a number of thousands of digits, or brackets
        raise unfit(name, "has a number that is too long or values nested too deep") from None
    if not isinstance(report, dict):
        raise unfit(name, "is not a JSON object")
    return report


def _take(lines: CoverageLines, path: str, each: object, name: str) -> None:
    if not isinstance(each, dict):
        raise unfit(name, f"{path[:200]!r} is no object")
    ran = _numbers(each.get("executed_lines"), "executed_lines", path, name)
    missed = _numbers(each.get("missing_lines"), "missing_lines", path, name)
    both = set(ran).intersection(missed)
    if both:
        raise unfit(name, f"{path[:200]!r} has line {min(both)} both executed and missing")
    _agree(
        name, repr(path[:200]), each.get("summary"), len(set(ran)), len(set(ran)) + len(set(missed))
    )
    lines.begin(path)
    for number in ran:
        lines.line(number, True)
    for number in missed:
        lines.line(number, False)
    lines.end()


def _numbers(found: object, key: str, path: str, name: str) -> list[int]:
    if not isinstance(found, list) or any(type(number) is not int for number in found):
        raise unfit(name, f"{path[:200]!r} has no list of line numbers as {key}")
    return found


def _agree(name: str, where: str, summary: object, covered: int, total: int) -> None:
    if not isinstance(summary, dict):
        raise _missing(name, where)
    for key, found in (("covered_lines", covered), ("num_statements", total)):
        declared = summary.get(key)
        if type(declared) is not int:
            raise _missing(name, where)
        if declared != found:
            raise unfit(name, f"{where} declares {key} {declared}, but its lines make {found}")


def _missing(name: str, where: str) -> InvalidInput:
    return unfit(name, f"{where} has no covered_lines and num_statements")


COVERAGE_JSON = Format("coverage-json", recognises, read)
