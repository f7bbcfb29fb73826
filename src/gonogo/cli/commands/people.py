"""`people` and `whoami`: who is known to the desk, and their tokens."""

from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import click

from gonogo.cli import output
from gonogo.cli.client import EVERYTHING, DeskClient
from gonogo.cli.options import RoleName, with_json
from gonogo.cli.program import Setup
from gonogo.domain.actor import PEOPLE_ROLES, Scope

_with_roles: Callable[..., Any] = click.option(
    "--role",
    "roles",
    multiple=True,
    required=True,
    type=RoleName([role.value for role in PEOPLE_ROLES]),
    help="Repeat it for several.",
)


@click.group(invoke_without_command=True)
@with_json
@click.pass_context
def people(context: click.Context) -> None:
    """Show and change who may do what, and their tokens."""
    if context.invoked_subcommand is None:
        _show(context.obj)


@people.command("list")
@with_json
@click.pass_obj
def listing(setup: Setup) -> None:
    """Show everybody, with their tokens where you may manage them."""
    _show(setup)


def _show(setup: Setup) -> None:
    found = DeskClient(setup.home).listed("/people", EVERYTHING)
    if setup.json:
        output.data(found)
        return
    for person in found:
        left = f"  left on {person['left_at'][:10]}" if person["left_at"] else ""
        emails = f"  {', '.join(person['emails'])}" if person["emails"] else ""
        click.echo(f"{person['name']}  {', '.join(person['roles'])}{emails}{left}")
        for token in person.get("tokens", ()):
            until = token["revoked_at"] or token["expires_at"]
            word = "until" if token["state"] == "good" else "on"
            scopes = f"  for {', '.join(token['scopes'])}" if token["scopes"] else ""
            click.echo(f"    token {token['id']}  {token['state']} {word} {until[:10]}{scopes}")
    if not found:
        output.note("nobody is known yet; next: gonogo people add NAME --role ROLE")


@people.command()
@click.argument("name")
@_with_roles
@click.option("--email", "emails", multiple=True, help="Of their commits. Repeat it for several.")
@with_json
@click.pass_obj
def add(setup: Setup, name: str, roles: tuple[str, ...], emails: tuple[str, ...]) -> None:
    """Make somebody, or a CI job, known to the desk."""
    body = {"name": name, "roles": list(roles), "emails": list(emails)}
    found = DeskClient(setup.home).post("/people", body)
    _tell(setup, found, f"{found['name']} is known as {', '.join(found['roles'])}")
    output.note(f"next: gonogo people token '{found['name']}'")


@people.command("roles")
@click.argument("name")
@_with_roles
@with_json
@click.pass_obj
def change_roles(setup: Setup, name: str, roles: tuple[str, ...]) -> None:
    """Give somebody these roles and no others."""
    found = DeskClient(setup.home).patch(_path(name), {"roles": list(roles)})
    _tell(setup, found, f"{found['name']} is {', '.join(found['roles'])} now")


@people.command()
@click.argument("name")
@with_json
@click.pass_obj
def remove(setup: Setup, name: str) -> None:
    """Write down that somebody has left: their tokens stop, and their name stays taken."""
    found = DeskClient(setup.home).delete(_path(name))
    _tell(setup, found, f"{found['name']} has left; their tokens stop")


@people.command()
@click.argument("name")
@click.option(
    "--days",
    type=click.FloatRange(0, 366, min_open=True),
    default=90,
    show_default=True,
    help="For how long it is good.",
)
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    type=click.Choice([scope.value for scope in Scope]),
    help="Narrow it to this. Repeat it for several.",
)
@with_json
@click.pass_obj
def token(setup: Setup, name: str, days: float, scopes: tuple[str, ...]) -> None:
    """Issue a token for somebody. It is printed once; the desk keeps only its digest."""
    body = {"days": days, "scopes": list(scopes) or None}
    found = DeskClient(setup.home).post(f"{_path(name)}/tokens", body)
    _tell(setup, found, found["secret"])
    output.note(
        f"token {found['id']} of {found['person']}, good until {found['expires_at'][:10]}; it is"
        " shown this once: keep it where secrets are kept, and give it in GONOGO_TOKEN"
    )


@people.command()
@click.argument("name")
@click.option(
    "--role",
    "roles",
    multiple=True,
    type=RoleName([role.value for role in PEOPLE_ROLES]),
    help="Make them known first, with this role. Repeat it for several.",
)
@click.option("--email", "emails", multiple=True, help="With --role: of their commits.")
@with_json
@click.pass_obj
def invite(setup: Setup, name: str, roles: tuple[str, ...], emails: tuple[str, ...]) -> None:
    """Make a one-time link by which somebody chooses their password, or another one."""
    desk = DeskClient(setup.home)
    if emails and not roles:
        raise click.UsageError("--email goes with --role: who is known has their addresses")
    if roles:
        desk.post("/people", {"name": name, "roles": list(roles), "emails": list(emails)})
    found = desk.post(f"{_path(name)}/invitations")
    _tell(setup, found, found["link"])
    what = "choose another password" if found["purpose"] == "reset" else "choose a password"
    output.note(
        f"{found['person']} can {what} with it once, until {found['expires_at'][:16]} UTC;"
        " an earlier link is void"
    )


@people.command()
@click.argument("token_id")
@with_json
@click.pass_obj
def revoke(setup: Setup, token_id: str) -> None:
    """End a token now; `gonogo people` shows its id."""
    found = DeskClient(setup.home).delete(f"/tokens/{quote(token_id, safe='')}")
    _tell(setup, found, f"token {found['id']} of {found['person']} is revoked")


@click.command()
@with_json
@click.pass_obj
def whoami(setup: Setup) -> None:
    """Say as whom the desk knows you, and what you may do."""
    found = DeskClient(setup.home).get("/whoami")
    deeds = "".join(f"\n  {deed}" for deed in found["may"])
    _tell(setup, found, f"{found['name']} ({', '.join(found['roles'])}) may:{deeds}")


def _tell(setup: Setup, found: dict[str, Any], said: str) -> None:
    if setup.json:
        output.data(found)
    else:
        click.echo(said)


def _path(name: str) -> str:
    return f"/people/{quote(name, safe='')}"
