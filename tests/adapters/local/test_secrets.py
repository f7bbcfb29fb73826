"""Secrets of services in files."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from gonogo.adapters.local.secrets import FileSecrets, hide
from gonogo.adapters.local.workshop import GitWorkshop
from gonogo.domain.errors import Unavailable
from gonogo.ports.workshop import Job


@pytest.fixture
def secrets(tmp_path: Path) -> FileSecrets:
    folder = tmp_path / "secrets" / "orders"
    folder.mkdir(parents=True)
    file = folder / "staging.env"
    file.write_text("# of staging\nTOKEN=hunter22=x\n\nEMPTY=\n")
    file.chmod(0o600)
    return FileSecrets(tmp_path / "secrets")


async def test_secrets_are_taken_literally_and_empty_ones_are_not_set(secrets):
    assert await secrets.values("orders", "staging") == {"TOKEN": "hunter22=x", "EMPTY": ""}
    assert await secrets.names("orders", "staging") == {"TOKEN"}
    assert await secrets.names("orders", "production") == frozenset()


async def test_a_file_that_others_may_read_is_not_used(secrets, tmp_path):
    (tmp_path / "secrets/orders/staging.env").chmod(0o644)
    with pytest.raises(Unavailable, match="may be read by others") as refused:
        await secrets.names("orders", "staging")
    assert "hunter22" not in str(refused.value)


async def test_a_line_that_is_no_secret_is_named_by_number_and_not_shown(secrets, tmp_path):
    (tmp_path / "secrets/orders/staging.env").write_text("A=1\nhunter22\n")
    with pytest.raises(Unavailable, match="line 2") as refused:
        await secrets.names("orders", "staging")
    assert "hunter22" not in str(refused.value)


async def test_a_command_sees_the_secrets_of_its_environment_and_does_not_print_them(
    secrets, tmp_path, repository, run_git
):
    commit = run_git(repository, "rev-parse", "v1.1.0^{commit}")
    workshop = GitWorkshop(tmp_path / "workshop", secrets=secrets.values)
    await workshop.lay_out(str(repository), "orders", commit)
    job = Job(
        "orders", commit, "tell", "echo got:$TOKEN", timedelta(seconds=5), environment="staging"
    )
    assert (await workshop.run(job)).output.strip() == "got:***"
    answered = await workshop.run(replace(job, answer_bytes=100))
    assert answered.answer == b"got:***\n"
    other = Job("orders", commit, "tell", "echo got:$TOKEN", timedelta(seconds=5))
    assert (await workshop.run(other)).output.strip() == "got:"


def test_the_longer_of_two_secrets_is_hidden_whole():
    assert hide("x abcdef y abcd", {"A": "abcd", "B": "abcdef"}) == "x *** y ***"


@pytest.mark.parametrize(
    "said",
    [
        "cannot reach postgresql://shop:s3cr%2Fet@db/shop",
        "password is s3cr/et",
        "FATAL: user=shop password=s3cr%2Fet",
        "redis://:0ther@cache:6379 is away",
        "blanks around hunter22 are not part of what a program prints",
    ],
)
def test_the_password_of_an_address_is_hidden_wherever_a_program_repeats_it(said: str):
    variables = {"DATABASE_URL": "postgresql+psycopg://shop:s3cr%2Fet@db:5432/shop"}
    hidden = hide(said, {"TOKEN": " hunter22 "}, variables)
    assert "***" in hidden
    assert not any(part in hidden for part in ("s3cr", "0ther", "hunter22"))


async def test_a_command_does_not_tell_the_password_of_its_database(tmp_path, repository, run_git):
    commit = run_git(repository, "rev-parse", "v1.1.0^{commit}")
    workshop = GitWorkshop(tmp_path / "workshop")
    await workshop.lay_out(str(repository), "orders", commit)
    job = Job(
        "orders",
        commit,
        "migrate",
        "echo no connection as ${DATABASE_URL#*//}",
        timedelta(seconds=5),
        variables={"DATABASE_URL": "postgresql://shop:hunter22@db/shop"},
        environment="staging",
    )
    assert (await workshop.run(job)).output.strip() == "no connection as shop:***@db/shop"
