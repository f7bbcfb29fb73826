"""A change that is asked for twice under one key is made once."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx2
import pytest
from tests.api.conftest import House

from gonogo.domain.actor import Role
from gonogo.domain.errors import Unavailable
from gonogo.usecases import idempotency
from gonogo.usecases.access import people

KEY = {"Idempotency-Key": "9b2f6c1e"}
ANN = {"name": "Ann", "roles": ["qa"]}


async def add(house: House, body: Any = None, **options: Any) -> httpx2.Response:
    headers = options.pop("headers", KEY)
    return await house.ask("POST", "/people", json=body or ANN, headers=headers, **options)


async def test_the_same_request_gets_the_same_answer_and_is_done_once(house: House) -> None:
    first = await add(house)
    before = await house.entries()
    again = await add(house)
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.content == first.content
    assert again.headers["content-type"] == first.headers["content-type"]
    assert ("idempotency-replayed" in first.headers, again.headers["idempotency-replayed"]) == (
        False,
        "true",
    )
    assert await house.entries() == before


async def test_another_request_under_the_key_is_a_conflict(house: House) -> None:
    await add(house)
    for other in (
        await add(house, {**ANN, "name": "Bo"}),
        await house.ask("DELETE", "/people/Ann", headers=KEY),
    ):
        assert other.status_code == 409
        assert "another request" in other.json()["title"]
    assert len((await house.ask("GET", "/people")).json()["items"]) == 1


async def test_a_refusal_is_told_again_as_well(house: House) -> None:
    await add(house, headers={})
    first, again = await add(house), await add(house)
    assert (first.status_code, again.status_code) == (409, 409)
    assert again.json() == first.json(), "with the id of the request that was refused"


async def test_a_key_belongs_to_its_person(house: House) -> None:
    token = await house.token(Role.ADMIN, name="Ada")
    await add(house)
    other = await add(house, {**ANN, "name": "Bo"}, token=token)
    assert other.status_code == 201


async def test_while_the_first_is_worked_on_the_second_is_asked_to_wait(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    working, go_on = asyncio.Event(), asyncio.Event()
    really = people.add_person

    async def slowly(*words: Any, **options: Any) -> Any:
        working.set()
        await go_on.wait()
        return await really(*words, **options)

    monkeypatch.setattr(people, "add_person", slowly)
    first = asyncio.ensure_future(add(house))
    await working.wait()
    second = await add(house)
    go_on.set()
    assert (second.status_code, second.headers["retry-after"]) == (409, "1")
    assert (await first).status_code == 201


async def test_a_fault_is_not_kept_and_the_key_can_be_used_again(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fails(*_: Any, **__: Any) -> None:
        raise Unavailable("the disk is full")

    with monkeypatch.context() as broken:
        broken.setattr(people, "add_person", fails)
        assert (await add(house)).status_code == 503
    assert (await add(house)).status_code == 201


async def test_an_unforeseen_fault_shows_nothing_of_the_inside(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fails(*_: Any, **__: Any) -> None:
        raise RuntimeError("the password is 1234")

    monkeypatch.setattr(people, "add_person", fails)
    answer = await add(house)
    assert answer.status_code == 500
    assert "1234" not in answer.text
    assert answer.json()["instance"] == f"urn:gonogo:request:{answer.headers['x-request-id']}"


async def test_an_answer_with_a_secret_is_kept_nowhere_and_not_told_again(house: House) -> None:
    await add(house, headers={})
    path = "/people/Ann/tokens"
    first = await house.ask("POST", path, json={}, headers=KEY)
    again = await house.ask("POST", path, json={}, headers=KEY)
    assert (first.status_code, again.status_code) == (201, 409)
    assert "told once" in again.json()["title"]
    assert len((await house.ask("GET", "/tokens")).json()["items"]) == 1
    secret = first.json()["secret"].encode()
    with house.desk.store._engine.connect() as connection:
        dumped = "\n".join(connection.connection.driver_connection.iterdump()).encode()
    assert secret not in dumped
    assert KEY["Idempotency-Key"].encode() not in dumped


async def test_a_key_is_forgotten_after_a_day(house: House) -> None:
    await add(house)
    house.desk.clock.forward(hours=25)
    assert (await add(house)).status_code == 409, "Ann is known: it was asked anew"
    assert (await add(house, {**ANN, "name": "Bo"})).status_code == 409


async def test_what_was_cut_off_is_not_begun_again(house: House) -> None:
    from tests.papers import OWNER

    await idempotency.begin(house.desk.context, OWNER, KEY["Idempotency-Key"])
    assert (await add(house)).headers["retry-after"] == "1"
    house.desk.clock.forward(minutes=11)
    answer = await add(house)
    assert (answer.status_code, "cut off" in answer.json()["title"]) == (409, True)
    assert "retry-after" not in answer.headers


async def test_a_report_sent_twice_in_pieces_is_one_request(house: House) -> None:
    report = (
        b'<testsuites><testsuite name="unit" tests="1" timestamp="2026-01-01T00:00:00+00:00">'
        b'<testcase classname="t" name="c"/></testsuite></testsuites>'
    )

    async def pieces(size: int) -> AsyncIterator[bytes]:
        for start in range(0, len(report), size):
            yield report[start : start + size]

    path = "/services/shop/evidence?name=junit.xml&version=v1.2.0"
    sent = [
        await house.ask("POST", path, content=pieces(size), headers=KEY) for size in (7, 11, 1000)
    ]
    assert [each.status_code for each in sent] == [200, 200, 200]
    assert sent[0].content == sent[1].content == sent[2].content


@pytest.mark.parametrize("key", ["", "x" * 256, "a b"])
async def test_a_key_that_is_none_is_refused(house: House, key: str) -> None:
    answer = await add(house, headers={"Idempotency-Key": key})
    assert answer.status_code == 422


async def test_nobody_learns_anything_by_a_key_without_a_token(house: House) -> None:
    await add(house)
    assert (await add(house, token="wrong")).status_code == 401
