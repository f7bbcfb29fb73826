"""A desk drives what lives on its own site, and says so where nobody could."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
from tests.controllers.stage import Theatre, play
from tests.plans import START, a_plan, a_release

from gonogo.controllers.desk import Desk
from gonogo.controllers.reach import Reach
from gonogo.domain.desk import DeskSeen
from gonogo.domain.errors import Unavailable
from gonogo.domain.release import InstructionKind, Stage

HERE, THERE = "attic", "cellar"
ALL_HERE = {("shop", "staging"): HERE, ("shop", "production"): HERE}


def a_desk(name: str, site: str, *, silent: bool = False) -> DeskSeen:
    return DeskSeen(name, site, f"host-{name}", "1", START, silent)


def test_the_only_desk_reaches_everything():
    assert Reach().covers_all(a_release())


def test_a_desk_reaches_what_lives_on_its_site_and_nothing_else():
    assert Reach(HERE, ALL_HERE).covers_all(a_release())
    assert not Reach(THERE, ALL_HERE).covers_all(a_release())
    assert not Reach(HERE, {**ALL_HERE, ("shop", "production"): THERE}).covers_all(a_release())
    assert not Reach(HERE, {}).covers_all(a_release())


def test_nothing_is_to_be_said_while_a_desk_is_at_work_there():
    desks = (a_desk("north", HERE), a_desk("south", THERE))
    assert Reach(THERE, ALL_HERE, desks).nobody(a_release()) is None


def test_where_no_desk_is_at_work_it_is_said_which_machine_that_is():
    desks = (a_desk("north", HERE, silent=True), a_desk("south", THERE))
    assert Reach(THERE, ALL_HERE, desks).nobody(a_release()) == (
        "production and staging of shop run on host-north, and no desk is at work there"
    )


def test_environments_on_two_machines_are_driven_by_nobody():
    sites = {**ALL_HERE, ("shop", "production"): THERE}
    desks = (a_desk("north", HERE), a_desk("south", THERE))
    said = Reach(THERE, sites, desks).nobody(a_release())
    assert said == "the environments of shop live on several machines"


def test_a_release_that_nobody_can_drive_says_so_once_and_goes_on_when_somebody_can():
    async def story(theatre: Theatre) -> None:
        await theatre.stop_desk()
        release = await theatre.release("v1")
        far = replace(theatre.world, desk="far", site=THERE, elsewhere=set())

        async def places() -> dict[tuple[str, str], str]:
            return ALL_HERE

        theatre.store.places = places  # type: ignore[method-assign]
        for _ in range(3):
            await Desk(far)._look()
        found = await theatre.now(release)
        assert found.stage is Stage.DRAFT
        assert found.reason == (
            "cannot go on yet: production and staging of shop run on a machine whose desk has ended,"
            " and no desk is at work there (start one there: gonogo serve)"
        )
        waits = [e for e in await theatre.story(release) if e.action == "desk:release:waits"]
        assert len(waits) == 1
        theatre.start_desk()
        await theatre.until(release, Stage.RELEASED)

    play(story, a_plan(watch=timedelta()))


def test_a_router_is_left_to_the_desk_that_drives_its_release():
    async def story(theatre: Theatre) -> None:
        release = await theatre.release("v1")
        await theatre.until(release, Stage.RELEASED)
        await theatre.stop_desk()
        second = await theatre.release("v2")
        now = theatre.clock.now()
        await theatre.store.claim(second.id, "driver", now, now + timedelta(minutes=5))
        theatre.router.kill("shop", "production")
        theatre.start_desk()
        assert not await _router_comes(theatre)
        await theatre.store.claim(second.id, "driver", now, now)
        assert await _router_comes(theatre)

    async def _router_comes(theatre: Theatre) -> bool:
        for _ in range(60):
            await asyncio.sleep(0.5)
            if await theatre.router.read("shop", "production") is not None:
                return True
        return False

    play(story, a_plan(watch=timedelta()))


def test_what_a_desk_had_in_hand_before_a_rollback_is_refused_when_it_wakes_afterwards():
    async def story(theatre: Theatre) -> None:
        await theatre.serve_first()
        release = await theatre.release("v2")
        await theatre.until(release, Stage.CANARY)
        await theatre.when(release, lambda found: found.exposed)
        in_hand = [each for each in theatre.router.applied if each.environment == "production"][-1]
        assert len([target for target in in_hand.targets if target.share > 0]) == 2
        await theatre.say(release, InstructionKind.ROLL_BACK)
        await theatre.until(release, Stage.ROLLED_BACK)
        with pytest.raises(Unavailable, match="follows picture"):
            await theatre.router.apply(in_hand)

    play(story, a_plan())
