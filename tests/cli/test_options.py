"""Options that several commands share."""

import click
import pytest
from click.testing import CliRunner

from gonogo.cli.options import RoleName


@click.command()
@click.option("--as", "role", type=RoleName(["qa", "tech_lead"]))
def _say(role: str) -> None:
    click.echo(role)


@pytest.mark.parametrize("written", ["tech_lead", "tech lead", "Tech-Lead", " TECH LEAD "])
def test_a_role_is_taken_as_people_write_it(written: str) -> None:
    assert CliRunner().invoke(_say, ["--as", written]).output == "tech_lead\n"


def test_a_role_that_is_not_known_is_refused_with_those_that_are() -> None:
    done = CliRunner().invoke(_say, ["--as", "boss"])
    assert done.exit_code == 2
    assert "'qa', 'tech_lead'" in done.output
