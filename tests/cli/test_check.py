"""`gonogo check`: Go or No-Go here, without a desk."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import pytest
from click.testing import Result

Run = Callable[..., Result]
Git = Callable[..., str]

SPEC = """
service: hello
run: ./hello --port {port}
health: /health
smoke: [{name: front page, get: /}]
environments: {production: {port: 8080}}
kpis: {errors: {bad: 5xx, limit: 5%}}
rollout: {steps: [5% for 2m]}
gates:
"""
GREEN = '<testsuite name="unit" tests="1"><testcase name="a" classname="b"/></testsuite>'
RED = (
    '<testsuite name="unit" tests="1" failures="1"><testcase name="adds" classname="sums">'
    '<failure message="2 is not 3"/></testcase></testsuite>'
)


@pytest.fixture
def place(tmp_path: Path, run_git: Git, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in [name for name in os.environ if name.startswith(("CI", "GITHUB_"))]:
        monkeypatch.delenv(name)
    place = tmp_path / "hello"
    place.mkdir()
    run_git(place, "init", "-q", "-b", "main")
    (place / "hello").write_text("#!/bin/sh\n")
    run_git(place, "add", ".")
    run_git(place, "commit", "-q", "-m", "feat: say hello")
    monkeypatch.chdir(place)
    return place


def spec(place: Path, *gates: str) -> None:
    (place / "gonogo.yaml").write_text(SPEC + "".join(f"  {gate}\n" for gate in gates))


def report(place: Path, text: str) -> str:
    (place / "reports").mkdir(exist_ok=True)
    (place / "reports" / "unit.xml").write_text(text)
    return str(place / "reports")


def test_without_evidence_it_holds_and_says_what_is_missing(place: Path, run: Run) -> None:
    spec(place, "tests: required")
    done = run("check")
    assert done.exit_code == 10
    assert done.stdout.startswith("HOLD: 1 of 1 gate is missing")


def test_green_tests_are_a_go(place: Path, run: Run) -> None:
    spec(place, "tests: required")
    done = run("check", "--evidence", report(place, GREEN))
    assert (done.exit_code, done.stdout.splitlines()[0]) == (0, "GO: 1 gate passed")


def test_failed_tests_are_a_no_go_and_named(place: Path, run: Run) -> None:
    spec(place, "tests: required")
    done = run("check", "--evidence", report(place, RED))
    assert done.exit_code == 20
    assert "adds" in done.stdout


def test_gates_of_the_desk_hold_unless_they_are_left_out_by_name(place: Path, run: Run) -> None:
    spec(place, "tests: required", "sign_offs: {qa: 1}")
    reports = report(place, GREEN)
    assert run("check", "--evidence", reports).exit_code == 10
    done = run("check", "--evidence", reports, "--here")
    assert done.exit_code == 0
    assert "left to the desk: sign offs" in done.stdout


def test_when_every_gate_is_the_desks_nothing_here_is_a_go(place: Path, run: Run) -> None:
    spec(place, "smoke: required")
    done = run("check", "--here")
    assert (done.exit_code, done.stdout.splitlines()[0]) == (
        10,
        "HOLD: every required gate is left to the desk",
    )


def test_a_report_of_another_commit_counts_for_nothing(place: Path, run: Run) -> None:
    spec(place, "tests: required")
    other = GREEN.replace(
        "<testcase",
        '<properties><property name="commit" value="' + "e" * 40 + '"/></properties><testcase',
        1,
    )
    done = run("check", "--evidence", report(place, other))
    assert done.exit_code == 10
    assert "eeeeeee" in done.stdout


def test_json_has_every_gate_with_its_evidence(place: Path, run: Run) -> None:
    spec(place, "tests: required")
    found = json.loads(run("check", "--evidence", report(place, RED), "--json").stdout)
    assert found["answer"] == "no_go"
    [gate] = found["gates"]
    assert (gate["kind"], gate["status"], gate["number"]) == ("tests", "fail", 1)
    assert len(gate["evidence"][0]["digest"]) == 64


def test_junit_counts_what_fails_and_what_is_missing_apart(place: Path, run: Run) -> None:
    spec(place, "tests: required", "lint: required", "coverage: advisory", "smoke: required")
    done = run("check", "--evidence", report(place, RED), "--format", "junit", "--here")
    suite = ElementTree.fromstring(done.stdout)
    counts = [suite.get(name) for name in ("tests", "failures", "errors", "skipped")]
    assert counts == ["3", "1", "1", "1"]


def test_markdown_keeps_foreign_text_from_becoming_markup(place: Path, run: Run) -> None:
    spec(place, "tests: required")
    nasty = RED.replace('name="adds"', 'name="a|b @team &lt;img&gt;"')
    done = run("check", "--evidence", report(place, nasty), "--format", "markdown")
    assert done.exit_code == 20
    row = next(line for line in done.stdout.splitlines() if "tests" in line and line[0] == "|")
    assert "<img>" not in row
    assert r"a\|b \@team" in row


def test_a_change_that_cannot_be_read_is_missing_and_never_a_go(
    place: Path, run: Run, run_git: Git
) -> None:
    run_git(place, "branch", "-m", "main", "elsewhere")
    spec(place, "patch_guard: required")
    done = run("check")
    assert done.exit_code == 10
    assert "note: the change could not be read" in done.stdout


def test_a_large_change_is_a_no_go(place: Path, run: Run, run_git: Git) -> None:
    run_git(place, "checkout", "-q", "-b", "hotfix/all")
    for number in range(6):
        (place / f"file{number}").write_text("x\n")
    run_git(place, "add", ".")
    run_git(place, "commit", "-q", "-m", "fix: everything")
    spec(place, "patch_guard: required")
    done = run("check")
    assert done.exit_code == 20
    assert "6 files, limit 5" in done.stdout


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--evidence", "nowhere"), "nowhere is not a file or folder"),
        (("--base", "nothing"), "nothing"),
        (("--commit", "nothing"), "nothing"),
    ],
)
def test_what_is_named_and_not_there_is_one_sentence(
    words: tuple[str, str], sentence: str, place: Path, run: Run
) -> None:
    spec(place, "patch_guard: required")
    done = run("check", *words)
    assert done.exit_code in {1, 2}
    assert sentence in done.stderr.splitlines()[0]
    assert done.stdout == ""


def test_scripts_of_a_platform_that_the_commit_lacks_are_noted(place: Path, run: Run) -> None:
    spec(place, "tests: required")
    scripts = "{deploy: ./hello up, read: bin/read it, retire: kubectl delete it}"
    text = (place / "gonogo.yaml").read_text()
    changed = text.replace("{port: 8080}", f"{{port: 8080, deploy: {{command: {scripts}}}}}")
    (place / "gonogo.yaml").write_text(changed)
    notes = [line.strip() for line in run("check").stdout.splitlines() if "script" in line]
    said = "the read script of production cannot be run: bin/read is not in this commit"
    assert notes == [f"note: {said}"]
