"""Coming in: the first start, signing in, signing out."""

import re
from collections.abc import AsyncIterator
from dataclasses import replace
from types import SimpleNamespace
from typing import Any
from urllib.parse import quote

import httpx2
import pytest
from tests.papers import OWNER, a_desk

from gonogo.adapters.counting_limiter import CountingLimiter
from gonogo.api.application import build_application
from gonogo.api.door import (
    Door,
    browser_of,
    csrf_of,
    page_guard,
    reader,
    safe_next,
    session_of,
)
from gonogo.domain.errors import Unavailable
from gonogo.domain.rate import Rate, Rates
from gonogo.usecases.access.invitations import first_admin
from gonogo.usecases.context import Context
from gonogo.web.desk import live
from gonogo.web.desk.application import add_desk
from gonogo.web.desk.site import Site
from gonogo.web.desk.visitor import Entrance, seen_by

PASSWORD = "four gold rivers run"


class Browser:
    """A client that keeps cookies and sends forms as a browser does."""

    def __init__(self, context: Context, client: httpx2.AsyncClient, site: Site) -> None:
        self.context = context
        self.site = site
        self.client = client

    async def send(self, path: str, **fields: str) -> httpx2.Response:
        """A form, with the CSRF token of the page that this browser would have it from."""
        page = await self.client.get("/settings")
        if 'name="csrf_token" value="' in page.text:
            token = page.text.split('name="csrf_token" value="')[1].split('"')[0]
            fields = {"csrf_token": token, **fields}
        return await self.client.post(path, data=fields)

    async def arrive(self, name: str = "ada") -> httpx2.Response:
        """Become the first admin by the link that the desk prints."""
        invited = await first_admin(self.context)
        assert invited is not None
        fields = {"name": name, "password": PASSWORD, "again": PASSWORD}
        return await self.client.post("/join", data={"invitation": invited.secret, **fields})


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    async with a_desk() as desk:
        application = build_application(desk.context, OWNER, "the-owners-token", lambda: None)
        door = Door(desk.context, OWNER, "the-owners-token")
        entrance = Entrance(browser=browser_of, session=session_of, safe=safe_next)
        visitor = seen_by(reader(page_guard(door)), csrf_of)
        site = add_desk(application, desk.context, visitor, entrance=entrance)
        async with httpx2.AsyncClient(
            transport=httpx2.ASGITransport(app=application), base_url="http://127.0.0.1:8460"
        ) as client:
            yield Browser(desk.context, client, site)


async def test_the_first_link_makes_an_admin_who_is_in(browser: Browser):
    arrived = await browser.arrive()
    assert (arrived.status_code, arrived.headers["location"]) == (303, "/")
    assert "ada" in (await browser.client.get("/")).text


async def test_who_is_not_signed_in_is_led_to_the_door_and_back(browser: Browser):
    await browser.arrive()
    await browser.send("/sign-out")
    away = await browser.client.get("/people?x=1")
    assert away.headers["location"] == "/sign-in?next=" + quote("/people?x=1", safe="")
    fields = {"name": "ada", "password": PASSWORD, "next": "/people?x=1"}
    back = await browser.client.post("/sign-in", data=fields)
    assert (back.status_code, back.headers["location"]) == (303, "/people?x=1")


async def test_nobody_is_led_to_another_host(browser: Browser):
    await browser.arrive()
    fields = {"name": "ada", "password": PASSWORD, "next": "//elsewhere.example/"}
    assert (await browser.client.post("/sign-in", data=fields)).headers["location"] == "/"


async def test_a_wrong_password_is_refused_in_place_and_the_name_is_kept(browser: Browser):
    await browser.arrive()
    await browser.send("/sign-out")
    refused = await browser.client.post("/sign-in", data={"name": "ada", "password": "wrong"})
    assert refused.status_code == 403
    assert "the name or the password is wrong" in refused.text
    assert 'value="ada"' in refused.text


async def test_a_used_link_opens_nothing(browser: Browser):
    invited = await first_admin(browser.context)
    assert invited is not None
    fields = {"invitation": invited.secret, "name": "ada", "password": PASSWORD, "again": PASSWORD}
    await browser.client.post("/join", data=fields)
    page = await browser.client.get(f"/join?invitation={invited.secret}")
    assert page.status_code == 404
    assert "This link opens nothing" in page.text


async def test_two_different_passwords_are_told_before_the_link_is_spent(browser: Browser):
    invited = await first_admin(browser.context)
    assert invited is not None
    fields = {"invitation": invited.secret, "name": "ada", "password": PASSWORD, "again": "else"}
    refused = await browser.client.post("/join", data=fields)
    assert "The two passwords differ." in refused.text
    assert (await browser.client.get(f"/join?invitation={invited.secret}")).status_code == 200


async def test_an_admin_makes_somebody_known_and_gets_a_link_that_is_shown_once(browser: Browser):
    await browser.arrive()
    await browser.send("/people", name="quinn", roles="qa")
    page = await browser.send("/people/quinn/link")
    assert "/join?invitation=" in page.text
    assert "/join?invitation=" not in (await browser.client.get("/people")).text


