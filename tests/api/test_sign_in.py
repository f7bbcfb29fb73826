"""Sessions by cookie at the door, as a browser has them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx2
import pytest
from tests.api.conftest import House
from tests.papers import OWNER

from gonogo.domain.actor import Role
from gonogo.usecases import invitations, people, sessions

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
    assert (wrong.status_code, wrong.text) == (403, nobody.text)
    assert nobody.status_code == 403
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
    wrong = await send("/api/v1/heads", data={"csrf_token": "wrong"})
    right = await send("/api/v1/heads", data={"csrf_token": browser.csrf})
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
