"""`adopt`: a service that runs already is taken in behind gonogo's router."""

import time
from typing import Any
from urllib.parse import urlsplit

import click

from gonogo.cli import output
from gonogo.cli.client import DeskClient
from gonogo.cli.options import with_json
from gonogo.cli.program import Setup

_ROUTER_WITHIN_SECONDS = 15.0
_POLL_SECONDS = 0.3
_MORE_SECONDS = 2.0


@click.command()
@click.argument("service")
@click.argument("environment")
@click.option("--at", required=True, metavar="ADDRESS:PORT", help="What listens now.")
@click.option("--version", "version", required=True, help="The git tag that it is.")
@click.option("--commit", metavar="SHA", help="Its commit, in full, where it has no tag.")
@click.option("--no-wait", is_flag=True, help="Do not wait for the first customers.")
@with_json
@click.pass_obj
def adopt(
    setup: Setup,
    service: str,
    environment: str,
    at: str,
    version: str,
    commit: str | None,
    no_wait: bool,
) -> None:
    """Take what runs already as the baseline of ENVIRONMENT, behind gonogo's router.

    It is neither started nor stopped, and customers go on to reach it where they reach it now until
    you point them to the router. Exit code: 10 when the router does not run yet.
    """
    desk = DeskClient(setup.home)
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
