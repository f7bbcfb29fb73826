"""Test reports and coverage: what passes, what stops, and what is said of it."""

import pytest
from tests.gates.cases import CHANGE, counted, dossier, held, judged, report, said

from gonogo.domain.change import Change
from gonogo.domain.facts import CoverageFacts, Example, FileCoverage, SuiteCounts, TestFacts
from gonogo.domain.gate_rules import CoverageRule, TestsRule

API = "src/orders/api.py"


def ran(total: int, *, failed: int = 0, skipped: int = 0, flaky: int = 0, suites=(), failures=()):
    passed = total - failed - skipped
    return TestFacts(total, passed, failed, skipped, flaky, 1.0, tuple(suites), tuple(failures))


SUITES = (SuiteCounts("Regression", 30, 0, 0, 0), SuiteCounts("smoke", 2, 0, 2, 0))
NAMED = tuple(Example(f"test_{number}") for number in range(7))


@pytest.mark.parametrize(
    ("rule", "facts", "expected", "numbers"),
    [
        (TestsRule(), [ran(412)], ("pass", "412 tests passed"), (0, 0, "failed")),
        (
            TestsRule(failed=2, flaky=1),
            [ran(10, failed=1, skipped=1, flaky=1)],
            ("pass", "8 tests passed, 1 failed, 1 skipped, 1 flaky"),
            (1, 2, "failed"),
        ),
        (TestsRule(), [ran(1)], ("pass", "1 test passed"), (0, 0, "failed")),
        (
            TestsRule(),
            [ran(400), ran(12, failed=2, failures=NAMED[:2])],
            ("fail", "2 of 412 tests failed (at most 0): test_0, test_1"),
            (2, 0, "failed"),
        ),
        (
            TestsRule(failed=1),
            [ran(9, failed=7, failures=NAMED)],
            (
                "fail",
                "7 of 9 tests failed (at most 1):"
                " test_0, test_1, test_2, test_3, test_4 and 2 more",
            ),
            (7, 1, "failed"),
        ),
        (
            TestsRule(),
            [ran(1, failed=1)],
            ("fail", "1 of 1 test failed (at most 0)"),
            (1, 0, "failed"),
        ),
        (TestsRule(), [ran(0)], ("missing", "no test ran"), (None, None, "")),
        (
            TestsRule(skipped=None),
            [ran(3, skipped=3)],
            ("missing", "no test ran: 3 were skipped"),
            (None, None, ""),
        ),
        (
            TestsRule(at_least=500),
            [ran(200), ran(299)],
            ("fail", "499 tests in all (at least 500)"),
            (499, 500, "tests"),
        ),
        (TestsRule(at_least=5), [ran(5)], ("pass", "5 tests passed"), (0, 0, "failed")),
        (
            TestsRule(),
            [ran(100, skipped=11)],
            ("fail", "11 of 100 tests were skipped, 11 % (at most 10 %)"),
            (0.11, 0.1, "share"),
        ),
        (
            TestsRule(),
            [ran(100, skipped=10)],
            ("pass", "90 tests passed, 10 skipped"),
            (0, 0, "failed"),
        ),
        (
            TestsRule(flaky=1),
            [ran(10, flaky=1), ran(10, flaky=1)],
            ("fail", "2 flaky tests (at most 1)"),
            (2, 1, "flaky"),
        ),
        (
            TestsRule(suites=("regression", "Smoke", "e2e*")),
            [ran(32, skipped=2, suites=SUITES)],
            ("missing", 'no test ran in "Smoke", "e2e*"'),
            (None, None, ""),
        ),
        (
            TestsRule(suites=("REGR*", "[all]")),
            [ran(30, suites=(*SUITES, SuiteCounts("[all]", 1, 0, 0, 0)))],
            ("pass", "30 tests passed"),
            (0, 0, "failed"),
        ),
    ],
)
def test_test_reports_are_added_up_and_held_against_every_limit(rule, facts, expected, numbers):
    result = judged(rule, *facts)
    assert (said(result), counted(result)) == (expected, numbers)


