"""What the reader of JUnit XML makes of reports that real runners wrote, and of their conventions."""

from dataclasses import dataclass
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from xml.sax.saxutils import quoteattr

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gonogo.domain.evidence import EvidenceKind
from gonogo.domain.facts import Example, SuiteCounts, TestFacts
from gonogo.evidence.format import Reading
from gonogo.evidence.formats import read_report
from gonogo.evidence.junit import SUITES, read

REPORTS = Path(__file__).with_name("reports")


def facts(text: str | bytes) -> TestFacts:
    return reading(text).facts[0]


def reading(text: str | bytes) -> Reading:
    return read(BytesIO(text.encode() if isinstance(text, str) else text), "report.xml")


def golden(name: str) -> TestFacts:
    with (REPORTS / name).open("rb") as file:
        (evidence,) = read_report(file, name)
    assert evidence.format == "junit"
    assert evidence.kind is EvidenceKind.TESTS
    return evidence.facts


def counts(found: TestFacts) -> tuple[int, int, int, int, int]:
    return found.total, found.passed, found.failed, found.skipped, found.flaky


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("pytest/junit.xml", (12, 5, 5, 2, 0)),
        ("pytest/subtests.xml", (1, 0, 1, 0, 0)),
        ("pytest/rerunfailures.xml", (4, 3, 1, 0, 2)),
        ("node/junit.xml", (10, 5, 3, 2, 0)),
        ("surefire/TEST-orders.OrderTest.xml", (6, 3, 2, 1, 2)),
        ("vitest/junit.xml", (6, 2, 2, 2, 0)),
        ("jest/junit.xml", (3, 1, 1, 1, 0)),
        ("mocha/xunit.xml", (4, 1, 1, 2, 0)),
    ],
)
def test_a_real_report_is_counted_as_its_runner_told_it(
    name: str, expected: tuple[int, int, int, int, int]
) -> None:
    found = golden(name)
    assert counts(found) == expected
    assert len({(each.where, each.what) for each in found.failures}) == found.failed


@pytest.mark.parametrize(
    ("name", "at"),
    [
        ("pytest/junit.xml", datetime(2026, 11, 22, 3, 51, 39, 445784, tzinfo=UTC)),
        ("vitest/junit.xml", datetime(2026, 11, 22, 3, 55, 58, 678000, tzinfo=UTC)),
        ("mocha/xunit.xml", datetime(2026, 11, 22, 3, 55, 59, tzinfo=UTC)),
        ("jest/junit.xml", None),
        ("node/junit.xml", None),
    ],
)
def test_only_a_time_with_a_zone_is_the_time_of_a_report(name: str, at: datetime | None) -> None:
    with (REPORTS / name).open("rb") as file:
        (evidence,) = read_report(file, name)
    assert evidence.at == at


def test_the_earliest_of_several_suites_is_the_time_and_one_without_zone_leaves_none() -> None:
    suite = '<testsuite name="a" timestamp="{}"/>'
    early, late = suite.format("2026-01-01T12:00:00+02:00"), suite.format("2026-01-01T12:00:00Z")
    both = f"<testsuites>{late}{early}</testsuites>"
    assert reading(both).at == datetime(2026, 1, 1, 10, tzinfo=UTC)
    assert reading(both.replace("+02:00", "")).at is None
    assert reading(both.replace("+02:00", " once")).at is None


def test_a_failure_is_shown_with_its_name_place_and_message() -> None:
    assert golden("surefire/TEST-orders.OrderTest.xml").failures[1] == Example(
        "errsAlways", "orders.OrderTest", "no such table"
    )
    mocha = golden("mocha/xunit.xml").failures[0]
    assert mocha.message.startswith("1 == 2")


def test_node_suites_and_its_cases_outside_any_suite_are_all_shown() -> None:
    assert golden("node/junit.xml").suites == (
        SuiteCounts("with steps", 2, 1, 0, 0),
        SuiteCounts("a suite", 3, 1, 0, 0),
        SuiteCounts("a suite whose end fails", 1, 0, 0, 0),
        SuiteCounts("(outside any suite)", 4, 1, 2, 0),
    )


