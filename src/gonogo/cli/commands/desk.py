"""`serve`, `down` and `doctor`: the desk itself."""

from datetime import timedelta

import click

from gonogo.cli import output
from gonogo.cli.access import read_access
from gonogo.cli.client import DeskClient
from gonogo.cli.options import as_duration, with_json, with_yes
from gonogo.cli.program import Setup
from gonogo.domain.errors import InvalidInput, Unavailable


@click.command()
@click.option("--port", type=click.IntRange(0, 65535), default=None, help="0 takes any free one.")
@click.pass_obj
def serve(setup: Setup, port: int | None) -> None:
    """Run the desk until Ctrl-C. What it started for customers goes on without it."""
    setup.program().serve(port)


@click.command()
@click.option("--release-traffic", is_flag=True, help="Hand customers back instead, losing none.")
@click.option("--quiet-for", callback=as_duration, default="30s", show_default=True, metavar="TIME")
@click.option("--within", callback=as_duration, metavar="TIME", help="Wait no longer than this.")
@click.option("--router-stays", is_flag=True, help="Do not wait; leave the routers running.")
@with_yes
@with_json
@click.pass_obj
def down(
    setup: Setup,
    release_traffic: bool,
    quiet_for: timedelta,
    within: timedelta | None,
    router_stays: bool,
    yes: bool,
) -> None:
    """Stop everything that was left running: the desk, every version and every router.

    What was adopted is never stopped. With --release-traffic customers are sent back to it, or stay
    on the version that serves; each router ends once nobody came through it for --quiet-for. Exit
    code: 10 when a router stays because customers may still come.
    """
    if release_traffic:
        _release(setup, quiet_for, within, router_stays=router_stays, yes=yes)
        return
    _warn(setup, yes=yes)
    found = setup.program().stop_everything()
    if setup.json:
        output.data({"stopped": list(found.stopped), "left_running": list(found.left)})
        return
    for name in found.stopped:
        click.echo(f"stopped {name}")
    for name in found.left:
        click.echo(f"left {name} running: it was adopted")
    if not found.stopped:
        click.echo("nothing was running")


def _warn(setup: Setup, *, yes: bool) -> None:
    """Say who loses a version that goes on without them, and ask where somebody can be asked."""
    losing = setup.program().who_loses()
    for sentence in losing:
        output.note(sentence)
    if losing:
        output.note("`gonogo down --release-traffic` hands them back first")
    if losing and not yes and output.interactive():
        click.confirm("stop the router all the same?", abort=True, err=True)


def _release(
    setup: Setup, quiet_for: timedelta, within: timedelta | None, *, router_stays: bool, yes: bool
) -> None:
    program = setup.program()
    plan = program.plan_leaving()
    for sentence in plan:
        output.note(f"  {sentence}")
    if plan and not yes:
        if not output.interactive():
            raise InvalidInput("nobody is here to say yes", hint="add --yes")
        click.confirm("hand customers back?", abort=True, err=True)
    try:
        found = program.leave(
            quiet=quiet_for, within=within, router_stays=router_stays, say=output.note, ask=_ask
        )
    except KeyboardInterrupt:
        output.note("")
        output.note("stopped waiting: customers are served as before, and the same command goes on")
        raise click.exceptions.Exit(output.HELD) from None
    if setup.json:
        output.data(list(found))
    elif not found:
        click.echo("nothing serves customers")
    for each in found if not setup.json else ():
        click.echo(
            f"{each['service']} {each['version']} in {each['environment']} serves at"
            f" {each['address']}; its router: {each['router']}"
        )
    if not router_stays and any(each["router"] == "stays" for each in found):
        raise click.exceptions.Exit(output.HELD)


def _ask(question: str) -> bool:
    """Whether a person says yes; nobody there is no."""
    return output.interactive() and click.confirm(question, err=True)


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
