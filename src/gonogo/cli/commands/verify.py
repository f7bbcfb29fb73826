"""`verify`: the audit chain, a bundle, or published heads."""

import re
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gonogo.cli import output
from gonogo.cli.files import whole
from gonogo.cli.options import with_json
from gonogo.cli.program import Setup
from gonogo.domain.errors import InvalidInput

if TYPE_CHECKING:
    from gonogo.usecases.bundling.envelopes import Trust

_LARGEST = 256 * 1024 * 1024
_LARGEST_KEY = 1024 * 1024
_WRITTEN_OUT = re.compile(r"(sha256:)?[0-9a-f]{64}", re.IGNORECASE)
_KEY = "The desk's root: a file or text with PEM, hex, SHA256:…, or an exported ring."


@click.group(invoke_without_command=True)
@with_json
@click.pass_context
def verify(context: click.Context) -> None:
    """Check that the audit chain holds; names the first broken entry."""
    if context.invoked_subcommand is None:
        _chain(context.obj)


def _chain(setup: Setup) -> None:
    found = setup.program().verify_chain()
    if setup.json:
        output.data(found)
    elif found["holds"]:
        click.echo(f"the audit chain holds: {found['entries']} entries, head {found['head'][:16]}")
    else:
        broken = found["broken"]
        click.echo(
            f"the audit chain is broken at entry {broken['sequence']}"
            f" ({broken['action']}, {broken['at']}): {found['reason']}"
        )
    if not found["holds"]:
        raise click.exceptions.Exit(output.NO_GO)


@verify.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--key", required=True, help=_KEY)
@with_json
@click.pass_obj
def bundle(setup: Setup, file: Path, key: str) -> None:
    """Check a bundle against the key you trust. Needs no desk and no network."""
    from gonogo.usecases.bundling.verify import Refused, verify_bundle

    found = verify_bundle(_content(file), _trust(key))
    if isinstance(found, Refused):
        if setup.json:
            output.data({"holds": False, "line": found.line, "reason": found.reason})
        else:
            where = f"line {found.line}" if found.line else "the file"
            click.echo(f"{file} does not hold: {where}: {found.reason}")
        raise click.exceptions.Exit(output.NO_GO)
    if setup.json:
        output.data(
            {
                "holds": True,
                "service": found.service,
                "version": found.version,
                "commit": found.commit,
                "release": found.release,
                "outcome": found.outcome,
                "signed_at": found.signed_at.isoformat(),
                "key": found.key,
                "root": found.root,
                "lines": found.lines,
                "proven": list(found.proven),
            }
        )
        return
    click.echo(
        f"{found.service} {found.version} · {found.commit[:7]}:"
        f" {found.outcome.replace('_', ' ')}; signed {found.signed_at:%Y-%m-%d %H:%M} UTC"
        f" by key {found.key[:16]}"
    )
    for said in found.proven:
        click.echo(f"  ✔ {said}")


@verify.command()
@click.argument("file", required=False, type=click.Path(dir_okay=False, path_type=Path))
@click.option(
    "--git",
    "repository",
    type=click.Path(file_okay=False, path_type=Path),
    help="Take the heads from the tags of this repository.",
)
@click.option("--key", help=f"{_KEY} Default: the desk's own.")
@with_json
@click.pass_obj
def head(setup: Setup, file: Path | None, repository: Path | None, key: str | None) -> None:
    """Check that the audit chain still has the heads that were published in FILE or a repository."""
    from gonogo.usecases.desk.heads import HeadPlace

    if (file is None) == (repository is None):
        raise InvalidInput("name either a file of heads or a repository with --git")
    trust = None if key is None else _trust(key)
    found = setup.program().verify_heads(HeadPlace(file, repository), trust)
    if setup.json:
        output.data(found)
    elif found["holds"]:
        click.echo(
            f"the audit chain has all {found['heads']} published heads, the newest is entry"
            f" {found['newest']} of {found['entries']}"
        )
    else:
        where = f"head {found['wrong']}: " if found["wrong"] else ""
        click.echo(f"{where}{found['reason']}")
    if not found["holds"]:
        raise click.exceptions.Exit(output.NO_GO)


def _content(file: Path) -> bytes:
    try:
        return whole(file, _LARGEST)
    except OSError as error:
        raise InvalidInput(f"{file} cannot be read: {error.strerror}") from error


def _trust(key: str) -> "Trust":
    """The key itself, or the file that holds it."""
    from gonogo.usecases.bundling.envelopes import read_trust

    text = key.strip()
    if text.startswith(("{", "-----BEGIN")) or _WRITTEN_OUT.fullmatch(text):
        return read_trust(text)
    file = Path(key)
    try:
        return read_trust(whole(file, _LARGEST_KEY).decode())
    except OSError as error:
        raise InvalidInput(
            f"the key {file} cannot be read: {error.strerror}",
            hint="on the desk: gonogo keys public --out root.pem",
        ) from error
    except UnicodeDecodeError as error:
        raise InvalidInput(f"the key {file} cannot be read: it is no text") from error
