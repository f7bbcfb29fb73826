"""A platform's scripts can hang, fail, lie and be cut off: what the deployer makes of each."""

import asyncio
from dataclasses import replace

import pytest
from tests.scripted_platform import ONE, UNREADABLE, scripts

from gonogo.domain.errors import ActionFailed, NeedsPerson, Unavailable
from gonogo.domain.instance import InstanceState

AGAIN = replace(ONE, ground=scripts(repeatable=True))


def test_a_script_runs_in_the_versions_files_with_the_variables_of_its_environment(
    platform, desk, play
):
    async def story():
        deployer = desk()
        await deployer.start(ONE)
        assert await deployer.stop(ONE.id, 5)

    play(story)
    for job in (*platform.begun("deploy"), *platform.begun("retire"), *platform.begun("read")):
        assert (job.service, job.commit, job.environment) == ("orders", ONE.commit, "production")
        assert job.variables == {"REGION": "north"}
    assert platform.begun("deploy")[0].line == "deploy r1.production 8001 v2"


def test_the_address_is_where_the_platform_says_it_is(platform, desk, play):
    async def story():
        platform.host = "10.0.0.7"
        deployer = desk()
        await deployer.start(ONE)
        status = await deployer.status(ONE)
        assert (status.state, status.healthy) == (InstanceState.RUNNING, True)
        assert status.address == "10.0.0.7:7001"

    play(story)


@pytest.mark.parametrize("mood", ["then-fail", "do-then-hang"])
def test_a_deploy_that_did_its_work_is_done_however_it_ended(mood, platform, desk, play):
    async def story():
        platform.moods["deploy"] = mood
        deployer = desk()
        await deployer.start(ONE)
        await deployer.start(ONE)
        assert (await deployer.status(ONE)).healthy

    play(story)
    assert len(platform.begun("deploy")) == 1


def test_a_deploy_that_ends_well_without_doing_anything_has_failed(platform, desk, play):
    async def story():
        platform.moods["deploy"] = "nothing"
        with pytest.raises(ActionFailed, match="ended with 0, and read says that it is absent"):
            await desk().start(ONE)

    play(story)


def test_a_deploy_that_fails_is_told_in_its_own_last_words(platform, desk, play):
    async def story():
        platform.moods["deploy"] = "fail"
        with pytest.raises(
            ActionFailed,
            match="deploy of orders v2 in production ended with 3: the platform is away",
        ):
            await desk().start(ONE)
        assert (await desk().status(ONE)).state is InstanceState.ABSENT

    play(story)


def test_a_deploy_that_hangs_is_killed_and_never_repeated_by_itself(platform, desk, play):
    async def story():
        platform.moods["deploy"] = "hang"
        deployer = desk()
        for _ in range(3):
            with pytest.raises(
                NeedsPerson, match="nobody saw it end; read says that nothing of it"
            ):
                await deployer.start(ONE)
        assert (await deployer.status(ONE)).state is InstanceState.UNKNOWN
        with pytest.raises(NeedsPerson):
            await desk().start(ONE)  # nor by the next desk

    play(story)
    assert len(platform.begun("deploy")) == 1


def test_a_deploy_that_may_be_repeated_is_tried_once_more(platform, desk, play):
    async def story():
        platform.moods["deploy"] = "hang"
        with pytest.raises(
            ActionFailed, match="was killed after 60 s, again, and read says that it"
        ):
            await desk().start(AGAIN)
        platform.moods.clear()
        await desk().start(AGAIN)

    play(story)
    assert len(platform.begun("deploy")) == 3


def test_what_was_not_seen_to_end_counts_as_done_once_the_platform_has_it(platform, desk, play):
    async def story():
        platform.moods["deploy"] = "hang"
        deployer = desk()
        with pytest.raises(NeedsPerson):
            await deployer.start(ONE)
        platform.there[ONE.id] = {"state": "starting", "port": 7001}
        await asyncio.sleep(1)
        await deployer.start(ONE)
        assert (await deployer.status(ONE)).state is InstanceState.RUNNING
        del platform.there[ONE.id]  # from now on it is known to be gone
        await asyncio.sleep(60)
        assert (await deployer.status(ONE)).state is InstanceState.ABSENT

    play(story)
    assert len(platform.begun("deploy")) == 1


def test_a_person_who_takes_it_away_may_have_it_deployed_anew(platform, desk, play):
    async def story():
        platform.moods["deploy"] = "hang"
        deployer = desk()
        with pytest.raises(NeedsPerson):
            await deployer.start(ONE)
        platform.moods.clear()
        await deployer.stop(ONE.id, 5)
        await deployer.start(ONE)
        assert (await deployer.status(ONE)).healthy

    play(story)


