"""Whatever is sent to the places where people say who they are, nothing fails there."""

import json
import random
from typing import Any

import pytest
from tests.api.conftest import House
from tests.api.test_sign_in import COOKIE, a_browser, somebody

PIECES = (
    *("", " ", "\0", "\n", "\ud800", "\u202e", "é", "🦆", "Quinn", "gonogo_", "Bearer ", "__Host-"),
    *("'; DROP TABLE people; --", "<script>", "%00", "../..", "{}", "null", "x" * 300, "=", ";"),
)
PATHS = (
    "/sign-in",
    "/invitations/shown",
    "/invitations/accepted",
    "/password",
    "/sign-out",
    "/heads",
)
KEYS = ("name", "password", "invitation", "present", "wanted", "other")


def text(chance: random.Random) -> str:
    return "".join(chance.choices(PIECES, k=chance.randint(0, 4)))


def value(chance: random.Random) -> Any:
    return chance.choice((text(chance), 17, None, True, [text(chance)], {"a": text(chance)}, 1e308))


def header(chance: random.Random) -> bytes:
    """What may stand in a header: no line ends."""
    wanted = text(chance).encode("utf-8", "surrogatepass")
    return bytes(each for each in wanted if each not in b"\0\r\n").strip()


def body(chance: random.Random) -> tuple[str, bytes]:
    given = {key: value(chance) for key in chance.sample(KEYS, k=chance.randint(0, 5))}
    kind = chance.choice(("json", "form", "parts", "raw"))
    if kind == "json":
        return "application/json", json.dumps(given).encode()
    raw = text(chance).encode("utf-8", "surrogatepass")
    if kind == "form":
        return "application/x-www-form-urlencoded", b"csrf_token=" + raw
    if kind == "parts":
        return "multipart/form-data; boundary=" + "x" * chance.randint(0, 3), raw
    return chance.choice(("application/json", "text/plain", "")), raw


@pytest.mark.slow
async def test_a_fuzzed_sign_in_token_cookie_or_link_is_refused_and_never_fails(
    house: House,
) -> None:
    chance = random.Random(6)
    await somebody(house)
    failed = []
    async with a_browser(house) as browser:
        await browser.sign_in("Quinn")
        for _ in range(300):
            house.desk.clock.forward(seconds=60)
            kind, content = body(chance)
            headers = {b"content-type": kind.encode()}
            for name in (b"authorization", b"x-csrf-token", b"origin", b"sec-fetch-site"):
                if chance.random() < 0.3:
                    headers[name] = header(chance)
            if chance.random() < 0.4:
                headers[b"cookie"] = f"{COOKIE}=".encode() + header(chance)
            asked = {"content": content, "headers": headers}
            path = chance.choice(PATHS)
            answer = await browser.client.post(f"/api/v1{path}", **asked)  # type: ignore[arg-type]
            if answer.status_code >= 500 or answer.is_success or answer.status_code == 429:
                failed.append((path, asked, answer.status_code, answer.text[:200]))
    assert failed == []


@pytest.mark.slow
async def test_a_fuzzed_return_from_a_provider_leads_to_signing_in_and_never_fails(
    house: House,
) -> None:
    chance = random.Random(17)
    for _ in range(60):
        query = {
            name: text(chance).encode("utf-8", "surrogatepass")
            for name in chance.sample(("state", "code", "iss", "error", "next"), k=3)
        }
        query.pop("next", None)
        path = chance.choice(("/sign-in/openid/return", "/sign-in/openid"))
        wanted = {} if path.endswith("openid") else query
        cookie = {b"cookie": b"gonogo_away_8460=" + header(chance)}
        place = f"/api/v1{path}"
        answer = await house.client.get(place, params=wanted, headers=cookie)  # type: ignore[arg-type]
        assert answer.status_code in {303, 404, 422, 429}, (wanted, answer.text)
