import io
from datetime import datetime, timedelta, timezone

import pytest

from gonogo.adapters.console_notifier import ConsoleNotifier
from gonogo.domain.errors import Unavailable
from gonogo.domain.message import Message

AT = datetime(2026, 3, 21, 0, 0, tzinfo=timezone(timedelta(hours=3, minutes=30)))


def message(text: str) -> Message:
    return Message("m1", "orders-v1.2.0", "rolled_back", text, AT)


async def test_a_message_is_one_line_with_its_time_in_utc():
    stream = io.StringIO()
    await ConsoleNotifier(stream).send(message("taken back\nafter 61 requests"))
    assert stream.getvalue() == (
        "2026-03-20T20:30:00Z orders-v1.2.0 [rolled_back] taken back after 61 requests\n"
    )


async def test_a_message_cannot_steer_the_terminal():
    stream = io.StringIO()
    await ConsoleNotifier(stream).send(message("red \x1b[31m\x07 end"))
    assert "\x1b" not in stream.getvalue()
    assert "\x07" not in stream.getvalue()


async def test_a_console_that_is_gone_is_tried_again_later():
    stream = io.StringIO()
    stream.close()
    with pytest.raises(Unavailable, match="the console takes no messages"):
        await ConsoleNotifier(stream).send(message("hello"))
