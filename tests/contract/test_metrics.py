"""What every metric source does, on a real HAProxy and on the memory twin."""

from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

import pytest
from tests.layouts import HEADER, SECRET, layout, target
from tests.servers import VersionServer, ask, free_port

from gonogo.adapters.haproxy.metrics import HaproxyMetrics
from gonogo.adapters.haproxy.router import HaproxyRouter
from gonogo.adapters.memory.metrics import MemoryMetrics
from gonogo.adapters.system_clock import SystemClock
from gonogo.domain.errors import Unavailable
from gonogo.domain.latency import summed, upper_bound
from gonogo.domain.traffic import BadStatus, Counts, Endpoint, Kpi, Request, SlowerThan
from gonogo.ports.metrics import Batch, MetricSource, MetricStream

ERRORS = Kpi("errors", BadStatus(((500, 599),)), limit=0.01)
SLOW_ORDERS = Kpi(
    "slow orders",
    SlowerThan(timedelta(seconds=5)),
    Endpoint(method="POST", path="/orders/*"),
    limit=0.01,
)
SOON = timedelta(seconds=60)
AT_ONCE = timedelta(milliseconds=50)


@dataclass
class RealWorld:
    """Requests over HAProxy to a real server."""

    router: HaproxyRouter
    source: MetricSource
    server: VersionServer
    ports: dict[str, int] = field(default_factory=lambda: {"orders": free_port()})

    @property
    def address(self) -> str:
        return self.server.address

    async def open(self, service: str = "orders") -> None:
        port = self.ports.setdefault(service, free_port())
        await self.router.apply(
            layout(port, target(self.address, 1.0, testers=True), service=service)
        )

    async def close(self) -> None:
        await self.router.stop("orders", "production")

    async def request(
        self,
        status: int | None = 200,
        path: str = "/",
        *,
        method: str = "GET",
        client: str = "127.0.0.1",
        forced: bool = False,
        service: str = "orders",
    ) -> None:
        self.server.close = status is None
        self.server.status = status or 200
        headers = {HEADER: SECRET} if forced else {}
        await ask(self.ports[service], path, method=method, headers=headers, source=client)


@dataclass
class TwinWorld:
    """Requests that are only told about."""

    source: MemoryMetrics
    address: str = "127.0.0.1:9001"

    async def open(self, service: str = "orders") -> None:
        self.source.unreachable.discard((service, "production"))

    async def close(self) -> None:
        self.source.unreachable.add(("orders", "production"))

    async def request(
        self,
        status: int | None = 200,
        path: str = "/",
        *,
        method: str = "GET",
        client: str = "127.0.0.1",
        forced: bool = False,
        service: str = "orders",
    ) -> None:
        now = self.source.clock.now()
        request = Request(
            now, self.address, status, 0.01, method, path.split("?", maxsplit=1)[0], client, forced
        )
        self.source.push(service, "production", request)


World = RealWorld | TwinWorld


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


@pytest.fixture(params=["haproxy", "memory"])
async def world(
    request: pytest.FixtureRequest, tmp_path: Path, stack: ExitStack
) -> AsyncIterator[World]:
    if request.param == "memory":
        yield TwinWorld(MemoryMetrics(SystemClock()))
        return
    router = HaproxyRouter(tmp_path)
    source = HaproxyMetrics(tmp_path, SystemClock(), b"k" * 32, reconcile_every=0.1)
    world = RealWorld(router, source, stack.enter_context(VersionServer("one")))
    await world.open()
    yield world
    for service in world.ports:
        await router.stop(service, "production")


async def gather(stream: MetricStream, requests: int) -> Batch:
    """Batches added up until so many requests were counted."""
    counts: dict[tuple[str, str], Counts] = {}
    seen: Counter[str] = Counter()
    hurt: list[tuple[str, str]] = []
    while seen.total() < requests:
        batch = await stream.next(SOON)
        assert batch.gap is None
        assert batch.requests, f"{seen.total()} of {requests} requests were counted"
        seen.update(batch.requests)
        hurt += batch.hurt
        for key, increment in batch.counts.items():
            counts[key] = counts.get(key, Counts()) + increment
    return Batch(at=batch.at, counts=counts, requests=seen, hurt=tuple(hurt))


async def test_bad_and_all_requests_are_counted_for_the_instance(world: World) -> None:
    async with world.source.subscribe("orders", "production", (ERRORS,)) as stream:
        for status in (200, 500, 404, 503, 200):
            await world.request(status)
        batch = await gather(stream, 5)
    assert batch.counts == {(world.address, "errors"): Counts(bad=2, total=5)}
    assert batch.requests == {world.address: 5}


async def test_a_kpi_counts_its_own_requests_only(world: World) -> None:
    async with world.source.subscribe("orders", "production", (ERRORS, SLOW_ORDERS)) as stream:
        await world.request(path="/orders/7?color=red", method="POST")
        await world.request(path="/orders/7")
        await world.request(path="/orders/7/lines", method="POST")
        batch = await gather(stream, 3)
    assert batch.counts == {
        (world.address, "errors"): Counts(bad=0, total=3),
        (world.address, "slow orders"): Counts(bad=0, total=1),
    }


