"""Guessing passwords: it is bounded, and it keeps nobody else out."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import httpx2
import pytest
from tests.api.conftest import House
from tests.api.test_sign_in import PASSWORD, a_browser, somebody
from tests.papers import OWNER

from gonogo.adapters.limits_throttle import LimitsThrottle
from gonogo.adapters.memory.passwords import MemoryPasswords
from gonogo.api.application import build_application
from gonogo.api.sign_in_gate import LOOKS_AT_ONCE

ATTACKER = "203.0.113.9"


async def test_who_guesses_one_persons_password_keeps_only_themselves_out(house: House) -> None:
    await somebody(house)
    async with a_browser(house, ATTACKER) as attacker, a_browser(house, "198.51.100.4") as own:
        for _ in range(10):
            assert (await attacker.sign_in("Quinn", "guess")).status_code == 403
        refused = await attacker.sign_in("Quinn", PASSWORD)
        assert refused.status_code == 429
        assert refused.headers["retry-after"] == "900"
        assert refused.json()["title"] == (
            "too many tries came from your address; the next one can be made in 15 min"
        )
        assert (await own.sign_in("Quinn")).status_code == 200
        house.desk.clock.forward(minutes=15)
        assert (await attacker.sign_in("Quinn")).status_code == 200


async def test_a_good_session_or_token_is_never_throttled(house: House) -> None:
    await somebody(house)
    async with a_browser(house, ATTACKER) as browser:
        await browser.sign_in("Quinn")
        async with a_browser(house, ATTACKER) as attacker:
            for number in range(70):
                await attacker.sign_in(f"name {number}", "guess")
            assert (await attacker.sign_in("Quinn")).status_code == 429
        assert await browser.status() == 200
        assert (await house.ask("GET", "/whoami")).status_code == 200


async def test_a_neighbour_behind_the_same_address_keeps_nobody_out_of_a_browser_they_know(
    house: House,
) -> None:
    await somebody(house)
    async with a_browser(house) as own, a_browser(house) as neighbour:
        await own.sign_in("Quinn")
        await own.post("/sign-out")
        for number in range(70):
            await neighbour.sign_in("Quinn" if number < 10 else f"name {number}", "guess")
        assert (await neighbour.sign_in("Quinn")).status_code == 429
        neighbour.client.cookies.set("gonogo_browser_8460", "x" * 43)
        assert (await neighbour.sign_in("Quinn")).status_code == 429
        assert (await own.sign_in("Quinn")).status_code == 200
        for _ in range(10):
            assert (await own.sign_in("Quinn", "guess")).status_code == 403
        assert (await own.sign_in("Quinn")).status_code == 429  # a known browser guesses no better
        assert (await own.sign_in("Olga")).status_code == 429


async def test_one_network_of_ipv6_is_one_address(house: House) -> None:
    statuses = []
    for number in range(61):
        async with a_browser(house, f"2001:db8:1:2::{number:x}") as browser:
            statuses.append((await browser.sign_in(f"name {number}", "guess")).status_code)
    assert (statuses[59], statuses[60]) == (403, 429)
    async with a_browser(house, "2001:db8:1:3::1") as other:
        assert (await other.sign_in("x", "guess")).status_code == 403


async def test_a_flood_from_one_address_costs_few_hashes_and_few_entries_and_others_sign_in(
    house: House,
) -> None:
    await somebody(house)
    hasher = MemoryPasswords()
    context = replace(house.desk.context, passwords=hasher, throttle=LimitsThrottle())
    application = build_application(context, OWNER, "secret", lambda: None)
    before = await house.entries()

    async def ask(client: httpx2.AsyncClient, name: str, password: str) -> int:
        body = {"name": name, "password": password}
        return (await client.post("/api/v1/sign-in", json=body)).status_code

    def client(address: str) -> httpx2.AsyncClient:
        transport = httpx2.ASGITransport(app=application, client=(address, 40_000))
        return httpx2.AsyncClient(transport=transport, base_url="http://127.0.0.1:8460")

    async with client(ATTACKER) as attacker, client("198.51.100.4") as own:

        async def flood() -> list[int]:
            return [await ask(attacker, f"n{n}", "guess") for n in range(100)]

        floods = [asyncio.ensure_future(flood()) for _ in range(4)]
        status = await ask(own, "Quinn", PASSWORD)
        answers = [each for part in await asyncio.gather(*floods) for each in part]
    assert status == 200
    assert len(answers) == 400
    assert answers.count(403) == 60
    assert answers.count(429) == 340
    assert hasher.checked == 61
    assert await house.entries() - before <= 4


async def test_a_flood_is_refused_before_its_body_or_the_database_is_read(house: House) -> None:
    async with a_browser(house, ATTACKER) as attacker:
        for number in range(60):
            await attacker.sign_in(f"name {number}", "guess")
        store = house.desk.store
        reads, read = 0, store._read

        async def counted(work: object) -> object:
            nonlocal reads
            reads += 1
            return await read(work)  # type: ignore[arg-type]

        store._read = counted  # type: ignore[method-assign, assignment]

        async def body() -> AsyncIterator[bytes]:
            yield b"{"
            raise AssertionError("its body was asked for")

        answer = await attacker.client.post("/api/v1/sign-in", content=body())
        assert (answer.status_code, reads) == (429, 0)


async def test_few_of_a_flood_of_made_up_browsers_are_looked_up_at_once(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    now, most = 0, 0

    async def slowly(_digest: str) -> None:
        nonlocal now, most
        now += 1
        most = max(most, now)
        await asyncio.sleep(0)
        now -= 1

    async with a_browser(house, ATTACKER) as attacker:
        for number in range(60):
            await attacker.sign_in(f"name {number}", "guess")
        monkeypatch.setattr(house.desk.store, "known_browser", slowly)
        attacker.client.cookies.set("gonogo_browser_8460", "x" * 43)
        answers = await asyncio.gather(*(attacker.sign_in("Quinn", "guess") for _ in range(40)))
    assert {each.status_code for each in answers} == {429}
    assert 0 < most <= LOOKS_AT_ONCE
