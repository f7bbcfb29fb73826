"""`plan`: what a rollout can and cannot see, before it starts."""

from collections.abc import Iterator
from pathlib import Path

import click

from gonogo.cli import output
from gonogo.cli.checkout import read_spec
from gonogo.cli.client import DeskClient
from gonogo.cli.options import as_share, with_json
from gonogo.cli.program import Setup
from gonogo.domain.errors import InvalidInput, Unavailable
from gonogo.usecases.judging import outlook
from gonogo.usecases.judging.recording import Recording, read_recording
from gonogo.usecases.services.specs import check_spec

_NEWEST = 5


@click.command()
@click.argument("file", type=click.Path(path_type=Path), default=Path("gonogo.yaml"))
@click.option(
    "--rate",
    type=click.FloatRange(0, 1e9, min_open=True),
    help="Requests a second, all versions together. Default: as in the service's last release.",
)
@click.option(
    "--errors",
    metavar="SHARE",
    callback=as_share,
    default="0.5%",
    show_default=True,
    help="Share of failed requests today.",
)
@click.option(
    "--slow",
    metavar="SHARE",
    callback=as_share,
    default="1%",
    show_default=True,
    help="Share of slow requests today.",
)
@click.option(
    "--of",
    "special",
    multiple=True,
    metavar="KPI=RATE[:SHARE]",
    help="Requests a second of one KPI, and its share of bad ones. Repeat it for several.",
)
@with_json
@click.pass_obj
def plan(
    setup: Setup,
    file: Path,
    rate: float | None,
    errors: float,
    slow: float,
    special: tuple[str, ...],
) -> None:
    """Say what the rollout of a gonogo.yaml can and cannot see at its traffic.

    Times are expected ones, for a fault that begins with the step. Nothing is changed.
    """
    found = check_spec(read_spec(file), str(file))
    if rate is not None:
        traffic = outlook.given_traffic(found, rate, errors, slow, special)
    else:
        traffic = outlook.recorded_traffic(_recordings(setup, found.service))
        given = outlook.given_traffic(found, 0, errors, slow, special)
        traffic |= {name: one for name, one in given.items() if one.rate}
        if not traffic:
            raise InvalidInput(
                f"the traffic of {found.service} is not known: no recorded release of it was compared"
                " with a baseline",
                hint="give it: gonogo plan --rate 100 --errors 0.5%",
            )
    prospect = outlook.prospect(found, traffic)
    if setup.json:
        output.data(outlook.prospect_view(prospect))
    else:
        _tell(prospect)


def _recordings(setup: Setup, service: str) -> Iterator[Recording]:
    """The service's newest releases, as far as a desk runs here and knows it."""
    try:
        desk = DeskClient(setup.home)
        releases = desk.listed("/releases", _NEWEST, service=service)
    except Unavailable:
        return
    for release in releases:
        yield read_recording(desk.get(f"/releases/{release['id']}/looks"))


def _tell(prospect: outlook.Prospect) -> None:
    steps = prospect.plan.rollout.steps
    alarm = prospect.judged.false_alarm * 100
    click.echo(
        f"{prospect.plan.service}: a good release is stopped in at most {alarm:g} % of cases"
    )
    click.echo(f"traffic: {outlook.traffic_line(prospect)}")
    for number, step in enumerate(steps):
        hold = outlook.told(step.hold.total_seconds())
        click.echo(f"step {number + 1}: {step.share * 100:g} % of customers for {hold}")
        for sight in prospect.sights:
            if sight.step == number:
                for line in outlook.sight_lines(sight):
                    click.echo(f"  {line}")
    for sentence in prospect.advice:
        click.echo(f"→ {sentence}")
