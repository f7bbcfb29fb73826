"""`handoff`: a version on one page, its draft, and handing it over."""

import json
from datetime import date
from pathlib import Path
from urllib.parse import quote, urlencode

import click

from gonogo.cli import files, output
from gonogo.cli.client import DeskClient
from gonogo.cli.default_command import DefaultGroup
from gonogo.cli.options import with_json
from gonogo.cli.program import Setup
from gonogo.domain.change_log import inserted
from gonogo.domain.errors import InvalidInput


@click.group(cls=DefaultGroup)
def handoff() -> None:
    """Show a version on one page: `gonogo handoff SERVICE VERSION`; draft and submit its handoff."""


@handoff.command()
@click.argument("service")
@click.argument("version")
@click.option(
    "--format",
    "shape",
    type=click.Choice(["markdown", "html", "json"]),
    default="markdown",
    show_default=True,
)
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="Default: stdout.")
@click.option(
    "--change-log",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Put the version's section into this change log, once.",
)
@with_json
@click.pass_obj
def show(
    setup: Setup,
    service: str,
    version: str,
    shape: str,
    out: Path | None,
    change_log: Path | None,
) -> None:
    """Show what is known of VERSION (a git tag) of SERVICE, on one page."""
    desk = DeskClient(setup.home)
    if change_log is not None:
        _log(desk, service, version, change_log)
        if out is None:
            return
    where = f"/services/{quote(service, safe='')}/handoff"
    if setup.json or shape == "json":
        page = json.dumps(desk.get(where, version=version), indent=2, ensure_ascii=False) + "\n"
    else:
        page = desk.text(f"{where}/page?{urlencode({'version': version, 'format': shape})}")
    if out is None:
        click.echo(page, nl=False)
        return
    files.write(out, page)
    click.echo(str(out))


def _log(desk: DeskClient, service: str, version: str, file: Path) -> None:
    """Bytes in, bytes out: nothing but the new section may change."""
    where = f"/services/{quote(service, safe='')}/handoff/change-log"
    found = desk.get(where, version=version)
    try:
        text = file.read_bytes().decode() if file.exists() else ""
        changed = inserted(text, version, date.fromisoformat(found["on"]), found["body"])
        if changed != text:
            file.write_bytes(changed.encode())
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidInput(f"{file} cannot be changed: {error}") from error
    state = "has a section of" if changed != text else "has a section already of"
    click.echo(f"{file} {state} {version}")


@handoff.command()
@click.argument("service")
@click.argument("version")
@with_json
@click.pass_obj
def draft(setup: Setup, service: str, version: str) -> None:
    """Print a filled draft of the handoff of VERSION: its commits, what fits them, its evidence."""
    where = f"/services/{quote(service, safe='')}/handoff/draft"
    found = DeskClient(setup.home).get(where, version=version)
    if setup.json:
        output.data(found)
        return
    click.echo(found["text"], nl=False)
    if found["fit"]:
        output.note(found["fit"])
    output.note(f"edit it, then: gonogo handoff submit {service} {version} FILE")


@handoff.command()
@click.argument("service")
@click.argument("version")
@click.argument("file", type=click.Path(path_type=Path))
@with_json
@click.pass_obj
def submit(setup: Setup, service: str, version: str, file: Path) -> None:
    """Hand VERSION over with a handoff file (docs/handoff.md)."""
    body = {"version": version, "text": read_file(file), "path": str(file)}
    where = f"/services/{quote(service, safe='')}/handoff"
    filed = DeskClient(setup.home).post(where, body)
    if setup.json:
        output.data(filed)
        return
    click.echo(f"{service} {version} is handed over ({filed['paper']})")
    output.note(f"next: gonogo signoff {service} {version} --as ROLE")


def read_file(path: Path) -> str:
    """The text of a file that a person wrote. Raises InvalidInput when it cannot be read."""
    try:
        return files.text_of(path)
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise InvalidInput(f"{path} cannot be read: {reason}") from error
