"""The door for people: tokens that open it, and tokens that do not any more."""

import asyncio
from datetime import timedelta

from tests.api.conftest import OWNERS_TOKEN, House

from gonogo.domain.actor import Role

SAID = "the token is missing, wrong, expired or revoked"


async def test_the_owner_brings_somebody_in_and_the_desk_knows_them(house: House) -> None:
    body = {"name": "Ann", "roles": ["qa"], "emails": ["Ann@example.invalid"]}
    added = await house.ask("POST", "/people", json=body)
    issued = await house.ask("POST", "/people/Ann/tokens", json={"days": 1})
    assert (added.status_code, issued.status_code) == (201, 201)
    who = (await house.ask("GET", "/whoami", token=issued.json()["secret"])).json()
    assert (who["name"], who["roles"], who["emails"]) == ("Ann", ["qa"], ["ann@example.invalid"])
    assert "verify a release in production" in who["may"]
    assert "start a release" not in who["may"]


async def test_the_owners_token_is_the_owner(house: House) -> None:
    who = (await house.ask("GET", "/whoami")).json()
    assert (who["name"], who["roles"]) == ("dana", ["owner"])
    assert "sign a version off" not in who["may"]


async def test_what_somebody_does_is_written_down_in_their_name(house: House) -> None:
    token = await house.token(Role.DEVOPS, name="Olga")
    body = {"service": "shop", "version": "v1.2.0"}
    release = (await house.ask("POST", "/releases", token=token, json=body)).json()
    assert release["actor"] == "Olga"


async def test_an_expired_token_opens_nothing(house: House) -> None:
    token = await house.token(Role.ADMIN)
    house.desk.clock.forward(days=91)
    answer = await house.ask("GET", "/whoami", token=token)
    assert (answer.status_code, answer.json()["title"]) == (401, SAID)
    assert answer.headers["www-authenticate"] == "Bearer"


async def test_a_revoked_token_opens_nothing(house: House) -> None:
    token = await house.token(Role.ADMIN)
    listed = (await house.ask("GET", "/people")).json()["items"][0]["tokens"]
    assert (await house.ask("DELETE", f"/tokens/{listed[0]['id']}")).status_code == 200
    assert (await house.ask("GET", "/whoami", token=token)).status_code == 401


async def test_somebody_who_left_is_not_let_in(house: House) -> None:
    token = await house.token(Role.ADMIN, name="Ada Ann")
    assert (await house.ask("DELETE", "/people/Ada%20Ann")).status_code == 200
    assert (await house.ask("GET", "/whoami", token=token)).status_code == 401


async def test_changed_roles_hold_from_the_next_request_on(house: House) -> None:
    token = await house.token(Role.ADMIN, name="Ada")
    await house.ask("PATCH", "/people/Ada", json={"roles": ["viewer"]})
    refused = await house.ask("POST", "/people", token=token, json={"name": "B", "roles": ["qa"]})
    assert refused.status_code == 403


async def test_many_wrong_tokens_lock_nobody_out_and_leave_nothing_behind(house: House) -> None:
    token = await house.token(Role.QA)
    before = await house.entries()
    for number in range(50):
        wrong = await house.ask("GET", "/whoami", token=f"gonogo_{number:043}")
        assert wrong.status_code == 401
    assert (await house.ask("GET", "/whoami", token=token)).status_code == 200
    assert await house.entries() == before


async def test_a_token_of_any_length_or_signs_is_only_wrong(house: House) -> None:
    for token in ("gonogo_" + "x" * 50_000, "gonogo_é", "gonogo_ ", OWNERS_TOKEN + "x"):
        headers = {"Authorization": f"Bearer {token}".encode()}
        answer = await house.client.get("/api/v1/whoami", headers=headers)
        assert answer.status_code == 401


async def test_the_secret_is_told_once(house: House) -> None:
    secret = await house.token(Role.QA)
    for path in ("/people", "/releases", "/services"):
        text = (await house.ask("GET", path)).text
        assert secret not in text
        assert "digest" not in text or path == "/services"


async def test_a_change_of_roles_beside_a_removal_brings_nobody_back(house: House) -> None:
    token = await house.token(Role.QA, name="Ann")
    await asyncio.gather(
        house.ask("DELETE", "/people/Ann"),
        *(
            house.ask("PATCH", "/people/Ann", json={"roles": [role]})
            for role in ("admin", "qa", "viewer")
        ),
    )
    assert (await house.ask("GET", "/people")).json()["items"][0]["left_at"] is not None
    assert (await house.ask("GET", "/whoami", token=token)).status_code == 401


async def test_a_role_that_is_none_is_refused_with_the_place(house: House) -> None:
    refused = await house.ask("POST", "/people", json={"name": "Ann", "roles": ["boss"]})
    assert (refused.status_code, "body.roles.0" in refused.json()["title"]) == (422, True)
    owner = await house.ask("POST", "/people", json={"name": "Ann", "roles": ["owner"]})
    assert '"owner" cannot be given to anybody' in owner.json()["title"]


async def test_a_token_is_good_for_as_long_as_was_asked(house: House) -> None:
    await house.token(Role.QA, name="Ann")
    good = (await house.ask("POST", "/people/Ann/tokens", json={})).json()
    now = house.desk.clock.now()
    assert good["expires_at"] == (now + timedelta(days=90)).isoformat()
    for days in (0, 367, -1):
        refused = await house.ask("POST", "/people/Ann/tokens", json={"days": days})
        assert refused.status_code == 422
