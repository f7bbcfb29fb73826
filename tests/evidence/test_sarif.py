"""SARIF: severities, what is set aside, and what a scanner could not look at."""

import json
from datetime import UTC, datetime

import pytest
from tests.evidence.reading import document, evidence, facts, read, refusal

from gonogo.domain.evidence import EvidenceKind
from gonogo.domain.facts import Severity

TWO = "sarif/two-tools.sarif"


def of(log):
    return read(json.dumps(log).encode(), "scan.sarif")[0].facts


def only(**result):
    """A log of one finding, by a rule `r` unless it says otherwise."""
    log = document(TWO)
    log["runs"] = [
        {
            "tool": {"driver": {"name": "Scanner", "rules": [{"id": "r"}]}},
            "results": [{"ruleId": "r", "message": {"text": "found"}, **result}],
        }
    ]
    return log


def test_bandits_levels_become_severities():
    found = facts("bandit/findings.sarif")
    assert found.tool == "Bandit"
    assert (found.counts[Severity.HIGH], found.counts[Severity.MEDIUM]) == (2, 1)
    assert found.counts[Severity.LOW] == 3


def test_a_file_that_the_scanner_could_not_parse_counts_as_unknown():
    found = facts("bandit/findings.sarif")
    assert found.counts[Severity.UNKNOWN] == 1
    assert found.examples[0].what == "not looked at"
    assert found.examples[0].where == "pkg/bad.py"


def test_a_clean_scan_has_no_findings():
    (found,) = evidence("bandit/clean.sarif")
    assert found.kind is EvidenceKind.FINDINGS
    assert not found.facts.counts
    assert found.at == datetime(2026, 11, 22, 3, 53, 40, tzinfo=UTC)


def test_a_rules_security_severity_outweighs_its_level():
    assert facts("semgrep/findings.sarif").counts == {Severity.CRITICAL: 1}


def test_a_log_without_results_first_in_its_runs_is_recognised_by_its_schema():
    assert facts("ruff/findings.sarif").counts == {Severity.HIGH: 5}


def test_severities_of_rules_extensions_defaults_and_families_add_up():
    first, second = evidence(TWO)
    assert first.facts.counts == {
        Severity.UNKNOWN: 1,  # to be reviewed
        Severity.CRITICAL: 1,
        Severity.HIGH: 3,  # an extension's rule, a level, a suppression that nobody accepted yet
        Severity.MEDIUM: 2,
        Severity.LOW: 2,
    }
    assert first.facts.suppressed == 2
    assert (second.facts.tool, dict(second.facts.counts)) == ("Second", {})


def test_the_commit_is_the_logs_and_the_time_that_of_the_run_that_ended_first():
    for each in evidence(TWO):
        assert each.commit == "0123456789abcdef0123456789abcdef01234567"
        assert each.at == datetime(2026, 3, 1, 9, 20, tzinfo=UTC)


def test_a_time_that_one_of_two_runs_does_not_say_is_not_known():
    log = document(TWO)
    del log["runs"][1]["invocations"]
    assert read(json.dumps(log).encode(), "scan.sarif")[0].at is None


def test_runs_of_two_commits_are_refused():
    log = document(TWO)
    log["runs"][1]["versionControlProvenance"][0]["revisionId"] = "f" * 40
    assert "runs[1].versionControlProvenance[0].revisionId" in refusal(log)


def test_a_run_without_results_is_refused_since_nothing_was_looked_for():
    log = document(TWO)
    del log["runs"][1]["results"]
    assert "runs[1] has no results" in refusal(log)


def test_a_scanner_that_did_not_finish_is_refused():
    log = document(TWO)
    log["runs"][0]["invocations"][0]["executionSuccessful"] = False
    assert "did not finish" in refusal(log)


def test_a_log_without_runs_is_refused():
    assert "no scanner ran" in refusal({"$schema": "sarif", "version": "2.1.0", "runs": []})


def test_another_version_is_refused():
    log = document(TWO) | {"version": "2.0.0"}
    assert "SARIF is read in version 2.1.0" in refusal(log)


@pytest.mark.parametrize(
    ("score", "severity"),
    [
        ("9.0", Severity.CRITICAL),
        ("8.9", Severity.HIGH),
        ("6.9", Severity.MEDIUM),
        ("3.9", Severity.LOW),
        (0, Severity.LOW),
    ],
)
def test_scores_fall_into_severities_at_9_7_and_4(score, severity):
    assert of(only(properties={"security-severity": score})).counts == {severity: 1}


@pytest.mark.parametrize("score", ["high", "11", "nan", True, -1])
def test_a_score_that_is_none_is_refused(score):
    assert "security-severity" in refusal(only(properties={"security-severity": score}))


@pytest.mark.parametrize("change", [{"level": "bad"}, {"kind": "bad"}, {"ruleIndex": 7}])
def test_a_level_kind_or_rule_that_does_not_exist_is_refused(change):
    assert f"runs[0].results[0].{next(iter(change))}" in refusal(only(**change))


def test_a_finding_without_level_and_rule_is_a_warning():
    assert of(only(ruleId="unheard of")).counts == {Severity.MEDIUM: 1}


def test_examples_are_few_while_counts_are_whole():
    log = only()
    log["runs"][0]["results"] *= 50
    assert of(log).counts == {Severity.MEDIUM: 50}
    assert len(of(log).examples) == 20