def covered(path: str, lines: list[tuple[int, int]], missed: list[tuple[int, int]] = []):  # noqa: B006
    return FileCoverage(path, tuple(lines), tuple(missed))


def files(*each: FileCoverage) -> CoverageFacts:
    ran_lines = sum(end - start + 1 for one in each for start, end in one.covered)
    left = sum(end - start + 1 for one in each for start, end in one.missed)
    return CoverageFacts(ran_lines, ran_lines + left, each)


@pytest.mark.parametrize(
    ("facts", "expected", "numbers"),
    [
        (
            [CoverageFacts(6, 10)],
            ("pass", "60 % of 10 lines ran (at least 60 %)"),
            (0.6, 0.6, "share"),
        ),
        (
            [CoverageFacts(5999, 10_000)],
            ("fail", "59.9 % of 10000 lines ran (at least 60 %)"),
            (0.5999, 0.6, "share"),
        ),
        ([CoverageFacts(0, 0)], ("missing", "no line was looked at"), (None, None, "")),
        (
            [CoverageFacts(1, 1)],
            ("pass", "100 % of 1 line ran (at least 60 %)"),
            (1, 0.6, "share"),
        ),
        (
            [
                files(covered("a.py", [(1, 2)], [(3, 5)]), covered("b.py", [], [(1, 1)])),
                files(covered("a.py", [(3, 4)], [(1, 2), (5, 5)])),
            ],
            ("pass", "66.6 % of 6 lines ran (at least 60 %)"),
            (4 / 6, 0.6, "share"),
        ),
        (
            [files(covered("a.py", [(1, 2)])), CoverageFacts(5, 6)],
            (
                "inconclusive",
                "reports cannot be put together: one does not say which lines of which files ran",
            ),
            (None, None, ""),
        ),
        (
            [files(covered("a.py", [(1, 2)])), CoverageFacts(0, 0)],
            ("pass", "100 % of 2 lines ran (at least 60 %)"),
            (1, 0.6, "share"),
        ),
    ],
)
def test_coverage_of_all_lines_is_a_line_that_ran_in_any_report(facts, expected, numbers):
    result = judged(CoverageRule(), *facts)
    assert (said(result), counted(result)) == (expected, numbers)


CHANGED = CoverageRule(total=None, changed=0.75)


@pytest.mark.parametrize(
    "path", ["src/orders/api.py", "orders/api.py", "api.py", "/builds/7/src/orders/api.py"]
)
def test_changed_lines_are_found_whichever_folders_a_report_writes(path):
    result = judged(CHANGED, files(covered(path, [(1, 12)], [(13, 20)])))
    assert said(result) == ("pass", "75 % of 4 changed lines ran (at least 75 %)")
    assert counted(result) == (0.75, 0.75, "share")


def test_changed_lines_that_did_not_run_fail_and_the_first_is_named():
    result = judged(CHANGED, files(covered(API, [(10, 11)], [(12, 13)])))
    reason = "50 % of 4 changed lines ran (at least 75 %), not: src/orders/api.py:12"
    assert (said(result), counted(result)) == (("fail", reason), (0.5, 0.75, "share"))


def test_both_parts_must_hold_and_both_are_said():
    rule = CoverageRule(total=0.5, changed=0.75)
    good = judged(rule, files(covered(API, [(1, 13)])))
    assert said(good) == (
        "pass",
        "100 % of 13 lines ran (at least 50 %); 100 % of 4 changed lines ran (at least 75 %)",
    )
    assert counted(good) == (1, 0.5, "share")
    bad = judged(rule, files(covered(API, [(1, 9)], [(10, 13)])))
    assert bad.status == "fail"
    assert bad.reason.startswith("0 % of 4 changed lines ran")