async def test_no_answer_is_bad_for_every_kpi(world: World) -> None:
    async with world.source.subscribe("orders", "production", (ERRORS, SLOW_ORDERS)) as stream:
        await world.request(None, "/orders/7", method="POST")
        batch = await gather(stream, 1)
    assert batch.counts == {
        (world.address, "errors"): Counts(bad=1, total=1),
        (world.address, "slow orders"): Counts(bad=1, total=1),
    }


async def test_it_is_known_how_long_answers_took_and_how_many_never_came(world: World) -> None:
    async with world.source.subscribe("orders", "production", (ERRORS,)) as stream:
        for status in (200, 500, None, 200):
            await world.request(status)
        batches = [await stream.next(SOON)]
        while sum(sum(batch.requests.values()) for batch in batches) < 4:
            batches.append(await stream.next(SOON))
    found = summed(batch.latencies[world.address] for batch in batches)
    assert (found.total, found.unanswered) == (4, 1)
    assert all(upper_bound(bucket) < 10 for bucket, _ in found.buckets)


async def test_what_happened_before_the_subscription_is_not_counted(world: World) -> None:
    for _ in range(3):
        await world.request(500)
    async with world.source.subscribe("orders", "production", (ERRORS,)) as stream:
        await world.request(200)
        batch = await gather(stream, 1)
        assert not (await stream.next(AT_ONCE)).requests
    assert batch.counts == {(world.address, "errors"): Counts(bad=0, total=1)}


async def test_requests_of_testers_are_not_counted(world: World) -> None:
    async with world.source.subscribe("orders", "production", (ERRORS,)) as stream:
        await world.request(500, forced=True)
        await world.request(200)
        assert (await gather(stream, 1)).counts == {(world.address, "errors"): Counts(0, 1)}
        await world.request(500, forced=True)
        assert not (await stream.next(AT_ONCE)).requests


async def test_customers_who_were_hurt_are_told_apart_but_not_named(world: World) -> None:
    async with world.source.subscribe("orders", "production", (ERRORS,)) as stream:
        for client in ("127.0.0.2", "127.0.0.3", "127.0.0.2"):
            await world.request(500, client=client)
        await world.request(200, client="127.0.0.4")
        batch = await gather(stream, 4)
    (one, first), (two, second), (three, third) = batch.hurt
    assert {one, two, three} == {world.address}
    assert first == third != second
    assert "127.0.0" not in first + second


async def test_a_customer_who_asks_again_counts_once_and_is_hurt_every_time(world: World) -> None:
    once = replace(ERRORS, name="once", once_in=timedelta(minutes=1))
    async with world.source.subscribe("orders", "production", (ERRORS, once)) as stream:
        for client in ("127.0.0.2", "127.0.0.2", "127.0.0.2", "127.0.0.3"):
            await world.request(500, client=client)
        batch = await gather(stream, 4)
    assert batch.counts[world.address, "errors"] == Counts(bad=4, total=4)
    assert batch.counts[world.address, "once"] == Counts(bad=2, total=2)
    assert len(batch.hurt) == 4


async def test_an_empty_batch_comes_when_nothing_happens(world: World) -> None:
    async with world.source.subscribe("orders", "production", (ERRORS,)) as stream:
        batch = await stream.next(AT_ONCE)
    assert (batch.counts, batch.requests, batch.hurt, batch.gap) == ({}, {}, (), None)


async def test_two_services_do_not_mix(world: World) -> None:
    await world.open("carts")
    async with (
        world.source.subscribe("orders", "production", (ERRORS,)) as orders,
        world.source.subscribe("carts", "production", (ERRORS,)) as carts,
    ):
        await world.request(500)
        await world.request(200, service="carts")
        assert (await gather(orders, 1)).counts == {(world.address, "errors"): Counts(1, 1)}
        assert (await gather(carts, 1)).counts == {(world.address, "errors"): Counts(0, 1)}
        assert not (await orders.next(AT_ONCE)).requests


async def test_a_source_that_went_away_is_unavailable_and_comes_back_with_a_gap(
    world: World,
) -> None:
    async with world.source.subscribe("orders", "production", (ERRORS,)) as stream:
        await world.request(200)
        await gather(stream, 1)
        await world.close()
        for _ in range(2):
            with pytest.raises(Unavailable):
                await stream.next(SOON)
        if isinstance(world, TwinWorld):
            await world.request(500)
        await world.open()
        batch = await stream.next(SOON)
        assert batch.gap
        assert (batch.counts, batch.requests, batch.hurt) == ({}, {}, ())
        await world.request(500)
        assert (await gather(stream, 1)).counts == {(world.address, "errors"): Counts(1, 1)}
