"""What a person tells a release under way."""

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

import click

from gonogo.cli import output
from gonogo.cli.client import DeskClient
from gonogo.cli.options import with_json, with_reason, with_yes
from gonogo.cli.program import Setup
from gonogo.domain.errors import InvalidInput
from gonogo.domain.release import VerifiedLine
from gonogo.usecases.releases.verification import line_of


def _tell(setup: Setup, release: str, kind: str, reason: str, effect: str) -> None:
    if not reason and output.interactive():
        reason = click.prompt("reason", err=True)
    found = DeskClient(setup.home).post(
        f"/releases/{release}/instructions", {"kind": kind, "reason": reason}
    )
    _say(setup, found, effect)


def _say(setup: Setup, found: dict[str, Any], effect: str) -> None:
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


_with_lines: Callable[..., Any] = click.option(
    "--line",
    "lines",
    multiple=True,
    metavar="NAME=pass|fail[:TIME[:NOTE]]",
    help='How one line of your check ended, as in "login=pass:12s". Repeat it for each.',
)


@click.command()
@click.argument("release")
@_with_lines
@with_reason
@with_json
@click.pass_obj
def confirm(setup: Setup, release: str, lines: tuple[str, ...], reason: str) -> None:
    """Confirm a promoted release after your own check in production.

    Where the spec lists lines, each is answered: with --line, or one by one at a terminal. A line that
    failed rejects the release.
    """
    told = _tried(setup, release, lines)
    failed = [line for line in told if not line.passed]
    effect = (
        f"was told to go back: {failed[0].name} failed"
        if failed
        else "was told that it is confirmed"
    )
    default = "" if told else "checked in production"
    _verify(setup, release, "confirm", told, reason or default, effect)


@click.command()
@click.argument("release")
@_with_lines
@with_reason
@with_json
@click.pass_obj
def reject(setup: Setup, release: str, lines: tuple[str, ...], reason: str) -> None:
    """Reject a promoted release after your own check: it is taken back."""
    told = tuple(line_of(text) for text in lines)
    if not reason and all(line.passed for line in told) and output.interactive():
        reason = click.prompt("reason", err=True)
    _verify(setup, release, "reject", told, reason, "was told to go back")


def _verify(
    setup: Setup,
    release: str,
    kind: str,
    lines: tuple[VerifiedLine, ...],
    reason: str,
    effect: str,
) -> None:
    body = {"kind": kind, "reason": reason, "lines": [asdict(line) for line in lines]}
    found = DeskClient(setup.home).post(f"/releases/{release}/instructions", body)
    _say(setup, found, effect)


def _tried(setup: Setup, release: str, given: tuple[str, ...]) -> tuple[VerifiedLine, ...]:
    """The lines that were given, or asked for one by one where somebody sits at the terminal."""
    if given or not output.interactive():
        return tuple(line_of(text) for text in given)
    found = DeskClient(setup.home).get(f"/releases/{release}/verification")
    return tuple(_ask(name) for name in found["lines"])


def _ask(name: str) -> VerifiedLine:
    choice = click.Choice(["pass", "fail"])
    passed = click.prompt(name, type=choice, err=True) == "pass"
    note = click.prompt("  note", default="", show_default=False, err=True)
    return VerifiedLine(name, passed, note=note)
