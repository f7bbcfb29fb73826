"""`register`, `release`, `status`, `watch`, `why` and `report`."""

import subprocess
from pathlib import Path
from typing import Any

import click

from gonogo.cli import output
from gonogo.cli.checkout import read_spec
from gonogo.cli.client import DeskClient
from gonogo.cli.follow import follow
from gonogo.cli.options import with_json, with_yes
from gonogo.cli.program import Setup
from gonogo.domain.errors import InvalidInput
from gonogo.usecases.services.specs import check_spec


@click.command()
@click.argument("file", type=click.Path(path_type=Path), default=Path("gonogo.yaml"))
@click.option("--repository", type=click.Path(path_type=Path), help="Default: the file's own.")
@with_yes
@with_json
@click.pass_obj
def register(setup: Setup, file: Path, repository: Path | None, yes: bool) -> None:
    """Register the service that a gonogo.yaml describes, or approve its changed description.

    A change is shown and asked about first; nothing goes by it before it is approved.
    """
    text = read_spec(file)
    check_spec(text, str(file))
    where = repository or _repository_of(file)
    desk = DeskClient(setup.home)
    difference = desk.post("/differences", {"spec": text, "path": str(file)})
    if difference["lines"]:
        _approve(difference, yes=yes)
    body = {"spec": text, "path": str(file), "repository": str(where.absolute())}
    found = desk.post("/services", {**body, "replaces": difference["replaces"]})
    if setup.json:
        output.data(found)
        return
    state = "is registered" if not found["known_before"] else "has a new spec"
    click.echo(f"{found['service']} {state if found['changed'] else 'is registered already'}")
    for environment in found["environments"]:
        click.echo(f"  {environment['environment']}: {environment['url']}")
    output.note(f"next: gonogo release {found['service']} VERSION   (a git tag)")


def _approve(difference: dict[str, Any], *, yes: bool) -> None:
    """Show how the spec changes and ask whether that is meant."""
    output.note(f"the registered spec of {difference['service']} changes:")
    for line in difference["lines"]:
        output.note(f"  {line}")
    if yes:
        return
    if not output.interactive():
        raise InvalidInput("nobody is here to approve the changed spec", hint="add --yes")
    click.confirm("approve it?", abort=True, err=True)


def _repository_of(file: Path) -> Path:
    folder = file.absolute().parent
    done = subprocess.run(
        ["git", "-C", str(folder), "rev-parse", "--show-toplevel"],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise InvalidInput(
            f"{folder} is not in a git repository, and versions are git tags",
            hint="run `git init`, commit and tag a version; or name one with --repository",
        )
    return Path(done.stdout.strip())


@click.command()
@click.argument("service")
@click.argument("version")
@click.option("--key", help="Idempotency key: the same key gives the same release.")
@click.option("--detach", is_flag=True, help="Start it and do not follow it.")
@click.option("--dry-run", is_flag=True, help="Only say what it would do.")
@with_yes
@with_json
@click.pass_obj
def release(
    setup: Setup,
    service: str,
    version: str,
    key: str | None,
    detach: bool,
    dry_run: bool,
    yes: bool,
) -> None:
    """Release VERSION (a git tag) of SERVICE and follow it to its end.

    Exit code: 0 released, 10 waits for a person, 20 no-go or taken back.
    """
    desk = DeskClient(setup.home)
    body: dict[str, Any] = {"service": service, "version": version}
    intention = desk.post("/intentions", body)
    for sentence in intention["will"]:
        output.note(f"  {sentence}")
    if dry_run:
        if setup.json:
            output.data(intention)
        return
    if not yes:
        if not output.interactive():
            raise InvalidInput("nobody is here to say yes", hint="add --yes")
        click.confirm("release it?", abort=True, err=True)
    started = desk.post("/releases", {**body, **({"key": key} if key else {})})
    if detach:
        if setup.json:
            output.data(started)
        else:
            click.echo(started["id"])
        return
    raise click.exceptions.Exit(follow(desk, started["id"], as_json=setup.json))


@click.command()
@click.argument("release")
@with_json
@click.pass_obj
def watch(setup: Setup, release: str) -> None:
    """Follow a release to its end, or to where a person has the next word."""
    raise click.exceptions.Exit(follow(DeskClient(setup.home), release, as_json=setup.json))


@click.command()
@click.argument("release", required=False)
@click.option("--limit", type=click.IntRange(1, 1000), default=10, help="How many releases.")
@with_json
@click.pass_obj
def status(setup: Setup, release: str | None, limit: int) -> None:
    """Show what serves where and the newest releases; or one release."""
    desk = DeskClient(setup.home)
    if release is not None:
        found = desk.get(f"/releases/{release}")
        if setup.json:
            output.data(found)
        else:
            click.echo(output.stage_line(found))
            _decision(found["decision"])
            for kpi in (*found["kpis"], *found.get("gauges", ())):
                click.echo(f"    {kpi['sentence']}")
        raise click.exceptions.Exit(output.EXIT_CODES.get(found["stage"], 0))
    services, releases = desk.get("/services"), desk.listed("/releases", limit)
    if setup.json:
        output.data({"services": services, "releases": releases})
        return
    if not services:
        click.echo("no service is registered")
        output.note("next: gonogo register   (in a repository with a gonogo.yaml)")
    for service in services:
        click.echo(service["service"])
        for environment in service["environments"]:
            serving = [_slot(slot) for slot in environment["slots"]] or ["nothing runs"]
            click.echo(
                f"  {environment['environment']:<12} {environment['url']:<24} {', '.join(serving)}"
            )
    for found in releases:
        click.echo(output.stage_line(found))


def _decision(decided: dict[str, Any] | None) -> None:
    """What the gates said last, and what blocks."""
    if decided is not None:
        click.echo(f"    gates at {decided['at'][11:19]} UTC: {decided['sentence']}")
        for line in decided["blocking"]:
            click.echo(f"      {line}")


def _slot(slot: dict[str, Any]) -> str:
    adopted = ", adopted" if slot["adopted"] else ""
    return f"{slot['version']} {slot['role']} {slot['share'] * 100:g} %{adopted}"


@click.command()
@click.argument("release")
@with_json
@click.pass_obj
def why(setup: Setup, release: str) -> None:
    """Say in a few sentences why a release stands where it stands, with the numbers."""
    found = DeskClient(setup.home).get(f"/releases/{release}/why")
    if setup.json:
        output.data(found)
        return
    for sentence in found["why"]:
        click.echo(sentence)


@click.command()
@click.argument("release")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="Default: its name.")
@click.pass_obj
def report(setup: Setup, release: str, out: Path | None) -> None:
    """Write a release's report as one self-contained HTML file."""
    desk = DeskClient(setup.home)
    found = desk.get(f"/releases/{release}")
    target = out or Path(f"{found['service']}-{found['version']}.html")
    target.write_text(desk.text(f"/releases/{found['id']}/report"), encoding="utf-8")
    click.echo(str(target))
