"""Coverage of the lines that a version adds or changes.

A report may write its paths without the folder that the repository has (`orders/api.py` for
`src/orders/api.py`) or with folders that the repository has not (`/builds/7/src/orders/api.py`). So a
changed file is the file of a report when one path ends with the whole other one. Where a report
has more folders than the repository, all its files must lie below them: a changed `setup.py` is not
`src/tool/setup.py`. What fits two changed files is not guessed: it is INCONCLUSIVE.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

from gonogo.domain.change import Change
from gonogo.domain.facts import CoverageFacts, FileCoverage
from gonogo.domain.gate import GateResult, GateStatus
from gonogo.domain.gate_rules import CoverageRule
from gonogo.gates import words
from gonogo.gates.case import answer

S = GateStatus
Ranges = Iterable[tuple[int, int]]


def lines_of(ranges: Ranges) -> set[int]:
    """The lines in closed ranges."""
    return {line for start, end in ranges for line in range(start, end + 1)}


def put_together(facts: tuple[CoverageFacts, ...]) -> tuple[int, int] | None:
    """Covered lines and all lines over several reports: a line that ran in any of them is covered.

    None when several reports would have to be put together and one does not name its files.
    """
    if len(facts) == 1:
        return facts[0].covered, facts[0].total
    if not all(each.files or each.total <= 0 for each in facts):
        return None
    ran: dict[str, set[int]] = {}
    every: dict[str, set[int]] = {}
    for file in (file for each in facts for file in each.files):
        covered = lines_of(file.covered)
        ran.setdefault(file.path, set()).update(covered)
        every.setdefault(file.path, set()).update(covered, lines_of(file.missed))
    return sum(map(len, ran.values())), sum(map(len, every.values()))


class Ambiguous(Exception):
    """Two changed files fit one file of a report; the message names them."""


@dataclass(frozen=True, slots=True)
class Matched:
    """Lines of changed files that could run, those that ran, and files that no report names."""

    coverable: int
    covered: int
    missed: tuple[str, ...]
    unknown: tuple[str, ...]


def changed_part(
    rule: CoverageRule, facts: tuple[CoverageFacts, ...], change: Change | None
) -> GateResult:
    """The share of new or changed lines that ran, held against `rule.changed`."""
    limit = rule.changed or 0.0
    if change is None:
        return answer(rule, S.MISSING, "what the version changes could not be read")
    try:
        found = _match(change.added_lines, facts)
    except Ambiguous as error:
        return answer(rule, S.INCONCLUSIVE, str(error))
    if found.unknown and found.coverable == 0:
        reason = f"no report looked at changed files: {words.some(found.unknown)}"
        return answer(rule, S.INCONCLUSIVE, reason)
    note = f"; not in any report: {words.some(found.unknown)}" if found.unknown else ""
    if found.coverable == 0:
        return answer(rule, S.NOT_APPLICABLE, "no changed line can run in a test")
    part = found.covered / found.coverable
    reason = (
        f"{words.share(part)} of {words.count(found.coverable, 'changed line')} ran"
        f" (at least {words.share(limit)})"
    )
    if part >= limit:
        return answer(rule, S.PASS, reason + note, number=part, limit=limit, unit="share")
    reason = f"{reason}, not: {words.some(found.missed)}{note}"
    return answer(rule, S.FAIL, reason, number=part, limit=limit, unit="share")


def _match(
    added: Mapping[str, tuple[tuple[int, int], ...]], facts: tuple[CoverageFacts, ...]
) -> Matched:
    coverable = covered = 0
    missed: list[str] = []
    unknown: list[str] = []
    found = {path: _files_of(path, facts) for path in added}
    _refuse_shared(found)
    kinds = {PurePosixPath(file.path).suffix for each in facts for file in each.files} - {""}
    for path, ranges in added.items():
        lines = lines_of(ranges)
        if lines and not found[path]:
            if PurePosixPath(path).suffix in kinds and not _is_test(path):
                unknown.append(path)
            continue
        ran = {line for file in found[path] for line in lines_of(file.covered)} & lines
        could = {line for file in found[path] for line in lines_of(file.missed)} & lines
        coverable += len(ran | could)
        covered += len(ran)
        if left := sorted(could - ran):
            missed.append(f"{path}:{left[0]}")
    return Matched(coverable, covered, tuple(missed), tuple(unknown))


def _files_of(path: str, facts: tuple[CoverageFacts, ...]) -> list[FileCoverage]:
    """The file of each report that a changed file is, where the report has it."""
    return [file for each in facts for file in _file_of(path, each.files)]


def _file_of(path: str, files: tuple[FileCoverage, ...]) -> tuple[FileCoverage, ...]:
    """The file with the longest common path; more than one when a report names it twice."""
    parts = _parts(path)
    fitting: dict[tuple[str, ...], list[FileCoverage]] = {}
    for file in files:
        own = _parts(file.path)
        length = min(len(own), len(parts))
        if own[-length:] == parts[-length:] and _may_lead(own[:-length], files):
            fitting.setdefault(own, []).append(file)
    best = max(fitting, key=lambda own: min(len(own), len(parts)), default=None)
    return tuple(fitting[best]) if best is not None else ()


def _may_lead(folders: tuple[str, ...], files: tuple[FileCoverage, ...]) -> bool:
    """Whether every file of the report lies below these folders."""
    return all(_parts(file.path)[: len(folders)] == folders for file in files)


def _refuse_shared(found: Mapping[str, list[FileCoverage]]) -> None:
    """Two changed files cannot be one file of a report."""
    owner: dict[int, str] = {}
    for path, files in found.items():
        for file in files:
            other = owner.setdefault(id(file), path)
            if other != path:
                raise Ambiguous(f"{file.path} of a coverage report could be {other} or {path}")


def _parts(path: str) -> tuple[str, ...]:
    return tuple(part for part in path.replace("\\", "/").split("/") if part not in {"", "."})


def _is_test(path: str) -> bool:
    """Whether a changed file is itself a test, which coverage reports leave out."""
    parts = _parts(path.casefold())
    name = parts[-1]
    return (
        not {"test", "tests", "__tests__", "spec"}.isdisjoint(parts[:-1])
        or name.startswith(("test_", "conftest."))
        or any(word in name for word in ("_test.", ".test.", ".spec.", "_spec."))
    )
