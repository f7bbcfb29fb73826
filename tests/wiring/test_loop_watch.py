"""An event loop that stands still is told of, with the place where it does."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable

import pytest

from gonogo.wiring.loop_watch import LoopWatch

Until = Callable[[Callable[[], Awaitable[bool]]], Awaitable[None]]


def blocks_the_loop(told: list[logging.LogRecord]) -> None:
    """Until somebody tells of it."""
    until = time.monotonic() + 30
    while not told and time.monotonic() < until:
        time.sleep(0.02)


async def test_a_call_that_blocks_the_loop_is_named(caplog: pytest.LogCaptureFixture, until: Until):
    async def goes_on() -> bool:
        return any("goes on" in record.message for record in caplog.records)

    with caplog.at_level(logging.WARNING, "gonogo.loop"):
        async with LoopWatch(patience_seconds=0.3, every_seconds=0.05):
            blocks_the_loop(caplog.records)
            await until(goes_on)
    stood_still = caplog.records[0].message
    assert "the event loop has stood still" in stood_still
    assert "blocks_the_loop" in stood_still


async def test_a_loop_that_only_waits_is_not_told_of(caplog: pytest.LogCaptureFixture):
    # Longer than a busy machine lets one thread of a process run and not the other.
    async with LoopWatch(patience_seconds=2.0, every_seconds=0.05):
        await asyncio.sleep(2.5)
    assert not caplog.records
