"""`bundle`: a release as one file of signed statements."""

from pathlib import Path

import click

from gonogo.cli import files, output
from gonogo.cli.client import DeskClient
from gonogo.cli.options import with_json
from gonogo.cli.program import Setup


@click.command()
@click.argument("release")
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    help="The file (default: SERVICE-VERSION.intoto.jsonl); - for stdout.",
)
@with_json
@click.pass_obj
def bundle(setup: Setup, release: str, out: Path | None) -> None:
    """Write what was decided about RELEASE, on what, and how it went: signed, to be checked offline."""
    desk = DeskClient(setup.home)
    found = desk.get(f"/releases/{release}")
    content = desk.text(f"/releases/{found['id']}/bundle")
    if out == Path("-"):
        click.echo(content, nl=False)
        return
    name = f"{found['service']}-{found['version']}".replace("/", "-")
    file = out or Path(f"{name}.intoto.jsonl")
    files.write(file, content)
    lines = content.count("\n")
    if setup.json:
        output.data({"file": str(file), "lines": lines, "outcome": found["stage"]})
        return
    click.echo(f"{file}: {lines} signed statements about {found['service']} {found['version']}")
    output.note(f"next: gonogo verify bundle {file} --key KEY; the key: gonogo keys public")