def test_two_cases_of_one_name_are_two_cases_outside_pytest() -> None:
    text = (
        '<testsuite name="js"><testcase name="works"><failure/></testcase><testcase name="works"/>'
    )
    assert counts(facts(text + "</testsuite>")) == (2, 1, 1, 0, 0)


def test_pytest_runs_of_one_test_are_one_test_that_fails_when_any_run_is_written_as_failed() -> (
    None
):
    text = """<testsuite name="pytest" tests="2" failures="1" errors="0" skipped="1">
      <testcase classname="t" name="a"/><testcase classname="t" name="b"/>
      <testcase classname="t" name="a"><failure message="no"/></testcase>
      <testcase classname="t" name="a"/>
      <testcase classname="t" name="b"><skipped/></testcase></testsuite>"""
    assert counts(facts(text)) == (2, 0, 1, 1, 0)


def test_nextest_retries_are_read_as_flaky() -> None:
    text = """<testsuites name="run" tests="2" failures="1" errors="0">
      <testsuite name="c" tests="2" disabled="0" errors="0" failures="1">
      <testcase name="a" classname="c"><flakyFailure type="test failure">x</flakyFailure></testcase>
      <testcase name="b" classname="c"><failure type="test failure"/><rerunFailure/></testcase>
      </testsuite></testsuites>"""
    assert counts(facts(text)) == (2, 1, 1, 0, 1)


def test_a_googletest_case_that_was_not_run_is_skipped_and_not_passed() -> None:
    text = """<testsuites tests="2" failures="0" disabled="1" errors="0" name="AllTests">
      <testsuite name="Orders" tests="2" failures="0" disabled="1" skipped="0" errors="0">
      <testcase name="Adds" status="run" result="completed" classname="Orders"/>
      <testcase name="DISABLED_X" status="notrun" result="suppressed" classname="Orders"/>
      </testsuite></testsuites>"""
    assert counts(facts(text)) == (2, 1, 0, 1, 0)


def test_a_case_whose_status_is_failed_is_failed_without_a_failure_inside() -> None:
    text = '<testsuite name="a" failures="1"><testcase status="fail"/></testsuite>'
    assert facts(text).failed == 1


def test_a_failing_case_that_is_also_marked_skipped_is_failed_unless_it_is_to_do() -> None:
    case = "<testsuite name='a'><testcase><skipped {}/><failure/></testcase></testsuite>"
    assert counts(facts(case.format(""))) == (1, 0, 1, 0, 0)
    assert counts(facts(case.format("type='todo'"))) == (1, 0, 0, 1, 0)


@pytest.mark.parametrize(
    "text",
    [
        "<testsuite name='a'><error message='no port'/><testcase name='b'/></testsuite>",
        "<testsuites tests='1' errors='1'><testsuite name='a' tests='2'><error message='no port'/>"
        "<testcase name='b'/></testsuite></testsuites>",
        "<testsuites><error message='no port'/><testsuite name='a'><testcase name='b'/></testsuite>"
        "</testsuites>",
    ],
)
def test_an_error_of_a_suite_itself_cannot_read_as_green(text: str) -> None:
    found = facts(text)
    assert counts(found) == (2, 1, 1, 0, 0)
    assert found.failures[0].message == "no port"


@pytest.mark.parametrize("tests", [4, 2, 3])
def test_a_suite_may_count_the_suites_inside_or_leave_them_out_or_take_each_as_one(
    tests: int,
) -> None:
    inner = '<testsuite name="in" tests="2"><testcase/><testcase/></testsuite>'
    text = f'<testsuite name="out" tests="{tests}"><testcase/><testcase/>{inner}</testsuite>'
    assert facts(text).suites == (SuiteCounts("out", 4, 0, 0, 0),)


def test_a_report_without_cases_is_read_with_a_total_of_zero() -> None:
    assert counts(facts('<testsuites><testsuite name="a" tests="0"/></testsuites>')) == (0,) * 5


def test_of_many_suites_and_failures_only_the_first_are_kept_and_the_counts_are_whole() -> None:
    suite = '<testsuite name="s"><testcase name="t"><failure message="m"/></testcase></testsuite>'
    found = facts(f"<testsuites>{suite * 300}</testsuites>")
    assert (found.total, found.failed, len(found.suites), len(found.failures)) == (
        *(300, 300),
        *(SUITES, 20),
    )


