from datetime import timedelta

import pytest
import sqlalchemy as sa
from tests.storage.samples import NOON, a_draft, a_message, a_release

from gonogo.domain.errors import NotFound
from gonogo.storage.tables import messages

MINUTE = timedelta(minutes=1)


async def _queue(store, *ids: str) -> None:
    await store.open(a_release(), a_draft(), tuple(a_message(each) for each in ids))


async def _ids(store, now=NOON, **limit) -> list[str]:
    return [message.id for message in await store.waiting(now, **limit)]


def _row(store, message_id):
    with store._engine.connect() as connection:
        return connection.execute(sa.select(messages).where(messages.c.id == message_id)).one()


async def test_messages_wait_as_they_were_queued_oldest_first(store):
    await _queue(store, "z", "a", "m")
    assert await store.waiting(NOON) == (a_message("z"), a_message("a"), a_message("m"))


async def test_no_more_messages_are_given_than_asked_for(store):
    await _queue(store, "z", "a", "m")
    assert await _ids(store, limit=2) == ["z", "a"]


async def test_a_message_is_not_due_before_its_time(store):
    await _queue(store, "m1")
    assert await _ids(store, NOON - timedelta(microseconds=1)) == []


async def test_a_sent_message_waits_no_more(store):
    await _queue(store, "m1", "m2")
    await store.sent("m1", NOON, "the log")
    assert await _ids(store) == ["m2"]


async def test_a_message_sent_twice_keeps_its_first_time(store):
    await _queue(store, "m1")
    await store.sent("m1", NOON, "the log")
    await store.sent("m1", NOON + MINUTE, "the chat")
    row = _row(store, "m1")
    assert (row.sent_at, row.sent_to) == (NOON, "the log")


async def test_a_postponed_message_waits_again_at_its_time_and_its_attempts_are_counted(store):
    await _queue(store, "m1", "m2")
    for error in ("refused", "timed out"):
        await store.postpone("m1", NOON + MINUTE, error)
    assert await _ids(store) == ["m2"]
    assert await _ids(store, NOON + MINUTE) == ["m1", "m2"]
    row = _row(store, "m1")
    assert (row.attempts, row.last_error) == (2, "timed out")


async def test_a_message_that_is_held_back_was_not_tried(store):
    await _queue(store, "m1")
    await store.postpone("m1", NOON + MINUTE, "held back", tried=False)
    (found,) = await store.deliveries("r1")
    assert (found.attempts, found.trouble) == (0, "held back")
    assert await _ids(store) == []


async def test_a_message_that_was_never_queued_cannot_be_sent_or_postponed(store):
    with pytest.raises(NotFound, match="no message m1"):
        await store.sent("m1", NOON, "the log")
    with pytest.raises(NotFound, match="no message m1"):
        await store.postpone("m1", NOON, "refused")


async def test_what_became_of_the_messages_of_a_release_is_told_newest_last(store):
    await _queue(store, "m1", "m2")
    await store.sent("m1", NOON, "the log")
    await store.postpone("m2", NOON + MINUTE, "refused")
    first, second = await store.deliveries("r1")
    assert (first.message, first.sent_at, first.sent_to) == (a_message("m1"), NOON, "the log")
    assert (second.sent_at, second.attempts, second.trouble) == (None, 1, "refused")
    assert (second.sent_to, second.due_at) == ("", NOON + MINUTE)
    assert await store.deliveries("r2") == ()


async def test_looking_at_what_was_not_sent_takes_it_from_nobody(store):
    await _queue(store, "z", "a")
    await store.postpone("z", NOON + MINUTE, "no answer")
    assert [message.id for message in await store.unsent()] == ["z", "a"]
    assert await _ids(store) == ["a"]
    await store.sent("a", NOON, "the log")
    assert [message.id for message in await store.unsent()] == ["z"]