def test_a_changed_line_that_ran_in_one_of_two_reports_ran():
    one = files(covered(API, [(10, 11)], [(12, 13)]))
    two = files(covered("orders/api.py", [(12, 13)], [(10, 11)]))
    assert judged(CHANGED, one, two).status == "pass"


def test_without_a_change_the_changed_part_is_missing():
    result = judged(CHANGED, files(covered(API, [(1, 9)])), change=None)
    assert said(result) == ("missing", "what the version changes could not be read")


def change_of(**lines: tuple[tuple[int, int], ...]) -> Change:
    added = {path.replace("__", "/") + ".py": ranges for path, ranges in lines.items()}
    return Change(CHANGE.base, CHANGE.head, None, CHANGE.files, CHANGE.commits, added)


def test_where_no_changed_line_can_run_the_changed_part_does_not_apply_and_says_so():
    only = judged(CHANGED, files(covered(API, [(1, 9)])))
    assert said(only) == ("not_applicable", "no changed line can run in a test")
    both = judged(CoverageRule(changed=1.0), files(covered(API, [(1, 9)])))
    assert said(both) == (
        "pass",
        "100 % of 9 lines ran (at least 60 %); no changed line can run in a test",
    )


def test_a_changed_file_that_no_report_looked_at_is_not_taken_for_tested():
    result = judged(CHANGED, files(covered("src/other/x.py", [(1, 9)])))
    assert said(result) == ("inconclusive", f"no report looked at changed files: {API}")


def test_a_changed_file_outside_the_reports_is_named_beside_those_inside():
    change = change_of(src__orders__api=((10, 13),), src__orders__new=((1, 5),))
    result = judged(CHANGED, files(covered(API, [(1, 20)])), change=change)
    assert said(result) == (
        "pass",
        "100 % of 4 changed lines ran (at least 75 %); not in any report: src/orders/new.py",
    )
    failed = judged(CHANGED, files(covered(API, [], [(1, 20)])), change=change)
    assert failed.reason.endswith(
        ", not: src/orders/api.py:10; not in any report: src/orders/new.py"
    )


@pytest.mark.parametrize(
    "path", ["tests__api", "src__test__api", "src__test_api", "conftest", "src__api_test"]
)
def test_changed_tests_are_not_asked_to_be_covered(path):
    result = judged(
        CHANGED, files(covered("src/x/y.py", [(1, 9)])), change=change_of(**{path: ((1, 3),)})
    )
    assert result.status == "not_applicable"


@pytest.mark.parametrize(
    "path",
    ["web/api.spec.ts", "web/api.test.ts", "spec/x.rb", "web/api_spec.rb", "web/__tests__/x.js"],
)
def test_tests_of_other_languages_are_known_too(path):
    suffix = path.rsplit(".", 1)[-1]
    change = Change(CHANGE.base, CHANGE.head, None, (), (), {path: ((1, 3),)})
    facts = files(covered(f"src/app.{suffix}", [(1, 9)]))
    assert judged(CHANGED, facts, change=change).status == "not_applicable"


def test_a_changed_file_that_fits_two_files_of_a_report_is_neither():
    facts = files(covered("one/api.py", [(10, 13)]), covered("two/api.py", [(10, 13)]))
    found = judged(CHANGED, facts, change=change_of(api=((10, 13),)))
    assert said(found) == ("inconclusive", "no report looked at changed files: api.py")


def test_a_file_that_a_report_names_twice_is_one_file():
    facts = files(covered("/a/orders/api.py", [(10, 13)]), covered("a/orders/api.py", [(1, 2)]))
    result = judged(CHANGED, facts, change=change_of(orders__api=((10, 13),)))
    assert result.status == "pass"


def test_two_changed_files_are_not_one_file_of_a_report():
    change = change_of(one__api=((10, 13),), two__api=((10, 13),))
    result = judged(CHANGED, files(covered("api.py", [(10, 13)])), change=change)
    assert said(result) == (
        "inconclusive",
        "api.py of a coverage report could be one/api.py or two/api.py",
    )


