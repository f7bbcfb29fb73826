"""Counting requests: in memory for one desk, and for all desks of one PostgreSQL."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from gonogo.adapters.counting_limiter import CountingLimiter
from gonogo.domain.rate import Rate
from gonogo.ports.limiter import Limiter
from gonogo.storage.counts import SharedCounts
from gonogo.storage.limits import SharedLimiter

THREE = Rate(3, 10**8)
"""A window that does not end within a test."""


@pytest.fixture(params=["memory", pytest.param("postgresql", marks=pytest.mark.slow)])
async def limiter(request: pytest.FixtureRequest) -> AsyncIterator[Limiter]:
    if request.param == "memory":
        yield CountingLimiter()
        return
    counts = SharedCounts(request.getfixturevalue("postgres_url"), patience=timedelta(seconds=20))
    yield SharedLimiter(counts)
    await counts.close()


async def test_so_many_requests_are_allowed_and_each_is_told_what_is_left(limiter: Limiter) -> None:
    found = [await limiter.take("a", THREE) for _ in range(5)]
    assert [(each.allowed, each.left) for each in found] == [
        (True, 2),
        (True, 1),
        (True, 0),
        (False, 0),
        (False, 0),
    ]
    assert all(0 < each.wait <= THREE.seconds for each in found)


async def test_askers_and_rates_are_counted_apart(limiter: Limiter) -> None:
    for _ in range(4):
        await limiter.take("a", THREE)
    assert (await limiter.take("b", THREE)).allowed
    assert (await limiter.take("a", Rate(3, 10**7))).allowed


async def test_requests_at_the_same_instant_are_each_counted(limiter: Limiter) -> None:
    found = await asyncio.gather(*(limiter.take("a", Rate(20, 10**8)) for _ in range(50)))
    assert sum(each.allowed for each in found) == 20


async def test_a_window_that_is_over_weighs_less_and_less(limiter: Limiter) -> None:
    second = Rate(4, 1)
    while (await limiter.take("a", second)).allowed:
        pass
    deadline = asyncio.get_running_loop().time() + 60
    while not (later := await limiter.take("a", second)).allowed:
        assert 0 <= later.wait <= 1
        assert asyncio.get_running_loop().time() < deadline
        await asyncio.sleep(0.02)