def test_long_names_and_messages_are_cut() -> None:
    text = f'<testsuite name="{"n" * 999}"><testcase name="{"c" * 999}">'
    found = facts(f"{text}<failure>{'m' * 9999}</failure></testcase></testsuite>")
    assert len(found.suites[0].name) == len(found.failures[0].what) == 200
    assert len(found.failures[0].message) == 500


@pytest.mark.parametrize(
    "key", ["commit", "git.commit", "GIT_COMMIT", "git-commit", "CI_COMMIT_SHA"]
)
def test_a_property_that_names_a_commit_is_the_commit_of_the_report(key: str) -> None:
    text = f'<testsuite name="a"><properties><property name="{key}" value="0A1b2c3d"/></properties>'
    assert reading(text + "</testsuite>").commit == "0a1b2c3d"


def test_the_longer_of_two_ways_to_write_a_commit_is_taken() -> None:
    text = "<testsuite name='a'><properties><property name='commit' value='0a1b2c3'/>"
    text += f"<property name='git.sha' value='{'0a1b2c3d' * 5}'/></properties></testsuite>"
    assert reading(text).commit == "0a1b2c3d" * 5


def test_a_property_of_a_case_or_a_word_is_no_commit() -> None:
    prop = '<properties><property name="commit" value="{}"/></properties>'
    text = f'<testsuite name="a"><testcase>{prop.format("0a1b2c3d")}</testcase>'
    assert reading(f"{text}{prop.format('unknown')}</testsuite>").commit is None


def test_seconds_are_those_of_the_cases_with_or_without_grouped_digits() -> None:
    text = (
        '<testsuite name="a"><testcase time="1,234.5"/><testcase time="0.25"/><testcase time=""/>'
    )
    assert facts(text + "</testsuite>").seconds == 1234.75


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "iso-8859-1", "windows-1252"])
def test_a_report_is_read_in_the_encoding_that_it_declares(encoding: str) -> None:
    declared = encoding.removesuffix("-sig")
    text = f'<?xml version="1.0" encoding="{declared}"?><testsuite name="größer"><testcase/>'
    data = f"{text}</testsuite>".encode(encoding)
    (evidence,) = read_report(BytesIO(data), "report.xml")
    assert evidence.facts.suites[0].name == "größer"


@dataclass(frozen=True)
class Tree:
    """A suite for the property below: outcomes of its own cases, and the suites inside."""

    outcomes: tuple[str, ...]
    inside: tuple["Tree", ...]

    def all(self) -> list[str]:
        return [*self.outcomes, *(outcome for tree in self.inside for outcome in tree.all())]

    def xml(self, name: str) -> str:
        every = self.all()
        declared = f'tests="{len(every)}" failures="{every.count("failure")}"'
        declared += f' errors="{every.count("error")}" skipped="{every.count("skipped")}"'
        cases = "".join(
            f"<testcase name={quoteattr(str(number))}>{f'<{mark}/>' if mark else ''}</testcase>"
            for number, mark in enumerate(self.outcomes)
        )
        inside = "".join(tree.xml(f"{name}.{number}") for number, tree in enumerate(self.inside))
        return f"<testsuite name={quoteattr(name)} {declared}>{inside}{cases}</testsuite>"


OUTCOMES = st.lists(
    st.sampled_from(["", "failure", "error", "skipped", "flakyFailure"]), max_size=5
)
TREES = st.recursive(
    st.builds(Tree, OUTCOMES.map(tuple), st.just(())),
    lambda inner: st.builds(Tree, OUTCOMES.map(tuple), st.lists(inner, max_size=3).map(tuple)),
    max_leaves=8,
)


@given(st.lists(TREES, min_size=1, max_size=4))
def test_any_tree_of_suites_adds_up(trees: list[Tree]) -> None:
    found = facts(f"<testsuites>{''.join(tree.xml('s') for tree in trees)}</testsuites>")
    every = [outcome for tree in trees for outcome in tree.all()]
    failed = every.count("failure") + every.count("error")
    skipped, flaky = every.count("skipped"), every.count("flakyFailure")
    assert counts(found) == (len(every), len(every) - failed - skipped, failed, skipped, flaky)
    assert sum(suite.total for suite in found.suites) == found.total
    assert sum(suite.failed for suite in found.suites) == found.failed
