"""Test reports in the JUnit XML that most test runners write.

Why by hand: a report may have a million cases, and readers that build objects need gigabytes for it.
Cases are counted as they stream by; what is kept of a case is at most eight bytes, and that only for
pytest (see `Repeats`).

What a case is: failed when it has a failure or an error, whatever else it has; skipped when it is
marked so or says that it was not run; else passed. Node marks what is still to do as skipped and may
add a failure, which its run ignores, and so does this. `flakyFailure` and its kin (Maven Surefire,
nextest) mark a case that passed when it was run again. Two cases of the same name are two cases, as
many runners allow that (Vitest, Node); only in pytest's reports are they runs of one.

A failure or an error that belongs to a suite and not to a case counts as a failed case, so that what
is red cannot read as green.

Time: `timestamp` without a zone is local time for older pytest and GoogleTest, and UTC for Ant
and Jest; nothing in the file tells which, and a guess would be wrong by hours. So it is no time at
all, and whoever needs the age asks for a claim. With zones, the earliest suite's time is the
report's: it is as old as its oldest part.
"""

import math
import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import BinaryIO
from xml.parsers.expat import XMLParserType

from gonogo.domain.errors import InvalidInput
from gonogo.domain.facts import EXAMPLES, Example, SuiteCounts, TestFacts
from gonogo.evidence.format import Beginning, Format, Reading, unfit
from gonogo.evidence.junit_counts import DECLARED, Inside, Tally, contradiction
from gonogo.evidence.junit_repeats import FAILED, SKIPPED, Repeats
from gonogo.evidence.xml_stream import DEEPEST, feed, root_of, too_deep, xml_parser

SUITES = 200
"""How many top-level suites are kept by name; the totals are always whole."""

_OUTSIDE = "(outside any suite)"
_NAME = 200
_MESSAGE = 500
_MARKS = frozenset({"failure", "error", "skipped", "rerun"}) | {
    *("flakyFailure", "flakyError", "rerunFailure", "rerunError"),
}
_RED = frozenset(("failure", "error"))
_FAILED_STATUS = frozenset(("failed", "fail", "failure", "error"))
_SKIPPED_STATUS = frozenset(("notrun", "disabled", "skipped", "suppressed"))
_COMMIT_NAMES = frozenset({"commit", "commit.sha", "commit.id", "vcs.revision"}) | {
    *("git.commit", "git.sha", "git.commit.sha", "git.commit.id", "git.commit.hash"),
    *("ci.commit.sha", "github.sha", "build.vcs.number"),
}
_COMMIT = re.compile(r"[0-9a-f]{7,64}")


def recognises(beginning: Beginning) -> bool:
    """XML whose root is `testsuites` or `testsuite`."""
    root = root_of(beginning.head)
    return root is not None and root[0] in {"testsuites", "testsuite"}


def read(file: BinaryIO, name: str) -> Reading:
    """Facts of the tests. Raises InvalidInput for a file that is cut off, is not what it should be,
    has no suite, or has a suite whose declared numbers its cases do not bear out."""
    parser = xml_parser(name)
    report = _Report(name, parser)
    parser.StartElementHandler = report.start
    parser.EndElementHandler = report.end
    try:
        feed(parser, file, name)
    finally:
        parser.StartElementHandler = parser.EndElementHandler = None
    return report.reading()


@dataclass(slots=True)
class _Suite:
    name: str
    declared: dict[str, int]
    is_suite: bool
    repeats: Repeats | None
    direct: Tally = field(default_factory=Tally)
    below: Tally = field(default_factory=Tally)
    inside: Inside = field(default_factory=Inside)


