"""Answers that are kept for requests sent again."""

import asyncio
from datetime import timedelta

from tests.storage.samples import NOON

from gonogo.domain.answer import KeptAnswer
from gonogo.storage import answers

DAY_BEFORE = NOON - timedelta(days=1)
FIRST = KeptAnswer("place", "first", NOON)
DONE = KeptAnswer(
    "place",
    "first",
    NOON,
    "ab" * 32,
    201,
    (("content-type", "application/json"),),
    b'{"a":"\xc3\xbc"}',
)


async def test_a_place_is_taken_once_and_holds_the_answer(store):
    assert await store.begin_answer(FIRST, DAY_BEFORE) is None
    assert await store.begin_answer(KeptAnswer("place", "second", NOON), DAY_BEFORE) == FIRST
    await store.finish_answer(DONE)
    assert await store.begin_answer(KeptAnswer("place", "third", NOON), DAY_BEFORE) == DONE


async def test_of_many_that_begin_at_once_one_finds_the_place_free(store):
    found = await asyncio.gather(
        *(store.begin_answer(KeptAnswer("place", str(n), NOON), DAY_BEFORE) for n in range(8))
    )
    assert found.count(None) == 1


async def test_a_place_is_freed_by_its_own_attempt_alone(store):
    await store.begin_answer(FIRST, DAY_BEFORE)
    await store.forget_answer("place", "another")
    await store.finish_answer(KeptAnswer("place", "another", NOON, status=200))
    assert await store.begin_answer(KeptAnswer("place", "second", NOON), DAY_BEFORE) == FIRST
    await store.forget_answer("place", "first")
    assert await store.begin_answer(KeptAnswer("place", "second", NOON), DAY_BEFORE) is None


async def test_what_is_old_or_beyond_the_number_is_forgotten(store, monkeypatch):
    monkeypatch.setattr(answers, "MOST", 3)
    for number in range(5):
        await store.begin_answer(KeptAnswer(f"p{number}", "x", NOON), DAY_BEFORE)
    assert await store.begin_answer(KeptAnswer("p0", "y", NOON), DAY_BEFORE) is None
    later = NOON + timedelta(days=2)
    assert await store.begin_answer(KeptAnswer("p4", "y", later), NOON + timedelta(days=1)) is None
