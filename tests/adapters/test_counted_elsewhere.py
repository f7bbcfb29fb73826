"""Counts from one source, everything else from the router."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from gonogo.adapters.counted_elsewhere import CountedElsewhere
from gonogo.adapters.memory.clock import MemoryClock
from gonogo.adapters.memory.metrics import MemoryMetrics
from gonogo.domain.errors import Unavailable
from gonogo.domain.traffic import BadStatus, Counts, Kpi, Request

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
ERRORS = Kpi("errors", BadStatus(((500, 599),)), limit=0.05)
SIGNED = Kpi("rollback: signed", BadStatus(((500, 599),)), limit=0.05)
SOON, AT_ONCE = timedelta(seconds=60), timedelta(milliseconds=20)
PLACE = ("shop", "production")


def request(status: int | None, client: str = "127.0.0.1") -> Request:
    return Request(START, "a:1", status, 0.02, "GET", "/", client)


@pytest.fixture
def clock() -> MemoryClock:
    return MemoryClock(START)


@pytest.fixture
def counters(clock: MemoryClock) -> MemoryMetrics:
    return MemoryMetrics(clock)


@pytest.fixture
def router(clock: MemoryClock) -> MemoryMetrics:
    return MemoryMetrics(clock)


@pytest.fixture
def both(counters: MemoryMetrics, router: MemoryMetrics, clock: MemoryClock) -> CountedElsewhere:
    return CountedElsewhere(counters, {"errors"}, router, clock, timedelta(minutes=3))


async def test_counts_come_from_one_and_who_was_hurt_from_the_other(both, counters, router):
    async with both.subscribe(*PLACE, (ERRORS,)) as stream:
        router.push(*PLACE, request(500, "10.0.0.1"), request(200), request(None, "10.0.0.2"))
        assert not (await stream.next(AT_ONCE)).counts
        counters.push(*PLACE, request(503), request(200))
        batch = await stream.next(SOON)
        assert batch.counts == {("a:1", "errors"): Counts(1, 2)}
        assert batch.requests == {"a:1": 3}
        assert len(batch.hurt) == 2
        assert (batch.latencies["a:1"].total, batch.latencies["a:1"].unanswered) == (3, 1)
        counters.push(*PLACE, request(200))
        assert (await stream.next(SOON)).hurt == ()


async def test_what_has_no_counters_is_counted_by_the_router_at_once(both, counters, router):
    async with both.subscribe(*PLACE, (ERRORS, SIGNED)) as stream:
        router.push(*PLACE, request(500))
        assert (await stream.next(SOON)).counts == {("a:1", "rollback: signed"): Counts(1, 1)}
        counters.push(*PLACE, request(200))
        assert (await stream.next(SOON)).counts == {("a:1", "errors"): Counts(0, 1)}


async def test_a_gap_of_the_router_matters_only_where_it_counts(both, counters, router):
    async with both.subscribe(*PLACE, (ERRORS,)) as stream:
        router.lose(*PLACE, "lines were lost")
        assert (await stream.next(AT_ONCE)).gap is None
    async with both.subscribe(*PLACE, (ERRORS, SIGNED)) as stream:
        router.lose(*PLACE, "lines were lost")
        assert (await stream.next(SOON)).gap == "lines were lost"
        counters.lose(*PLACE, "a hole")
        assert (await stream.next(SOON)).gap == "a hole"


async def test_counters_that_cannot_be_reached_are_unavailable(both, counters, router):
    async with both.subscribe(*PLACE, (ERRORS,)) as stream:
        counters.unreachable.add(PLACE)
        router.push(*PLACE, request(200))
        with pytest.raises(Unavailable):
            await stream.next(SOON)
        counters.unreachable.clear()
        counters.push(*PLACE, request(200))
        batch = await stream.next(SOON)
        assert batch.counts or batch.gap


async def test_an_instance_that_serves_but_is_counted_no_more_is_seen(
    both, counters, router, clock
):
    async with both.subscribe(*PLACE, (ERRORS,)) as stream:
        router.push(*PLACE, *[request(200)] * 30)
        assert not (await stream.next(AT_ONCE)).counts
        clock.advance(timedelta(minutes=4))
        with pytest.raises(Unavailable, match="a:1 answered 30 requests since 12:00:00 UTC"):
            await stream.next(AT_ONCE)
        counters.push(*PLACE, replace(request(200), address="b:2"))
        with pytest.raises(Unavailable):
            await stream.next(SOON)
        counters.push(*PLACE, request(200))
        assert (await stream.next(SOON)).counts
        assert not (await stream.next(AT_ONCE)).counts


async def test_why_the_counts_are_silent_is_said_before_what_follows_from_it(
    both, counters, router, clock
):
    async with both.subscribe(*PLACE, (ERRORS,)) as stream:
        counters.unreachable.add(PLACE)
        router.push(*PLACE, *[request(200)] * 30)
        for _ in range(3):
            with pytest.raises(Unavailable, match="the metric source of shop"):
                await stream.next(SOON)
            clock.advance(timedelta(minutes=4))


async def test_ending_the_subscription_ends_both(both, counters, router):
    async with both.subscribe(*PLACE, (ERRORS,)) as stream:
        await stream.next(AT_ONCE)
        assert (counters.open_streams(), router.open_streams()) == (1, 1)
    assert (counters.open_streams(), router.open_streams()) == (0, 0)
