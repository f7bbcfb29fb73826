"""What HAProxy's lines tell about failing versions, and how lost lines are noticed."""

import asyncio
import os
import signal
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import aiohttp
import pytest
from tests.layouts import layout, target
from tests.servers import Answer, VersionServer, ask, free_port

from gonogo.adapters.haproxy import lines as haproxy_lines
from gonogo.adapters.haproxy.metrics import HaproxyMetrics
from gonogo.adapters.haproxy.router import HaproxyRouter
from gonogo.adapters.system_clock import SystemClock
from gonogo.domain.traffic import BadStatus, Counts, Kpi
from gonogo.ports.metrics import MetricStream

ERRORS = Kpi("errors", BadStatus(((500, 599),)), limit=0.01)
SOON = timedelta(seconds=60)
AT_ONCE = timedelta(milliseconds=50)


@dataclass
class Place:
    """A baseline and a canary behind one HAProxy."""

    directory: Path
    router: HaproxyRouter
    port: int
    baseline: VersionServer
    canary: VersionServer

    async def share(self, canary: float) -> int:
        targets = (target(self.baseline.address, 1 - canary), target(self.canary.address, canary))
        return (await self.router.apply(layout(self.port, *targets))).pid

    def metrics(self, **times: float) -> HaproxyMetrics:
        times = {"reconcile_every": 0.05, "grace": 0.2} | times
        return HaproxyMetrics(self.directory, SystemClock(), b"k" * 32, **times)


@pytest.fixture
def versions() -> Iterator[tuple[VersionServer, VersionServer]]:
    with ExitStack() as stack:
        yield (
            stack.enter_context(VersionServer("baseline")),
            stack.enter_context(VersionServer("canary")),
        )


@pytest.fixture(params=[1 << 20])
async def place(
    request: pytest.FixtureRequest, tmp_path: Path, versions: tuple[VersionServer, VersionServer]
) -> AsyncIterator[Place]:
    router = HaproxyRouter(tmp_path, ring_bytes=request.param)
    yield Place(tmp_path, router, free_port(), *versions)
    await router.stop("orders", "production")


async def count(stream: MetricStream, requests: int) -> dict[str, Counts]:
    """Counts per address once so many requests were counted."""
    found: Counter[str] = Counter()
    counts: dict[str, Counts] = {}
    while found.total() < requests:
        batch = await stream.next(SOON)
        assert batch.gap is None
        assert batch.requests, f"{found.total()} of {requests} requests were counted"
        found.update(batch.requests)
        for (address, _), increment in batch.counts.items():
            counts[address] = counts.get(address, Counts()) + increment
    assert found.total() == requests
    return counts


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("how", ["closes", "refuses", "truncates"])
async def test_what_the_canary_failed_is_counted_against_it(
    place: Place, method: str, how: str
) -> None:
    await place.share(0.5)
    if how == "refuses":
        place.canary.stop()
    place.canary.close = how == "closes"
    place.canary.truncate = how == "truncates"
    async with place.metrics().subscribe("orders", "production", (ERRORS,)) as stream:
        answers = [await ask(place.port, method=method) for _ in range(30)]
        counts = await count(stream, 30)
    canary, baseline = counts[place.canary.address], counts[place.baseline.address]
    assert (canary.bad, baseline.bad) == (canary.total, 0)
    assert 0 < canary.total < 30
    if how == "refuses" or (how, method) == ("closes", "GET"):
        assert answers == [Answer(200, "baseline")] * 30, "customers were saved all the same"


async def test_a_failure_on_a_customers_kept_connection_is_counted(place: Place) -> None:
    await place.share(1.0)
    async with (
        place.metrics().subscribe("orders", "production", (ERRORS,)) as stream,
        aiohttp.ClientSession() as customer,
    ):
        url = f"http://127.0.0.1:{place.port}/"
        async with customer.post(url) as answer:
            assert answer.status == 200
        place.canary.close = True
        async with customer.post(url) as answer:
            assert answer.status == 502
        assert await count(stream, 2) == {place.canary.address: Counts(bad=1, total=2)}


async def test_a_canary_that_hangs_is_seen_when_customers_give_up(place: Place) -> None:
    await place.share(1.0)
    place.canary.delay = 30
    metrics = place.metrics(patience=1.5)
    async with metrics.subscribe("orders", "production", (ERRORS,)) as stream:
        for wait in (0.05, 2.5):
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(ask(place.port), wait)
        assert await count(stream, 1) == {place.canary.address: Counts(bad=1, total=1)}
        assert not (await stream.next(AT_ONCE)).requests


