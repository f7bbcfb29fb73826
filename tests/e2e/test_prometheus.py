"""Rollouts whose requests a Prometheus counts: a real one, and one that goes wrong in the middle."""

import json
import shutil
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from tests.e2e.conftest import Register
from tests.e2e.customers import Customers
from tests.e2e.desk import DeskHouse, eventually
from tests.e2e.scraping import (
    ScrapingTwin,
    Targets,
    again_and_again,
    counted_by,
    real_prometheus,
)
from tests.prometheus_twin import Twin, prometheus_twin

_YEAR = 365 * 86400
_ENOUGH = 5
_LAST_STEP = (f"50% for 30s, at least {_ENOUGH} requests",)


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("prometheus") is None, reason="prometheus is not installed")
def test_a_real_prometheus_lets_a_good_version_through_and_takes_one_back_that_fails_behind_200s(
    desk: DeskHouse, register: Register, tmp_path: Path
) -> None:
    with ExitStack() as stack:
        file = tmp_path / "targets.json"
        url = stack.enter_context(real_prometheus(tmp_path, file))
        service = register(desk, extra=counted_by(url, "shop"))
        targets = Targets(file, desk, {"shop": service.name})
        stack.enter_context(again_and_again(targets.write))
        customers = stack.enter_context(Customers(service.port))
        good = desk.ended(service.name, "v1.1.0")
        assert good["stage"] == "released", good["reason"]
        assert desk.slots(service.name)["v1.1.0"]["share"] == 1.0
        quiet = desk.ended(service.name, "quiet")
    assert quiet["stage"] == "rolled_back"
    assert quiet["kpis"][0]["kpi"] == "errors"
    canary = quiet["kpis"][0]["canary"]
    assert canary["bad"] == canary["total"] > 0
    assert customers.answers["quiet", 200] > 0, "the router saw nothing wrong"
    assert list(desk.slots(service.name)) == ["v1.1.0"]
    assert customers.lost == []


def _an_error_page(_: str) -> tuple[int, str, str]:
    return 502, "text/html", "<html><h1>502 Bad Gateway</h1></html>"


def _a_page_to_sign_in(_: str) -> tuple[int, str, str]:
    return 200, "text/html", "<html><title>Sign in</title></html>"


def _last_years_sample(address: str) -> tuple[int, str, str]:
    series = {
        "metric": {"instance": address, "outcome": "ok"},
        "values": [[time.time() - _YEAR, "7"]],
    }
    data = {"status": "success", "data": {"resultType": "matrix", "result": [series]}}
    return 200, "application/json", json.dumps(data)


_TROUBLES = {
    "answered 502 with text/html": _an_error_page,
    "answered 200 with text/html": _a_page_to_sign_in,
    " old; the limit is 10 s": _last_years_sample,
}


@pytest.fixture
def twins() -> Iterator[list[Twin]]:
    """A twin for each kind of trouble."""
    with ExitStack() as stack:
        yield [stack.enter_context(prometheus_twin()) for _ in _TROUBLES]


@pytest.mark.slow
def test_a_prometheus_that_talks_nonsense_in_mid_rollout_holds_the_release_until_it_is_well_again(
    desk: DeskHouse, register: Register, twins: list[Twin]
) -> None:
    services = [
        register(desk, steps=_LAST_STEP, extra=counted_by(twin.url, "shop", stale="10s"))
        for twin in twins
    ]
    with ExitStack() as stack:
        for service, twin in zip(services, twins, strict=True):
            scraping = ScrapingTwin(twin, desk, service.name, "shop")
            stack.enter_context(again_and_again(scraping.scrape))
            stack.enter_context(Customers(service.port, rate=30))
        releases = [desk.begin(service.name, "v1.1.0") for service in services]
        well = dict(zip(releases, zip(twins, _TROUBLES.values(), strict=True), strict=True))

        def one_more_is_ill() -> bool:
            for release in [each for each in well if _counted(desk, each)]:
                twin, trouble = well.pop(release)
                twin.says = trouble("127.0.0.1:1")
            return not well

        eventually(one_more_is_ill, "enough counts of every release")
        for release, said in zip(releases, _TROUBLES, strict=True):
            held = eventually(lambda release=release: _held(desk, release), "a hold")  # type: ignore[misc]
            assert said in held["reason"], held["reason"]
        for twin in twins:
            twin.says = None
        for release in releases:
            ended = desk.until(release, "released", "rolled_back", "needs_person")
            assert ended["stage"] == "released", ended["reason"]


def _counted(desk: DeskHouse, release: str) -> bool:
    found = desk.release(release)
    assert found["stage"] not in {"released", "rolled_back"}, found["reason"]
    return any(each["canary"]["total"] >= _ENOUGH for each in found["kpis"])


def _held(desk: DeskHouse, release: str) -> dict[str, Any] | None:
    found = desk.release(release)
    assert found["stage"] == "canary", f"{found['stage']}: {found['reason']}"
    return found if "no trustworthy counts" in found["reason"] else None