class _Report:
    """The state between the parser's calls. The calls for cases are what takes the time."""

    def __init__(self, name: str, parser: XMLParserType) -> None:
        self._name = name
        self._parser = parser
        self._open: list[_Suite] = []
        self._direct = Tally()
        self._note: Callable[[int], None] | None = None
        self._case: dict[str, str] = {}
        self._expected: str | None = None
        self._of_case = False
        self._marks: dict[str, int] = {}
        self._to_do = False
        self._deeper = 0
        self._seconds = 0.0
        self._total = Tally()
        self._suites: list[SuiteCounts] = []
        self._failures: list[Example] = []
        self._message: list[str] | None = None
        self._at: datetime | None = None
        self._known = True
        self._commit: str | None = None
        self._has_suite = False

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        """An element begins."""
        if tag == self._expected:
            self._case = attributes
            self._expected = None
        else:
            self._start_other(tag, attributes)

    def end(self, tag: str) -> None:
        """An element ends."""
        if tag != "testcase":
            self._end_other(tag)
            return
        case = self._case
        self._expected = "testcase"
        self._direct.cases += 1
        if seconds := case.get("time"):
            try:
                self._seconds += float(seconds)
            except ValueError:
                self._seconds += self._grouped(seconds)
        if self._note is not None:
            self._note(hash((case.get("classname"), case.get("name"))))
        if self._marks or "status" in case or "result" in case:
            self._marked(case)

    def reading(self) -> Reading:
        """What the whole report says, once it was parsed."""
        if not self._has_suite:
            raise unfit(self._name, "has no test suite in it")
        if not math.isfinite(self._seconds):
            raise unfit(self._name, "has a case whose time is not a number of seconds")
        total = self._total
        facts = TestFacts(
            total=total.cases + total.loose,
            passed=total.cases - total.failed - total.skipped,
            failed=total.failed + total.loose,
            skipped=total.skipped,
            flaky=total.flaky,
            seconds=max(0.0, round(self._seconds, 6)),
            suites=tuple(self._suites),
            failures=tuple(self._failures),
        )
        return Reading((facts,), self._commit, self._at if self._known else None)

    def _start_other(self, tag: str, attributes: dict[str, str]) -> None:
        if tag in {"testsuite", "testsuites"}:
            self._open_suite(tag, attributes)
            return
        if tag == "testcase":
            raise self._wrong("has a test case where none belongs")
        if self._deeper == 0:
            self._of_case = self._expected is None
            self._expected = None
        self._deeper += 1
        if self._deeper + len(self._open) > DEEPEST:
            raise too_deep(self._name, self._parser)
        if not self._of_case:
            if tag in _RED and self._deeper == 1:
                self._loose(attributes)
            elif tag == "property":
                self._property(attributes)
        elif self._deeper == 1 and tag in _MARKS:
            self._marks[tag] = self._marks.get(tag, 0) + 1
            if tag == "skipped" and attributes.get("type") == "todo":
                self._to_do = True
            if tag in _RED and self._message is None and len(self._failures) < EXAMPLES:
                self._listen(attributes.get("message", ""))

    def _end_other(self, tag: str) -> None:
        if self._deeper == 0:
            self._close()
            return
        self._deeper -= 1
        if self._deeper == 0:
            if tag in _RED:
                self._parser.CharacterDataHandler = None
            if not self._of_case:
                self._expected = "testcase"

    def _open_suite(self, tag: str, attributes: dict[str, str]) -> None:
        within = self._open and (tag == "testsuites" or self._expected is None)
        if self._deeper or within:
            raise self._wrong(f"has a <{tag}> where none belongs")
        if len(self._open) >= DEEPEST:
            raise too_deep(self._name, self._parser)
        name = _name(attributes.get("name", ""))
        if timestamp := attributes.get("timestamp"):
            at = _instant(timestamp)
            self._known = self._known and at is not None
            self._at = min(filter(None, (self._at, at)), default=None)
        if tag == "testsuite":
            self._has_suite = True
            if self._open:
                self._open[-1].inside.suites += 1
        by_pytest = name == "pytest" or (self._open and self._open[-1].name == "pytest tests")
        repeats = Repeats() if by_pytest and tag == "testsuite" else None
        suite = _Suite(name, self._declared(name, attributes), tag == "testsuite", repeats)
        self._open.append(suite)
        self._into(suite)

    def _into(self, suite: _Suite) -> None:
        """What comes next stands directly in this suite."""
        self._direct = suite.direct
        self._note = suite.repeats.note if suite.repeats is not None else None
        self._expected = "testcase"

    def _close(self) -> None:
        suite = self._open.pop()
        distinct = None
        deep = suite.direct
        if suite.inside.suites or suite.repeats is not None or not suite.is_suite:
            deep = replace(suite.direct)
            deep.add(suite.below)
        if suite.repeats is not None:
            distinct = suite.below.cases + suite.repeats.settle(deep)
        self._compare(suite, deep, distinct)
        if self._open:
            outer = self._open[-1]
            outer.below.add(deep)
            outer.inside.failing += deep.with_either > 0
            outer.inside.skipping += deep.with_skips > 0
            self._into(outer)
        else:
            self._expected = None
            self._total = deep
        self._keep(suite, deep)

    def _keep(self, suite: _Suite, deep: Tally) -> None:
        """Keep the counts of a top-level suite, and of cases that stand in none."""
        counts, name = deep, suite.name
        if not suite.is_suite:
            counts, name = suite.direct, _OUTSIDE
            self._has_suite = self._has_suite or counts.cases > 0
            if not counts.cases + counts.loose:
                return
        elif self._open and self._open[-1].is_suite:
            return
        if len(self._suites) < SUITES:
            cases, failed = counts.cases + counts.loose, counts.failed + counts.loose
            self._suites.append(SuiteCounts(name, cases, failed, counts.skipped, counts.flaky))

    def _compare(self, suite: _Suite, deep: Tally, distinct: int | None) -> None:
        direct, inside = suite.direct, suite.inside
        found = contradiction(suite.declared, direct, deep, inside, least_tests=distinct)
        if found is not None:
            what = f'the suite "{suite.name}"' if suite.is_suite else "the whole report"
            declared = f'{found.attribute}="{found.declared}"'
            raise unfit(self._name, f"{what} declares {declared}, but its cases make {found.found}")

    def _marked(self, case: dict[str, str]) -> None:
        """How a case ended that has more to say than that it passed."""
        marks, direct = self._marks, self._direct
        failures, errors = marks.get("failure", 0), marks.get("error", 0)
        skips = marks.get("skipped", 0)
        again = marks.get("flakyFailure", 0) + marks.get("rerunFailure", 0)
        again_errors = marks.get("flakyError", 0) + marks.get("rerunError", 0)
        direct.failures += failures
        direct.errors += errors
        direct.skips += skips
        direct.with_failures += failures > 0
        direct.with_errors += errors > 0
        direct.with_either += failures + errors > 0
        direct.with_skips += skips > 0
        direct.failed_runs += again
        direct.error_runs += again_errors
        said = {case.get("status", "").lower(), case.get("result", "").lower()}
        failed = (failures + errors > 0 and not self._to_do) or not said.isdisjoint(_FAILED_STATUS)
        skipped = not failed and (skips > 0 or not said.isdisjoint(_SKIPPED_STATUS))
        direct.failed += failed
        direct.skipped += skipped
        if not (failed or skipped) and (again or again_errors or marks.get("rerun")):
            direct.flaky += 1
        if failed and len(self._failures) < EXAMPLES:
            where = case.get("classname") or case.get("file") or self._open[-1].name
            message = "".join(self._message or ())
            what = _name(case.get("name", ""))
            self._failures.append(Example(what, _name(where), _short(message, _MESSAGE)))
        self._marks, self._to_do, self._message = {}, False, None
        repeats = self._open[-1].repeats
        if repeats is not None and (failed or skipped):
            repeats.ended(FAILED if failed else SKIPPED)

    def _listen(self, message: str) -> None:
        """Take the failure's message, or else the beginning of its text."""
        self._message = heard = [message]
        if not message.strip():
            self._parser.CharacterDataHandler = _up_to(heard, 2 * _MESSAGE)

    def _loose(self, attributes: dict[str, str]) -> None:
        suite = self._open[-1]
        suite.direct.loose += 1
        if len(self._failures) < EXAMPLES:
            message = _short(attributes.get("message", ""), _MESSAGE)
            self._failures.append(Example(suite.name, "the suite itself", message))

    def _property(self, attributes: dict[str, str]) -> None:
        name = re.sub(r"[_-]", ".", attributes.get("name", "").strip().lower())
        value = attributes.get("value", "").strip().lower()
        if name not in _COMMIT_NAMES or not _COMMIT.fullmatch(value):
            return
        known = self._commit or value
        if not (known.startswith(value) or value.startswith(known)):
            raise unfit(self._name, f"names two commits, {known[:12]} and {value[:12]}")
        self._commit = max(known, value, key=len)

    def _declared(self, suite: str, attributes: dict[str, str]) -> dict[str, int]:
        declared = {}
        for attribute in DECLARED:
            value = attributes.get(attribute, "").strip()
            if not value:
                continue
            if not (value.isascii() and value.isdigit() and len(value) < 12):
                what = f'the suite "{suite}" declares {attribute}="{_name(value, 40)}", which is no count'
                raise unfit(self._name, what)
            declared[attribute] = int(value)
        return declared

    def _grouped(self, seconds: str) -> float:
        """Surefire groups digits: 1,234.5."""
        try:
            return float(seconds.replace(",", ""))
        except ValueError:
            raise self._wrong(
                f'has a case whose time is "{_name(seconds, 40)}", not seconds'
            ) from None

    def _wrong(self, what: str) -> InvalidInput:
        return unfit(self._name, f"{what}, at line {self._parser.CurrentLineNumber}")


def _up_to(heard: list[str], most: int) -> Callable[[str], None]:
    left = most

    def hear(text: str) -> None:
        nonlocal left
        if left > 0:
            heard.append(text[:left])
            left -= len(text)

    return hear


def _name(text: str, most: int = _NAME) -> str:
    """A name fit for one line."""
    plain = " ".join(text[: 4 * most].split())
    if not plain.isprintable():
        plain = "".join(letter if letter.isprintable() else "?" for letter in plain)
    return _short(plain, most)


def _short(text: str, most: int) -> str:
    text = text.strip()
    return text if len(text) <= most else text[: most - 1] + "…"


def _instant(text: str) -> datetime | None:
    """The time in UTC; None without a zone, or when it cannot be understood."""
    text = text.strip()
    try:
        if text.endswith(" GMT"):
            return datetime.strptime(text, "%a, %d %b %Y %H:%M:%S GMT").replace(tzinfo=UTC)
        at = datetime.fromisoformat(text)
        return None if at.tzinfo is None else at.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


JUNIT = Format("junit", recognises, read)