async def test_somebody_new_comes_with_a_link_at_once_and_a_refused_form_keeps_what_was_typed(
    browser: Browser,
):
    await browser.arrive()
    fields = {"name": "quinn", "emails": "nowhere", "roles": "qa", "link": "yes"}
    refused = await browser.send("/people", **fields)
    assert refused.status_code == 422
    for kept in ('value="quinn"', 'value="nowhere"', 'value="qa" checked'):
        assert kept in refused.text
    added = await browser.send("/people", **{**fields, "emails": "quinn@example.org"})
    assert "/join?invitation=" in added.text


async def test_people_make_narrowed_tokens_of_their_own_and_end_them(browser: Browser):
    await browser.arrive()
    made = await browser.send("/settings/tokens", days="7", scopes="evidence")
    assert "gonogo_" in made.text
    kept = await browser.client.get("/settings")
    assert "gonogo_" not in kept.text.replace("gonogo_reader", "")
    assert "supply evidence" in kept.text.partition("Your tokens")[2].partition("<form")[0]
    found = re.search(r'action="(/settings/tokens/[^"]+/revoke)"', kept.text)
    assert found is not None
    await browser.send(found[1])
    assert "revoked" in (await browser.client.get("/settings")).text


async def test_a_form_without_the_sessions_token_changes_nothing(browser: Browser):
    await browser.arrive()
    refused = await browser.client.post("/people", data={"name": "mallory", "roles": "admin"})
    assert refused.status_code == 403
    assert "mallory" not in (await browser.client.get("/people")).text


async def test_an_open_page_does_not_sign_its_browser_out(browser: Browser):
    await browser.arrive()
    clock: Any = browser.context.clock
    first = dict(browser.client.cookies)
    clock.forward(minutes=61)
    await browser.client.get("/")
    assert dict(browser.client.cookies) != first
    clock.forward(minutes=61)
    # The connection was opened with the first secret, and is looked at again and again with it.
    cookie = "; ".join(f"{name}={value}" for name, value in first.items()).encode()
    headers = [(b"host", b"127.0.0.1:8460"), (b"origin", b"http://127.0.0.1:8460")]
    scope = {"headers": [*headers, (b"cookie", cookie)], "state": {}, "path": "/live"}
    socket: Any = SimpleNamespace(scope={**scope, "query_string": b"", "scheme": "http"})
    assert (await live._visitor(browser.site, socket)).actor.name == "ada"
    assert (await browser.client.get("/settings")).status_code == 200
    # Every browser says which page opens a connection; whoever does not say is none.
    socket.scope = {**socket.scope, "headers": [headers[0], (b"cookie", cookie)]}
    with pytest.raises(live.Refusal):
        await live._visitor(browser.site, socket)


async def test_a_stranger_is_not_told_where_the_database_lies(
    browser: Browser, monkeypatch: pytest.MonkeyPatch
):
    async def gone(*_: object) -> None:
        raise Unavailable("the database /home/desk.sqlite3 is locked")

    monkeypatch.setattr(type(browser.context.store), "people", gone)
    fields = {"name": "ada", "password": PASSWORD}
    page = await browser.client.post("/sign-in", data=fields, headers={"Accept": "text/html"})
    api = await browser.client.post("/api/v1/sign-in", json=fields)
    for answer in (page, api):
        assert answer.status_code == 503
        assert "cannot answer now" in answer.text
        assert "sqlite" not in answer.text


async def test_the_page_for_signing_in_says_why_a_provider_let_nobody_in(browser: Browser):
    page = await browser.client.get("/sign-in?refused=roles")
    assert "This account has no role here" in page.text
    assert "<b>" not in (await browser.client.get("/sign-in?refused=%3Cb%3E")).text


async def test_a_neighbour_who_floods_the_door_does_not_shut_out_who_is_signed_in(browser: Browser):
    await browser.arrive()
    limiter = CountingLimiter()
    application = build_application(
        replace(browser.context, limiter=limiter, rates=Rates(pages=Rate(5, 60))),
        *(OWNER, "the-owners-token", lambda: None),
    )
    door = Door(browser.context, OWNER, "the-owners-token")
    entrance = Entrance(browser=browser_of, session=session_of, safe=safe_next)
    visitor = seen_by(reader(page_guard(door)), csrf_of)
    add_desk(application, browser.context, visitor, entrance=entrance)
    transport = httpx2.ASGITransport(app=application)
    base = "http://127.0.0.1:8460"
    async with httpx2.AsyncClient(transport=transport, base_url=base) as neighbour:
        told = [(await neighbour.get("/sign-in")).status_code for _ in range(8)]
    assert told[-1] == 429
    async with httpx2.AsyncClient(
        transport=transport, base_url=base, cookies=browser.client.cookies
    ) as own:
        assert (await own.get("/")).status_code == 200
