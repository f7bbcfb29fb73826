"""`observe`: what the judge would have said of traffic that something else routes."""

import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import click

from gonogo.cli import output
from gonogo.cli.checkout import read_spec
from gonogo.cli.commands.judge import EXIT_CODES
from gonogo.cli.options import as_false_alarm, as_share, with_json
from gonogo.cli.program import Setup
from gonogo.domain.errors import InvalidInput
from gonogo.usecases import observe as observing
from gonogo.usecases.specs import check_spec, duration_of

_LONGEST_LINE = 1_000_000
_POLL_SECONDS = 0.2


@click.command()
@click.argument("file", metavar="ACCESS.log", type=click.Path(path_type=Path, allow_dash=True))
@click.option("--arm", metavar="FIELD", help="JSON field that says which version answered.")
@click.option("--arm-pattern", metavar="REGEX", help="The same, searched for in the whole line.")
@click.option("--canary", required=True, metavar="GLOB", help="Its value for the canary.")
@click.option(
    "--baseline", default="*", show_default=True, metavar="GLOB", help="Its value for the baseline."
)
@click.option("--spec", type=click.Path(path_type=Path), help="Judge by this gonogo.yaml.")
@click.option("--limit", metavar="SHARE", callback=as_share, help="Highest tolerated share of bad.")
@click.option(
    "--ratio",
    type=click.FloatRange(1, 1000),
    default=1.0,
    show_default=True,
    help="How many times the baseline's share is tolerated.",
)
@click.option("--slower-than", metavar="DURATION", help="Judge slow requests too, as in 400ms.")
@click.option("--duration", metavar="FIELD", help="JSON field with the duration.")
@click.option("--duration-pattern", metavar="REGEX", help="The same, in the whole line.")
@click.option(
    "--duration-unit",
    type=click.Choice(list(observing.DURATION_UNITS)),
    default="s",
    show_default=True,
)
@click.option("--time", "time_field", metavar="FIELD", help="JSON field with the time.")
@click.option("--status", metavar="FIELD", help="JSON field with the status.")
@click.option(
    "--false-alarm", metavar="SHARE", callback=as_false_alarm, default="1%", show_default=True
)
@click.option("--at-least", type=click.IntRange(1), default=100, show_default=True)
@click.option("--follow", "-f", is_flag=True, help="Wait for more, until Ctrl-C or a stop.")
@with_json
@click.pass_obj
def observe(
    setup: Setup,
    file: Path,
    arm: str | None,
    arm_pattern: str | None,
    canary: str,
    baseline: str,
    spec: Path | None,
    limit: float | None,
    ratio: float,
    slower_than: str | None,
    duration: str | None,
    duration_pattern: str | None,
    duration_unit: str,
    time_field: str | None,
    status: str | None,
    false_alarm: float,
    at_least: int,
    follow: bool,
) -> None:
    """Say what the judge would have said of an access log, and when. It moves nothing.

    Reads the common and combined forms and JSON, one request a line; - is standard input. Exit code as
    `judge`: 0 passed, 10 more evidence is needed, 20 it would have stopped the canary.
    """
    form = observing.log_form(
        arm=arm,
        arm_pattern=arm_pattern,
        canary=canary,
        baseline=baseline,
        duration=duration,
        duration_pattern=duration_pattern,
        duration_unit=duration_unit,
        time=time_field,
        status=status,
    )
    if spec is not None:
        plan = observing.judge_by_spec(check_spec(read_spec(spec), str(spec)))
    else:
        slow = None if slower_than is None else duration_of(slower_than)
        plan = observing.judge_by_options(limit, ratio, slow, false_alarm)
    observer = observing.Observer(plan, form, at_least)
    try:
        _watch(observer, file, follow=follow)
    except KeyboardInterrupt:
        output.note("")
    observer.finish()
    if setup.json:
        output.data(observing.observed_view(observer))
    else:
        for sentence in observing.told(observer):
            click.echo(sentence)
    raise click.exceptions.Exit(EXIT_CODES.get(observer.judgement().verdict, output.HELD))


def _watch(observer: observing.Observer, file: Path, *, follow: bool) -> None:
    if follow:
        output.note(f"watching {file}; Ctrl-C ends it")
    for line in followed(file) if follow and str(file) != "-" else _whole(file):
        stop = observer.look() if line is None else observer.see(line)
        if stop is not None and follow:
            return


def _whole(file: Path) -> Iterator[str]:
    try:
        with click.open_file(str(file), "rb") as stream:
            for line in iter(lambda: stream.readline(_LONGEST_LINE), b""):
                yield line.decode("utf-8", "replace")
    except OSError as error:
        raise InvalidInput(f"{file} cannot be read: {error.strerror}") from error


def followed(file: Path) -> Iterator[str | None]:
    """Its lines from the first on, then what is appended; None while there is nothing new.

    When the file was rotated away or cut it goes on with the new one from its start. Never ends.
    """
    while True:
        try:
            with file.open("rb") as stream:
                yield from _until_replaced(file, stream)
        except OSError as error:
            raise InvalidInput(f"{file} cannot be read: {error.strerror}") from error


def _until_replaced(file: Path, stream: IO[bytes]) -> Iterator[str | None]:
    begun = b""
    while True:
        piece = stream.readline(_LONGEST_LINE)
        begun += piece
        if begun.endswith(b"\n") or len(begun) >= _LONGEST_LINE:
            yield begun.decode("utf-8", "replace")
            begun = b""
        if piece:
            continue
        yield None
        if _replaced(file, stream):
            return
        time.sleep(_POLL_SECONDS)


def _replaced(file: Path, stream: IO[bytes]) -> bool:
    try:
        there = file.stat()
    except FileNotFoundError:
        return False
    here = os.fstat(stream.fileno())
    return (there.st_ino, there.st_dev) != (
        here.st_ino,
        here.st_dev,
    ) or there.st_size < stream.tell()
