"""`gonogo plan`: what it says of a rollout, and from where it takes the traffic."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from gonogo.usecases.judging.outlook import told

Run = Callable[..., Result]

SPEC = """
service: shop
run: serve --port {port}
health: /health
smoke: [{name: home, get: /, expect: 200}]
environments: {production: {port: 8080}}
kpis:
  errors: {bad: 5xx, ratio: 1.5}
  orders: {bad: 5xx, on: POST /orders, limit: 5%}
rollout: {steps: ["5% for 10m, at least 100 requests", "25% for 10m"]}
gates: {smoke: required}
"""


@pytest.fixture
def spec(tmp_path: Path) -> str:
    path = tmp_path / "gonogo.yaml"
    path.write_text(SPEC)
    return str(path)


def test_it_says_what_shows_in_each_step_and_what_to_change(run: Run, spec: str) -> None:
    done = run("plan", spec, "--rate", "20")
    assert done.exit_code == 0, done.stderr
    assert "step 1: 5 % of customers for 10 min" in done.stdout
    assert "errors (1/s on the canary): seen ×2 within" in done.stdout
    assert "→ errors: proving 1.5 × the baseline takes" in done.stdout
    assert "use a limit of 1 %, proven within" in done.stdout
    assert "→ orders: its traffic is not known; add --of 'orders=" in done.stdout


def test_low_traffic_is_told_how_long_it_would_need(run: Run, spec: str) -> None:
    done = run("plan", spec, "--rate", "0.33")
    assert "its 100 canary requests take 1 h 41 min, so it waits" in done.stdout
    assert "errors ×10 takes" in done.stdout


def test_one_kpi_s_traffic_can_be_given(run: Run, spec: str) -> None:
    done = run("plan", spec, "--rate", "20", "--of", "orders=4:2%", "--json")
    found = json.loads(done.stdout)
    assert found["traffic"]["orders"] == {"requests_per_second": 4, "bad_share": 0.02}
    first = found["steps"][0]["kpis"]
    assert [kpi["kpi"] for kpi in first] == ["errors", "orders"]
    seen = {one["times"]: one["seconds"] for one in first[1]["seen"]}
    assert seen[2] is None
    assert seen[10] is not None
    assert set(first[0]["seconds_to_prove"]) == {"relative"}


def test_without_a_desk_the_traffic_must_be_given(run: Run, spec: str) -> None:
    done = run("plan", spec)
    assert done.exit_code == 2
    assert "gonogo plan --rate 100" in done.stderr


@pytest.mark.parametrize("special", ["sales=5", "orders=many", "orders=5:2", "orders=-1"])
def test_traffic_that_makes_no_sense_is_refused(run: Run, spec: str, special: str) -> None:
    done = run("plan", spec, "--rate", "20", "--of", special)
    assert done.exit_code == 2
    assert done.stderr.startswith("error: ")


def test_a_running_desk_knows_the_traffic(
    run: Run, spec: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks = [
        {
            "at": f"2026-03-01T12:00:{second:02}+00:00",
            "step": 0,
            "share": 0.05,
            "gap": None,
            "newly_hurt": 0,
            "counts": {"errors": [1, 190, 0, 10]} if second else {},
        }
        for second in range(30)
    ]
    answers = {
        "/releases": [{"id": "r1"}],
        "/releases/r1/looks": {
            "service": "shop",
            "version": "v1",
            "false_alarm": 0.01,
            "attempt": 1,
            "kpis": [],
            "stopped_at": None,
            "looks": looks,
        },
    }

    class Desk:
        def __init__(self, _: Path) -> None: ...

        def get(self, path: str, **_: object) -> object:
            return answers[path]

        def listed(self, path: str, *_: object, **__: object) -> object:
            return answers[path]

    monkeypatch.setattr("gonogo.cli.commands.plan.DeskClient", Desk)
    found = json.loads(run("plan", spec, "--json").stdout)
    traffic = found["traffic"]["errors"]
    assert traffic["requests_per_second"] == pytest.approx(200)
    assert traffic["bad_share"] == pytest.approx(1 / 190)
    special = json.loads(run("plan", spec, "--of", "orders=3", "--json").stdout)
    assert special["traffic"]["errors"] == traffic
    assert special["traffic"]["orders"]["requests_per_second"] == 3


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0.2, "1 s"),
        (59.6, "60 s"),
        (61, "1 min 1 s"),
        (119.7, "2 min"),
        (700, "12 min"),
        (3600, "1 h"),
        (5000, "1 h 23 min"),
        (40_000, "11 h"),
        (100_000, "1 d 4 h"),
        (1e12, "never"),
        (None, "never"),
    ],
)
def test_times_are_told_no_more_exactly_than_they_are(seconds: float | None, said: str) -> None:
    assert told(seconds) == said
