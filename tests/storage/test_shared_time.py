"""Desks whose own clocks are off share one PostgreSQL: what one holds runs out by the server's clock."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import pytest
from tests.storage.samples import a_draft, a_message, a_release, opened

from gonogo.domain.health import Health
from gonogo.storage.store import SqlStore, open_store

MINUTES = timedelta(minutes=5)
LEASE = timedelta(seconds=20)
SHORT = timedelta(milliseconds=300)

pytestmark = [
    pytest.mark.slow,
    pytest.mark.parametrize("off", [MINUTES, -MINUTES], ids=["ahead", "behind"]),
]


class Skewed:
    """A clock that goes as it should and shows another time."""

    def __init__(self, off: timedelta) -> None:
        self._off = off

    def now(self) -> datetime:
        return datetime.now(UTC) + self._off


class Desk:
    """A store with its own clock."""

    def __init__(self, url: str, off: timedelta) -> None:
        self.clock = Skewed(off)
        self.store: SqlStore = open_store(url, self.clock, shared_time=True)

    async def claim(self, desk: str, span: timedelta):
        now = self.clock.now()
        return await self.store.claim("r1", desk, now, now + span)


@asynccontextmanager
async def two_desks(url: str, off: timedelta) -> AsyncIterator[tuple[Desk, Desk]]:
    """One with the right time, and one whose clock is off by so much."""
    right, wrong = Desk(url, timedelta()), Desk(url, off)
    try:
        yield right, wrong
    finally:
        await right.store.close()
        await wrong.store.close()


async def test_neither_takes_what_the_other_holds(postgres_url, off):
    async with two_desks(postgres_url, off) as (right, wrong):
        await opened(right.store)
        assert await right.claim("right", LEASE)
        assert await wrong.claim("wrong", LEASE) is None
        assert (await right.claim("right", SHORT)).fence == 1
        await asyncio.sleep(2 * SHORT.total_seconds())
        assert (await wrong.claim("wrong", LEASE)).fence == 2
        assert await right.claim("right", LEASE) is None


async def test_each_takes_over_as_soon_as_the_other_is_gone(postgres_url, off):
    async with two_desks(postgres_url, off) as (right, wrong):
        await opened(right.store)
        for fence, (desk, name) in enumerate([(wrong, "wrong"), (right, "right")] * 2, start=1):
            begun = desk.clock.now()
            lease = await desk.claim(name, SHORT)
            assert lease.fence == fence
            assert begun <= lease.until <= desk.clock.now() + SHORT  # by the desk's own clock
            await asyncio.sleep(2 * SHORT.total_seconds())


async def test_a_message_is_sent_once_and_at_once(postgres_url, off):
    async with two_desks(postgres_url, off) as (right, wrong):
        now = wrong.clock.now()
        await wrong.store.open(a_release(), a_draft(), (a_message(at=now),))
        taken = await right.store.waiting(right.clock.now())
        assert [message.id for message in taken] == [a_message().id]
        assert await wrong.store.waiting(wrong.clock.now()) == ()
        await wrong.store.postpone(taken[0].id, wrong.clock.now() + LEASE, "no answer")
        assert await right.store.waiting(right.clock.now()) == ()
        await wrong.store.postpone(taken[0].id, wrong.clock.now() + SHORT, "no answer")
        await asyncio.sleep(2 * SHORT.total_seconds())
        assert len(await right.store.waiting(right.clock.now())) == 1


async def test_a_desk_whose_clock_is_off_says_so(postgres_url, off):
    async with two_desks(postgres_url, off) as (right, wrong):
        told = {}
        for name, desk in (("right", right), ("wrong", wrong)):
            found = await desk.store.checkup.look()
            told[name] = next(each for each in found if each.check == "clock")
    assert told["right"].health is Health.GOOD
    assert told["wrong"].health is Health.CRITICAL
    assert "differ by 300.0 s" in told["wrong"].detail
