"""What a release's page says of the messages about it: where each went, when, and why it waits."""

from datetime import timedelta

import pytest
from tests.web.desk.conftest import Visit
from tests.web.desk.test_release_page import words_of
from tests.web.desk.theatre import play

from gonogo.domain.message import Message
from gonogo.domain.story import Story
from gonogo.storage import outbox

PAGE = "/releases/r-1"


@pytest.fixture
async def queued(visit: Visit, unexposed: Story) -> Visit:
    """A release with one message about it."""
    release = await play(visit.desk, unexposed)
    message = Message("m1", release.id, "stage", "no freeze", visit.desk.clock.now())
    with visit.desk.store._engine.begin() as connection:
        outbox.queue(connection, (message,))
    return visit


async def _said(visit: Visit) -> str:
    return words_of(await visit.open(PAGE)).split("Where to", 1)[1]


async def test_a_message_that_was_not_tried_yet_waits_and_went_nowhere(queued: Visit):
    said = await _said(queued)
    assert "waits to be sent" in said
    assert "nowhere yet" in said


async def test_a_message_that_was_sent_says_where_to_and_at_which_try(queued: Visit):
    store, now = queued.desk.store, queued.desk.clock.now()
    await store.postpone("m1", now, "the console takes no messages: closed")
    await store.sent("m1", now, "the terminal or log of desk north")
    said = await _said(queued)
    assert "✓ sent" in said
    assert "at try 2" in said
    assert "the terminal or log of desk north" in said
    assert "nowhere" not in said


async def test_a_message_that_failed_says_why_how_often_and_when_it_is_tried_again(queued: Visit):
    due = queued.desk.clock.now() + timedelta(seconds=5)
    await queued.desk.store.postpone("m1", due, "the console takes no messages: closed")
    said = await _said(queued)
    assert "not delivered after 1 try the console takes no messages: closed" in said
    assert "next try" in said


async def test_a_message_that_somebody_holds_back_was_not_tried_and_says_who(queued: Visit):
    why = "messages about orders are held back by olga: maintenance"
    due = queued.desk.clock.now() + timedelta(minutes=1)
    await queued.desk.store.postpone("m1", due, why, tried=False)
    said = await _said(queued)
    assert f"is held back {why}" in said
    assert "not delivered" not in said
    persian = (await queued.open(PAGE, reads="fa|Asia/Tehran||")).text
    assert "held back by" not in persian
