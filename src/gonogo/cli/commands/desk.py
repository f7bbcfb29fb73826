"""`serve`, `down` and `doctor`: the desk itself."""

import click

from gonogo.cli import output
from gonogo.cli.access import read_access
from gonogo.cli.client import DeskClient
from gonogo.cli.options import with_json
from gonogo.cli.program import Setup
from gonogo.domain.errors import Unavailable


@click.command()
@click.option("--port", type=click.IntRange(0, 65535), default=None, help="0 takes any free one.")
@click.pass_obj
def serve(setup: Setup, port: int | None) -> None:
    """Run the desk until Ctrl-C. What it started for customers goes on without it."""
    setup.program().serve(port)


@click.command()
@with_json
@click.pass_obj
def down(setup: Setup) -> None:
    """Stop everything that was left running: the desk, every version and every router."""
    stopped = setup.program().stop_everything()
    if setup.json:
        output.data({"stopped": list(stopped)})
        return
    for name in stopped:
        click.echo(f"stopped {name}")
    if not stopped:
        click.echo("nothing was running")


@click.command()
@with_json
@click.pass_obj
def doctor(setup: Setup) -> None:
    """Look at the health of the desk and of what it needs; each trouble comes with its remedy."""
    try:
        found = DeskClient(setup.home).get("/findings")
    except Unavailable:
        if read_access().url is not None:
            raise  # looking at this machine would say nothing of that desk
        found = [
            {
                "check": finding.check,
                "health": finding.health.value,
                "detail": finding.detail,
                "remedy": finding.remedy,
            }
            for finding in setup.program().examine()
        ]
    if setup.json:
        output.data(found)
    else:
        signs = {"good": "✔", "recommended": "!", "critical": "✘"}
        for finding in found:
            click.echo(f"{signs[finding['health']]} {finding['check']}: {finding['detail']}")
            if finding["remedy"]:
                click.echo(f"    {finding['remedy']}")
    if any(finding["health"] == "critical" for finding in found):
        raise click.exceptions.Exit(output.NO_GO)