async def test_health_checks_and_requests_to_nobody_are_not_counted(place: Place) -> None:
    await place.share(1.0)
    async with place.metrics().subscribe("orders", "production", (ERRORS,)) as stream:
        await ask(int(place.canary.address.split(":")[1]))
        await place.router.apply(layout(place.port))
        assert (await ask(place.port)).status == 503
        assert not (await stream.next(timedelta(seconds=0.7))).requests


async def test_every_request_of_a_busy_while_is_counted_exactly_once(place: Place) -> None:
    await place.share(0.2)
    place.canary.status = 500
    async with (
        place.metrics().subscribe("orders", "production", (ERRORS,)) as stream,
        aiohttp.ClientSession() as customers,
    ):
        results: Counter[int] = Counter()

        async def visit(times: int) -> None:
            for _ in range(times):
                async with customers.get(f"http://127.0.0.1:{place.port}/") as answer:
                    results[answer.status] += 1

        visits = asyncio.gather(*(visit(40) for _ in range(20)))
        counts = await count(stream, 800)
        await visits
    assert counts == {
        place.canary.address: Counts(bad=results[500], total=results[500]),
        place.baseline.address: Counts(bad=0, total=results[200]),
    }


async def test_another_desks_reading_takes_nothing_away(place: Place) -> None:
    await place.share(1.0)
    async with (
        place.metrics().subscribe("orders", "production", (ERRORS,)) as one,
        place.metrics().subscribe("orders", "production", (ERRORS,)) as two,
    ):
        await ask(place.port)
        for stream in (one, two):
            assert await count(stream, 1) == {place.canary.address: Counts(bad=0, total=1)}


async def test_a_broken_stream_is_taken_up_where_it_stopped(place: Place) -> None:
    await place.share(1.0)
    async with place.metrics().subscribe("orders", "production", (ERRORS,)) as stream:
        await ask(place.port)
        await count(stream, 1)
        await stream.close()  # type: ignore[attr-defined]
        for _ in range(3):
            await ask(place.port)
        assert await count(stream, 3) == {place.canary.address: Counts(bad=0, total=3)}


async def test_a_restart_is_a_gap_and_counting_goes_on(place: Place) -> None:
    async with place.metrics().subscribe("orders", "production", (ERRORS,)) as stream:
        pid = await place.share(1.0)
        assert (await stream.next(SOON)).gap, "it was not there when the subscription began"
        await ask(place.port)
        await count(stream, 1)
        os.kill(pid, signal.SIGKILL)
        again = await place.share(1.0)
        await ask(place.port)
        batch = await stream.next(SOON)
        assert batch.gap == f"HAProxy was restarted (process {pid} is now {again})"
        assert not batch.requests
        await ask(place.port)
        assert await count(stream, 1) == {place.canary.address: Counts(bad=0, total=1)}


async def overflow(place: Place) -> None:
    """More requests (1,000) than an unread stream can hold."""
    async with aiohttp.ClientSession() as customers:

        async def visit() -> None:
            for _ in range(50):
                url = f"http://127.0.0.1:{place.port}/{'long' * 240}"
                async with customers.get(url) as answer:
                    await answer.read()

        await asyncio.gather(*(visit() for _ in range(20)))


@pytest.mark.parametrize("place", [16384], indirect=True)
async def test_lines_that_a_full_ring_dropped_are_gaps(place: Place) -> None:
    await place.share(1.0)
    async with place.metrics().subscribe("orders", "production", (ERRORS,)) as stream:
        await stream.next(AT_ONCE)
        await overflow(place)
        batches = []
        while (batch := await stream.next(timedelta(seconds=0.5))).gap or batch.requests:
            batches.append(batch)
        gaps = [batch for batch in batches if batch.gap]
        assert gaps
        assert not any(gap.requests or gap.counts or gap.hurt for gap in gaps)
        assert 0 < sum(sum(batch.requests.values()) for batch in batches) < 1000
        await ask(place.port)
        assert await count(stream, 1) == {place.canary.address: Counts(bad=0, total=1)}


async def test_a_last_line_that_never_comes_is_a_gap(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    await place.share(1.0)
    real = haproxy_lines.parse
    async with place.metrics().subscribe("orders", "production", (ERRORS,)) as stream:
        monkeypatch.setattr(
            haproxy_lines,
            "parse",
            lambda text, *rest: None if "/lost" in text else real(text, *rest),
        )
        await ask(place.port, "/lost")
        batch = await stream.next(SOON)
        assert batch.gap == "HAProxy finished 1 request whose log line did not come"
        assert not batch.requests
        await ask(place.port)
        assert await count(stream, 1) == {place.canary.address: Counts(bad=0, total=1)}
