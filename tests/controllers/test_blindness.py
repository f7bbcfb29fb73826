"""Stories of a source of counts that falls silent in the middle of a rollout."""

import asyncio
from datetime import timedelta

from tests.controllers.stage import Theatre, play
from tests.plans import a_plan

from gonogo.domain.release import Stage

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
