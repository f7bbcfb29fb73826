"""`gonogo observe` on a Prometheus and on the router of a running desk."""

import asyncio
import json
import random
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from click.testing import Result
from tests.layouts import layout, target
from tests.prometheus_twin import Twin, prometheus_twin
from tests.servers import VersionServer, ask, free_port

from gonogo.adapters.haproxy.router import HaproxyRouter
from gonogo.domain.errors import InvalidInput
from gonogo.domain.slot import Slot, SlotRole
from gonogo.domain.traffic import BadStatus, Kpi
from gonogo.judge import JudgePlan
from gonogo.settings import Settings
from gonogo.usecases.judging.observe_metrics import Arms, RouterPlace, Wanted, Watcher, arms_of
from gonogo.wiring.observing import observe

Run = Callable[..., Result]
ALL, BAD = 'http_requests_total{job="shop"}', 'http_requests_total{job="shop",status=~"5.."}'
SELECTORS = ("--total", ALL, "--bad", BAD, "--arm", "version", "--canary", "v2")


@pytest.fixture
def twin() -> Iterator[Twin]:
    with prometheus_twin() as found:
        yield found


def recorded(twin: Twin, canary_bad: float, *, minutes: int = 30) -> float:
    """Half an hour at 20 requests a second, one in ten on v2; v1 fails in one of 200. Its start."""
    chance = random.Random(4)
    start = round(time.time()) - minutes * 60
    for version, each, share in (("v1", 270, 0.005), ("v2", 30, canary_bad)):
        whole = twin.add(ALL, [], version=version, instance=f"{version}:9090")
        bad = twin.add(BAD, [], version=version, instance=f"{version}:9090")
        requests = failed = 0
        for at in range(start, start + minutes * 60, 15):
            whole.append((at, 7000.0 + requests))
            bad.append((at, 40.0 + failed))
            requests += each
            failed += sum(chance.random() < share for _ in range(each))
    return float(start)


def test_it_says_when_a_canary_of_the_past_would_have_been_stopped(run: Run, twin: Twin) -> None:
    start = recorded(twin, 0.2)
    done = run(
        "observe",
        "--prometheus",
        twin.url,
        *SELECTORS,
        "--every",
        "15s",
        "--since",
        "40m",
        "--json",
    )
    assert done.exit_code == 20, done.stderr
    found = json.loads(done.stdout)
    assert found["would_have_stopped"] is True
    stopped = found["stopped_at"]
    assert 0 < datetime.fromisoformat(stopped).timestamp() - start <= 120
    assert found["kpis"][0]["verdict"] == "fail"


def test_a_good_canary_of_the_past_would_not_have_been_stopped(run: Run, twin: Twin) -> None:
    recorded(twin, 0.005)
    done = run("observe", "--prometheus", twin.url, *SELECTORS, "--since", "40m")
    assert done.exit_code == 10, done.stderr
    assert "would not have stopped the canary" in done.stdout
    assert "read from Prometheus at http://127.0.0.1" in done.stdout


def test_it_watches_a_prometheus_until_it_would_have_stopped(run: Run, twin: Twin) -> None:
    begun = time.time() - 5
    found = []
    for version, bad, whole in (("v1", 0.0, 900.0), ("v2", 60.0, 100.0)):
        labels = {"version": version, "instance": version}
        found.append((twin.add(ALL, [(begun, 10.0)], **labels), 10.0 + whole))
        found.append((twin.add(BAD, [(begun, 1.0)], **labels), 1.0 + bad))

    def scrape_after_the_first_two_questions(asked: int) -> None:
        for samples, value in found if asked == 2 else ():
            samples.append((begun + 4, value))

    twin.before_answer = scrape_after_the_first_two_questions
    done = run("observe", "--prometheus", twin.url, *SELECTORS, "--every", "1s", "--for", "20s")
    assert done.exit_code == 20, done.stderr
    assert "60 of 100 canary requests bad" in done.stdout
    assert "watching Prometheus" in done.stderr


