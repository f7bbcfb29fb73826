"""promtool and amtool: rules and configurations that hold, faults, and silence that is no success."""

import pytest
from tests.evidence.reading import content, facts, read, refusal

from gonogo.domain.facts import AlertRuleFacts

SAID = {
    "promtool/rules-clean.txt": ("promtool", 2, 0),
    "promtool/rules-failing.txt": ("promtool", 5, 3),
    "promtool/rules-twice.txt": ("promtool", 3, 1),
    "promtool/config-clean.txt": ("promtool", 3, 0),
    "promtool/config-failing.txt": ("promtool", 4, 3),
    "promtool/config-unreadable.txt": ("promtool", 1, 1),
    "amtool/clean.txt": ("amtool", 1, 0),
    "amtool/failing.txt": ("amtool", 2, 1),
    "amtool/template.txt": ("amtool", 1, 1),
}


@pytest.mark.parametrize("path", SAID)
def test_what_holds_and_what_does_not_is_counted(path):
    found = facts(path)
    assert (found.tool, found.checked, found.failed) == SAID[path]
    assert len(found.examples) == found.failed


def test_a_fault_names_its_file_and_says_why():
    (example,) = facts("amtool/failing.txt").examples
    assert example.where == "am_bad.yml"
    assert "undefined receiver" in example.message
    examples = facts("promtool/rules-failing.txt").examples
    assert {example.where for example in examples} == {"bad.yml"}
    assert "unclosed left parenthesis" in examples[1].message


def test_promtool_whose_error_output_was_thrown_away_is_refused():
    path = "promtool/rules-failing-without-errors.txt"
    said = refusal(content(path), path)
    assert "does not say what came out for bad.yml" in said
    assert "2>&1" in said


def test_a_configuration_whose_rule_files_are_missing_from_the_output_is_refused():
    whole = content("promtool/config-clean.txt")
    assert "promises 2 files, but tells of 1" in refusal(whole.split(b"Checking good")[0], "p.txt")


def test_files_without_any_rule_are_refused():
    assert "found no rule" in refusal(b"Checking a.yml\n  SUCCESS: 0 rules found\n\n", "p.txt")


def test_promtool_that_stopped_is_refused():
    stopped = content("promtool/rules-clean.txt") + b"promtool: error: path 'x' does not exist\n"
    assert "promtool stopped" in refusal(stopped, "p.txt")


def test_amtool_cut_off_before_its_templates_is_refused():
    whole = content("amtool/clean.txt")
    cut = whole[: whole.index(b"  SUCCESS\n", whole.index(b"templates"))]
    assert "it is not whole" in refusal(cut, "a.txt")


def test_amtool_without_templates_ends_with_its_list():
    text = b"Checking 'am.yml'  SUCCESS\nFound:\n - 1 receivers\n - 0 templates\n\n"
    assert read(text, "a.txt")[0].facts == AlertRuleFacts("amtool", 1, 0)


def test_amtool_whose_sum_is_another_is_refused():
    wrong = content("amtool/failing.txt").replace(b"validate 1 file", b"validate 2 file")
    assert "found 2 failing, but lists 1" in refusal(wrong, "a.txt")


def test_many_faults_are_all_counted_and_few_are_kept():
    text = b"Checking a.yml\n  FAILED:\n" + b"a.yml: wrong\n  because\n" * 500
    found = read(text, "p.txt")[0].facts
    assert (found.checked, found.failed, len(found.examples)) == (500, 500, 20)
    assert found.examples[0].message == "a.yml: wrong because"


def test_more_files_than_a_run_checks_are_refused():
    assert "more than 1000 files" in refusal(
        b"Checking a.yml\n  SUCCESS: 1 rules found\n" * 1001, "p.txt"
    )
