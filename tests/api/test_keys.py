"""Keys, bundles and heads over the API."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import pytest
from tests.bundles import Notary, a_notary
from tests.papers import OWNER, QA

from gonogo.api.application import build_application
from gonogo.domain.actor import Role
from gonogo.usecases.access.people import add_person, issue_token
from gonogo.usecases.bundling.envelopes import read_trust
from gonogo.usecases.bundling.verify import Verified, verify_bundle


@pytest.fixture
async def notary(tmp_path: Path) -> AsyncIterator[Notary]:
    async with a_notary(tmp_path) as made:
        yield made


@pytest.fixture
async def desk(notary: Notary) -> AsyncIterator[httpx2.AsyncClient]:
    application = build_application(notary.context, OWNER, "secret", lambda: None)
    async with httpx2.AsyncClient(
        transport=httpx2.ASGITransport(app=application),
        base_url="http://127.0.0.1:8460/api/v1",
        headers={"Authorization": "Bearer secret"},
    ) as client:
        yield client


async def test_a_bundle_is_fetched_as_a_file_and_holds_with_the_public_key(
    notary: Notary, desk: httpx2.AsyncClient
) -> None:
    await notary.whole_way()
    answer = await desk.get("/releases/r1/bundle")
    assert answer.status_code == 200
    assert answer.headers["content-disposition"] == (
        'attachment; filename="shop-v1.2.0.intoto.jsonl"'
    )
    pem = (await desk.get("/keys/public")).json()["pem"]
    assert isinstance(verify_bundle(answer.content, read_trust(pem)), Verified)


async def test_keys_are_listed_rotated_and_revoked(
    notary: Notary, desk: httpx2.AsyncClient
) -> None:
    first = (await desk.get("/keys")).json()["keys"][0]["id"]
    notary.desk.clock.forward(hours=2)
    assert (await desk.post("/keys")).status_code == 201
    body = {"since": "2026-03-01T13:00Z", "reason": "lost"}
    answer = await desk.post(f"/keys/{first[:16]}/revocation", json=body)
    assert answer.status_code == 201, answer.text
    assert [each["state"] for each in answer.json()["keys"]] == ["revoked", "signs"]
    ring = (await desk.get("/keys/ring")).json()
    assert ring["revocations"][0]["key"] == first
    everything = f"{answer.text} {ring}"
    assert "PRIVATE" not in everything


@pytest.mark.parametrize(
    ("key", "body", "status"),
    [
        ("00" * 8, {"since": "2026-03-01T11:00Z", "reason": "so"}, 404),
        ("00" * 8, {"since": "yesterday", "reason": "so"}, 422),
        ("00" * 8, {"since": "2026-03-01T11:00", "reason": "so"}, 422),
        ("00" * 8, {"since": "2026-03-01T11:00Z", "reason": " "}, 422),
        ("..", {"since": "2026-03-01T11:00Z", "reason": "so"}, 404),
        ("short", {"since": "2026-03-01T11:00Z", "reason": "so"}, 422),
    ],
)
async def test_a_revocation_that_cannot_be_is_refused(
    desk: httpx2.AsyncClient, key: str, body: dict[str, str], status: int
) -> None:
    assert (await desk.post(f"/keys/{key}/revocation", json=body)).status_code == status


async def test_whoever_may_look_gets_bundles_but_signs_no_head_and_changes_no_key(
    notary: Notary, desk: httpx2.AsyncClient
) -> None:
    await add_person(notary.context, OWNER, name=QA.name, roles=[Role.VIEWER])
    token = (await issue_token(notary.context, OWNER, person=QA.name)).secret
    await notary.begin()
    viewer = {"Authorization": f"Bearer {token}"}
    for path in ("/keys", "/keys/ring", "/keys/public", "/releases/r1/bundle"):
        assert (await desk.get(path, headers=viewer)).status_code == 200, path
    assert (await desk.post("/heads", headers=viewer)).status_code == 403
    assert (await desk.post("/heads")).json()["sequence"] > 0
    assert (await desk.post("/keys", headers=viewer)).status_code == 403
    body = {"since": "2026-03-01T11:00Z", "reason": "so"}
    revoked = await desk.post(f"/keys/{'00' * 8}/revocation", json=body, headers=viewer)
    assert revoked.status_code == 403


async def test_nobody_gets_a_bundle_without_a_token(
    notary: Notary, desk: httpx2.AsyncClient
) -> None:
    await notary.begin()
    for path in ("/keys", "/keys/ring", "/keys/public", "/releases/r1/bundle"):
        assert (await desk.get(path, headers={"Authorization": ""})).status_code == 401, path


async def test_a_bundle_of_an_unknown_release_is_not_found(desk: httpx2.AsyncClient) -> None:
    assert (await desk.get("/releases/nothing/bundle")).status_code == 404
