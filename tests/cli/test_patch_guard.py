"""`gonogo check --patch-guard` on real repositories, as CI runs it."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from gonogo.cli.commands.patch_guard import exit_code, github_lines, gitlab_report, text_lines
from gonogo.domain.facts import ChangeFacts, Example
from gonogo.domain.gate import GateKind, GateMode, GateResult, GateStatus
from gonogo.domain.gate_rules import PATCH_LIMITS, PatchLimit
from gonogo.usecases.gates.patch_guard import SOURCES, TARGETS, Guarded

Git = Callable[..., str]
Run = Callable[..., Result]

SPEC = """\
service: svc
run: ./svc --port {port}
smoke: [{name: front page, get: /}]
environments: {production: {port: 8080}}
health: /
kpis: {errors: {bad: 5xx, limit: 5%}}
rollout: {steps: [10% for 1m]}
"""


@pytest.fixture(autouse=True)
def no_ci(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever runs these tests may be a CI itself."""
    for name in (*TARGETS, *SOURCES):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def place(tmp_path: Path, run_git: Git, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with one commit on main; the working folder is in it, on branch `work`."""
    place = tmp_path / "place"
    place.mkdir()
    run_git(place, "init", "--quiet", "--initial-branch=main")
    (place / "start").write_text("start\n")
    commit(place, run_git, "start")
    run_git(place, "checkout", "--quiet", "-b", "work")
    monkeypatch.chdir(place)
    return place


def commit(place: Path, git: Git, subject: str) -> None:
    git(place, "add", "--all")
    git(place, "commit", "--quiet", "--message", subject)


def change(place: Path, git: Git, files: int, lines: int, subject: str = "work") -> None:
    """Commit so many new files with so many lines in all."""
    for number in range(files):
        (place / f"new{number}").write_text("" if number else "x\n" * lines)
    commit(place, git, subject)


def branch(place: Path, git: Git, name: str) -> None:
    git(place, "checkout", "--quiet", "-b", name, "main")


@pytest.mark.parametrize("kind", PATCH_LIMITS)
def test_every_type_of_branch_passes_at_its_limit_and_fails_one_beyond(
    place: Path, run_git: Git, run: Run, kind: str
) -> None:
    limit = PATCH_LIMITS[kind]
    for number, (files, lines, code) in enumerate(
        ((limit.files, limit.lines, 0), (limit.files + 1, 1, 20), (1, limit.lines + 1, 20))
    ):
        branch(place, run_git, f"{kind}/{number}")
        change(place, run_git, files, lines)
        done = run("check", "--patch-guard")
        assert done.exit_code == code, done.output


def test_a_failure_says_what_is_too_large_by_how_much_and_what_to_do(
    place: Path, run_git: Git, run: Run
) -> None:
    branch(place, run_git, "hotfix/login")
    change(place, run_git, 6, 151)
    done = run("check", "--patch-guard")
    assert done.exit_code == 20
    lines = done.stdout.splitlines()
    assert lines[0] == "FAIL  hotfix/login: 6 files, limit 5; 151 lines, limit 150"
    assert any("+151 −0 new0" in line for line in lines)
    assert lines[-1].strip().startswith("to do          split the change")


def test_json_has_all_the_numbers(place: Path, run_git: Git, run: Run) -> None:
    branch(place, run_git, "fix/x")
    change(place, run_git, 2, 3)
    for words in (
        ("check", "--patch-guard", "--json"),
        ("check", "--patch-guard", "--format=json"),
    ):
        found = json.loads(run(*words).stdout)
        assert (found["status"], found["type"], found["files"], found["lines"]) == (
            "pass",
            "bugfix",
            2,
            3,
        )
        assert found["limits"] == {"files": 8, "lines": 200}
        assert (found["base"], found["limits_from"]) == ("main", "the defaults")
        assert found["merge_base"] == run_git(place, "rev-parse", "main")


def test_ci_says_base_and_branch(
    place: Path, run_git: Git, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_git(place, "branch", "release", "main")
    run_git(place, "checkout", "--quiet", "--detach", "main")
    change(place, run_git, 6, 1)
    monkeypatch.setenv("GITHUB_BASE_REF", "release")
    monkeypatch.setenv("GITHUB_HEAD_REF", "hotfix/from-ci")
    monkeypatch.setenv("GITHUB_REF_NAME", "12/merge")
    found = json.loads(run("check", "--patch-guard", "--json").stdout)
    assert (found["base"], found["branch"], found["status"]) == (
        "release",
        "hotfix/from-ci",
        "fail",
    )
    said = run("check", "--patch-guard", "--json", "--branch", "feature/own", "--base", "main")
    assert json.loads(said.stdout)["type"] == "feature"


def test_a_target_that_ci_did_not_fetch_cannot_be_told(
    place: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CI_MERGE_REQUEST_TARGET_BRANCH_NAME", "stable")
    done = run("check", "--patch-guard")
    assert done.exit_code == 10
    assert "none of origin/stable, stable" in done.stdout


def test_a_base_or_commit_that_a_person_named_and_is_not_there_is_wrong_usage(
    place: Path, run: Run
) -> None:
    for words in (("--base", "nowhere"), ("--commit", "nowhere")):
        done = run("check", "--patch-guard", *words)
        assert (done.exit_code, done.stdout) == (2, "")
        assert 'no commit, tag or branch "nowhere"' in done.stderr


def test_a_shallow_clone_cannot_be_told_and_says_what_to_fetch(
    place: Path, run_git: Git, run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for number in range(3):
        change(place, run_git, number + 1, number)
    clone = tmp_path / "clone"
    run_git(
        *(tmp_path, "clone", "--quiet", "--depth=1", "--no-single-branch", "--branch=work"),
        *(f"file://{place}", str(clone)),
    )
    monkeypatch.chdir(clone)
    done = run("check", "--patch-guard", "--base", "origin/main")
    assert done.exit_code == 10
    assert "fetch --unshallow" in done.stdout
    assert (
        run("check", "--patch-guard", "--base", "origin/main", "--format=gitlab").stdout != "[]\n"
    )


def test_a_folder_that_is_no_repository_cannot_be_told(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "plain").mkdir()
    monkeypatch.chdir(tmp_path / "plain")
    done = run("check", "--patch-guard")
    assert done.exit_code == 10
    assert done.stdout.startswith("MISSING")


def test_on_the_base_itself_nothing_changed(place: Path, run: Run, run_git: Git) -> None:
    run_git(place, "checkout", "--quiet", "main")
    done = run("check", "--patch-guard")
    assert (done.exit_code, done.stdout.splitlines()[0]) == (
        0,
        "PASS  nothing changed since main",
    )


def test_it_works_from_a_folder_inside_the_repository(
    place: Path, run_git: Git, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    change(place, run_git, 21, 1)
    (place / "inner").mkdir()
    monkeypatch.chdir(place / "inner")
    assert run("check", "--patch-guard").exit_code == 20


def test_the_last_changes_of_the_base_are_a_warning_and_stop_nothing(
    place: Path, run_git: Git, run: Run
) -> None:
    run_git(place, "checkout", "--quiet", "main")
    change(place, run_git, 31, 1, "docs: the whole guide")
    branch(place, run_git, "feature/small")
    (place / "one").write_text("1\n")
    commit(place, run_git, "one")
    done = run("check", "--patch-guard")
    assert done.exit_code == 0
    assert "warning        1 of the last 2 changes broke the limits" in done.stdout
    assert "(docs: the whole guide): 31 files, limit 30; 1 line, limit 800" in done.stdout
    assert "warning" not in run("check", "--patch-guard", "--recent", "0").stdout


def with_limits(limits: str) -> str:
    return f"{SPEC}gates: {{smoke: required, patch_guard: {limits}}}\n"


def test_limits_are_those_of_the_spec_in_the_base_so_that_a_change_cannot_raise_its_own(
    place: Path, run_git: Git, run: Run
) -> None:
    run_git(place, "checkout", "--quiet", "main")
    (place / "gonogo.yaml").write_text(with_limits("{limits: {feature: 3/30}}"))
    commit(place, run_git, "spec")
    branch(place, run_git, "feature/x")
    (place / "gonogo.yaml").write_text(with_limits("{limits: {feature: 300/3000}}"))
    change(place, run_git, 4, 1)
    done = run("check", "--patch-guard")
    assert done.exit_code == 20
    assert "5 files, limit 3" in done.stdout
    assert "limits from gonogo.yaml of " in done.stdout
    named = run("check", "gonogo.yaml", "--patch-guard")
    assert (named.exit_code, "limits from gonogo.yaml\n" in named.stdout) == (0, True)


def test_a_spec_that_is_new_gives_the_limits_itself(place: Path, run_git: Git, run: Run) -> None:
    (place / "gonogo.yaml").write_text(with_limits("{other: 1/100, ignore: [new*]}"))
    change(place, run_git, 4, 1)
    found = json.loads(run("check", "--patch-guard", "--json").stdout)
    assert (found["files"], found["ignored"], found["limits"]["files"]) == (1, 4, 1)


def test_a_spec_in_the_base_that_cannot_be_read_is_said_and_stops_nothing(
    place: Path, run_git: Git, run: Run
) -> None:
    run_git(place, "checkout", "--quiet", "main")
    (place / "gonogo.yaml").write_text("service: [\n")
    commit(place, run_git, "broken")
    branch(place, run_git, "fix/spec")
    (place / "gonogo.yaml").write_text(with_limits("required"))
    commit(place, run_git, "mended")
    done = run("check", "--patch-guard")
    assert done.exit_code == 0
    assert "cannot be read, so the limits are not taken from it" in done.stdout


def test_an_advisory_guard_says_it_and_one_that_is_off_says_why(
    place: Path, run_git: Git, run: Run
) -> None:
    change(place, run_git, 21, 1)
    (place / "gonogo.yaml").write_text(with_limits("advisory"))
    advisory = run("check", "gonogo.yaml", "--patch-guard", "--format=github")
    assert advisory.exit_code == 0
    assert "::error" not in advisory.stdout
    assert "::warning file=new0" in advisory.stdout
    (place / "gonogo.yaml").write_text(with_limits("{mode: off, because: it is new}"))
    off = run("check", "gonogo.yaml", "--patch-guard")
    assert (off.exit_code, off.stdout.splitlines()[0]) == (
        0,
        "NOT APPLICABLE  the patch guard is switched off: it is new",
    )


def test_a_spec_that_is_named_and_wrong_is_wrong_usage(place: Path, run: Run) -> None:
    (place / "gonogo.yaml").write_text("service: [\n")
    assert run("check", "gonogo.yaml", "--patch-guard").exit_code == 2
    assert run("check", "missing.yaml", "--patch-guard").exit_code == 2


def test_options_of_the_guard_need_the_guard(place: Path, run: Run) -> None:
    for words in (("--recent", "3"), ("--format", "gitlab")):
        done = run("check", *words)
        assert done.exit_code == 2
        assert "goes with --patch-guard" in done.stderr


def test_options_of_a_decision_do_not_go_with_the_guard(place: Path, run: Run) -> None:
    for words in (("--here",), ("--spec-only",), ("--format", "junit"), ("--evidence", "x")):
        done = run("check", "--patch-guard", *words)
        assert done.exit_code == 2
        assert "goes without --patch-guard" in done.stderr


def test_the_whole_program_runs_it_without_a_home(place: Path, run_git: Git) -> None:
    change(place, run_git, 21, 1)
    source = Path(__file__).parents[2] / "src"
    done = subprocess.run(
        [sys.executable, "-m", "gonogo", "check", "--patch-guard", "--format=github"],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(source), "HOME": "/nonexistent"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (20, "")
    assert done.stdout.splitlines()[-1] == "FAIL  work: 21 files, limit 20; 1 line, limit 600"


ODD = Guarded(
    result=GateResult(
        GateKind.PATCH_GUARD, GateMode.REQUIRED, GateStatus.FAIL, "feat: 100% ##[x]\n::stop::", 1, 0
    ),
    commit="b" * 40,
    facts=ChangeFacts(
        base="a" * 40,
        branch="feat",
        branch_type="feature",
        files=2,
        lines=9,
        largest=(Example("+7 −1", "a,b:c%\r\nd.py"), Example("+1 −0", "ü.py")),
    ),
    limit=PatchLimit(1, 5),
    base="main",
    warning="one, two: 3%",
    notes=("said\x1b[31m",),
    starts={"ü.py": 12},
)


def test_github_commands_are_escaped_so_that_no_name_can_make_another_command() -> None:
    assert github_lines(ODD) == [
        "::error file=a%2Cb%3Ac%25%0D%0Ad.py,line=1,title=Patch guard"
        "::+7 −1 lines of a change that is too large",
        "::error file=ü.py,line=12,title=Patch guard::+1 −0 lines of a change that is too large",
        "::error title=Patch guard::feat: 100%25 ##[x]%0A::stop::",
        "::warning title=Patch guard::one, two: 3%25",
        "::notice title=Patch guard::said\x1b[31m",
        "FAIL  feat: 100% ## [x]\\n::stop::",
    ]


def test_gitlab_gets_one_finding_for_each_file_with_a_lasting_fingerprint() -> None:
    first, second = gitlab_report(ODD)
    assert second == {
        "description": "Patch guard: +1 −0 lines of a change that is too large:"
        " feat: 100% ##[x]\n::stop::",
        "check_name": "gonogo-patch-guard",
        "fingerprint": "81e4838c1ca507955b925179427d749781267dca85f2a452b7a6f999c8b2084a",
        "severity": "blocker",
        "location": {"path": "ü.py", "lines": {"begin": 12}},
    }
    assert first["fingerprint"] != second["fingerprint"]
    assert first["location"] == {"path": "a,b:c%\r\nd.py", "lines": {"begin": 1}}


def test_text_holds_no_control_characters() -> None:
    lines = text_lines(ODD)
    assert all(line.isprintable() for line in lines)
    assert lines[0] == "FAIL  feat: 100% ##[x]\\n::stop::"
    assert "  note           said\\x1b[31m" in lines


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (GateStatus.PASS, 0),
        (GateStatus.NOT_APPLICABLE, 0),
        (GateStatus.FAIL, 20),
        (GateStatus.MISSING, 10),
        (GateStatus.INCONCLUSIVE, 10),
        (GateStatus.STALE, 10),
    ],
)
def test_what_cannot_be_told_never_exits_with_0(status: GateStatus, code: int) -> None:
    result = GateResult(GateKind.PATCH_GUARD, GateMode.REQUIRED, status, "because")
    assert exit_code(Guarded(result, "HEAD")) == code
