"""`replay`: what other policies would have done with a past release."""

from collections.abc import Sequence

import click

from gonogo.cli import output
from gonogo.cli.client import DeskClient
from gonogo.cli.options import with_json
from gonogo.cli.program import Setup
from gonogo.usecases.judging.recording import read_recording
from gonogo.usecases.judging.what_if import EVERY_POLICY, WhatIf, what_if, what_if_view


@click.command()
@click.argument("release")
@click.option(
    "--policy",
    "policies",
    multiple=True,
    metavar="NAME",
    help=f"One of {', '.join(EVERY_POLICY)}; gonogo takes settings, as in"
    " gonogo:ratio=1.5,limit=1%,false_alarm=5%. Repeat it for several. Default: all.",
)
@with_json
@click.pass_obj
def replay(setup: Setup, release: str, policies: tuple[str, ...]) -> None:
    """Show when other policies would have stopped a past RELEASE, on the same customers.

    Flagger, Argo Rollouts and Kayenta are re-implementations of their documented rules.
    """
    found = DeskClient(setup.home).get(f"/releases/{release}/looks")
    recording = read_recording(found)
    results = what_if(recording, policies or EVERY_POLICY)
    if setup.json:
        output.data(what_if_view(recording, results))
        return
    click.echo(f"{recording.service} {recording.version}, {recording.seconds:,.1f} s recorded")
    _table(results)
    if any(":" not in one.policy and one.policy in EVERY_POLICY[1:] for one in results):
        output.note("the peers' rules are re-implementations of their documented semantics")


def _table(results: Sequence[WhatIf]) -> None:
    rows = [("policy", "stopped after", "canary requests", "bad", "customers hurt")]
    for one in results:
        open_end = "" if one.stopped is not None or one.policy == "recorded" else "≥ "
        rows.append(
            (
                one.policy,
                _end(one),
                f"{one.canary_requests:,}",
                f"{open_end}{one.bad:,}",
                f"{open_end}{one.hurt:,}",
            )
        )
    widths = [max(len(row[place]) for row in rows) for place in range(5)]
    for row in rows:
        cells = [f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)]
        click.echo(f"  {'  '.join(cells)}".rstrip())


def _end(one: WhatIf) -> str:
    if one.stopped is not None:
        return f"{one.stopped:,.1f} s"
    if one.promoted is not None:
        return f"never: promoted after {one.promoted:,.0f} s"
    if one.policy == "recorded":
        return "never"
    least = "" if one.earliest is None else f" ({one.earliest:,.0f} s at the earliest)"
    return f"not within the recording{least}"
