"""Sessions by cookie at the door, as a browser has them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx2
import pytest
from tests.api.conftest import House
from tests.papers import OWNER

from gonogo.domain.actor import Role
from gonogo.domain.session import Session
from gonogo.usecases.access import invitations, people, sessions
from gonogo.usecases.access.people import digest_of_secret

PASSWORD = "seven geese over the weir"
COOKIE = "gonogo_session_8460"


class Browser:
    """Keeps cookies as a browser does, and sends the CSRF token that its pages were given."""

    def __init__(self, client: httpx2.AsyncClient) -> None:
        self.client = client
        self.csrf = ""

    async def sign_in(self, name: str, password: str = PASSWORD) -> httpx2.Response:
        answer = await self.post("/sign-in", {"name": name, "password": password}, csrf=None)
        if answer.is_success:
            self.csrf = answer.json()["csrf_token"]
        return answer

    async def get(self, path: str) -> httpx2.Response:
        return await self.client.get(f"/api/v1{path}")

    async def post(
        self, path: str, body: dict[str, Any] | None = None, *, csrf: str | None = ""
    ) -> httpx2.Response:
        token = self.csrf if csrf == "" else csrf
        headers = {} if token is None else {"X-CSRF-Token": token}
        return await self.client.post(f"/api/v1{path}", json=body or {}, headers=headers)

    async def delete(self, path: str) -> httpx2.Response:
        return await self.client.delete(f"/api/v1{path}", headers={"X-CSRF-Token": self.csrf})

    @property
    def secret(self) -> str | None:
        return self.client.cookies.get(COOKIE)

    async def status(self) -> int:
        return (await self.get("/whoami")).status_code


@asynccontextmanager
async def a_browser(house: House, address: str = "127.0.0.1") -> AsyncIterator[Browser]:
    transport = httpx2.ASGITransport(app=house.application, client=(address, 40_000))
    async with httpx2.AsyncClient(transport=transport, base_url="http://127.0.0.1:8460") as client:
        yield Browser(client)


@pytest.fixture
async def browser(house: House) -> AsyncIterator[Browser]:
    async with a_browser(house) as made:
        yield made


async def somebody(house: House, name: str = "Quinn", role: Role = Role.QA) -> None:
    """Somebody with a password."""
    context = house.desk.context
    await people.add_person(context, OWNER, name=name, roles=[role])
    invited = await invitations.invite(context, OWNER, name=name)
    opened = await invitations.accept(
        context, secret=invited.secret, password=PASSWORD, browser=sessions.Browser()
    )
    await sessions.sign_out(context, opened.person.actor, session=None)


async def test_a_name_and_a_password_open_the_desk_in_that_name(
    house: House, browser: Browser
) -> None:
    await somebody(house)
    answer = await browser.sign_in("Quinn")
    assert (answer.status_code, answer.json()["name"]) == (200, "Quinn")
    who = (await browser.get("/whoami")).json()
    assert (who["name"], who["roles"]) == ("Quinn", ["qa"])


async def test_a_name_may_be_written_in_small_letters(house: House, browser: Browser) -> None:
    await somebody(house)
    assert (await browser.sign_in("quinn ")).json()["name"] == "Quinn"


async def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(
    house: House, browser: Browser
) -> None:
    await somebody(house)
    header = (await browser.sign_in("Quinn")).headers["set-cookie"]
    parts = {part.strip().lower() for part in header.split(";")[1:]}
    assert {"httponly", "path=/", "samesite=lax", "max-age=604800"} <= parts
    assert "secure" not in parts
    assert not any(part.startswith("domain") for part in parts)


async def test_a_wrong_password_and_an_unknown_name_get_the_same_answer(
    house: House, browser: Browser
) -> None:
    await somebody(house)
    wrong = await browser.sign_in("Quinn", "seven geese over the dam")
    nobody = await browser.sign_in("Nobody", "seven geese over the dam")
    told = [{**each.json(), "instance": ""} for each in (wrong, nobody)]
    assert (wrong.status_code, nobody.status_code) == (403, 403)
    assert told[0] == told[1]
    assert browser.secret is None


async def test_a_change_needs_the_sessions_csrf_token(house: House, browser: Browser) -> None:
    await somebody(house, "Olga", Role.DEVOPS)
    await browser.sign_in("Olga")
    body = {"service": "shop", "version": "v1.2.0"}
    for wrong in (None, "x", browser.csrf + "x"):
        refused = await browser.post("/releases", body, csrf=wrong)
        assert (refused.status_code, "X-CSRF-Token" in refused.json()["title"]) == (403, True)
    assert (await browser.post("/releases", body)).status_code == 202


async def test_the_csrf_token_of_another_session_does_not_fit(
    house: House, browser: Browser
) -> None:
    await somebody(house)
    await browser.sign_in("Quinn")
    async with a_browser(house) as other:
        await other.sign_in("Quinn")
        assert (await browser.post("/sign-out", csrf=other.csrf)).status_code == 403


async def test_a_form_may_carry_the_csrf_token_as_a_field(house: House, browser: Browser) -> None:
    await somebody(house)
    await browser.sign_in("Quinn")
    send = browser.client.post
    wrong = await send("/api/v1/sign-out", data={"csrf_token": "wrong"})
    right = await send("/api/v1/sign-out", data={"csrf_token": browser.csrf})
    assert wrong.status_code == 403
    assert right.status_code != 403


async def test_who_signs_out_is_out_and_what_was_their_cookie_opens_nothing(
    house: House, browser: Browser
) -> None:
    await somebody(house)
    await browser.sign_in("Quinn")
    stolen = browser.secret
    assert (await browser.post("/sign-out")).json() == {"ended": 1}
    assert browser.secret is None
    browser.client.cookies.set(COOKIE, stolen or "")
    answer = await browser.get("/whoami")
    assert (answer.status_code, answer.json()["title"]) == (
        401,
        "your session has ended; sign in again",
    )


async def test_signing_out_everywhere_ends_every_browsers_session(
    house: House, browser: Browser
) -> None:
    await somebody(house)
    async with a_browser(house) as phone:
        await phone.sign_in("Quinn")
        await browser.sign_in("Quinn")
        assert (await browser.post("/sign-out", {"everywhere": True})).json() == {"ended": 2}
        assert await phone.status() == 401


async def test_one_sees_ones_sessions_and_ends_one_of_them(house: House, browser: Browser) -> None:
    await somebody(house)
    await somebody(house, "Olga", Role.DEVOPS)
    async with a_browser(house, "10.0.0.7") as phone:
        await phone.sign_in("Quinn")
        await browser.sign_in("Quinn")
        listed = (await browser.get("/sessions")).json()
        assert [(each["present"], each["address"]) for each in listed] == [
            (True, "127.0.0.1"),
            (False, "10.0.0.7"),
        ]
        async with a_browser(house) as stranger:
            await stranger.sign_in("Olga")
            assert (await stranger.delete(f"/sessions/{listed[1]['id']}")).status_code == 404
        assert await phone.status() == 200
        assert (await browser.delete(f"/sessions/{listed[1]['id']}")).status_code == 200
        assert (await phone.status(), await browser.status()) == (401, 200)


async def test_a_session_ends_unused_after_twelve_hours_and_in_any_case_after_a_week(
    house: House, browser: Browser
) -> None:
    await somebody(house)
    await browser.sign_in("Quinn")
    house.desk.clock.forward(hours=12)
    assert await browser.status() == 401
    await browser.sign_in("Quinn")
    for _ in range(15):
        house.desk.clock.forward(hours=11)
        assert await browser.status() == 200
    house.desk.clock.forward(hours=3)
    assert await browser.status() == 401


async def test_the_secret_is_replaced_every_hour_and_the_one_before_is_good_a_moment_longer(
    house: House, browser: Browser
) -> None:
    await somebody(house)
    await browser.sign_in("Quinn")
    old, csrf = browser.secret or "", browser.csrf
    house.desk.clock.forward(minutes=61)
    assert await browser.status() == 200
    new = browser.secret or ""
    assert new != old
    async with a_browser(house) as other:
        other.client.cookies.set(COOKIE, old)
        assert await other.status() == 200  # the new one may have been lost on its way
        assert await browser.status() == 200
        assert await other.status() == 200  # it was asked at the same time
        house.desk.clock.forward(minutes=1)
        assert await other.status() == 401
    assert (await browser.post("/sign-out", csrf=csrf)).status_code == 200


async def test_pages_asked_for_at_once_do_not_lose_the_session_when_its_secret_turns(
    house: House, browser: Browser
) -> None:
    await somebody(house)
    await browser.sign_in("Quinn")
    house.desk.clock.forward(hours=2)
    answers = await asyncio.gather(*(browser.get("/whoami") for _ in range(8)))
    assert {answer.status_code for answer in answers} == {200}
    assert sum("set-cookie" in answer.headers for answer in answers) == 1
    assert await browser.status() == 200


async def test_using_a_session_is_not_written_down_with_every_request(
    house: House, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    await somebody(house)
    await browser.sign_in("Quinn")
    written: list[Session] = []
    turn = house.desk.store.turn_session

    async def counted(session: Session, *given: Any) -> bool:
        written.append(session)
        return await turn(session, *given)

    monkeypatch.setattr(house.desk.store, "turn_session", counted)
    for _ in range(20):
        house.desk.clock.forward(seconds=30)
        await browser.status()
    assert len(written) == 2


async def test_another_password_ends_the_other_sessions_and_open_links(
    house: House, browser: Browser
) -> None:
    await somebody(house)
    async with a_browser(house) as thief:
        await thief.sign_in("Quinn")
        await browser.sign_in("Quinn")
        link = (await house.ask("POST", "/people/Quinn/invitations")).json()["link"]
        body = {"present": PASSWORD, "wanted": "nine herons in the reeds"}
        wrong = await browser.post("/password", {**body, "present": "x"})
        assert (wrong.status_code, wrong.json()["title"]) == (403, "the present password is wrong")
        assert (await browser.post("/password", body)).status_code == 200
        assert (await browser.status(), await thief.status()) == (200, 401)
        assert (await thief.sign_in("Quinn")).status_code == 403
        assert (await thief.sign_in("Quinn", body["wanted"])).status_code == 200
        shown = await thief.post("/invitations/shown", {"invitation": link.partition("=")[2]})
        assert shown.status_code == 404


async def test_a_token_speaks_for_somebody_and_does_not_manage_how_they_sign_in(
    house: House,
) -> None:
    token = await house.token(Role.ADMIN)
    body = {"present": PASSWORD, "wanted": PASSWORD}
    assert (await house.ask("POST", "/password", token=token, json=body)).status_code == 409
    assert (await house.ask("GET", "/sessions", token=token)).status_code == 409


async def test_who_left_is_out_at_once(house: House, browser: Browser) -> None:
    await somebody(house)
    await browser.sign_in("Quinn")
    assert (await house.ask("DELETE", "/people/Quinn")).status_code == 200
    assert await browser.status() == 401
    assert (await browser.sign_in("Quinn")).status_code == 403


async def test_who_is_signed_in_makes_lists_and_ends_tokens_of_their_own_and_no_others(
    house: House, browser: Browser
) -> None:
    await somebody(house)
    await somebody(house, "Olga", Role.DEVOPS)
    await browser.sign_in("Quinn")
    made = await browser.post("/people/Quinn/tokens", {"days": 1, "scopes": ["read"]})
    assert made.status_code == 201
    assert (await browser.post("/people/Olga/tokens")).status_code == 403
    secret = made.json()["secret"]
    assert (
        await house.ask("POST", "/people/Quinn/tokens", token=secret, json={})
    ).status_code == 403
    listed = (await browser.get("/tokens")).json()["items"]
    assert [(each["scopes"], each["state"]) for each in listed] == [(["read"], "good")]
    assert (await browser.delete(f"/tokens/{listed[0]['id']}")).status_code == 200
    assert (await house.ask("GET", "/whoami", token=secret)).status_code == 401


async def test_a_narrowed_token_allows_its_scopes_alone(house: House) -> None:
    await people.add_person(house.desk.context, OWNER, name="Olga", roles=[Role.DEVOPS])
    made = await house.ask("POST", "/people/Olga/tokens", json={"scopes": ["read", "evidence"]})
    secret = made.json()["secret"]
    assert (await house.ask("GET", "/releases", token=secret)).status_code == 200
    body = {"service": "shop", "version": "v1.2.0"}
    refused = await house.ask("POST", "/releases", token=secret, json=body)
    told = refused.json()
    assert (refused.status_code, told["hint"]) == (403, "use a token with the scope release")
    assert told["title"] == (
        "this token of Olga is for evidence, read alone and may not start a release"
    )
    may = (await house.ask("GET", "/whoami", token=secret)).json()["may"]
    assert may == ["look", "supply evidence"]
    nothing = await house.ask("POST", "/people/Olga/tokens", json={"scopes": ["admin"]})
    assert "may do nothing of the scope" in nothing.json()["title"]


async def test_no_secret_is_in_the_record_and_every_way_in_is(
    house: House, browser: Browser
) -> None:
    await somebody(house)
    await browser.sign_in("Quinn", "seven geese over the dam")
    await browser.sign_in("Quinn")
    secret, csrf = browser.secret or "", browser.csrf
    await browser.post("/password", {"present": PASSWORD, "wanted": "nine herons in the reeds"})
    await browser.post("/sign-out", {"everywhere": True})
    entries = [entry async for entry in house.desk.store.entries()]
    said = repr(entries)
    for hidden in (secret, csrf, PASSWORD, "nine herons", "seven geese", digest_of_secret(secret)):
        assert hidden not in said
    assert [entry.action for entry in entries if "service" not in entry.action] == [
        "person:person:add",
        "person:invitation:make",
        "person:invitation:accept",
        "person:session:begin",
        "person:session:end-all",
        "desk:session:refuse",
        "person:session:begin",
        "person:password:change",
        "person:session:end-all",
    ]
