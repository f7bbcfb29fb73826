"""The desk as whatever watches it from outside sees it."""

from dataclasses import replace

import httpx2
from tests.api.conftest import OWNERS_TOKEN, House
from tests.papers import OWNER

from gonogo.api.application import build_application
from gonogo.domain.actor import Role
from gonogo.domain.controller import ControllerKind, ControllerSeen


async def test_whoever_asks_is_told_that_the_desk_lives_and_can_work(house: House):
    assert (await house.client.get("/healthz")).text == "alive\n"
    assert (await house.client.get("/readyz")).text == "ready\n"


async def test_a_desk_whose_database_is_gone_is_alive_and_not_ready(house: House):
    await house.desk.store.close()
    assert (await house.client.get("/healthz")).status_code == 200
    assert (await house.client.get("/readyz")).status_code == 503


async def test_figures_need_a_token_and_a_viewers_will_do(house: House):
    assert (await house.client.get("/metrics")).status_code == 401
    token = await house.token(Role.VIEWER)
    found = await house.client.get("/metrics", headers={"Authorization": f"Bearer {token}"})
    assert 'gonogo_releases_under_way{stage="canary"} 0.0' in found.text


async def test_requests_are_counted_by_route_and_not_by_address(house: House):
    for name in ("one", "two"):
        await house.ask("GET", f"/releases/{name}")
    owner = {"Authorization": "Bearer the-owners-token"}
    figures = (await house.client.get("/metrics", headers=owner)).text
    counted = 'method="GET",route="/api/v1/releases/{reference}",status="404"} 2.0'
    assert counted in figures
    assert "/releases/one" not in figures


class TwoTasks:
    """A desk with one task that is well and one that is stuck and was begun anew before."""

    def seen(self) -> tuple[ControllerSeen, ...]:
        well = ControllerSeen(ControllerKind.CLAIMS, "", None, "waits", 1, 60, 1)
        stuck = ControllerSeen(
            ControllerKind.RELEASE, "shop", "r1", "runs build", 700, 600, 700, 2, 30, "it hung", 1
        )
        return well, stuck

    def restarts(self) -> dict[tuple[ControllerKind, str], int]:
        return {(ControllerKind.RELEASE, "shop"): 2}


async def test_a_desk_with_a_task_that_is_stuck_is_not_ready_and_says_which_it_is(house: House):
    context = replace(house.desk.context, controllers=TwoTasks())
    transport = httpx2.ASGITransport(
        app=build_application(context, OWNER, OWNERS_TOKEN, lambda: None)
    )
    owner = {"Authorization": f"Bearer {OWNERS_TOKEN}"}
    async with httpx2.AsyncClient(
        transport=transport, base_url="http://127.0.0.1:8460", headers=owner
    ) as client:
        assert (await client.get("/readyz")).status_code == 503
        figures = [(await client.get("/metrics")).text for _ in range(2)][-1]
        found = (await client.get("/api/v1/findings")).json()
    assert 'gonogo_controller_last_beat_seconds{controller="release",of="shop"} 700.0' in figures
    assert 'gonogo_controller_restarts_total{controller="release",of="shop"} 2.0' in figures
    assert "gonogo_controllers_stuck 1.0" in figures
    told = next(each for each in found if each["check"] == "task release r1 of shop")
    assert told["health"] == "critical"
    assert "runs build for 700 s, and should at most for 600 s" in told["detail"]
