"""`gonogo demo`: the reference service, its customers, and releases judged by gates and traffic.

Everything runs as it would for a user: a desk of its own in a folder of its own, real processes, a
real load balancer, customers who do not wait for answers. Nothing here decides an outcome.
"""

import json
import shutil
import signal
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import click

from gonogo.cli import output
from gonogo.cli.beside import GOING_WELL, HELD, Ended
from gonogo.cli.client import DeskClient
from gonogo.cli.follow import follow
from gonogo.cli.scene import PEOPLE, Scene
from gonogo.domain.errors import GonogoError

_PATIENCE_BESIDE = 10.0
"""Seconds in which what goes on beside the orders service may come to its end."""

_FLAWS = {
    "courier": "fails orders without a courier, which no test had",
    "none": "has no defect this time",
    "slow": "is right, but slow",
}
"""What is said of v1.2.0, by its defect."""

_LATER = {
    "v1.2.1": "the next version",
    "v1.3.0": "renames a column that the version before still uses",
}
"""What is said of the versions after it."""

VERSIONS = ("v1.1.0", "v1.2.0", "v1.2.1", "v1.3.0")


@click.command()
@click.option(
    "--defect",
    type=click.Choice(list(_FLAWS)),
    default="courier",
    show_default=True,
    help="What is wrong with v1.2.0.",
)
@click.option("--rate", type=click.FloatRange(1, 1000), default=120, show_default=True)
@click.option("--seed", type=int, default=1, show_default=True, help="Of the customers' choices.")
@click.option("--fast", is_flag=True, help="Shorter steps: about 45 seconds.")
@click.option("--stay", is_flag=True, help="Leave everything running until Ctrl-C.")
@click.option("--json", "json_file", type=click.Path(path_type=Path, dir_okay=False))
@click.option(
    "--report",
    type=click.Path(path_type=Path, dir_okay=False),
    default=Path("gonogo-demo.html"),
    show_default=True,
)
def demo(
    defect: str,
    rate: float,
    seed: int,
    fast: bool,
    stay: bool,
    json_file: Path | None,
    report: Path,
) -> None:
    """Watch a bad release taken back, a good one reach everyone, and one stopped beforehand.

    Beside them a small service gets a good version, and another waits for a signature.
    """
    home = Path(tempfile.mkdtemp(prefix="gonogo-demo-"))
    scene = Scene(home, fast=fast)
    signal.signal(
        signal.SIGTERM, signal.default_int_handler
    )  # it ends as by Ctrl-C: all is stopped
    try:
        result = _play(scene, defect, rate, seed, report, fast=fast)
        if json_file is not None:
            json_file.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
        if stay:
            scene.let_customers_in(rate, seed)
            scene.beside.let_customers_in()
            _stay(scene)
    except KeyboardInterrupt:
        output.note("stopped")
        raise click.exceptions.Exit(130) from None
    finally:
        scene.strike()
        shutil.rmtree(home, ignore_errors=True)


def _play(
    scene: Scene, defect: str, rate: float, seed: int, report: Path, *, fast: bool
) -> dict[str, Any]:
    begun = time.monotonic()
    output.note(f"the desk, and the orders service with its history {' → '.join(VERSIONS)}")
    if not scene.runs_tests:
        why = "takes too long for --fast" if fast else "needs pytest, which is not installed here"
        output.note(f"left out: the gate over the service's own tests, which {why}")
    desk = scene.open_desk()
    password = scene.let_people_in(desk)
    scene.register(desk, defect)
    output.note(f"watch it live: {desk.url}")
    output.note(f"  sign in as {', '.join(PEOPLE)}; password: {password}")
    scene.beside.set_up(desk)
    codes = {"v1.1.0": _release(scene, desk, "v1.1.0", "nothing serves yet")}
    scene.let_customers_in(rate, seed)
    output.note(f"customers: {rate:g} requests a second to {scene.url}")
    scene.beside.begin(desk)
    output.note(
        f"beside it: a good version of {GOING_WELL} goes to its customers step by step,"
        f" {HELD} waits for QA's signature"
    )
    remarks = {"v1.2.0": _FLAWS[defect], **_LATER}
    codes |= {version: _release(scene, desk, version, say) for version, say in remarks.items()}
    beside = scene.beside.look(desk, _PATIENCE_BESIDE)
    customers = _together(scene.see_customers_out(), scene.beside.see_customers_out())
    releases = [_figures(desk, version) for version in VERSIONS]
    page = desk.text("/reports?" + "&".join(f"release={found['id']}" for found in releases))
    report.write_text(page, encoding="utf-8")
    _sum_up(releases, beside, customers, time.monotonic() - begun)
    click.echo(f"report: {report.absolute()}")
    return {
        "releases": [
            {name: found[name] for name in _TOLD} | {"exit_code": codes[found["version"]]}
            for found in releases
        ],
        "beside": [
            {"service": each.service, "version": each.version, "outcome": each.stage}
            for each in beside
        ],
        "lost_requests": customers["lost"],
        "requests": customers["requests"],
    }


