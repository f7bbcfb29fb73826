"""`init`: a first gonogo.yaml from what a repository says."""

import contextlib
import os
import shlex
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gonogo.cli import output
from gonogo.cli.checkout import top_of
from gonogo.cli.options import with_json
from gonogo.cli.program import Setup
from gonogo.domain.errors import InvalidInput

if TYPE_CHECKING:
    from gonogo.usecases.services.first_spec import FirstSpec

_NAME = "gonogo.yaml"


@click.command()
@click.option(
    "--service-dir",
    type=click.Path(path_type=Path),
    help="The service's folder, in a repository of several.",
)
@click.option("--force", is_flag=True, help="Write over a gonogo.yaml that is there.")
@click.option("--dry-run", is_flag=True, help="Print the file instead of writing it.")
@with_json
@click.pass_obj
def init(setup: Setup, service_dir: Path | None, force: bool, dry_run: bool) -> None:
    """Look at this repository and write a first gonogo.yaml.

    Every guess says in the file from where it is. Nothing of the repository is run. Exit code 10 when
    nothing says how the service starts.
    """
    here = Path.cwd()
    top = top_of(here)
    if (top / "HEAD").is_file() and (top / "objects").is_dir() and not (top / ".git").exists():
        raise InvalidInput(
            f"{top} is a bare repository: it has history and no files to look at",
            hint=f"git clone {shlex.quote(str(top))} FOLDER, and there: gonogo init",
        )
    folder = _folder(top, here, service_dir)
    file = top / (folder or "") / _NAME
    if not (force or dry_run) and os.path.lexists(file):
        raise InvalidInput(
            f"{file} is there already, and nothing is written over it",
            hint="gonogo init --dry-run shows what would be written; --force writes it",
        )
    found = setup.program().first_spec(top, folder)
    if not dry_run:
        _write(file, found.text, force=force)
    shown = os.path.relpath(file, here)
    if setup.json:
        output.data({"file": shown, "written": not dry_run, **found.view()})
    elif dry_run:
        click.echo(found.text, nl=False)
    else:
        click.echo(f"wrote {output.printable(shown)} for {found.service}")
    if not setup.json:
        _explain(found)
        _say_next(found, shown)
    if not found.startable:
        raise click.exceptions.Exit(output.HELD)


def _folder(top: Path, here: Path, service_dir: Path | None) -> str | None:
    """The service's folder from the top of the repository; None where nobody named one."""
    if service_dir is None and here == top:
        return None
    wanted = (here / (service_dir or "")).resolve()
    if not wanted.is_dir():
        raise InvalidInput(f"{service_dir} is not a folder of this machine")
    if not wanted.is_relative_to(top.resolve()):
        raise InvalidInput(f"{service_dir} lies outside of the repository {top}")
    inside = wanted.relative_to(top.resolve()).as_posix()
    return "" if inside == "." else inside


def _write(file: Path, text: str, *, force: bool) -> None:
    """The whole file or nothing; a link in its place is replaced, not followed."""
    try:
        if not force:
            with file.open("x", encoding="utf-8") as opened:
                opened.write(text)
            return
        number, name = tempfile.mkstemp(dir=file.parent, prefix=".gonogo-", text=True)
        try:
            with open(number, "w", encoding="utf-8") as opened:  # noqa: PTH123 - a descriptor
                opened.write(text)
            Path(name).chmod(0o644)
            Path(name).replace(file)
        except OSError:
            with contextlib.suppress(OSError):
                Path(name).unlink()
            raise
    except OSError as error:
        raise InvalidInput(f"{file} cannot be written: {error.strerror}") from error


def _explain(found: "FirstSpec") -> None:
    output.note("")
    output.note("guessed" if found.guesses else "nothing could be guessed")
    for guess in found.guesses:
        value = output.printable(guess.value if len(guess.value) <= 60 else f"{guess.value[:59]}…")
        output.note(f"  {guess.topic.value:<13} {value}")
        output.note(f"  {'':<13}   from {output.printable(guess.origin)}")
    staging, production = found.ports
    output.note(f"  {'ports':<13} {staging} in staging, {production} in production")
    if found.gaps:
        output.note("could not be guessed")
        for gap in found.gaps:
            output.note(f"  {gap.topic.value:<13} {gap.sentence}")
    if found.cut:
        output.note("the repository has more files than were looked at; some may have said more")


def _say_next(found: "FirstSpec", shown: str) -> None:
    quoted = shlex.quote(output.printable(shown))
    file = "" if shown == _NAME else f" {quoted}"
    output.note("")
    output.note("next, once you have read the file:")
    output.note(f"  gonogo check --here{file}")
    output.note(f"  git add {quoted}, commit, and tag a version")
    output.note(f"  gonogo register{file}      (with `gonogo serve` in another terminal)")
    output.note(f"  gonogo release {found.service} TAG")
    output.note("a service that runs already is taken in before: gonogo adopt (docs/adoption.md)")
