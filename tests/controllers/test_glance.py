import asyncio
from datetime import timedelta
from random import Random

import pytest
from tests.simulation.virtual import VirtualClock, VirtualLoop

from gonogo.controllers.glance import Glance
from gonogo.domain.errors import Unavailable

LASTS = timedelta(seconds=2)


class Store:
    """Counts how often it was read; `entry` is where its chain ends."""

    def __init__(self) -> None:
        self.entry = 1
        self.reads = 0
        self.hangs = False
        self.fails = False

    async def newest(self) -> int:
        if self.hangs:
            await asyncio.Event().wait()
        if self.fails:
            raise Unavailable("away")
        return self.entry

    async def read(self) -> int:
        self.reads += 1
        await asyncio.sleep(0.1)
        return self.entry


def play(story):
    loop = VirtualLoop(Random(1))
    store = Store()
    glance = Glance(store.read, store.newest, VirtualClock(loop), lambda: LASTS)
    try:
        loop.run_until_complete(story(store, glance))
    finally:
        for task in asyncio.all_tasks(loop):
            task.cancel()
        loop.run_until_complete(asyncio.sleep(0))
        loop.close()


def test_many_who_ask_at_once_are_answered_by_one_read():
    async def story(store, glance):
        assert await asyncio.gather(*(glance.get() for _ in range(50))) == [1] * 50
        assert store.reads == 1

    play(story)


def test_an_old_answer_is_read_again_only_when_something_was_audited():
    async def story(store, glance):
        await glance.get()
        await asyncio.sleep(3)
        await glance.get()
        assert store.reads == 1
        store.entry = 2
        assert await glance.get() == 1
        await asyncio.sleep(3)
        assert await glance.get() == 2

    play(story)


def test_one_who_stops_waiting_leaves_the_answer_to_the_others():
    async def story(store, glance):
        first = asyncio.ensure_future(glance.get())
        second = asyncio.ensure_future(glance.get())
        await asyncio.sleep(0.05)
        first.cancel()
        assert await second == 1

    play(story)


def test_a_read_that_failed_is_tried_again_at_once():
    async def story(store, glance):
        store.fails = True
        with pytest.raises(Unavailable):
            await glance.get()
        store.fails = False
        assert await glance.get() == 1

    play(story)


def test_a_read_that_never_comes_is_not_waited_for_for_ever():
    async def story(store, glance):
        store.hangs = True
        stuck = asyncio.ensure_future(glance.get())
        await asyncio.sleep(11)
        store.hangs = False
        assert await glance.get() == 1
        assert not stuck.done()

    play(story)
