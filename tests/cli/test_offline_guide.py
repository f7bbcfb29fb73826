"""docs/judge-offline.md: its examples run, and say what the page says they say."""

import re
import shlex
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from gonogo.judge.peers import RULES
from gonogo.usecases.judging.offline import DEFAULT_AT_LEAST, DEFAULT_RATIO

PAGE = (Path(__file__).parents[2] / "docs" / "judge-offline.md").read_text()
FILES = re.findall(r"[Ss]ave as\s`([\w.]+)`:\n\n```\w+\n(.*?)```", PAGE, re.DOTALL)
EXAMPLES = re.findall(r"```console\n\$ gonogo (.*?)\n(.*?)```", PAGE, re.DOTALL)


@pytest.mark.parametrize(("command", "answer"), EXAMPLES)
def test_every_example_answers_as_the_page_says(
    run: Callable[..., Result],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    command: str,
    answer: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    for name, content in FILES:
        (tmp_path / name).write_text(content)
    done = run(*shlex.split(command))
    assert _form(done.stdout) == _form(answer), done.stderr


def _form(answer: str) -> str:
    """The answer without its figures, which may move a little when the judge learns something."""
    return re.sub(r"\d[\d,.]*( h| min| s)?( \d+ (min|s))?", "#", answer)


def test_the_page_has_an_example_of_each_command_that_needs_no_desk() -> None:
    assert {command.split()[0] for command, _ in EXAMPLES} == {"judge", "observe", "plan"}
    assert len(FILES) == 3


def test_the_page_names_every_policy_and_default() -> None:
    for name in RULES:
        assert f"| `{name}` |" in PAGE
    assert f"(default {DEFAULT_RATIO:g}:" in PAGE
    assert f"(default {DEFAULT_AT_LEAST}, as in a step" in PAGE
