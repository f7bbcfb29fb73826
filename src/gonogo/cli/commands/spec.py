"""`schema` and `check`: what can be done with a gonogo.yaml and no desk."""

from pathlib import Path

import click

from gonogo.cli import output
from gonogo.cli.commands.patch_guard import with_patch_guard
from gonogo.cli.options import with_json
from gonogo.cli.program import Setup
from gonogo.domain.errors import InvalidInput
from gonogo.usecases.specs import check_spec, spec_schema


def read_spec(path: Path) -> str:
    """The text of a spec file. Raises InvalidInput when it cannot be read."""
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise InvalidInput(
            f"{path} does not exist", hint="write one; README.md shows how in ten minutes"
        ) from error
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidInput(f"{path} cannot be read: {error}") from error


@click.command()
def schema() -> None:
    """Print the JSON Schema of gonogo.yaml, for an editor or a CI check."""
    output.data(spec_schema())


@click.command()
@click.argument("file", type=click.Path(path_type=Path), default=Path("gonogo.yaml"))
@with_json
@click.pass_obj
@with_patch_guard
def check(setup: Setup, file: Path) -> None:
    """Check a gonogo.yaml and say what it means."""
    plan = check_spec(read_spec(file), str(file))
    if setup.json:
        output.data(
            {
                "file": str(file),
                "valid": True,
                "service": plan.service,
                "digest": plan.digest,
                "environments": [environment.name for environment in plan.environments],
                "kpis": [kpi.name for kpi in plan.kpis],
            }
        )
        return
    places = " → ".join(f"{each.name} ({each.url})" for each in plan.environments)
    steps = " → ".join(f"{step.share * 100:g} %" for step in plan.rollout.steps)
    click.echo(f"{file} is valid: {plan.service}")
    click.echo(f"  goes through   {places}")
    click.echo(f"  customers      {steps} → 100 %")
    click.echo(f"  judged by      {', '.join(kpi.name for kpi in plan.kpis)}")
    click.echo(f"  smoke tests    {', '.join(test.name for test in plan.smoke)}")
