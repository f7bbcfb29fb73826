"""`observe`: what the judge would have said of traffic that something else routes."""

import os
import time
from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import IO, Any

import click

from gonogo.cli import output
from gonogo.cli.checkout import read_spec
from gonogo.cli.commands.judge import EXIT_CODES
from gonogo.cli.options import as_false_alarm, as_share, with_json
from gonogo.cli.program import Setup
from gonogo.domain.errors import InvalidInput
from gonogo.domain.plan import Plan
from gonogo.domain.prometheus import PrometheusCounts
from gonogo.domain.verdict import Verdict
from gonogo.usecases.judging import observe as observing
from gonogo.usecases.judging import observe_metrics as on_metrics
from gonogo.usecases.services.specs import check_spec, duration_of

_LONGEST_LINE = 1_000_000
_POLL_SECONDS = 0.2


@click.command()
@click.argument(
    "file", metavar="[ACCESS.log]", required=False, type=click.Path(path_type=Path, allow_dash=True)
)
@click.option("--prometheus", metavar="URL", help="Watch counters of this Prometheus instead.")
@click.option(
    "--service", metavar="NAME", help="Watch the router of this service of the desk instead."
)
@click.option(
    "--environment", default="production", show_default=True, metavar="NAME", help="Of the service."
)
@click.option(
    "--arm",
    metavar="FIELD",
    help="JSON field, or label of Prometheus [default: instance], that says which version answered.",
)
@click.option("--arm-pattern", metavar="REGEX", help="The same, searched for in the whole line.")
@click.option("--canary", metavar="GLOB", help="Its value for the canary.")
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
@click.option("--total", metavar="SELECTOR", help="Prometheus: the counter of all requests.")
@click.option("--bad", metavar="SELECTOR", help="Prometheus: the counter of the bad ones.")
@click.option("--buckets", metavar="SELECTOR", help="Prometheus: a histogram, for --slower-than.")
@click.option(
    "--sum", "summed", multiple=True, metavar="LABEL", help="Prometheus: add up over this label."
)
@click.option(
    "--every",
    default="5s",
    show_default=True,
    metavar="DURATION",
    help="Prometheus: how often to ask.",
)
@click.option(
    "--since", metavar="DURATION", help="Prometheus: the past, as in 1h, and not from now on."
)
@click.option(
    "--false-alarm", metavar="SHARE", callback=as_false_alarm, default="1%", show_default=True
)
@click.option("--at-least", type=click.IntRange(1), default=100, show_default=True)
@click.option("--follow", "-f", is_flag=True, help="A log: wait for more, until Ctrl-C or a stop.")
@click.option("--for", "lasts", metavar="DURATION", help="End after this time.")
@with_json
@click.pass_obj
def observe(setup: Setup, /, file: Path | None, **given: Any) -> None:  # noqa: ANN401
    """Say what the judge would have said of traffic that something else routes, and when.

    It moves nothing. Watches one of: an access log (common, combined or JSON form, one request a line;
    - is standard input), counters of a Prometheus (--prometheus), the router of a service that the desk
    runs (--service). The last two go on until Ctrl-C, a stop, or --for.

    Exit code as `judge`: 0 passed, 10 more evidence is needed, 20 it would have stopped the canary.
    """
    chosen = [file is not None, given["prometheus"] is not None, given["service"] is not None]
    if sum(chosen) != 1:
        raise InvalidInput(
            "what is to be watched? give one of ACCESS.log, --prometheus and --service"
        )
    _see_that_options_fit(given, log=file is not None, prometheus=given["prometheus"] is not None)
    log = None if file is None else _observe_log(setup, file, given)
    verdict = log or _observe_metrics(setup, given)
    raise click.exceptions.Exit(EXIT_CODES.get(verdict, output.HELD))


_OF_LOGS = {
    *("arm_pattern", "duration", "duration_pattern", "time_field", "status"),
    "follow",
}
_OF_PROMETHEUS = {"total", "bad", "buckets", "summed", "since"}


def _see_that_options_fit(given: Mapping[str, Any], *, log: bool, prometheus: bool) -> None:
    unfit = (set() if log else _OF_LOGS) | (set() if prometheus else _OF_PROMETHEUS)
    if not log and not prometheus:
        unfit.add("arm")
    used = sorted(name for name in unfit if given[name])
    if used:
        names = {"summed": "sum", "time_field": "time"}
        option = names.get(used[0], used[0]).replace("_", "-")
        raise InvalidInput(f"--{option} does not go with what is to be watched")
    if given["canary"] is None and (log or prometheus):
        raise InvalidInput("which requests are the canary's? give --canary GLOB")