def test_a_desk_killed_in_the_middle_of_a_deploy_leaves_it_to_the_next_to_find_out(
    platform, desk, play
):
    async def story():
        platform.takes["deploy"] = 20
        starting = asyncio.ensure_future(desk().start(ONE))
        await asyncio.sleep(10)
        starting.cancel()
        await asyncio.gather(starting, return_exceptions=True)
        following = desk()
        assert (await following.status(ONE)).state is InstanceState.UNKNOWN
        with pytest.raises(NeedsPerson):
            await following.start(ONE)
        assert platform.left == ["deploy-r1.production"]
        again = desk()
        await again.start(AGAIN)  # had the plan called it repeatable
        assert (await again.status(ONE)).healthy

    play(story)


def test_while_the_platform_cannot_be_read_nothing_is_deployed(platform, desk, play):
    async def story():
        platform.says = UNREADABLE
        with pytest.raises(
            Unavailable, match=r'read of orders v2 in production printed "Traceback'
        ):
            await desk().start(ONE)
        platform.says = b'{"state": "unknown", "detail": "the quorum is lost"}'
        with pytest.raises(Unavailable, match="is not known: the quorum is lost"):
            await desk().start(ONE)

    play(story)
    assert not platform.begun("deploy")


def test_a_deploy_that_failed_while_nothing_could_be_read_is_decided_later(platform, desk, play):
    async def story():
        deployer = desk()

        async def outage():
            await asyncio.sleep(5)
            platform.says = UNREADABLE

        platform.takes["deploy"], platform.moods["deploy"] = 10, "fail"
        with pytest.raises(
            Unavailable, match="ended with 3: the platform is away, and what it did"
        ):
            await asyncio.gather(deployer.start(ONE), outage())
        platform.says = None
        await asyncio.sleep(1)
        with pytest.raises(ActionFailed, match="ended with 3: the platform is away"):
            await deployer.start(ONE)

    play(story)
    assert len(platform.begun("deploy")) == 1


def test_a_retire_that_does_nothing_is_seen_and_said(platform, desk, play):
    async def story():
        deployer = desk()
        await deployer.start(ONE)
        platform.moods["retire"] = "nothing"
        said = (
            "retire of orders v2 in production ended with 0, and read still says that it is running"
        )
        with pytest.raises(ActionFailed, match=said):
            await deployer.stop(ONE.id, 5)
        assert await deployer.knows(ONE.id)
        platform.moods.clear()
        assert await desk().stop(ONE.id, 5)
        assert not await deployer.knows(ONE.id)

    play(story)


def test_a_retire_that_did_its_work_is_done_however_it_ended(platform, desk, play):
    async def story():
        for mood in ("then-fail", "do-then-hang"):
            deployer = desk()
            await deployer.start(ONE)
            platform.moods["retire"] = mood
            assert await deployer.stop(ONE.id, 5)
            assert not await deployer.knows(ONE.id)

    play(story)


def test_whether_a_retire_worked_is_not_guessed_while_nothing_can_be_read(platform, desk, play):
    async def story():
        deployer = desk()
        await deployer.start(ONE)
        platform.says = UNREADABLE
        with pytest.raises(Unavailable, match="ended with 0, and whether it is gone is not known"):
            await deployer.stop(ONE.id, 5)
        assert await deployer.knows(ONE.id)

    play(story)


def test_all_is_stopped_though_one_cannot_be(platform, desk, play):
    async def story():
        deployer = desk()
        two = replace(ONE, id="r2.production")
        await deployer.start(ONE)
        await deployer.start(two)
        assert [each.id for each in await deployer.instances()] == [ONE.id, two.id]
        platform.moods[f"retire {ONE.id}"] = "nothing"
        with pytest.raises(ActionFailed, match="still says"):
            await deployer.stop_all(1)
        assert list(platform.there) == [ONE.id]

    play(story)


def test_an_act_after_an_older_picture_is_refused(platform, desk, play):
    async def story():
        deployer = desk()
        await deployer.start(ONE, fence=4)
        with pytest.raises(Unavailable, match="after picture 4"):
            await deployer.stop(ONE.id, 5, fence=2)
        assert await deployer.stop(ONE.id, 5, fence=6)
        with pytest.raises(Unavailable, match="after picture 6"):
            await deployer.start(ONE, fence=4)

    play(story)
    assert len(platform.begun("deploy")) == 1
