"""The live connection, over real sockets: what it says, whom it lets in, and that nothing breaks it."""

import asyncio
import contextlib
import json
import random
from collections.abc import AsyncIterator

import httpx2
import pytest
import pytest_asyncio
from tests.papers import OWNER
from tests.web.desk.listening import TOKEN, Served, listening
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed, InvalidStatus

from gonogo.domain.actor import Role
from gonogo.usecases.access import people
from gonogo.web.desk import live

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def served() -> AsyncIterator[Served]:
    async with listening() as made:
        yield made


async def hears(connection: ClientConnection, region: str = "services") -> dict[str, object]:
    """The next message about a region."""
    async with asyncio.timeout(30):
        while True:
            said = json.loads(await connection.recv())
            if said.get("region") == region:
                return said


async def closed(connection: ClientConnection) -> int:
    """The code that the desk closes with."""
    async with asyncio.timeout(30):
        with contextlib.suppress(ConnectionClosed):
            async for _ in connection:
                pass
        await connection.wait_closed()
    assert connection.close_code is not None
    return connection.close_code


def watching(**seen: str) -> str:
    return json.dumps({"watch": seen or {"services": ""}, "sequence": 0})


async def test_a_page_is_told_what_was_stored_without_asking(served: Served):
    async with served.connect() as page:
        await page.send(watching())
        assert "bakery" in str((await hears(page))["html"])
        await served.register("cellar")
        assert "cellar" in str((await hears(page))["html"])


async def test_after_a_gap_a_page_gets_what_differs_and_nothing_else(served: Served):
    async with served.connect() as page:
        await page.send(watching())
        seen = str((await hears(page))["seen"])
    async with served.connect() as page:
        await page.send(watching(services=seen))
        assert "beat" in json.loads(await page.recv())
        await served.register("attic")
        assert "attic" in str((await hears(page))["html"])


async def test_each_reader_is_told_in_their_language(served: Served):
    async with served.connect(reads="fa|Asia/Tehran||") as page:
        await page.send(watching())
        persian = await hears(page)
    async with served.connect() as page:
        await page.send(watching())
        assert (await hears(page))["region"] == persian["region"]


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ("{", live.UNREADABLE),
        ("[]", live.UNREADABLE),
        ("[" * 9000, live.UNREADABLE),
        ('{"watch": {"board": 1}}', live.UNREADABLE),
        (b"\x00\xff", live.UNREADABLE),
        (watching(nowhere=""), live.UNKNOWN),
        (watching(**{"board:\ud800": ""}), live.TOO_MUCH),
        (watching(**{"board:" + "x" * 300: ""}), live.TOO_MUCH),
        (watching(**{f"board:{number}": "" for number in range(50)}), live.TOO_MUCH),
        (" " * (live.LONGEST_MESSAGE + 1), live.TOO_MUCH),
        (" " * (live.LARGEST_FRAME + 1), 1009),
    ],
)
async def test_what_cannot_be_meant_closes_the_connection_and_says_why(
    served: Served, said: str | bytes, code: int
):
    async with served.connect() as page:
        await page.send(said)
        assert await closed(page) == code


async def test_who_talks_without_end_is_closed(served: Served):
    async with served.connect() as page:
        with contextlib.suppress(ConnectionClosed):
            for _ in range(100):
                await page.send(watching())
                await asyncio.sleep(0)
        assert await closed(page) == live.TOO_OFTEN


async def test_a_page_of_another_origin_is_refused_before_anything_is_said(served: Served):
    for origin in ("https://evil.example.invalid", "null", f"http://127.0.0.1:{served.port + 1}"):
        with pytest.raises(InvalidStatus) as refused:
            async with served.connect(origin=origin):
                pass
        assert refused.value.response.status_code == 403
    async with served.connect(origin=f"http://127.0.0.1:{served.port}") as page:
        await page.send(watching())
        await hears(page)


async def test_nobody_is_told_nothing(served: Served):
    async with served.connect(token="a guess") as page:
        assert await closed(page) == live.SIGNED_OUT


async def test_a_session_that_ended_ends_the_connection(
    served: Served, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(live, "BEAT_SECONDS", 0.05)
    context = served.desk.context
    await people.add_person(context, OWNER, name="vera", roles=(Role.VIEWER,))
    issued = await people.issue_token(context, OWNER, person="vera")
    async with served.connect(token=issued.secret) as page:
        await page.send(watching())
        await hears(page)
        await people.revoke_token(context, OWNER, token_id=issued.token.id)
        assert await closed(page) == live.SIGNED_OUT


async def test_no_handshake_however_it_is_made_up_breaks_the_desk(served: Served):
    random_bytes = random.Random(6)
    headers = [
        "Host",
        "Origin",
        "Cookie",
        "Authorization",
        "Sec-WebSocket-Protocol",
        "Accept-Language",
    ]
    for _ in range(60):
        lines = [
            f"{name}: {bytes(random_bytes.choices(range(32, 256), k=12)).decode('latin-1')}"
            for name in random_bytes.sample(headers, 4)
        ]
        path = "/live" + "".join(random_bytes.choices("/?%&=~é\x7f", k=random_bytes.randrange(4)))
        request = [
            f"GET {path} HTTP/1.1",
            *(["Host: 127.0.0.1"] if random_bytes.random() < 0.7 else []),
            *lines,
            "Upgrade: websocket",
            "Connection: Upgrade",
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
            "Sec-WebSocket-Version: 13",
        ]
        answers, speaks = await asyncio.open_connection("127.0.0.1", served.port)
        speaks.write("\r\n".join([*request, "", ""]).encode("latin-1"))
        status = await asyncio.wait_for(answers.readline(), 30)
        speaks.close()
        assert b" 500 " not in status


async def test_a_defect_in_telling_who_connects_closes_one_connection_only(
    served: Served, monkeypatch: pytest.MonkeyPatch
):
    async def broken(_digest: str, _now: object) -> None:
        raise ValueError("a defect")

    monkeypatch.setattr(served.desk.store, "bearer", broken)
    async with served.connect(token="gonogo_" + "x" * 40) as page:
        assert await closed(page) in {live.TRY_LATER, live.SIGNED_OUT}
    async with served.connect() as page:
        await page.send(watching())
        await hears(page)


async def test_where_no_websocket_gets_through_a_page_asks_for_the_same(served: Served):
    asked = {"Authorization": f"Bearer {TOKEN}", "HX-Request": "true"}
    address = f"http://127.0.0.1:{served.port}/live/regions"
    async with httpx2.AsyncClient(headers=asked) as client:
        first = (await client.get(address, params={"watch": "~board"})).json()["messages"]
        assert [message["region"] for message in first] == ["board"]
        again = await client.get(address, params={"watch": f"{first[0]['seen']}~board"})
        assert again.json()["messages"] == []
        assert (await client.get(address, params={"watch": "~nowhere"})).status_code == 404
        assert (await client.get(address, headers={"Authorization": ""})).status_code == 401
