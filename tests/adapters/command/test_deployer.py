"""A platform's scripts can hang, fail, lie and be cut off: what the deployer makes of each."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from random import Random

import pytest
from tests.scripted_platform import ScriptedPlatform, scripts
from tests.simulation.virtual import VirtualLoop

from gonogo.adapters.command.deployer import CommandDeployer
from gonogo.domain.errors import ActionFailed, NeedsPerson, Unavailable
from gonogo.domain.instance import Instance, InstanceState
from gonogo.domain.plan import Health

ONE = Instance(
    id="r1.production",
    service="orders",
    environment="production",
    version="v2",
    commit="c" * 40,
    port=8001,
    line="serve",
    health=Health("/health"),
    variables={"REGION": "north"},
    ground=scripts(),
)
AGAIN = replace(ONE, ground=scripts(repeatable=True))
UNREADABLE = b"Traceback (most recent call last)"

Story = Callable[[], Awaitable[None]]


@pytest.fixture
def platform() -> ScriptedPlatform:
    return ScriptedPlatform()


@pytest.fixture
def desk(platform: ScriptedPlatform, tmp_path: Path) -> Callable[[], CommandDeployer]:
    """A deployer as each desk makes its own over the same notes."""
    return lambda: CommandDeployer(tmp_path, platform.run, platform.end_left)


@pytest.fixture
def play() -> Iterator[Callable[[Story], None]]:
    """Plays a story in virtual time."""
    loop = VirtualLoop(Random(1))

    def run(story: Story) -> None:
        loop.run_until_complete(story())

    yield run
    loop.close()


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


@pytest.mark.parametrize("how", ["fail", "hang", "garbage"])
def test_in_an_outage_of_read_nothing_is_called_healthy_nor_dead(how, platform, desk, play):
    async def story():
        deployer = desk()
        await deployer.start(ONE)
        await deployer.status(ONE)
        if how == "garbage":
            platform.says = UNREADABLE
        else:
            platform.moods["read"] = how
        await asyncio.sleep(3)
        for _ in range(40):
            watched = await deployer.status(ONE, probe=False)
            asked = await deployer.status(ONE)
            assert not asked.healthy
            assert asked.state is InstanceState.UNKNOWN
            assert asked.detail.startswith("read of orders v2 in production ")
            await asyncio.sleep(0.5)
        assert watched.state is InstanceState.UNKNOWN

    play(story)


def test_looking_many_times_a_second_runs_a_script_at_its_pace_only(platform, desk, play):
    async def story():
        deployer = desk()
        await deployer.start(ONE)
        before = len(platform.begun("read"))
        for _ in range(200):
            await asyncio.gather(
                deployer.status(ONE, probe=False), deployer.status(ONE), deployer.status(ONE)
            )
            await asyncio.sleep(0.05)
        assert 4 <= len(platform.begun("read")) - before <= 6  # ten seconds, every two

    play(story)


def test_looking_without_a_probe_never_waits_for_a_script(platform, desk, play):
    async def story():
        deployer = desk()
        await deployer.start(ONE)
        platform.takes["read"] = 4
        loop = asyncio.get_running_loop()
        begun = loop.time()
        for _ in range(20):
            await deployer.status(ONE, probe=False)
        assert loop.time() == begun
        await deployer.close()

    play(story)


def test_what_was_read_long_ago_is_not_shown_as_true(platform, desk, play):
    async def story():
        deployer = desk()
        await deployer.start(ONE)
        await deployer.status(ONE)
        await asyncio.sleep(30)
        status = await deployer.status(ONE, probe=False)
        assert status.state is InstanceState.UNKNOWN

    play(story)


def test_a_death_is_seen_soon(platform, desk, play):
    async def story():
        deployer = desk()
        await deployer.start(ONE)
        platform.there[ONE.id] = {
            "state": "failed",
            "detail": "out of memory",
            "exit_code": 137,
            "port": 1,
            "log": "killed",
        }
        for _ in range(30):
            status = await deployer.status(ONE, probe=False)
            await asyncio.sleep(0.1)
        assert (status.state, status.exit_code) == (InstanceState.EXITED, 137)
        assert (status.detail, status.log_tail) == ("out of memory", "killed")

    play(story)


def test_a_platform_that_runs_another_version_under_the_name_is_not_believed(platform, desk, play):
    async def story():
        deployer = desk()
        await deployer.start(ONE)
        platform.there[ONE.id]["version"] = "v1"
        await asyncio.sleep(5)
        status = await deployer.status(ONE)
        assert (status.state, status.healthy) == (InstanceState.UNKNOWN, False)
        assert 'says that "v1" runs under the name r1.production, expected v2' in status.detail
        platform.there[ONE.id]["version"] = ONE.commit
        await asyncio.sleep(5)
        assert (await deployer.status(ONE)).healthy

    play(story)


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


def test_a_pace_is_kept_for_each_ground(platform, desk, play):
    async def story():
        slow = replace(
            ONE, ground=replace(scripts(), every=timedelta(seconds=30), stale=timedelta(90))
        )
        deployer = desk()
        await deployer.start(slow)
        before = len(platform.begun("read"))
        for _ in range(60):
            await deployer.status(slow, probe=False)
            await asyncio.sleep(1)
        assert len(platform.begun("read")) - before == 1

    play(story)
