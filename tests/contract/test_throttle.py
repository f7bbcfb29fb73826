"""Counting tries: in memory for tests, by the library, and for all desks of one PostgreSQL."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from tests.papers import Clock

from gonogo.adapters.limits_throttle import LimitsThrottle
from gonogo.adapters.memory.throttle import MemoryThrottle
from gonogo.ports.throttle import Allowance, Throttle
from gonogo.storage.counts import SharedCounts
from gonogo.storage.limits import SharedThrottle

TWICE = Allowance("twice", 2, timedelta(minutes=5))


@pytest.fixture(
    params=["memory", "limits", pytest.param("postgresql", marks=pytest.mark.slow)],
)
async def throttle(request: pytest.FixtureRequest) -> AsyncIterator[Throttle]:
    if request.param != "postgresql":
        yield MemoryThrottle(Clock()) if request.param == "memory" else LimitsThrottle()
        return
    counts = SharedCounts(request.getfixturevalue("postgres_url"), patience=timedelta(seconds=20))
    yield SharedThrottle(counts)
    await counts.close()


async def test_so_many_tries_are_allowed_and_then_there_is_a_wait(throttle: Throttle) -> None:
    assert await throttle.wait(TWICE, "a") is None
    assert [await throttle.take(TWICE, "a") for _ in range(2)] == [None, None]
    for wait in (await throttle.take(TWICE, "a"), await throttle.wait(TWICE, "a")):
        assert wait is not None
        assert timedelta() < wait <= TWICE.within + timedelta(seconds=1)


async def test_keys_and_allowances_are_counted_apart(throttle: Throttle) -> None:
    for _ in range(3):
        await throttle.take(TWICE, "a")
    assert await throttle.take(TWICE, "b") is None
    assert await throttle.take(Allowance("other", 2, TWICE.within), "a") is None


async def test_what_is_forgiven_is_counted_anew(throttle: Throttle) -> None:
    for _ in range(3):
        await throttle.take(TWICE, "a")
    await throttle.forgive(TWICE, "a")
    assert await throttle.take(TWICE, "a") is None
