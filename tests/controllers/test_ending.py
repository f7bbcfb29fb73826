"""A drive that ends leaves no write of its own on its way."""

import asyncio
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

from tests.plans import START, a_plan, a_release

from gonogo.controllers.drive import Drive
from gonogo.controllers.release import _turn
from gonogo.controllers.world import Rhythm
from gonogo.domain.registration import Registration
from gonogo.domain.release import FINAL
from gonogo.ports.store import Change, Lease


class SlowStore:
    """Stores a change once it is let, and nothing before."""

    def __init__(self) -> None:
        self.let = asyncio.Event()
        self.begun = asyncio.Event()
        self.stored = 0

    async def record(self, change: Change) -> Any:
        self.begun.set()
        await self.let.wait()
        self.stored += 1
        return change.release


async def cut_off_in_a_write(farewell: timedelta) -> tuple[Drive, SlowStore]:
    store, clock = SlowStore(), SimpleNamespace(now=lambda: START)
    world: Any = SimpleNamespace(store=store, clock=clock, rhythm=Rhythm(farewell=farewell))
    registration = Registration("shop", "/repository", "", a_plan(), "qa", START, "secret")
    lease = Lease("r1", "desk", 1, START + timedelta(minutes=5))
    drive = Drive(world, registration, a_release(), lease)
    recording = asyncio.create_task(drive.record("desk:release:waits"))
    await store.begun.wait()
    recording.cancel()
    await asyncio.gather(recording, return_exceptions=True)
    return drive, store


async def test_a_drive_that_ends_waits_for_the_write_that_was_begun():
    drive, store = await cut_off_in_a_write(timedelta(minutes=1))
    ending = asyncio.create_task(drive.end())
    await asyncio.sleep(0)
    assert not ending.done()
    store.let.set()
    await ending
    assert store.stored == 1


async def test_a_write_that_never_ends_does_not_keep_a_drive_from_ending():
    drive, store = await cut_off_in_a_write(timedelta(milliseconds=20))
    await drive.end()
    store.let.set()
    await asyncio.sleep(0)
    assert store.stored == 0


async def test_a_turn_of_a_release_that_has_just_ended_does_nothing() -> None:
    # A write that a turn before began and nobody waited for may be what ended it.
    clock: Any = SimpleNamespace(now=lambda: START)
    world: Any = SimpleNamespace(store=SlowStore(), clock=clock, rhythm=Rhythm())
    registration = Registration("shop", "/repository", "", a_plan(), "qa", START, "secret")
    lease = Lease("r1", "desk", 1, START + timedelta(minutes=5))
    nothing: Any = None
    for stage in FINAL:
        drive = Drive(world, registration, a_release(stage=stage), lease)
        await _turn(drive, nothing)
        assert drive.release.stage is stage
