"""The desk as whatever watches it from outside sees it."""

from tests.api.conftest import House

from gonogo.domain.actor import Role


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
