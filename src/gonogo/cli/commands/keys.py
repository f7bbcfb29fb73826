"""`keys`: what the desk signs with."""

import json
from pathlib import Path
from typing import Any

import click

from gonogo.cli import files, output
from gonogo.cli.client import DeskClient
from gonogo.cli.options import with_json
from gonogo.cli.program import Setup
from gonogo.domain.errors import InvalidInput


@click.group(invoke_without_command=True)
@with_json
@click.pass_context
def keys(context: click.Context) -> None:
    """Show and change the keys that the desk signs with."""
    if context.invoked_subcommand is None:
        _show(context.obj, DeskClient(context.obj.home).get("/keys"))


@keys.command("list")
@with_json
@click.pass_obj
def listing(setup: Setup) -> None:
    """Show every key there ever was, the root first."""
    _show(setup, DeskClient(setup.home).get("/keys"))


@keys.command()
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="Default: stdout.")
@click.pass_obj
def export(setup: Setup, out: Path | None) -> None:
    """Write the ring of public keys and revocations as JSON, for readers of bundles."""
    _write(json.dumps(DeskClient(setup.home).get("/keys/ring"), indent=1) + "\n", out)


@keys.command()
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="Default: stdout.")
@click.pass_obj
def public(setup: Setup, out: Path | None) -> None:
    """Write the root as PEM: what `gonogo verify bundle --key` takes."""
    _write(DeskClient(setup.home).get("/keys/public")["pem"], out)


@keys.command()
@with_json
@click.pass_obj
def rotate(setup: Setup) -> None:
    """Sign with a new key from now on, endorsed by the one before it. Old bundles stay verifiable."""
    _show(setup, DeskClient(setup.home).post("/keys"))


@keys.command()
@click.argument("key_id")
@click.option("--since", required=True, help="From when on it is not trusted, with a time zone.")
@click.option("--reason", "-m", required=True, help="Why; it is part of the ring.")
@with_json
@click.pass_obj
def revoke(setup: Setup, key_id: str, since: str, reason: str) -> None:
    """Say that a key is not trusted from a moment on. The one that signs now is rotated first."""
    if not (8 <= len(key_id) <= 64 and set(key_id) <= set("0123456789abcdef")):
        raise InvalidInput(
            "a key is named by at least 8 of the hexadecimal digits of its id", hint="gonogo keys"
        )
    body = {"since": since, "reason": reason}
    _show(setup, DeskClient(setup.home).post(f"/keys/{key_id}/revocation", body))


def _show(setup: Setup, found: dict[str, Any]) -> None:
    if setup.json:
        output.data(found)
        return
    click.echo(f"root {found['root']}")
    revoked = {each["key"]: each for each in found["revocations"]}
    for key in found["keys"]:
        valid = f"{key['valid_from'][:10]} to {key['valid_until'][:10]}"
        click.echo(f"{key['id'][:16]}  {key['state']:<8} {valid}")
        if key["id"] in revoked:
            each = revoked[key["id"]]
            click.echo(f"    not trusted since {each['since']}: {each['reason']}")


def _write(text: str, out: Path | None) -> None:
    if out is None:
        click.echo(text, nl=False)
        return
    files.write(out, text)
    output.note(f"wrote {out}")
