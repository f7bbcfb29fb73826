"""`checklist`: how far checklists are, and ticking their lines."""

from typing import Any
from urllib.parse import quote

import click

from gonogo.cli import output
from gonogo.cli.client import DeskClient
from gonogo.cli.default_command import DefaultGroup
from gonogo.cli.options import with_json
from gonogo.cli.program import Setup
from gonogo.domain.errors import InvalidInput


@click.group(cls=DefaultGroup)
def checklist() -> None:
    """Show checklists: `gonogo checklist SERVICE [VERSION]`; tick their lines."""


@checklist.command()
@click.argument("service")
@click.argument("version", required=False)
@with_json
@click.pass_obj
def show(setup: Setup, service: str, version: str | None) -> None:
    """Show how far the checklists of a version are; without one, those of the service as a whole."""
    where = f"/services/{quote(service, safe='')}/checklists"
    found = DeskClient(setup.home).get(where, version=version)
    if setup.json:
        output.data(found)
        return
    for each in found:
        _show(each)
    if not found:
        said = "no checklist" if version else "no checklist of the service as a whole"
        click.echo(f"{service} has {said}")
    if version is None:
        output.note(f"those of a version: gonogo checklist {service} VERSION")


def _show(each: dict[str, Any]) -> None:
    progress = each["progress"]
    click.echo(f"{each['name']}  {progress['done']} of {progress['total']}")
    for part in each["components"]:
        click.echo(f"  {part['name']}: {part['done']} of {part['total']}")
    for item in each["items"]:
        sign = "☑" if item["done"] else "☐"
        by = f"  {item['by']}, {item['at'][:16].replace('T', ' ')} UTC" if item["done"] else ""
        due = "  fell due again" if item["lapsed"] else ""
        shown = f"  ({item['evidence']})" if item["evidence"] else ""
        roles = f"  [{', '.join(item['roles'])}]" if item["roles"] and not item["done"] else ""
        click.echo(f"  {sign} {item['name']}{by}{shown}{due}{roles}")


@checklist.command()
@click.argument("service")
@click.argument("words", nargs=-1, metavar="[VERSION] CHECKLIST ITEM")
@click.option("--undo", is_flag=True, help="Take the tick back.")
@click.option("--evidence", default="", help="What shows that it is done.")
@with_json
@click.pass_obj
def tick(setup: Setup, service: str, words: tuple[str, ...], undo: bool, evidence: str) -> None:
    """Tick one line, or take a tick back; a recurring checklist needs no version."""
    if len(words) not in {2, 3}:
        raise InvalidInput(
            f"{len(words)} words follow {service}; [VERSION] CHECKLIST ITEM are 2 or 3",
            hint=f'gonogo checklist tick {service} VERSION "checklist" "item"',
        )
    *version, name, item = words
    body = {
        "checklist": name,
        "item": item,
        "version": version[0] if version else None,
        "done": not undo,
        "evidence": evidence,
    }
    where = f"/services/{quote(service, safe='')}/ticks"
    paper = DeskClient(setup.home).post(where, body)
    if setup.json:
        output.data(paper)
        return
    state = "is open again" if undo else "is ticked"
    click.echo(f'"{paper["content"]["item"]}" {state} ({paper["paper"]})')