def test_of_two_fitting_files_the_one_with_the_longer_common_path_is_meant():
    facts = files(covered("orders/api.py", [(10, 13)]), covered("api.py", [], [(10, 13)]))
    assert judged(CHANGED, facts).status == "pass"


def test_a_file_with_more_folders_is_another_file_unless_all_of_the_report_lie_there():
    change = change_of(setup=((1, 3),))
    apart = files(covered("src/tool/setup.py", [(1, 9)]), covered("lib/x.py", [(1, 9)]))
    result = judged(CHANGED, apart, change=change)
    assert said(result) == ("inconclusive", "no report looked at changed files: setup.py")
    below = files(covered("/app/setup.py", [(1, 9)]), covered("/app/x.py", [(1, 9)]))
    assert judged(CHANGED, below, change=change).status == "pass"


def test_stale_coverage_does_not_hide_that_fresh_coverage_fails():
    fresh = report(CoverageFacts(1, 10), name="a.xml")
    stale = report(CoverageFacts(9, 10), name="b.xml", own="0" * 40)
    assert held(CoverageRule(), dossier(fresh, stale)).status == "fail"


def test_a_rule_that_asks_for_no_coverage_does_not_apply():
    result = judged(CoverageRule(total=None), CoverageFacts(1, 10))
    assert said(result) == ("not_applicable", "the rule asks for no coverage")


def test_changed_lines_of_several_files_are_added_up_past_files_that_are_no_code():
    change = Change(
        CHANGE.base,
        CHANGE.head,
        None,
        CHANGE.files,
        CHANGE.commits,
        {"LICENSE": ((1, 9),), "a.py": ((1, 2),), "README.md": ((1, 9),), "b.py": ((1, 2),)},
    )
    facts = files(
        covered("a.py", [(1, 1)], [(2, 2)]), covered("b.py", [(1, 2)]), covered("Make", [])
    )
    assert said(judged(CHANGED, facts, change=change)) == (
        "pass",
        "75 % of 4 changed lines ran (at least 75 %)",
    )
    assert said(judged(CHANGED, facts, change=change_of(b=((1, 2),)))) == (
        "pass",
        "100 % of 2 changed lines ran (at least 75 %)",
    )


def test_a_share_of_nothing_may_be_asked_of_changed_lines():
    result = judged(CoverageRule(total=None, changed=0.0), files(covered(API, [], [(1, 20)])))
    assert said(result) == ("pass", "0 % of 4 changed lines ran (at least 0 %)")


def test_files_without_a_suffix_are_not_taken_for_code():
    change = Change(CHANGE.base, CHANGE.head, None, (), (), {"LICENSE": ((1, 9),)})
    result = judged(CHANGED, files(covered("Make", [(1, 2)])), change=change)
    assert said(result) == ("not_applicable", "no changed line can run in a test")


@pytest.mark.parametrize("path", ["src\\orders\\api.py", "./orders/./api.py", "src//orders/api.py"])
def test_paths_are_read_as_any_machine_writes_them(path):
    assert judged(CHANGED, files(covered(path, [(1, 20)]))).status == "pass"


def test_a_report_of_one_line_without_files_is_not_left_out():
    result = judged(CoverageRule(), files(covered("a.py", [(1, 2)])), CoverageFacts(0, 1))
    assert result.status == "inconclusive"


def test_lines_of_different_files_that_ran_are_not_one_line():
    one, two = files(covered("a.py", [(1, 2)])), files(covered("b.py", [(1, 2)]))
    assert said(judged(CoverageRule(), one, two))[1].startswith("100 % of 4 lines ran")


def test_the_longer_common_path_wins_whatever_its_folders_are_called():
    facts = files(covered("a/z.py", [(1, 4)]), covered("z.py", [], [(1, 4)]))
    assert judged(CHANGED, facts, change=change_of(src__a__z=((1, 4),))).status == "pass"