def test_a_spec_names_the_counters_and_what_is_judged(run: Run, twin: Twin, tmp_path: Path) -> None:
    recorded(twin, 0.2)
    spec = tmp_path / "gonogo.yaml"
    spec.write_text(
        "service: shop\nrun: serve --port {port}\nhealth: /health\n"
        "smoke: [{name: home, get: /}]\nenvironments: {production: {port: 8080}}\n"
        "kpis:\n  failures: {bad: 5xx, limit: 5%, ratio: 1.5}\n  slow: {bad: slower than 1s, limit: 5%}\n"
        "metrics:\n  prometheus:\n    url: http://prometheus.example:9090\n    arm: version\n"
        f"    counts:\n      failures: {{total: '{ALL}', bad: '{BAD}'}}\n"
        'rollout: {steps: ["5% for 10m"]}\ngates: {smoke: required}\n'
    )
    given = ("observe", "--prometheus", twin.url, "--canary", "v2", "--spec", str(spec))
    done = run(*given, "--since", "40m", "--json")
    assert done.exit_code == 20, done.stderr
    assert [kpi["kpi"] for kpi in json.loads(done.stdout)["kpis"]] == ["failures"]
    twice = run(*given, "--total", ALL, "--bad", BAD)
    assert "--spec names the counters" in twice.stderr


def test_what_prometheus_does_not_answer_is_told_in_a_sentence(run: Run, twin: Twin) -> None:
    twin.says = (200, "text/html", "<html>Sign in</html>")
    for when in (("--since", "1h"), ("--for", "5s")):
        done = run("observe", "--prometheus", twin.url, *SELECTORS, *when)
        assert done.exit_code == 1
        assert "is not JSON" in done.stderr


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ((), "give one of ACCESS.log, --prometheus and --service"),
        (("--service", "shop", "--prometheus", "http://x"), "give one of"),
        (("--service", "shop", "--since", "1h"), "--since does not go with"),
        (("--service", "shop", "--canary", "a", "--total", "b"), "--total does not go with"),
        (("--prometheus", "http://x", "--total", "a", "--bad", "b"), "give --canary GLOB"),
        (("--prometheus", "http://x", "--canary", "c"), "what is to be counted?"),
        (("--prometheus", "http://x", "--canary", "c", "--total", "a"), "belong together"),
        (("--prometheus", "x:9090", *SELECTORS), "is no address"),
        (
            ("--prometheus", "http://x", "--canary", "c", "--total", "rate(a[5m])", "--bad", "b"),
            "only estimate",
        ),
        (("--prometheus", "http://x", *SELECTORS, "--follow"), "--follow does not go with"),
    ],
)
def test_options_that_do_not_go_together_are_refused(
    run: Run, options: tuple[str, ...], sentence: str
) -> None:
    done = run("observe", *options)
    assert done.exit_code == 2
    assert sentence in done.stderr


def test_without_a_desk_the_arms_of_its_router_are_not_known(run: Run) -> None:
    done = run("observe", "--service", "shop")
    assert done.exit_code != 0
    assert "no desk's database" in done.stderr


def test_the_arms_are_those_of_the_desks_slots() -> None:
    place = RouterPlace("shop", "production")
    old = Slot("shop", "production", "a", SlotRole.BASELINE, port=9001)
    new = Slot("shop", "production", "b", SlotRole.CANARY, port=9002)
    assert arms_of((old, new), place) == Arms("127.0.0.1:9002", "127.0.0.1:9001")
    with pytest.raises(InvalidInput, match="no canary in production now"):
        arms_of((old,), place)


async def test_it_watches_our_router_and_moves_nothing(tmp_path: Path) -> None:
    home = tmp_path / "home"
    router = HaproxyRouter(home / "routers")
    (home / "routers").mkdir(parents=True)
    port = free_port()
    plan = JudgePlan((Kpi("errors", BadStatus(((500, 599),)), limit=0.05),))
    seen: list[Watcher] = []
    with VersionServer("old") as old, VersionServer("new") as new:
        wanted_layout = layout(port, target(old.address, 0.5), target(new.address, 0.5))
        await router.apply(wanted_layout)
        before = await router.read("orders", "production")
        new.status = 500
        wanted = Wanted(
            plan,
            100,
            router=RouterPlace("orders", "production"),
            arms=Arms(new.address, old.address),
            lasts=timedelta(seconds=30),
        )
        watching = asyncio.create_task(
            observe(Settings(home), wanted, lambda watcher, _: seen.append(watcher))
        )
        try:
            for _ in range(300):
                await ask(port, "/")
                if watching.done():
                    break
            await watching
            after = await router.read("orders", "production")
        finally:
            watching.cancel()
            await router.stop("orders", "production")
    assert seen[0].stop is not None
    assert seen[0].requests.keys() == {"baseline", "canary"}
    assert {name: slot.share for name, slot in after.slots.items()} == {
        name: slot.share for name, slot in before.slots.items()
    }
