"""The desk's door: who is let in, and what a refusal looks like."""

from collections.abc import AsyncIterator

import httpx2
import pytest

from gonogo.adapters.memory.deployer import MemoryDeployer
from gonogo.adapters.memory.router import MemoryRouter
from gonogo.adapters.memory.source import MemorySource
from gonogo.adapters.system_clock import SystemClock
from gonogo.api.application import build_application
from gonogo.api.door import Door, reader
from gonogo.domain.actor import Actor, Role
from gonogo.storage.store import memory_store
from gonogo.usecases.context import Context
from gonogo.usecases.judging.recording import read_recording
from gonogo.web.pages import add_pages

SPEC = """
service: shop
run: serve --port {port}
health: /health
smoke: [{name: home, get: /, expect: 200}]
environments: {production: {port: 8080}}
kpis: {errors: {bad: 5xx, limit: 5%}}
rollout: {steps: ["5% for 2m, at least 100 requests"]}
watch: 1m
gates: {smoke: required}
"""
OWNER = {"Authorization": "Bearer secret"}


@pytest.fixture
async def desk() -> AsyncIterator[httpx2.AsyncClient]:
    clock = SystemClock()
    ids = iter(f"id{number}" for number in range(1000))
    store = memory_store(clock)
    context = Context(
        store=store,
        source=MemorySource({"/shop": {"v1": "a" * 40, "v2": "b" * 40}}),
        deployer=MemoryDeployer(),
        router=MemoryRouter(),
        clock=clock,
        new_id=lambda: next(ids),
        wake=lambda _: None,
    )
    owner = Actor("dana", frozenset({Role.OWNER}))
    application = build_application(context, owner, "secret", lambda: None)
    add_pages(application, context, reader(Door(context, owner, "secret")))
    transport = httpx2.ASGITransport(app=application)
    async with httpx2.AsyncClient(
        transport=transport, base_url="http://127.0.0.1:8460", headers=OWNER
    ) as client:
        yield client
    await store.close()


async def registered(desk: httpx2.AsyncClient) -> None:
    body = {"spec": SPEC, "repository": "/shop"}
    assert (await desk.post("/api/v1/services", json=body)).status_code == 200


async def started(desk: httpx2.AsyncClient, version: str = "v1") -> httpx2.Response:
    body = {"service": "shop", "version": version}
    return await desk.post("/api/v1/releases", json=body)


@pytest.mark.parametrize(
    "token",
    [
        "",
        "Bearer wrong",
        "Bearer secre",
        "Basic secret",
        "Bearer gonogo_",
        "Bearer gonogo_" + "x" * 43,
    ],
)
async def test_a_request_without_the_token_is_refused(desk: httpx2.AsyncClient, token: str) -> None:
    answer = await desk.get("/api/v1/services", headers={"Authorization": token})
    said = "the token is missing, wrong, expired or revoked"
    assert (answer.status_code, answer.json()["title"]) == (401, said)


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil.example"},
        {"Host": "127.0.0.1.evil.example:8460"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
    ],
)
async def test_a_page_from_elsewhere_is_refused_even_with_the_token(
    desk: httpx2.AsyncClient, headers: dict[str, str]
) -> None:
    answer = await desk.get("/api/v1/services", headers=headers)
    assert answer.status_code == 403


async def test_every_route_but_those_for_signing_in_asks_for_a_token(
    desk: httpx2.AsyncClient,
) -> None:
    routes = (await desk.get("/api/v1/openapi.json")).json()["paths"]
    open_routes = []
    for path, methods in routes.items():
        for method in methods:
            answer = await desk.request(
                method, path.replace("{reference}", "x"), headers={"Authorization": ""}
            )
            if answer.status_code != 401:
                open_routes.append(path)
    assert sorted(open_routes) == [
        "/api/v1/health",
        "/api/v1/invitations/accepted",
        "/api/v1/invitations/shown",
        "/api/v1/sign-in",
        "/api/v1/sign-in",
        "/api/v1/sign-in/openid",
        "/api/v1/sign-in/openid/return",
    ]


async def test_a_release_is_started_once_for_the_same_key(desk: httpx2.AsyncClient) -> None:
    await registered(desk)
    body = {"service": "shop", "version": "v1", "key": "ci-17"}
    answers = [await desk.post("/api/v1/releases", json=body) for _ in range(2)]
    assert [answer.json()["id"] for answer in answers] == ["ci-17", "ci-17"]
    assert len((await desk.get("/api/v1/releases")).json()["items"]) == 1


async def test_a_second_release_of_a_service_is_refused_with_the_first_one_named(
    desk: httpx2.AsyncClient,
) -> None:
    await registered(desk)
    first = (await started(desk)).json()["id"]
    refused = await started(desk, "v2")
    assert refused.status_code == 409
    assert first in refused.json()["title"]


