"""The same controllers over PostgreSQL: a few stories that stand for the rest."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
from tests.controllers.stage import Theatre, play
from tests.plans import a_plan

from gonogo.controllers.desk import Desk
from gonogo.domain.audit import first_broken
from gonogo.domain.release import InstructionKind, Stage
from gonogo.domain.slot import SlotRole

pytestmark = pytest.mark.slow


async def _holds(desk: Theatre) -> None:
    assert first_broken([entry async for entry in desk.store.entries()]) is None


def test_a_good_version_is_released(postgres_url):
    async def story(desk: Theatre) -> None:
        await desk.serve_first()
        release = await desk.release("v2")
        await desk.until(release, Stage.RELEASED)
        await _holds(desk)

    play(story, a_plan(), postgres_url)


def test_a_bad_version_is_taken_back(postgres_url):
    async def story(desk: Theatre) -> None:
        await desk.serve_first()
        release = await desk.release("v2")
        await desk.until(release, Stage.CANARY)
        slots = await desk.store.slots("shop", "production")
        desk.broken = frozenset(s.address for s in slots if s.role is not SlotRole.BASELINE)
        await desk.until(release, Stage.ROLLED_BACK)
        await _holds(desk)

    play(story, a_plan(), postgres_url)


def test_a_person_can_hold_a_release_and_let_it_go_on(postgres_url):
    async def story(desk: Theatre) -> None:
        await desk.serve_first()
        release = await desk.release("v2")
        await desk.until(release, Stage.CANARY)
        await desk.say(release, InstructionKind.PAUSE)
        await desk.until(release, Stage.PAUSED)
        await desk.say(release, InstructionKind.RESUME)
        await desk.until(release, Stage.RELEASED)

    play(story, a_plan(), postgres_url)


def test_another_desk_goes_on_where_one_ended(postgres_url):
    async def story(desk: Theatre) -> None:
        await desk.serve_first()
        release = await desk.release("v2")
        await desk.until(release, Stage.CANARY)
        await desk.stop_desk()
        other = Desk(replace(desk.world, desk="other", elsewhere=set(), withdrawn={}))
        working = asyncio.ensure_future(other.run())
        try:
            await desk.until(release, Stage.RELEASED)
        finally:
            working.cancel()
            await asyncio.gather(working, return_exceptions=True)
        now = desk.clock.now()
        lease = await desk.store.claim(release.id, "third", now + timedelta(hours=1), now)
        assert lease is not None
        assert lease.fence == 3
        await _holds(desk)

    play(story, a_plan(), postgres_url)
