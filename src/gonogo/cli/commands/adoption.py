"""`adopt`: a service that runs already is taken in behind gonogo's router, or let go again."""

import time
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode, urlsplit

import click

from gonogo.cli import output
from gonogo.cli.client import DeskClient
from gonogo.cli.options import as_duration, with_json, with_yes
from gonogo.cli.program import Setup
from gonogo.domain.errors import NotFound
from gonogo.domain.quiet import Quiet, Traffic

_LOOK_SECONDS = 1.0
_SAY_SECONDS = 5.0
_ROUTER_WITHIN_SECONDS = 15.0
_POLL_SECONDS = 0.3
_MORE_SECONDS = 2.0


@click.command()
@click.argument("service")
@click.argument("environment")
@click.option("--at", metavar="ADDRESS:PORT", help="What listens now.")
@click.option("--version", "version", help="The git tag that it is.")
@click.option("--commit", metavar="SHA", help="Its commit, in full, where it has no tag.")
@click.option("--no-wait", is_flag=True, help="Do not wait for the first customers.")
@click.option("--undo", is_flag=True, help="Let go of what was adopted there; it runs on.")
@click.option(
    "--quiet-for",
    callback=as_duration,
    default="30s",
    show_default=True,
    metavar="TIME",
    help="With --undo: how long no customer must come.",
)
@with_yes
@with_json
@click.pass_obj
def adopt(
    setup: Setup,
    service: str,
    environment: str,
    at: str | None,
    version: str | None,
    commit: str | None,
    no_wait: bool,
    undo: bool,
    quiet_for: timedelta,
    yes: bool,
) -> None:
    """Take what runs already as the baseline of ENVIRONMENT, behind gonogo's router.

    It is neither started nor stopped, and customers go on to reach it where they reach it now until
    you point them to the router. Exit code: 10 when the router does not run yet.

    With --undo gonogo lets go of it again, and its router ends, once no customer came through it for
    --quiet-for. Exit code: 10 when that is not known.
    """
    if undo and (at or version or commit or no_wait):
        raise click.UsageError("--undo takes none of --at, --version, --commit and --no-wait")
    desk = DeskClient(setup.home)
    if undo:
        _undo(setup, desk, f"/services/{service}/adoptions/{environment}", quiet_for, yes=yes)
        return
    for option, given in (("--at", at), ("--version", version)):
        if given is None:
            raise click.UsageError(f"Missing option '{option}'.")
    body = {"environment": environment, "at": at, "version": version}
    desk.post(f"/services/{service}/adoptions", {**body, **({"commit": commit} if commit else {})})
    path = f"/services/{service}/adoptions/{environment}"
    found = _until_routed(desk, path)
    if not found["routed"]:
        output.note("the router does not run yet; the desk goes on trying: gonogo doctor")
        if setup.json:
            output.data(found)
        raise click.exceptions.Exit(output.HELD)
    _say_next(found)
    if not no_wait:
        found = _first_customers(desk, path, found)
    if setup.json:
        output.data(found)
    output.note(f"next: gonogo release {service} VERSION   (a git tag)")


def _until_routed(desk: DeskClient, path: str) -> dict[str, Any]:
    until = time.monotonic() + _ROUTER_WITHIN_SECONDS
    while True:
        found: dict[str, Any] = desk.get(path)
        if found["routed"] or time.monotonic() >= until:
            return found
        time.sleep(_POLL_SECONDS)


def _say_next(found: dict[str, Any]) -> None:
    name = f"{found['service']} {found['version']}"
    router = urlsplit(found["url"]).netloc
    output.note(f"{name} at {found['address']} is the baseline of {found['environment']} now")
    output.note(f"  gonogo's router listens on {router} and sends every customer there")
    output.note(f"  whoever comes to {found['address']} directly reaches it as before")
    output.note("")
    output.note(f"next: point your front from {found['address']} to {router}")
    output.note("  DNS, load balancer, nginx upstream, port-forward: docs/adoption.md")


def _first_customers(desk: DeskClient, path: str, began: dict[str, Any]) -> dict[str, Any]:
    """Wait until requests come through the router; Ctrl-C ends the waiting and nothing else."""
    output.note("")
    output.note(
        "waiting for the first customer who comes through it (Ctrl-C ends only the waiting)"
    )
    found = began
    try:
        while not _came(began, found):
            time.sleep(_POLL_SECONDS)
            found = desk.get(path)
        time.sleep(_MORE_SECONDS)
        found = desk.get(path)
    except KeyboardInterrupt:
        output.note("")
    came = _came(began, found)
    many = "1 request" if came == 1 else f"{came:,} requests"
    output.note(f"received {many} through gonogo")
    return found


def _came(began: dict[str, Any], found: dict[str, Any]) -> int:
    """Requests since then; a router that was started again counts from 0."""
    before = int(began["requests"]) if found["router"] == began["router"] else 0
    return max(0, int(found["requests"]) - before)


def _undo(setup: Setup, desk: DeskClient, path: str, quiet_for: timedelta, *, yes: bool) -> None:
    """Wait until nobody comes through the router, then let go."""
    seen = Traffic()
    try:
        found = desk.get(path)
    except NotFound:
        found = None  # the desk says what is the matter, or ends a router that was left
    if found is not None and found["router"] is not None:
        seen = _until_nobody_comes(desk, path, found, quiet_for, yes=yes)
    known = {"requests": seen.requests, **({} if seen.pid is None else {"router": seen.pid})}
    left = desk.delete(f"{path}?{urlencode(known)}")
    if setup.json:
        output.data(left)
        return
    name = f"{left['environment']} of {left['service']}"
    for address in left["left_running"]:
        click.echo(f"{address} is no longer adopted in {name}, and goes on there")
    click.echo(f"gonogo's router of {name} has ended")


def _until_nobody_comes(
    desk: DeskClient, path: str, found: dict[str, Any], quiet_for: timedelta, *, yes: bool
) -> Traffic:
    """What the router said last. Exits when a person has to say first that nobody is to come."""
    router = urlsplit(found["url"]).netloc
    output.note(
        f"waits until no customer came through {router} for {quiet_for.total_seconds():g} s;"
    )
    output.note(f"  point your front from {router} to {found['address']} (Ctrl-C changes nothing)")
    quiet = Quiet(quiet_for, time.monotonic(), _traffic(found))
    told, came = time.monotonic(), 0
    try:
        while not quiet.is_quiet(time.monotonic()):
            time.sleep(_LOOK_SECONDS)
            now = time.monotonic()
            came += quiet.see(_traffic(desk.get(path)), now)
            if came and now - told >= _SAY_SECONDS:
                many = "1 request" if came == 1 else f"{came:,} requests"
                output.note(f"{many} in the last {now - told:.0f} s through {router}")
                told, came = now, 0
    except KeyboardInterrupt:
        output.note("")
        output.note("nothing was changed")
        raise click.exceptions.Exit(130) from None
    if not quiet.seen and not yes:
        silent = f"no request came to {router}, so it is not known whether its customers have gone"
        if not output.interactive():
            output.note(f"{silent}; nothing was changed: add --yes")
            raise click.exceptions.Exit(output.HELD)
        click.confirm(f"{silent}; end it?", abort=True, err=True)
    return quiet.last


def _traffic(found: dict[str, Any]) -> Traffic:
    return Traffic(found["router"], found["requests"], found["open"])
