"""Signing off, taking over, waiving, freezing, and taking a paper back."""

from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

import click

from gonogo.cli import output
from gonogo.cli.client import DeskClient
from gonogo.cli.commands.handoff import read_file
from gonogo.cli.options import RoleName, with_json, with_reason, with_yes
from gonogo.cli.program import Setup
from gonogo.domain.actor import Role
from gonogo.domain.errors import InvalidInput
from gonogo.usecases.judging.outlook import told
from gonogo.usecases.permissions import PERMISSIONS, Deed


def _as(deed: Deed) -> Callable[..., Any]:
    roles = [role.value for role in Role if role in PERMISSIONS[deed]]
    return click.option(
        "--as", "role", required=True, type=RoleName(roles), help="A role that you have."
    )


def _filed(setup: Setup, paper: dict[str, Any], said: str) -> None:
    if setup.json:
        output.data(paper)
        return
    click.echo(f"{said} ({paper['paper']})")


def _reason(given: str) -> str:
    if not given and output.interactive():
        return str(click.prompt("reason", err=True))
    return given


@click.command()
@click.argument("service")
@click.argument("version")
@_as(Deed.SIGN_OFF)
@click.option("--note", default="", help="What you want to have said; it is recorded.")
@click.option(
    "--criteria",
    type=click.Path(path_type=Path),
    help="A file of rollback criteria that you sign (docs/handoff.md).",
)
@with_yes
@with_json
@click.pass_obj
def signoff(
    setup: Setup,
    service: str,
    version: str,
    role: str,
    note: str,
    criteria: Path | None,
    yes: bool,
) -> None:
    """Sign VERSION (a git tag) of SERVICE off in a role; shows first what you sign."""
    promised = None if criteria is None else read_file(criteria)
    desk = DeskClient(setup.home)
    where = f"/services/{quote(service, safe='')}"
    page = desk.get(f"{where}/handoff", version=version)
    _shown(page, Role(role))
    if not yes:
        if not output.interactive():
            raise InvalidInput("nobody is here to say yes", hint="add --yes")
        click.confirm("sign it off?", abort=True, err=True)
    body = {"version": version, "role": role, "digest": page["digest"], "note": note}
    if promised is not None:
        body |= {"criteria": promised, "criteria_path": str(criteria)}
    paper = desk.post(f"{where}/sign-offs", body)
    _filed(setup, paper, f"{paper['by']} signed {service} {version} as {Role(role).words}")


def _shown(page: dict[str, Any], role: Role) -> None:
    """What is signed: what failed on top."""
    version = f"{page['service']} {page['version']} · {page['commit'][:7]}"
    output.note(f"You sign as {role.words} for {version} (evidence {page['digest'][:12]})")
    if page["decision"]:
        output.note(f"  {page['decision']}")
    for row in page["evidence"]:
        sign = "✘" if row["troubled"] else "✔"
        kind = row["kind"].replace("_", " ")
        age = told(row["age_seconds"])
        output.note(f"  {sign} {kind} ({row['name']}): {row['said']}; {age} old")
    if not page["evidence"]:
        output.note("  no evidence was filed")
    scope = " ".join(page["scope"].split()) or "QA has not handed it over"
    output.note(f"  handoff: {scope[:200]}")
    for concern in (*page["known_issues"], *page["risks"]):
        done = concern["mitigation"] or "no mitigation"
        output.note(f"  {concern['severity']}: {concern['title']} ({done})")
    back = page["back_to"] or "nothing (no version serves)"
    output.note(f"  it would go back to {back}")


@click.command()
@click.argument("paper")
@with_reason
@with_json
@click.pass_obj
def withdraw(setup: Setup, paper: str, reason: str) -> None:
    """Take a sign-off, waiver or acknowledgement back, by its id; it stays in the record."""
    body = {"reason": _reason(reason)}
    filed = DeskClient(setup.home).post(f"/papers/{quote(paper, safe='')}/withdrawal", body)
    _filed(setup, filed, f"{paper} is taken back")


