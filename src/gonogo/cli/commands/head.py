"""`head`: the head of the audit chain, published."""

from pathlib import Path

import click

from gonogo.cli import output
from gonogo.cli.client import DeskClient
from gonogo.cli.options import with_json
from gonogo.cli.program import Setup
from gonogo.domain.errors import InvalidInput


@click.group()
def head() -> None:
    """Publish the head of the audit chain, so that its past cannot be rewritten unseen."""


@head.command()
@click.option(
    "--file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Add it as a line to this file.",
)
@click.option(
    "--git",
    "repository",
    type=click.Path(file_okay=False, path_type=Path),
    help="Make it an annotated tag of this repository.",
)
@click.option("--remote", help="Push that tag to this remote.")
@with_json
@click.pass_obj
def publish(setup: Setup, file: Path | None, repository: Path | None, remote: str | None) -> None:
    """Sign the present head and put it where others hold it."""
    from gonogo.usecases.desk.heads import HeadPlace

    if (file is None) == (repository is None):
        raise InvalidInput("name either a file with --file or a repository with --git")
    if remote is not None and repository is None:
        raise InvalidInput("a remote goes with --git")
    signed = DeskClient(setup.home).post("/heads")
    place = HeadPlace(file, repository, remote)
    where = setup.program().publish_head(place, signed["sequence"], signed["envelope"])
    if setup.json:
        output.data({**signed, "published": where})
        return
    click.echo(
        f"head of the audit chain, entry {signed['sequence']}, {signed['digest'][:16]}: {where}"
    )
