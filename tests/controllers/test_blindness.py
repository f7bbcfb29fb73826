"""Stories of a source of counts that falls silent in the middle of a rollout."""

import asyncio
from datetime import timedelta

from tests.controllers.stage import Theatre, play
from tests.plans import a_plan

from gonogo.controllers.layout import layout_of
from gonogo.controllers.world import WITHDRAWN
from gonogo.domain.instance import instance_id
from gonogo.domain.release import Stage
from gonogo.domain.slot import SlotRole, with_role

PLACE = ("shop", "production")


def test_a_release_that_has_seen_enough_does_not_go_on_while_its_source_is_silent():
    async def story(it: Theatre) -> None:
        await it.serve_first()
        release = await it.release("v2")
        await it.until(release, Stage.CANARY)
        begun = await it.when(release, lambda found: found.step == 1)
        await it.when(
            release,
            lambda found: (
                it.clock.now() - (begun.step_since or it.clock.now()) > timedelta(seconds=25)
            ),
        )
        it.metrics.unreachable.add(PLACE)
        await asyncio.sleep(9)  # its step is over, and its patience is not
        assert (await it.now(release)).stage is Stage.CANARY
        held = await it.when(release, lambda found: found.reason.startswith("waits"))
        assert "no trustworthy counts" in held.reason
        assert "the metric source of shop in production did not answer" in held.reason
        it.metrics.unreachable.clear()
        await it.until(release, Stage.WATCHING, Stage.RELEASED)

    play(story, a_plan())


def test_a_watch_does_not_end_before_its_last_requests_were_counted():
    async def story(it: Theatre) -> None:
        await it.serve_first()
        release = await it.release("v2")
        begun = await it.until(release, Stage.WATCHING)
        it.metrics.unreachable.add(PLACE)
        await asyncio.sleep(600)
        waiting = await it.now(release)
        assert it.clock.now() - begun.stage_since > a_plan().watch
        assert waiting.stage is Stage.WATCHING
        it.metrics.unreachable.clear()
        await it.until(release, Stage.RELEASED)

    play(story, a_plan())


def test_a_watch_whose_end_cannot_be_seen_asks_a_person_in_the_end():
    async def story(it: Theatre) -> None:
        await it.serve_first()
        release = await it.release("v2")
        await it.until(release, Stage.WATCHING)
        it.metrics.unreachable.add(PLACE)
        waiting = await it.until(release, Stage.NEEDS_PERSON, within=9000)
        assert waiting.reason.startswith(
            "the watch is over, and its last requests cannot be counted"
        )

    play(story, a_plan())


def test_customers_taken_off_by_a_desk_that_died_before_it_stored_why_are_not_sent_back():
    async def story(it: Theatre) -> None:
        await it.serve_first()
        release = await it.release("v2")
        await it.until(release, Stage.CANARY)
        await it.when(release, lambda found: found.exposed)
        await it.stop_desk()
        registration = await it.store.registration("shop")
        assert registration is not None
        rows = await it.store.slots(*PLACE)
        harmful = instance_id(release.id, "production")
        production = registration.plan.production
        await it.router.apply(layout_of(registration, production, rows, {harmful}))
        it.start_desk()
        ended = await it.until(release, Stage.ROLLED_BACK)
        assert WITHDRAWN in ended.reason
        slots = await it.store.slots(*PLACE)
        assert with_role(slots, SlotRole.CANARY) is None

    play(story, a_plan())
