"""Secrets in files of a desk's folder."""

from pathlib import Path

import pytest

from gonogo.domain.errors import InvalidInput
from gonogo.wiring.parts import secret


def test_a_secret_is_made_once_for_its_owner_alone(tmp_path: Path) -> None:
    file = tmp_path / "token"
    made = secret(file)
    assert (len(made), secret(file), file.stat().st_mode & 0o777) == (64, made, 0o600)
    assert list(tmp_path.iterdir()) == [file]


@pytest.mark.parametrize("held", ["", "\n", "short"])
def test_a_file_that_lost_its_secret_is_refused_and_lets_nobody_in(
    held: str, tmp_path: Path
) -> None:
    file = tmp_path / "token"
    file.write_text(held)
    with pytest.raises(InvalidInput, match="must have 32 at the least") as told:
        secret(file)
    assert "delete it" in (told.value.hint or "")


def test_a_folder_that_takes_no_secret_is_told_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="cannot be read or made: No such file or directory"):
        secret(tmp_path / "none" / "token")
