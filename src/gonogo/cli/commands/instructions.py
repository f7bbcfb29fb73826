"""What a person tells a release under way."""

import click

from gonogo.cli import output
from gonogo.cli.client import DeskClient
from gonogo.cli.options import with_json, with_reason, with_yes
from gonogo.cli.program import Setup
from gonogo.domain.errors import InvalidInput


def _tell(setup: Setup, release: str, kind: str, reason: str, effect: str) -> None:
    if not reason and output.interactive():
        reason = click.prompt("reason", err=True)
    found = DeskClient(setup.home).post(
        f"/releases/{release}/instructions", {"kind": kind, "reason": reason}
    )
    if setup.json:
        output.data(found)
        return
    click.echo(f"{found['service']} {found['version']}: {effect}")
    output.note(f"follow it: gonogo watch {found['service']}")


@click.command()
@click.argument("release")
@with_reason
@with_json
@click.pass_obj
def pause(setup: Setup, release: str, reason: str) -> None:
    """Hold a release where it is; its customers are still watched."""
    _tell(setup, release, "pause", reason, "was told to hold; its customers are still watched")


@click.command()
@click.argument("release")
@click.option("--again", is_flag=True, help="Run the step that failed or is unknown once more.")
@click.option("--done", is_flag=True, help="The step that failed or is unknown counts as done.")
@with_reason
@with_json
@click.pass_obj
def resume(setup: Setup, release: str, again: bool, done: bool, reason: str) -> None:
    """Let a waiting release go on from where it came from."""
    if again and done:
        raise InvalidInput("--again and --done exclude each other")
    kind = "retry" if again else "resume"
    _tell(setup, release, kind, reason, "was told to go on")


@click.command()
@click.argument("release")
@with_reason
@with_json
@click.pass_obj
def abort(setup: Setup, release: str, reason: str) -> None:
    """End a release that has not reached production."""
    _tell(setup, release, "abort", reason, "was told to end")


@click.command()
@click.argument("release")
@with_reason
@with_yes
@with_json
@click.pass_obj
def rollback(setup: Setup, release: str, reason: str, yes: bool) -> None:
    """Take a release back now: its customers go to the version before."""
    if not yes and output.interactive():
        found = DeskClient(setup.home).get(f"/releases/{release}")
        back = found["previous"] or "nothing (it is the first version)"
        output.note(f"will take {found['service']} {found['version']} back to {back}")
        click.confirm("go on?", abort=True, err=True)
    _tell(setup, release, "roll_back", reason, "was told to go back")


@click.command()
@click.argument("release")
@with_reason
@with_json
@click.pass_obj
def confirm(setup: Setup, release: str, reason: str) -> None:
    """Confirm a promoted release after your own check in production."""
    _tell(
        setup,
        release,
        "confirm",
        reason or "checked in production",
        "was told that it is confirmed",
    )


@click.command()
@click.argument("release")
@with_reason
@with_json
@click.pass_obj
def reject(setup: Setup, release: str, reason: str) -> None:
    """Reject a promoted release after your own check: it is taken back."""
    _tell(setup, release, "reject", reason, "was told to go back")
