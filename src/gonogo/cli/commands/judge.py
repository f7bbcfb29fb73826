"""`judge`: what the judge says of counts in a file, without a desk."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import click

from gonogo.cli import files, output
from gonogo.cli.options import as_false_alarm, as_share, with_json
from gonogo.cli.program import Setup
from gonogo.domain.errors import InvalidInput
from gonogo.domain.verdict import Verdict
from gonogo.usecases.judging import offline

EXIT_CODES = {Verdict.PASS: output.RELEASED, Verdict.FAIL: output.NO_GO}
"""Exit code by verdict; every other verdict needs more evidence."""

_LONGEST_LINE = 1_000_000


@click.command()
@click.argument("counts", metavar="COUNTS.csv", type=click.Path(path_type=Path, allow_dash=True))
@click.option(
    "--limit",
    metavar="SHARE",
    callback=as_share,
    help="Highest tolerated share of bad requests, as in 5%.",
)
@click.option(
    "--ratio",
    type=click.FloatRange(1, 1000),
    default=offline.DEFAULT_RATIO,
    show_default=True,
    help="How many times the baseline's share is tolerated.",
)
@click.option(
    "--false-alarm",
    metavar="SHARE",
    callback=as_false_alarm,
    default="1%",
    show_default=True,
    help="Chance of ever failing a canary that keeps within what is tolerated; at most 50%.",
)
@click.option(
    "--at-least",
    type=click.IntRange(1),
    default=offline.DEFAULT_AT_LEAST,
    show_default=True,
    help="With fewer canary requests the verdict is inconclusive, unless it failed.",
)
@click.option(
    "--plot", type=click.Path(path_type=Path, dir_okay=False), help="Draw it into this SVG file."
)
@with_json
@click.pass_obj
def judge(
    setup: Setup,
    counts: Path,
    limit: float | None,
    ratio: float,
    false_alarm: float,
    at_least: int,
    plot: Path | None,
) -> None:
    """Judge counts of two arms from a CSV file (- is standard input).

    Columns at, arm (baseline or canary), bad, total and, for several KPIs, kpi; each row is what came
    since the row before. Without --limit the canary is only compared with the baseline.

    Exit code: 0 passed, 10 more evidence is needed, 20 failed, 2 the file or an option is wrong.
    """
    settings = offline.Settings(limit, ratio, false_alarm, at_least)
    with tempfile.TemporaryFile() as spool:
        twice = str(counts) != "-" and (counts.is_file() or not counts.exists())
        if not twice:
            _spool(counts, spool)

        def lines() -> Iterator[bytes]:
            return _lines(counts) if twice else _spooled(spool)

        name = "standard input" if str(counts) == "-" else str(counts)
        found = offline.judge_counts(lines, name, settings, drawn=plot is not None)
    if plot is not None:
        files.write(plot, setup.program().plot(found.looks))
    if setup.json:
        output.data(offline.offline_view(found))
    else:
        _tell(found)
    raise click.exceptions.Exit(EXIT_CODES.get(found.verdict, output.HELD))


def _tell(found: offline.Offline) -> None:
    click.echo(found.verdict.value.replace("_", " ").upper())
    for finding in found.kpis:
        click.echo(f"  {finding.assessment.sentence}")
        if finding.stopped_at_row is not None:
            click.echo(
                f"    stopped at row {finding.stopped_at_row:,},"
                f" after {finding.canary_total_at_stop:,} canary requests"
            )
    if not found.kpis:
        output.note("the file has no rows")


def _lines(file: Path) -> Iterator[bytes]:
    try:
        with file.open("rb") as stream:
            yield from iter(lambda: stream.readline(_LONGEST_LINE), b"")
    except OSError as error:
        raise InvalidInput(f"{file} cannot be read: {error.strerror}") from error


def _spool(file: Path, spool: IO[bytes]) -> None:
    """Keep what can only be read once: standard input, a pipe."""
    try:
        with click.open_file(str(file), "rb") as stream:
            shutil.copyfileobj(stream, spool)
    except OSError as error:
        raise InvalidInput(f"{file} cannot be read: {error.strerror}") from error


def _spooled(spool: IO[bytes]) -> Iterator[bytes]:
    spool.seek(0)
    yield from iter(lambda: spool.readline(_LONGEST_LINE), b"")
