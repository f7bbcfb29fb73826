"""`migrate-database`: from a file of one desk to a server that several share."""

import click

from gonogo.cli import output
from gonogo.cli.options import with_json
from gonogo.cli.program import Setup


@click.command()
@click.option(
    "--to",
    "url",
    metavar="URL",
    required=True,
    help="An empty PostgreSQL database of gonogo's own.",
)
@with_json
@click.pass_obj
def migrate_database(setup: Setup, url: str) -> None:
    """Move the desk from its SQLite file to PostgreSQL, whole or not at all.

    The desk must be stopped; services run on without it. The file is left as it is.
    """
    moved = setup.program().migrate_database(url)
    if setup.json:
        output.data(moved)
        return
    click.echo(f"moved {moved['source']} to {moved['target']}:")
    for name, count in moved["rows"].items():
        click.echo(f"  {name}: {count}")
    click.echo(
        f"the audit chain holds there: {moved['entries']} entries, head {moved['head'][:12]}"
    )
    click.echo("next: export GONOGO_DATABASE_URL with that URL, then gonogo serve")
    click.echo(f"  and move {moved['source']} away: a desk over it would be a second truth")
