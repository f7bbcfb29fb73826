"""`schema` and `check`: what can be done with a gonogo.yaml and no desk."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import click

from gonogo.cli import output
from gonogo.cli.checkout import read_spec, top_of
from gonogo.cli.commands.patch_guard import with_patch_guard
from gonogo.cli.options import with_json
from gonogo.cli.program import Setup
from gonogo.usecases.gates.patch_guard import Request
from gonogo.usecases.services.specs import check_spec, spec_schema

if TYPE_CHECKING:
    from collections.abc import Callable

    from gonogo.domain.plan import Plan
    from gonogo.usecases.gates.local_check import LocalReport


@click.command()
@click.option("--api", is_flag=True, help="The OpenAPI description of a running desk instead.")
@click.pass_obj
def schema(setup: Setup, api: bool) -> None:
    """Print the JSON Schema of gonogo.yaml, for an editor or a CI check."""
    if api:
        from gonogo.cli.client import DeskClient

        output.data(DeskClient(setup.home).get("/openapi.json"))
        return
    output.data(spec_schema())


@click.command()
@click.argument("file", type=click.Path(path_type=Path), default=Path("gonogo.yaml"))
@click.option(
    "--evidence",
    multiple=True,
    type=click.Path(path_type=Path),
    help="A report, or a folder of them; may be given again.",
)
@click.option("--here", is_flag=True, help="Leave out the gates that only the desk can answer.")
@click.option("--spec-only", is_flag=True, help="Only check the file and say what it means.")
@with_json
@click.pass_obj
@with_patch_guard
def check(
    setup: Setup,
    file: Path,
    evidence: tuple[Path, ...],
    here: bool,
    spec_only: bool,
    base: str | None,
    branch: str | None,
    commit: str | None,
    form: str | None,
) -> None:
    """Check a gonogo.yaml, and decide Go or No-Go here, without a desk.

    Exit code: 0 go, 10 held, 20 no-go, 2 for a file that is not valid.
    """
    plan = check_spec(read_spec(file), str(file))
    if spec_only:
        _say_what_it_means(setup, file, plan)
        return
    from gonogo.cli import decision
    from gonogo.usecases.gates.local_check import CheckRequest

    reports = _reports(evidence)
    change = Request(
        repository=str(top_of(file.absolute().parent)),
        commit=commit or "HEAD",
        base=base,
        branch=branch,
        variables=dict(os.environ),
    )
    found = setup.program().check(CheckRequest(plan, change, reports, here))
    left = tuple(kind.value.replace("_", " ") for kind in found.left)
    match form or ("json" if setup.json else "text"):
        case "json":
            output.data(decision.view(found.plan.service, found.decision, left, found.notes))
        case "junit":
            click.echo(decision.junit(found.plan.service, found.decision), nl=False)
        case "markdown":
            click.echo(decision.markdown(found.decision, left, found.notes), nl=False)
        case _:
            for line in decision.text_lines(found.decision, left, found.notes):
                click.echo(output.printable(line))
    raise click.exceptions.Exit(decision.EXIT_CODES[found.decision.answer])


def _reports(paths: tuple[Path, ...]) -> "tuple[LocalReport, ...]":
    if not paths:
        return ()
    from gonogo.cli.reports import find_reports
    from gonogo.usecases.gates.local_check import LocalReport

    found, aside = find_reports(paths)
    for path in aside:
        output.note(f"left aside, it looks like no report: {path}")
    return tuple(LocalReport(each.path.name, _opener(each.path), each.written_at) for each in found)


def _opener(path: Path) -> "Callable[[], BinaryIO]":
    return lambda: path.open("rb")


def _say_what_it_means(setup: Setup, file: Path, plan: "Plan") -> None:
    if setup.json:
        output.data(
            {
                "file": str(file),
                "valid": True,
                "service": plan.service,
                "digest": plan.digest,
                "environments": [environment.name for environment in plan.environments],
                "kpis": [kpi.name for kpi in plan.kpis],
                "gauges": [gauge.name for gauge in plan.gauges],
            }
        )
        return
    places = " → ".join(f"{each.name} ({each.url})" for each in plan.environments)
    steps = " → ".join(f"{step.share * 100:g} %" for step in plan.rollout.steps)
    click.echo(f"{file} is valid: {plan.service}")
    click.echo(f"  goes through   {places}")
    click.echo(f"  customers      {steps} → 100 %")
    judged = (*(kpi.name for kpi in plan.kpis), *(gauge.name for gauge in plan.gauges))
    click.echo(f"  judged by      {', '.join(judged)}")
    click.echo(f"  smoke tests    {', '.join(test.name for test in plan.smoke)}")