@click.command()
@click.argument("service")
@click.argument("version")
@click.option("--at", metavar="TIME", help='When it starts, as in "16:00 UTC". Default: at once.')
@click.option("--window", metavar="TIME", help="How long it may start from then on, as in 1h.")
@click.option("--duration", metavar="TIME", help="How long it will take, as in 15m.")
@click.option("--downtime", metavar="TIME", help="How long customers are without it. Default: 0s.")
@click.option("--step", "steps", multiple=True, help="A step to be done. Repeat it for several.")
@click.option("--concerns", default="", help="What you are worried about.")
@with_json
@click.pass_obj
def acknowledge(
    setup: Setup,
    service: str,
    version: str,
    at: str | None,
    window: str | None,
    duration: str | None,
    downtime: str | None,
    steps: tuple[str, ...],
    concerns: str,
) -> None:
    """Take VERSION of SERVICE over from QA, with a schedule."""
    body = {
        "version": version,
        "at": at,
        "window": window,
        "duration": duration,
        "downtime": downtime,
        "steps": list(steps),
        "concerns": concerns,
    }
    where = f"/services/{quote(service, safe='')}/acknowledgements"
    paper = DeskClient(setup.home).post(where, body)
    starts = paper["content"]["starts_at"]
    when = f"starts at {starts[:16].replace('T', ' ')} UTC" if starts else "starts when it may"
    _filed(setup, paper, f"{service} {version} is acknowledged; it {when}")


@click.command()
@click.argument("service")
@click.argument("gate")
@_as(Deed.WAIVE)
@with_reason
@click.option("--until", required=True, metavar="TIME", help="As in 14d; at most 90 days ahead.")
@click.option("--version", help="Only for this version. Default: for the whole service.")
@with_json
@click.pass_obj
def waive(
    setup: Setup,
    service: str,
    gate: str,
    role: str,
    reason: str,
    until: str,
    version: str | None,
) -> None:
    """Let GATE of SERVICE pass until a time; it is shown as waived, never as passed."""
    body = {
        "gate": gate,
        "role": role,
        "reason": _reason(reason),
        "until": until,
        "version": version,
    }
    where = f"/services/{quote(service, safe='')}/waivers"
    paper = DeskClient(setup.home).post(where, body)
    end = paper["content"]["until"][:16].replace("T", " ")
    of = version or "every version"
    _filed(setup, paper, f"{gate} of {service} is waived for {of} until {end} UTC")


def _switch(
    setup: Setup, service: str, flag: str, reason: str, *, on: bool, until: str | None = None
) -> dict[str, Any]:
    """The paper that sets a flag of a service, or lifts it."""
    body = {"on": on, "reason": _reason(reason), "until": until}
    where = f"/services/{quote(service, safe='')}/{flag}"
    paper: dict[str, Any] = DeskClient(setup.home).post(where, body)
    return paper


@click.command()
@click.argument("service")
@with_reason
@click.option("--until", metavar="TIME", help="As in 2d. Default: until somebody lifts it.")
@with_json
@click.pass_obj
def freeze(setup: Setup, service: str, reason: str, until: str | None) -> None:
    """Hold every release of SERVICE."""
    paper = _switch(setup, service, "freeze", reason, on=True, until=until)
    _filed(setup, paper, f"releases of {service} are frozen")


@click.command()
@click.argument("service")
@with_reason
@with_json
@click.pass_obj
def unfreeze(setup: Setup, service: str, reason: str) -> None:
    """Let releases of SERVICE go on again."""
    paper = _switch(setup, service, "freeze", reason, on=False)
    _filed(setup, paper, f"releases of {service} may go on")


@click.command()
@click.argument("service")
@with_reason
@click.option("--until", metavar="TIME", help="As in 2d. Default: until somebody lifts it.")
@with_json
@click.pass_obj
def hush(setup: Setup, service: str, reason: str, until: str | None) -> None:
    """Hold messages about SERVICE back."""
    paper = _switch(setup, service, "silence", reason, on=True, until=until)
    _filed(setup, paper, f"messages about {service} are held back")


@click.command()
@click.argument("service")
@with_reason
@with_json
@click.pass_obj
def unhush(setup: Setup, service: str, reason: str) -> None:
    """Send messages about SERVICE again, with those that were held back."""
    paper = _switch(setup, service, "silence", reason, on=False)
    _filed(setup, paper, f"messages about {service} are sent again")