def _lasts(given: Mapping[str, Any], name: str) -> timedelta | None:
    return None if given[name] is None else duration_of(given[name])


def _observe_log(setup: Setup, file: Path, given: Mapping[str, Any]) -> Verdict:
    form = observing.log_form(
        arm=given["arm"],
        arm_pattern=given["arm_pattern"],
        canary=given["canary"],
        baseline=given["baseline"],
        duration=given["duration"],
        duration_pattern=given["duration_pattern"],
        duration_unit=given["duration_unit"],
        time=given["time_field"],
        status=given["status"],
    )
    if given["spec"] is not None:
        plan = observing.judge_by_spec(_spec(given["spec"]))
    else:
        slow = _lasts(given, "slower_than")
        plan = observing.judge_by_options(
            given["limit"], given["ratio"], slow, given["false_alarm"]
        )
    observer = observing.Observer(plan, given["at_least"], form=form)
    lasts = _lasts(given, "lasts")
    try:
        _watch(observer, file, follow=given["follow"], lasts=lasts)
    except KeyboardInterrupt:
        output.note("")
    observer.finish()
    _tell(setup, observing.observed_view(observer), observing.told(observer))
    return observer.judgement().verdict


def _observe_metrics(setup: Setup, given: Mapping[str, Any]) -> Verdict:
    seen: list[tuple[on_metrics.Watcher, str]] = []

    def began(watcher: on_metrics.Watcher, source: str) -> None:
        seen.append((watcher, source))
        if given["since"] is None:
            output.note(f"watching {source}; Ctrl-C ends it")

    try:
        setup.program().observe(_wanted(given), began)
    except KeyboardInterrupt:
        output.note("")
    if not seen:
        raise click.Abort
    watcher, source = seen[0]
    _tell(setup, on_metrics.metrics_view(watcher), on_metrics.told(watcher, source))
    return watcher.judgement().verdict


def _wanted(given: Mapping[str, Any]) -> on_metrics.Wanted:
    origin, plan = _judged(given)
    canary = given["canary"]
    return on_metrics.Wanted(
        plan,
        given["at_least"],
        origin=origin,
        router=on_metrics.RouterPlace(given["service"] or "", given["environment"]),
        arms=None if canary is None else on_metrics.Arms(canary, given["baseline"]),
        since=_lasts(given, "since"),
        lasts=_lasts(given, "lasts"),
    )


def _judged(given: Mapping[str, Any]) -> tuple[PrometheusCounts | None, on_metrics.JudgePlan]:
    """Where it is counted (None: by the router), and what is judged."""
    slow = _lasts(given, "slower_than")
    url, spec = given["prometheus"], given["spec"]
    if spec is not None:
        written = _spec(spec)
        plan = observing.judge_by_spec(written)
        if url is None:
            return None, plan
        if given["total"] or given["buckets"]:
            raise InvalidInput("--spec names the counters; leave --total, --bad and --buckets out")
        origin = on_metrics.prometheus_by_spec(written, url, given["arm"])
        return origin, on_metrics.counted_there(plan, origin)
    found = None
    if url is not None:
        found = on_metrics.prometheus_by_options(
            url,
            total=given["total"],
            bad=given["bad"],
            buckets=given["buckets"],
            slower_than=slow,
            label=given["arm"] or "instance",
            summed=given["summed"],
            every=duration_of(given["every"]),
        )
    return found, on_metrics.plan_by_options(
        found, given["limit"], given["ratio"], slow, given["false_alarm"]
    )


def _spec(file: Path) -> Plan:
    return check_spec(read_spec(file), str(file))


def _tell(setup: Setup, view: dict[str, Any], sentences: list[str]) -> None:
    if setup.json:
        output.data(view)
        return
    for sentence in sentences:
        click.echo(sentence)


def _watch(
    observer: observing.Observer, file: Path, *, follow: bool, lasts: timedelta | None
) -> None:
    if follow:
        output.note(f"watching {file}; Ctrl-C ends it")
    until = None if lasts is None else time.monotonic() + lasts.total_seconds()
    for line in followed(file) if follow and str(file) != "-" else _whole(file):
        stop = observer.look() if line is None else observer.see(line)
        if stop is not None and follow:
            return
        if until is not None and time.monotonic() >= until:
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

    When the file was rotated away or cut it goes on with the new one from its start. Never ends. Raises
    InvalidInput when it cannot be read.
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
