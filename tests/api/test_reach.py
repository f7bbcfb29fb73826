"""To whom the desk answers: by Host, Origin and Sec-Fetch-Site, for requests and WebSockets."""

import json
from collections.abc import Mapping
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI, Request, WebSocket
from tests.api.conftest import OWNERS_TOKEN
from tests.api.test_sign_in import PASSWORD, somebody
from tests.papers import OWNER, Desk, a_desk

from gonogo.api.application import build_application
from gonogo.api.door import Door, page_guard, reader, safe_next
from gonogo.api.reach import Reach, allowed_origin

PUBLIC = Reach("https://desk.example.invalid")


class Home:
    """What `somebody` needs of a house."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk


def application(desk: Desk, reach: Reach) -> FastAPI:
    made = build_application(desk.context, OWNER, OWNERS_TOKEN, lambda: None, reach)
    door = Door(desk.context, OWNER, OWNERS_TOKEN)
    guard = reader(page_guard(door))

    @made.get("/page")
    async def page(request: Request) -> dict[str, str]:
        return {"name": (await guard(request)).name}

    @made.websocket("/live")
    async def live(socket: WebSocket) -> None:
        visitor = await door.visitor(socket)
        await socket.accept()
        name = visitor.actor.name if visitor else None
        await socket.send_json({"name": name, "origin": allowed_origin(socket.scope)})
        await socket.close()

    return made


async def asked(
    app: FastAPI, base: str, path: str = "/api/v1/health", method: str = "GET", **headers: str
) -> httpx2.Response:
    transport = httpx2.ASGITransport(app=app)
    async with httpx2.AsyncClient(transport=transport, base_url=base) as client:
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        return await client.request(method, path, headers=given)


async def opened(app: FastAPI, host: str, **headers: str) -> dict[str, Any]:
    """What a WebSocket gets: its first message, or the code it was closed with before it was opened."""
    sent: list[Mapping[str, Any]] = []
    coming = iter([{"type": "websocket.connect"}, {"type": "websocket.disconnect", "code": 1000}])

    async def receive() -> Mapping[str, Any]:
        return next(coming)

    async def send(message: Mapping[str, Any]) -> None:
        sent.append(message)

    pairs = {"host": host, **{name.replace("_", "-"): value for name, value in headers.items()}}
    scope = {
        "type": "websocket",
        "asgi": {"version": "3.0"},
        "scheme": "ws",
        "path": "/live",
        "raw_path": b"/live",
        "query_string": b"",
        "root_path": "",
        "headers": [(name.encode(), value.encode()) for name, value in pairs.items()],
        "client": ("127.0.0.1", 40_000),
        "server": ("127.0.0.1", 8460),
        "subprotocols": [],
    }
    await app(scope, receive, send)  # type: ignore[arg-type]
    first = sent[0]
    if first["type"] == "websocket.close":
        return {"closed": first["code"]}
    found: dict[str, Any] = json.loads(sent[1]["text"])
    return found


async def test_a_desk_on_loopback_answers_to_this_machine_and_its_own_pages_only() -> None:
    async with a_desk() as desk:
        app = application(desk, Reach())
        for base in ("http://127.0.0.1:8460", "http://localhost:8460", "http://[::1]:8460"):
            assert (await asked(app, base)).status_code == 200
            assert (await asked(app, base, origin=base)).status_code == 200
        for origin in ("http://127.0.0.1:9999", "null", "https://evil.invalid", "http://[", "x"):
            refused = await asked(app, "http://127.0.0.1:8460", origin=origin)
            assert (origin, refused.status_code) == (origin, 403)
        for base in (
            "http://desk.example.invalid",
            "http://127.0.0.1.evil.invalid",
            "http://10.0.0.1",
        ):
            assert (await asked(app, base)).status_code == 403


async def test_a_desk_with_a_public_address_answers_to_it_too() -> None:
    async with a_desk() as desk:
        app = application(desk, PUBLIC)
        own = "https://desk.example.invalid"
        for base in (own, own + ":443", "http://desk.example.invalid", "http://127.0.0.1:8460"):
            assert (base, (await asked(app, base)).status_code) == (base, 200)
        assert (await asked(app, own, origin=own)).status_code == 200
        for origin in ("http://desk.example.invalid", own + ":8443", "http://127.0.0.1:8460"):
            assert (origin, (await asked(app, own, origin=origin)).status_code) == (origin, 403)
        assert (await asked(app, "https://evil.invalid")).status_code == 403


async def test_another_sites_page_cannot_have_anything_changed_but_a_link_can_be_followed() -> None:
    async with a_desk() as desk:
        app, base = application(desk, Reach()), "http://127.0.0.1:8460"
        for site in ("cross-site", "same-site"):
            refused = await asked(app, base, "/api/v1/sign-in", "POST", sec_fetch_site=site)
            assert (refused.status_code, "another address" in refused.json()["title"]) == (
                403,
                True,
            )
            followed = await asked(app, base, sec_fetch_site=site)
            assert followed.status_code == 200


async def test_over_tls_the_cookie_is_secure_and_bound_to_the_host() -> None:
    async with a_desk() as desk:
        await somebody(Home(desk))  # type: ignore[arg-type]
        app = application(desk, PUBLIC)
        transport = httpx2.ASGITransport(app=app)
        # As a proxy that ends TLS passes it on.
        async with httpx2.AsyncClient(
            transport=transport, base_url="http://desk.example.invalid"
        ) as client:
            body = {"name": "Quinn", "password": PASSWORD}
            answer = await client.post("/api/v1/sign-in", json=body)
            cookie = answer.headers["set-cookie"]
            assert cookie.startswith("__Host-gonogo_session=")
            assert "Secure" in cookie
            named, value = cookie.split(";")[0].split("=", 1)
            who = await client.get("/api/v1/whoami", headers={"Cookie": f"{named}={value}"})
            assert who.json()["name"] == "Quinn"
            planted = {"Cookie": f"gonogo_session={value}"}
            assert (await client.get("/api/v1/whoami", headers=planted)).status_code == 401


async def test_a_page_leads_who_is_not_signed_in_to_the_page_for_it_and_back() -> None:
    async with a_desk() as desk:
        app, base = application(desk, Reach()), "http://127.0.0.1:8460"
        answer = await asked(app, base, "/page?tab=1&x=a%20b")
        assert answer.status_code == 303
        assert answer.headers["location"] == "/sign-in?next=%2Fpage%3Ftab%3D1%26x%3Da%2520b"
        assert (await asked(app, base, "/page", hx_request="true")).status_code == 401
        token = {"authorization": f"Bearer {OWNERS_TOKEN}"}
        assert (await asked(app, base, "/page", **token)).json() == {"name": "dana"}


async def test_a_websocket_is_opened_by_the_desks_own_page_with_its_session_only() -> None:
    async with a_desk() as desk:
        await somebody(Home(desk))  # type: ignore[arg-type]
        app, host = application(desk, Reach()), "127.0.0.1:8460"
        transport = httpx2.ASGITransport(app=app)
        async with httpx2.AsyncClient(transport=transport, base_url=f"http://{host}") as client:
            body = {"name": "Quinn", "password": PASSWORD}
            given = (await client.post("/api/v1/sign-in", json=body)).headers["set-cookie"]
        cookie, own = given.split(";")[0], f"http://{host}"
        assert await opened(app, host, cookie=cookie, origin=own) == {
            "name": "Quinn",
            "origin": True,
        }
        assert (await opened(app, host, cookie=cookie))["name"] is None
        assert (await opened(app, host, origin=own))["name"] is None
        bearer = {"authorization": f"Bearer {OWNERS_TOKEN}"}
        assert (await opened(app, host, **bearer))["name"] == "dana"
        for foreign in ("http://127.0.0.1:3000", "https://evil.invalid"):
            assert await opened(app, host, cookie=cookie, origin=foreign) == {"closed": 1008}
        assert await opened(app, "evil.invalid", cookie=cookie) == {"closed": 1008}


@pytest.mark.parametrize(
    ("wanted", "place"),
    [
        ("/releases/x?tab=why", "/releases/x?tab=why"),
        (None, "/"),
        ("", "/"),
        ("releases", "/"),
        ("//evil.invalid", "/"),
        ("/\\evil.invalid", "/"),
        ("/x\\..\\evil", "/"),
        ("/\n/evil.invalid", "/"),
        ("/é", "/"),
        ("javascript:alert(1)", "/"),
        ("https://evil.invalid", "/"),
        ("/" + "x" * 2000, "/"),
    ],
)
def test_only_a_path_of_the_desk_is_led_to_after_signing_in(wanted: str | None, place: str) -> None:
    assert safe_next(wanted) == place
