"""Whether a script can be run is found out as the shell would."""

import subprocess
from pathlib import Path

import pytest

from gonogo.controllers.deploying import looks_for


@pytest.mark.parametrize(
    ("program", "there"),
    [
        ("bin/at", True),
        ("./bin/at", True),
        ("bin/plain", False),
        ("bin/none", False),
        ("./bin", False),
        ("sh", True),
        ("no-such-program", False),
    ],
)
def test_a_program_is_looked_for_by_its_path_or_its_name(
    program: str, there: bool, tmp_path: Path
) -> None:
    (tmp_path / "bin").mkdir()
    for name, mode in (("at", 0o700), ("plain", 0o600)):
        (tmp_path / "bin" / name).write_text("#!/bin/sh\n")
        (tmp_path / "bin" / name).chmod(mode)
    found = subprocess.run(["/bin/sh", "-c", looks_for(program)], cwd=tmp_path, check=False)
    assert (found.returncode == 0) is there
