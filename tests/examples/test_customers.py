"""The load generator, against servers that misbehave in known ways."""

import asyncio
import json
import signal
import socket
import sys
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web
from examples.orders import customers
from examples.orders.customers import Options, Summary

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
SIGNED = {"X-Service-Version": "v2"}


@asynccontextmanager
async def serving(handler: Handler) -> AsyncIterator[str]:
    """Serve every path with one handler; gives the address."""
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", handler)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield "http://{}:{}".format(*runner.addresses[0])
    finally:
        await runner.cleanup()


async def load(handler: Handler, **how: object) -> Summary:
    """Offer a second of load to a handler, with what the test wants different."""
    usual = {"rate": 100.0, "seconds": 1.0, "plain": "/thing"}
    async with serving(handler) as url:
        return await customers.run(Options(url=url, **usual | how), asyncio.Event())


async def test_a_good_server_hurts_nobody() -> None:
    async def good(_request: web.Request) -> web.Response:
        return web.json_response({}, headers=SIGNED)

    summary = await load(good, post_share=0.5)
    assert summary.requests == summary.answered > 50
    assert (summary.failed, summary.lost, summary.not_sent, summary.customers_hurt) == (0, 0, 0, 0)
    assert summary.by_version["v2"].by_status == {"2xx": summary.answered}
    assert 0 < summary.by_version["v2"].p50_ms <= summary.by_version["v2"].p99_ms


async def test_a_5xx_with_the_applications_header_is_failed() -> None:
    async def broken(_request: web.Request) -> web.Response:
        return web.json_response({}, status=500, headers=SIGNED)

    summary = await load(broken)
    assert summary.failed == summary.requests
    assert summary.lost == 0
    assert summary.by_version["v2"].customers_hurt == summary.customers_hurt > 0


async def test_a_5xx_without_the_header_is_lost() -> None:
    async def balancer(_request: web.Request) -> web.Response:
        return web.Response(status=503)

    summary = await load(balancer)
    assert summary.lost == summary.requests
    assert summary.failed == 0
    assert summary.lost_requests[0].reason == "503 without the application's header"
    assert len(summary.lost_requests) == customers.LISTED_LOST


async def test_a_connection_closed_without_an_answer_is_lost_and_not_tried_again() -> None:
    arrived, of_connection = 0, Counter[object]()

    async def closing(request: web.Request) -> web.Response:
        nonlocal arrived
        arrived += 1
        of_connection[request.transport] += 1
        if of_connection[request.transport] == 2:
            request.transport.abort()
        return web.json_response({}, headers=SIGNED)

    summary = await load(closing, customers=4)
    assert summary.lost > 0
    assert summary.answered + summary.lost == summary.requests == arrived
    assert {lost.reason.partition(", ")[2] for lost in summary.lost_requests} == {
        "on a used connection"
    }


async def test_a_refused_connection_is_lost() -> None:
    with socket.socket() as taken:  # bound and not listening: nobody else can take the port
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        options = Options(url=url, rate=50, seconds=0.5, plain="/")
        summary = await customers.run(options, asyncio.Event())
    assert summary.lost == summary.requests > 0
    assert "refused" in summary.lost_requests[0].reason


async def test_a_slow_server_is_offered_no_less() -> None:
    async def slow(_request: web.Request) -> web.Response:
        await asyncio.sleep(0.8)
        return web.json_response({}, headers=SIGNED)

    summary = await load(slow)
    assert summary.requests > 70
    assert summary.answered == summary.requests
    assert summary.by_version["v2"].p50_ms > 780


async def test_what_the_bound_holds_back_and_what_comes_too_late_is_counted() -> None:
    async def stuck(_request: web.Request) -> web.Response:
        await asyncio.sleep(60)
        raise AssertionError

    summary = await load(stuck, seconds=0.3, max_outstanding=10, timeout=3.0)
    assert summary.not_sent == summary.requests - 10 > 0
    assert summary.lost == 10
    assert summary.lost_requests[0].reason == "no answer in 3 s"


@pytest.mark.skipif(sys.platform != "linux", reason="other systems bind 127.0.0.1 only")
async def test_every_customer_has_an_address_of_their_own() -> None:
    seen = set()

    async def noting(request: web.Request) -> web.Response:
        seen.add(request.remote)
        return web.json_response({}, headers=SIGNED)

    await load(noting, customers=5)
    assert len(seen) == 5


async def test_customers_sign_in_once_and_again_when_asked_to() -> None:
    logins, others = 0, Counter[int]()

    async def service(request: web.Request) -> web.Response:
        nonlocal logins
        if request.path.endswith("/login"):
            logins += 1
            return web.json_response({"token": f"t{logins}"}, headers=SIGNED)
        token = request.headers["Authorization"]
        status = 401 if token == "Bearer t1" else 201 if request.method == "POST" else 200
        others[status] += 1
        return web.json_response({"id": 1}, status=status, headers=SIGNED)

    summary = await load(service, plain=None, customers=1, rate=50.0)
    assert others[401] == summary.by_status["4xx"] > 0
    assert others[200] > 0
    assert others[201] > 0
    assert summary.failed == summary.lost == 0


async def test_the_share_without_a_courier_is_as_asked() -> None:
    created = []

    async def service(request: web.Request) -> web.Response:
        body = await request.json() if request.can_read_body else {}
        if "items" in body:
            created.append("courier" in body)
        status = 201 if "items" in body else 200
        return web.json_response({"token": "t", "id": 1}, status=status, headers=SIGNED)

    await load(service, plain=None, customers=3, rate=300.0, without_courier=0.25)
    assert len(created) > 40
    assert created.count(False) / len(created) == pytest.approx(0.25, abs=0.2)


async def test_the_command_stops_on_sigterm_with_a_summary(tmp_path: Path) -> None:
    async def good(_request: web.Request) -> web.Response:
        return web.json_response({}, headers=SIGNED)

    out = tmp_path / "load.jsonl"
    folder = Path(customers.__file__).parents[1]
    async with serving(good) as url:
        wanted = ("--url", url, "--rate", "50", "--plain", "/", "--out", str(out))
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "customers", *wanted, cwd=folder
        )
        while not out.exists() or not out.read_text():  # noqa: ASYNC110 - a file has no event
            await asyncio.sleep(0.05)
        process.send_signal(signal.SIGTERM)
        assert await process.wait() == 0
    lines = [json.loads(line) for line in out.read_text().splitlines()]
    summary = lines[-1]["summary"]
    assert summary["lost"] == 0
    assert 0 < lines[0]["requests"] <= summary["requests"]
