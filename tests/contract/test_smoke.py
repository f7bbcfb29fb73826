"""What every runner of smoke tests keeps."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from gonogo.adapters.http_smoke import HttpSmokeRunner
from gonogo.adapters.memory.smoke import MemorySmoke, SmokeFault
from gonogo.domain.plan import Command, CommandSmoke, HttpSmoke
from gonogo.ports.smoke import SmokeOrder
from gonogo.ports.workshop import Job, JobResult

TESTS = (
    HttpSmoke("home", "GET", "/"),
    HttpSmoke("broken", "GET", "/broken"),
    CommandSmoke("check", Command("check", "true", timedelta(seconds=5))),
)


async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    head = await reader.readuntil(b"\r\n\r\n")
    status = 500 if head.startswith(b"GET /broken") else 200
    writer.write(b"HTTP/1.1 %d X\r\nContent-Length: 0\r\nConnection: close\r\n\r\n" % status)
    await writer.drain()
    writer.close()


async def fine(job: Job) -> JobResult:
    return JobResult(0, "", 0.0, "log")


@pytest.fixture
async def base_url() -> AsyncIterator[str]:
    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


@pytest.fixture(params=["http", "memory"])
def smoke(request: pytest.FixtureRequest) -> HttpSmokeRunner | MemorySmoke:
    if request.param == "http":
        return HttpSmokeRunner(fine)
    twin = MemorySmoke()
    twin.faults.append(SmokeFault("broken", "answered 500, expected 200"))
    return twin


async def test_every_test_has_a_result_in_order_and_a_failure_stops_none(smoke, base_url):
    results = await smoke.run(SmokeOrder("orders", "c" * 40, base_url, TESTS))
    assert [(result.name, result.passed) for result in results] == [
        ("home", True),
        ("broken", False),
        ("check", True),
    ]
    assert [bool(result.detail) for result in results] == [False, True, False]


async def test_no_tests_give_no_results(smoke, base_url):
    assert await smoke.run(SmokeOrder("orders", "c" * 40, base_url, ())) == ()
