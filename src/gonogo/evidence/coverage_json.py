"""Coverage as `coverage json` of coverage.py writes it.

What is counted are a file's statements by its summary, which its lines have to bear out: as many are
missing, and at least as many ran. In version 6 more may have run than there are statements, as
docstrings, excluded lines and the line 0 of an empty file are among them; what is excluded and line 0
are left out, and a docstring that ran does no harm.

Its time is local and has no zone; nothing in the file tells which, so it is no time at all (the XML
that coverage.py writes has one that can be trusted).

JSON cannot be read in pieces, so this has a limit of its own.
"""

import json
import re
from dataclasses import replace
from typing import Any, BinaryIO

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
    covered = total = 0
    for path, each in files.items():
        counts = _take(lines, path, each, name)
        covered, total = covered + counts[0], total + counts[1]
    declared = _summary(name, "totals", report.get("totals"))
    if declared != (covered, total):
        what = f"totals declares {declared[0]} of {declared[1]} covered"
        raise unfit(name, f"{what}, but its files make {covered} of {total}")
    return Reading((replace(lines.facts(), covered=covered, total=total),))


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


def _take(lines: CoverageLines, path: str, each: object, name: str) -> tuple[int, int]:
    """One file's lines into `lines`; how many statements ran, of how many."""
    where = repr(path[:200])
    if not isinstance(each, dict):
        raise unfit(name, f"{where} is no object")
    excluded = _numbers(each.get("excluded_lines", []), "excluded_lines", where, name)
    ran = _numbers(each.get("executed_lines"), "executed_lines", where, name) - excluded
    missed = _numbers(each.get("missing_lines"), "missing_lines", where, name)
    if ran & missed:
        raise unfit(name, f"{where} has line {min(ran & missed)} both executed and missing")
    covered, total = _summary(name, where, each.get("summary"))
    if total - covered != len(missed):
        what = f"declares {total - covered} missing, but lists {len(missed)}"
        raise unfit(name, f"{where} {what}")
    if covered > len(ran):
        raise unfit(name, f"{where} declares {covered} covered, but lists {len(ran)}")
    lines.begin(path)
    for number in ran:
        lines.line(number, True)
    for number in missed:
        lines.line(number, False)
    lines.end()
    return covered, total


def _numbers(found: object, key: str, where: str, name: str) -> set[int]:
    if not isinstance(found, list) or any(type(number) is not int for number in found):
        raise unfit(name, f"{where} has no list of line numbers as {key}")
    return set(found) - {0}


def _summary(name: str, where: str, summary: object) -> tuple[int, int]:
    """(statements that ran, statements) as declared."""
    found = summary if isinstance(summary, dict) else {}
    covered, total = found.get("covered_lines"), found.get("num_statements")
    if type(covered) is not int or type(total) is not int or not 0 <= covered <= total:
        raise unfit(name, f"{where} has no covered_lines and num_statements that can be")
    return covered, total


COVERAGE_JSON = Format("coverage-json", recognises, read)
