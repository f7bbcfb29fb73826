"""How much a request may bring, and what becomes of one that brings more."""

from collections.abc import AsyncIterator

import pytest
from tests.api.conftest import OWNERS_TOKEN, House

from gonogo.api import sizes

PIECE = b" " * 65_536


class Body:
    """A body in pieces, which knows how many were asked for."""

    def __init__(self, pieces: int) -> None:
        self.left = pieces
        self.read = 0

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while self.left:
            self.left -= 1
            self.read += 1
            yield PIECE


async def test_a_body_that_says_it_is_huge_is_refused_before_it_is_read(house: House) -> None:
    body = Body(1000)
    answer = await house.client.post(
        "/api/v1/releases",
        content=body,
        headers={"Content-Length": str(1 << 40), "Authorization": f"Bearer {OWNERS_TOKEN}"},
    )
    assert (answer.status_code, body.read) == (413, 0)
    assert answer.json()["title"] == "a request has at most 8 MiB; reports are sent as evidence"


@pytest.mark.parametrize("path", ["/api/v1/people", "/api/v1/sign-in"])
async def test_who_has_not_said_who_they_are_sends_little(house: House, path: str) -> None:
    answer = await house.client.post(path, content=Body(2))
    assert answer.status_code == 413
    assert "64 KiB" in answer.json()["title"]


async def test_a_body_of_unknown_length_is_counted_as_it_comes(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sizes, "LARGEST", 10 * len(PIECE))
    monkeypatch.setattr(sizes, "_DRAINED", 20 * len(PIECE))
    endless = Body(1000)
    answer = await house.ask("POST", "/releases", content=endless)
    assert answer.status_code == 413
    assert 10 < endless.read <= 32, "it is read on for a while and not to its end"
    fits = await house.ask("POST", "/releases", content=Body(9))
    assert fits.status_code == 422


async def test_a_body_somewhat_too_large_is_read_to_its_end_so_that_the_answer_arrives(
    house: House,
) -> None:
    body = Body(160)
    headers = {"Content-Length": str(160 * len(PIECE))}
    answer = await house.client.post("/api/v1/releases", content=body, headers=headers)
    assert (answer.status_code, body.left) == (413, 0)


@pytest.mark.parametrize("length", ["-5", "five", "1e3"])
async def test_a_length_that_is_no_number_is_refused(house: House, length: str) -> None:
    answer = await house.client.post("/api/v1/releases", headers={"Content-Length": length})
    assert answer.status_code == 400


async def test_a_body_that_stops_coming_is_given_up(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    import asyncio

    monkeypatch.setattr(sizes, "_SILENCE_SECONDS", 0.05)

    async def stuck() -> AsyncIterator[bytes]:
        yield b"{"
        await asyncio.Event().wait()

    answer = await house.ask("POST", "/releases", content=stuck())
    assert answer.status_code == 408


async def test_json_nested_without_end_is_refused(house: House) -> None:
    answer = await house.ask(
        "POST",
        "/releases",
        content=b"[" * 200_000,
        headers={"Content-Type": "application/json"},
    )
    assert 400 <= answer.status_code < 500


async def test_headers_that_are_too_large_are_refused(house: House) -> None:
    answer = await house.client.get("/api/v1/health", headers={"X-Long": "x" * 70_000})
    assert answer.status_code == 431