def _figures(desk: DeskClient, version: str) -> dict[str, Any]:
    """The figures of a release, and what the gates said that stopped it, if they did."""
    found: dict[str, Any] = desk.get(f"/releases/orders {version}/figures")
    decision = desk.get(f"/releases/{found['id']}")["decision"]
    gates = decision["gates"] if found["outcome"] == "no_go" and decision else []
    failed = [gate["reason"] for gate in gates if gate["status"] == "fail"]
    return {**found, "stopped_by": failed[0] if failed else None}


_TOLD = (
    "service",
    "version",
    "outcome",
    "reasons",
    "stopped_by",
    "canary_requests",
    "canary_bad",
    "customers_hurt",
    "canary_requests_to_decision",
    "seconds_bad_to_weight_zero",
)


def _release(scene: Scene, desk: DeskClient, version: str, remark: str) -> int:
    """Release a version and follow it; returns the exit code that `gonogo release` would end with."""
    output.note("")
    output.note(f"gonogo release orders {version}      ({remark})")
    body = {"service": "orders", "version": version}
    started = desk.post("/releases", body)
    code = follow(desk, started["id"], as_json=False, hints=False, check=scene.check)
    if code == output.HELD:
        told = "\n".join(desk.get(f"/releases/{started['id']}/why")["why"])
        raise GonogoError(f"the demo cannot go on, {version} waits for a person:\n{told}")
    return code


def _together(*accounts: dict[str, Any]) -> dict[str, Any]:
    """The accounts of all customers as one."""
    return {name: sum(each[name] for each in accounts) for name in ("requests", "lost")}


def _sum_up(
    releases: list[dict[str, Any]],
    beside: tuple[Ended, ...],
    customers: dict[str, Any],
    seconds: float,
) -> None:
    click.echo("")
    for found in releases:
        line = f"{output.SIGNS.get(found['outcome'], '▸')} {found['version']}"
        line += f"  {found['outcome'].replace('_', ' ')}"
        if found["stopped_by"]:
            line += f": {found['stopped_by']}; no customer met it"
        if found["customers_hurt"]:
            line += (
                f": {found['canary_bad']} of {found['canary_requests']} canary requests were bad,"
                f" {found['customers_hurt']} customers hurt"
            )
        if found["seconds_bad_to_weight_zero"] is not None:
            line += f", out {found['seconds_bad_to_weight_zero']:.2f} s after its first bad answer"
        click.echo(line)
    for each in beside:
        sign = output.SIGNS.get(each.stage, "▸")
        stage = each.stage.replace("_", " ")
        click.echo(f"{sign} {each.service} {each.version}  {stage}: {each.reason}")
    click.echo(
        f"{customers['requests']:,} customer requests, {customers['lost']} lost; {seconds:.0f} s in all"
    )


def _stay(scene: Scene) -> None:
    click.echo(f"the service: {scene.url} (its customers go on)")
    click.echo(f"the desk:    GONOGO_HOME={scene.home} gonogo status")
    click.echo(
        f"try:         GONOGO_HOME={scene.home} gonogo release orders v1.2.0, and watch the page"
    )
    click.echo("Ctrl-C ends it")
    sys.stdout.flush()
    while True:
        time.sleep(3600)
