"""Running the command line in this process."""

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from gonogo.cli.application import gonogo
from gonogo.cli.program import Program, Setup
from gonogo.settings import Settings


@pytest.fixture
def run(tmp_path: Path) -> Callable[..., Result]:
    """Run `gonogo` with these arguments and no desk."""

    def program() -> Program:
        from gonogo.wiring import build_program

        return build_program(Settings(tmp_path / "home"))

    def run(*arguments: str, text: bytes | None = None) -> Result:
        setup = Setup(home=tmp_path / "home", port=0, program=program)
        return CliRunner().invoke(
            gonogo, list(arguments), obj=setup, input=text, catch_exceptions=False
        )

    return run