async def test_an_unknown_version_names_the_nearest(desk: httpx2.AsyncClient) -> None:
    await registered(desk)
    refused = await started(desk, "v3")
    assert refused.status_code == 404
    assert "nearest: v" in refused.json()["title"]


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("resume", "does not wait for anybody"),
        ("roll_back", "nothing to take back"),
        ("confirm", "nothing to confirm"),
        ("pause", "cannot be told to pause"),
    ],
)
async def test_a_word_that_does_not_fit_the_stage_is_refused(
    desk: httpx2.AsyncClient, kind: str, said: str
) -> None:
    await registered(desk)
    await started(desk)
    body = {"kind": kind, "reason": "try"}
    refused = await desk.post("/api/v1/releases/shop/instructions", json=body)
    assert refused.status_code == 409
    assert said in refused.json()["title"]


@pytest.mark.parametrize("reason", ["", "  ", "x" * 2001])
async def test_a_word_needs_a_reason_of_sensible_length(
    desk: httpx2.AsyncClient, reason: str
) -> None:
    await registered(desk)
    await started(desk)
    body = {"kind": "abort", "reason": reason}
    refused = await desk.post("/api/v1/releases/shop/instructions", json=body)
    assert refused.status_code == 422


async def test_unknown_keys_in_a_body_are_refused(desk: httpx2.AsyncClient) -> None:
    refused = await desk.post("/api/v1/releases", json={"service": "s", "version": "v", "x": 1})
    assert refused.status_code == 422
    assert "body.x" in refused.json()["title"]


async def test_a_bad_spec_is_refused_with_its_place_and_nothing_is_registered(
    desk: httpx2.AsyncClient,
) -> None:
    body = {"spec": SPEC.replace("watch: 1m", "watch: 1 fortnight"), "repository": "/shop"}
    refused = await desk.post("/api/v1/services", json=body)
    assert refused.status_code == 422
    assert "gonogo.yaml:9:" in refused.json()["title"]
    assert (await desk.get("/api/v1/services")).json() == []


async def test_a_spec_cannot_change_while_a_release_is_under_way(
    desk: httpx2.AsyncClient,
) -> None:
    await registered(desk)
    await started(desk)
    body = {"spec": SPEC.replace("5xx", "4xx"), "repository": "/shop"}
    assert (await desk.post("/api/v1/services", json=body)).status_code == 409


async def test_a_changed_spec_is_shown_as_a_difference_and_counts_only_when_it_is_approved(
    desk: httpx2.AsyncClient,
) -> None:
    await registered(desk)
    changed = {"spec": SPEC.replace("5xx", "4xx"), "repository": "/shop"}
    refused = await desk.post("/api/v1/services", json=changed)
    assert refused.status_code == 409
    assert "nobody has approved" in refused.json()["title"]
    seen = (await desk.post("/api/v1/differences", json={"spec": changed["spec"]})).json()
    assert [line[0] for line in seen["lines"] if "xx" in line] == ["-", "+"]
    assert (await desk.get("/api/v1/services")).json()[0]["digest"] == seen["replaces"]
    approved = {**changed, "replaces": seen["replaces"]}
    assert (await desk.post("/api/v1/services", json=approved)).json()["changed"] is True
    again = {"spec": SPEC, "repository": "/shop", "replaces": seen["replaces"]}
    assert (await desk.post("/api/v1/services", json=again)).status_code == 409


async def test_half_a_character_in_a_reason_is_refused(desk: httpx2.AsyncClient) -> None:
    await registered(desk)
    await started(desk)
    refused = await desk.post(
        "/api/v1/releases/shop/instructions",
        content=b'{"kind": "abort", "reason": "\\ud800"}',
        headers={"Content-Type": "application/json"},
    )
    assert refused.status_code == 422


async def test_a_report_can_be_had_of_a_release_that_has_done_nothing_yet(
    desk: httpx2.AsyncClient,
) -> None:
    await registered(desk)
    await started(desk)
    page = await desk.get("/api/v1/releases/shop/report")
    assert page.status_code == 200
    assert "shop" in page.text


async def test_the_tester_secret_is_in_no_answer(desk: httpx2.AsyncClient) -> None:
    await registered(desk)
    await started(desk)
    for path in ("services", "releases", "releases/shop", "releases/shop/report"):
        assert "tester_secret" not in (await desk.get(f"/api/v1/{path}")).text


async def test_the_looks_of_a_release_can_be_read_back(desk: httpx2.AsyncClient) -> None:
    await registered(desk)
    identity = (await started(desk)).json()["id"]
    recording = read_recording((await desk.get(f"/api/v1/releases/{identity}/looks")).json())
    assert (recording.service, recording.version, recording.looks) == ("shop", "v1", ())
    assert [(kpi.name, kpi.limit) for kpi in recording.kpis] == [("errors", 0.05)]
