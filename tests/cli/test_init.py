"""`gonogo init`: a first gonogo.yaml, and nothing of anybody's overwritten."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

Run = Callable[..., Result]


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    place = tmp_path / "greeter"
    (place / ".git").mkdir(parents=True)
    (place / "package.json").write_text('{"scripts": {"start": "node server.js"}}')
    (place / "server.js").write_text(
        'const port = process.env.PORT || 3000;\napp.get("/healthz", ok);\n'
    )
    monkeypatch.chdir(place)
    return place


def test_it_writes_a_file_that_check_accepts_and_says_the_next_commands(
    run: Run, place: Path
) -> None:
    done = run("init")
    assert (done.exit_code, done.stdout) == (0, "wrote gonogo.yaml for greeter\n")
    assert "from server.js:2: a route" in done.stderr
    for command in ("gonogo check --here", "gonogo register", "gonogo release greeter"):
        assert command in done.stderr
    checked = run("check", "--spec-only")
    assert checked.exit_code == 0, checked.output
    assert "staging (http://127.0.0.1:3001)" in checked.stdout


def test_the_file_it_writes_is_a_go_where_the_desk_is_left_out(
    run: Run, place: Path, run_git: Callable[..., str]
) -> None:
    (place / ".git").rmdir()
    run_git(place, "init", "-q")
    run("init")
    run_git(place, "add", ".")
    run_git(place, "commit", "-q", "-m", "feat: greet")
    checked = run("check", "--here")
    assert checked.exit_code == 0, checked.output
    assert "GO" in checked.stdout


def test_a_file_that_is_there_is_written_over_only_with_force(run: Run, place: Path) -> None:
    (place / "gonogo.yaml").write_text("mine\n")
    done = run("init")
    assert done.exit_code == 2
    assert "is there already" in done.stderr
    assert (place / "gonogo.yaml").read_text() == "mine\n"
    assert run("init", "--force").exit_code == 0
    assert "service: greeter" in (place / "gonogo.yaml").read_text()


def test_a_link_in_its_place_is_never_written_through(
    run: Run, place: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    other.write_text("mine\n")
    (place / "gonogo.yaml").symlink_to(other)
    assert run("init").exit_code == 2
    assert run("init", "--force").exit_code == 0
    assert other.read_text() == "mine\n"
    assert not (place / "gonogo.yaml").is_symlink()


def test_a_dry_run_prints_the_file_and_writes_nothing(run: Run, place: Path) -> None:
    done = run("init", "--dry-run")
    assert done.exit_code == 0
    assert "run: PORT={port} node server.js" in done.stdout
    assert not (place / "gonogo.yaml").exists()


def test_guesses_and_what_is_missing_are_data(run: Run, place: Path) -> None:
    (place / "server.js").write_text("")
    found = json.loads(run("init", "--json").stdout)
    run_guess = next(guess for guess in found["guesses"] if guess["topic"] == "run")
    assert (run_guess["path"], run_guess["line"]) == ("package.json", 1)
    assert {gap["topic"] for gap in found["gaps"]} >= {"health", "port"}
    assert found["written"] is True
    assert found["spec"] == (place / "gonogo.yaml").read_text()


def test_where_nothing_says_how_it_starts_a_person_is_asked_by_exit_code_10(
    run: Run, place: Path
) -> None:
    (place / "package.json").unlink()
    (place / "server.js").unlink()
    (place / "README.md").touch()
    done = run("init")
    assert done.exit_code == 10
    assert "how the service starts" in done.stderr
    assert run("check", "--spec-only").exit_code == 0


def test_each_of_several_services_gets_a_file_of_its_own(
    run: Run, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("a pi", "pay"):
        (place / name).mkdir()
        (place / "package.json").rename(place / name / "package.json")
        (place / "package.json").write_text((place / name / "package.json").read_text())
    (place / "package.json").unlink()
    (place / "server.js").unlink()
    done = run("init")
    assert done.exit_code == 2
    assert "gonogo init --service-dir 'a pi'" in done.stderr
    told = run("init", "--service-dir", "a pi")
    assert told.exit_code == 0
    assert "gonogo register 'a pi/gonogo.yaml'" in told.stderr
    assert "service: a-pi\n" in (place / "a pi" / "gonogo.yaml").read_text()
    monkeypatch.chdir(place / "pay")
    assert run("init").exit_code == 0
    assert "run: cd pay && PORT" in (place / "pay" / "gonogo.yaml").read_text()
    assert run("init", "--service-dir", "../..").exit_code == 2


def test_a_bare_repository_is_refused_and_nothing_is_written_into_it(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, run_git: Callable[..., str]
) -> None:
    bare = tmp_path / "bare.git"
    bare.mkdir()
    run_git(bare, "init", "-q", "--bare")
    monkeypatch.chdir(bare)
    done = run("init")
    assert (done.exit_code, (bare / "gonogo.yaml").exists()) == (2, False)
    assert "is a bare repository" in done.stderr
