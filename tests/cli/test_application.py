"""The command line: its commands, its help, its refusals."""

import json
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from gonogo.cli.application import COMMANDS, gonogo
from gonogo.cli.program import Setup

ROOT = Path(__file__).parents[2]


def no_program() -> None:
    raise AssertionError("this command needs no program")


def run(*words: str, home: Path = Path("/nowhere")) -> tuple[int, str, str]:
    setup = Setup(home=home, port=0, program=no_program)  # type: ignore[arg-type]
    result = CliRunner().invoke(gonogo, list(words), obj=setup)
    return result.exit_code, result.stdout, result.stderr


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_can_be_imported_and_explains_itself(name: str) -> None:
    code, out, _ = run(name, "--help")
    assert code == 0
    assert "Usage:" in out


def test_help_lists_every_command_without_importing_any() -> None:
    heavy = "numpy|sqlalchemy|fastapi|pydantic|httpx2|rich|ruamel"
    program = (
        "import sys, re\n"
        "from gonogo.main import main\n"
        "sys.argv = ['gonogo', '--help']\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        f"print([m for m in sys.modules if re.fullmatch('{heavy}', m)])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONPATH": str(ROOT / "src")},
    )
    assert done.stdout.endswith("[]\n")
    assert all(name in done.stdout for name in COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_the_guide_explains_every_command(name: str) -> None:
    guide = (ROOT / "docs" / "commands.md").read_text()
    assert f"| `gonogo {name}" in guide


def test_schema_prints_json() -> None:
    code, out, err = run("schema")
    assert (code, err) == (0, "")
    assert json.loads(out)["$schema"] == "https://json-schema.org/draft/2020-12/schema"


def test_check_says_what_the_orders_spec_means() -> None:
    code, out, _ = run("check", "--spec-only", str(ROOT / "examples" / "orders" / "gonogo.yaml"))
    assert code == 0
    assert "5 % → 25 % → 50 % → 100 %" in out


def test_a_missing_file_is_one_sentence_and_exit_code_2(tmp_path: Path) -> None:
    code, out, err = run("check", str(tmp_path / "gonogo.yaml"))
    assert (code, out) == (2, "")
    assert err.splitlines()[0] == f"error: {tmp_path}/gonogo.yaml does not exist"


def test_a_wrong_file_names_line_and_column_and_exits_with_2(tmp_path: Path) -> None:
    file = tmp_path / "gonogo.yaml"
    spec = (ROOT / "examples" / "orders" / "gonogo.yaml").read_text()
    line = spec[: spec.index("bad: 5xx")].count("\n") + 1
    file.write_text(spec.replace("bad: 5xx", "bad: 5yy", 1))
    line = 1 + spec[: spec.index("bad: 5xx")].count("\n")
    code, _, err = run("check", str(file))
    assert code == 2
    assert err.startswith(f"error: {file}:{line}:10: ")


@pytest.mark.parametrize(
    "words", [("status",), ("why", "shop"), ("register",), ("pause", "shop", "-m", "x")]
)
def test_without_a_desk_it_says_how_to_start_one(
    words: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = (ROOT / "examples" / "orders" / "gonogo.yaml").read_text()
    (tmp_path / "gonogo.yaml").write_text(spec)
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    monkeypatch.chdir(tmp_path)
    code, _, err = run(*words, home=tmp_path / "home")
    assert code == 1
    assert "error: no desk is running here" in err
    assert "gonogo serve" in err


def test_what_nobody_foresaw_is_one_sentence_and_a_stack_only_for_who_asks(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def gone() -> Path:
        raise FileNotFoundError(2, "No such file or directory")

    monkeypatch.setattr(Path, "cwd", gone)
    code, out, err = run("init")
    assert (code, out) == (1, "")
    assert err.startswith("error: gonogo init met what it does not foresee: No such file or dir")
    assert "gonogo --debug init" in err
    assert "Traceback" not in err
    setup = Setup(home=Path("/nowhere"), port=0, program=no_program)  # type: ignore[arg-type]
    shown = CliRunner().invoke(gonogo, ["--debug", "init"], obj=setup)
    assert isinstance(shown.exception, FileNotFoundError)


def test_an_unknown_command_is_wrong_usage() -> None:
    code, _, err = run("relaese")
    assert code == 2
    assert "No such command" in err


def test_commands_are_click_commands() -> None:
    context = click.Context(gonogo)
    assert all(isinstance(gonogo.get_command(context, name), click.Command) for name in COMMANDS)
