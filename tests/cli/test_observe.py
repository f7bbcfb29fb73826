"""`gonogo observe`: what it says of logs, and that it goes on with a growing file."""

import json
import os
import random
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import Result

from gonogo.cli.commands.observe import followed

ROOT = Path(__file__).parents[2]
Run = Callable[..., Result]
ARMS = ("--arm", "version", "--canary", "v2", "--baseline", "v1")
START = datetime(2025, 11, 22, 14, tzinfo=UTC)


def log(number: int, *, canary_bad: float, seed: int = 1) -> list[str]:
    """Ten requests a second, one in ten on v2; v1 fails in one of 200."""
    chance = random.Random(seed)
    lines = []
    for index in range(number):
        canary = chance.random() < 0.1
        bad = chance.random() < (canary_bad if canary else 0.005)
        at = START + timedelta(seconds=index // 10)
        fields = {
            "time": at.isoformat(),
            "version": "v2" if canary else "v1",
            "status": 503 if bad else 200,
            "uri": "/orders",
            "took": 0.9 if bad else 0.1,
        }
        lines.append(json.dumps(fields))
    return lines


def file_of(folder: Path, lines: list[str]) -> str:
    path = folder / "access.log"
    path.write_text("".join(f"{line}\n" for line in lines))
    return str(path)


def test_a_bad_canary_would_have_been_stopped_and_when(run: Run, tmp_path: Path) -> None:
    path = file_of(tmp_path, log(6000, canary_bad=0.2))
    done = run("observe", path, *ARMS, "--json")
    assert done.exit_code == 20, done.stderr
    found = json.loads(done.stdout)
    assert found["would_have_stopped"] is True
    assert datetime.fromisoformat(found["stopped_at"]) < START + timedelta(minutes=2)
    assert found["stopped_at_line"] % 10 == 0
    assert found["lines"] == 6000
    assert sum(found["requests"].values()) == 6000
    assert found["kpis"][0]["verdict"] == "fail"


def test_a_good_canary_would_not_have_been_stopped(run: Run, tmp_path: Path) -> None:
    done = run("observe", file_of(tmp_path, log(6000, canary_bad=0.005)), *ARMS)
    assert done.exit_code == 10
    assert "would not have stopped the canary" in done.stdout


def test_slow_requests_are_judged_where_the_log_has_durations(run: Run, tmp_path: Path) -> None:
    lines = [line.replace("503", "200") for line in log(6000, canary_bad=0.2)]
    path = file_of(tmp_path, lines)
    assert run("observe", path, *ARMS).exit_code == 10
    slow = ("--slower-than", "500ms", "--duration", "took")
    assert run("observe", path, *ARMS, *slow).exit_code == 20
    refused = run("observe", path, *ARMS, "--slower-than", "500ms")
    assert refused.exit_code == 2
    assert "--duration FIELD" in refused.stderr


def test_a_spec_says_what_is_judged(run: Run, tmp_path: Path) -> None:
    spec = tmp_path / "gonogo.yaml"
    spec.write_text(
        "service: shop\nrun: serve --port {port}\nhealth: /health\n"
        "smoke: [{name: home, get: /}]\nenvironments: {production: {port: 8080}}\n"
        'kpis:\n  orders: {bad: 5xx, on: "* /orders", limit: 5%}\n'
        '  search: {bad: 5xx, on: "* /search", limit: 5%}\n'
        'rollout: {steps: ["5% for 10m"]}\n'
        "gates: {smoke: required}\n"
    )
    path = file_of(tmp_path, log(6000, canary_bad=0.3))
    done = run("observe", path, *ARMS, "--spec", str(spec), "--json")
    assert done.exit_code == 20
    kpis = {kpi["kpi"]: kpi["canary"]["total"] for kpi in json.loads(done.stdout)["kpis"]}
    assert kpis["orders"] > 0
    assert kpis["search"] == 0


def test_lines_that_cannot_be_read_are_counted_and_the_first_is_told(
    run: Run, tmp_path: Path
) -> None:
    lines = log(3000, canary_bad=0.005)
    lines[4:4] = ["garbage", "", '{"version": "v2"}', '{"version": "v3"}']
    found = json.loads(run("observe", file_of(tmp_path, lines), *ARMS, "--json").stdout)
    assert found["unreadable_lines"] == 2
    assert found["first_unreadable"].startswith("line 5: it is not JSON")
    assert found["requests_of_neither_arm"] == 1


def test_a_file_of_which_nothing_can_be_read_is_refused(run: Run, tmp_path: Path) -> None:
    done = run("observe", file_of(tmp_path, ["garbage"] * 500), *ARMS)
    assert done.exit_code == 2
    assert "none of the first 100 lines can be read; line 1:" in done.stderr
    few = run("observe", file_of(tmp_path, ["garbage"] * 3), *ARMS)
    assert few.exit_code == 2


def test_an_empty_log_is_no_data(run: Run, tmp_path: Path) -> None:
    done = run("observe", file_of(tmp_path, []), *ARMS)
    assert done.exit_code == 10
    assert "no request of the canary was seen" in done.stdout


@pytest.mark.parametrize(
    "options",
    [
        ("--canary", "v2"),
        ("--arm", "version", "--arm-pattern", "v.", "--canary", "v2"),
        ("--arm-pattern", "(", "--canary", "v2"),
        (*ARMS, "--slower-than", "fast"),
        (*ARMS, "--false-alarm", "60%"),
    ],
)
def test_rules_that_make_no_sense_are_refused(
    run: Run, tmp_path: Path, options: tuple[str, ...]
) -> None:
    assert run("observe", file_of(tmp_path, log(10, canary_bad=0)), *options).exit_code == 2


def test_it_follows_a_growing_file_until_it_would_stop(tmp_path: Path) -> None:
    lines = log(6000, canary_bad=0.3)
    path = Path(file_of(tmp_path, lines[:50]))
    command = [sys.executable, "-m", "gonogo", "observe", str(path), *ARMS, "--follow"]
    process = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
    )
    try:
        assert process.stderr is not None
        assert "watching" in process.stderr.readline()
        with path.open("a") as stream:
            stream.write("".join(f"{line}\n" for line in lines[50:]))
        out, _ = process.communicate(timeout=60)
    finally:
        process.kill()
        process.communicate()
    assert process.returncode == 20
    assert "would have stopped the canary at 2025-11-22 14:0" in out


def test_a_rotated_or_cut_file_is_read_on_from_its_new_start(tmp_path: Path) -> None:
    path = tmp_path / "access.log"
    path.write_text("one\ntw")
    lines = followed(path)
    assert [next(lines), next(lines)] == ["one\n", None]
    with path.open("a") as stream:
        stream.write("o\n")
    assert [next(lines), next(lines)] == ["two\n", None]
    path.rename(tmp_path / "access.log.1")
    path.write_text("three\n")
    assert [next(lines), next(lines)] == ["three\n", None]
    path.write_text("4\n")
    assert next(lines) == "4\n"
