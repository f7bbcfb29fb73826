"""A platform that shares customers itself, as a router: its scripts may hang, fail and lie."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest
from tests.scripted_platform import ScriptedPlatform, scripts
from tests.simulation.virtual import VirtualLoop

from gonogo.adapters.command.deployer import CommandDeployer
from gonogo.adapters.command.router import PlatformRouter
from gonogo.adapters.memory.router import MemoryRouter
from gonogo.adapters.routers import Routers
from gonogo.domain.errors import ActionFailed, InvalidInput, Unavailable
from gonogo.domain.ground import PROCESSES
from gonogo.domain.instance import Instance
from gonogo.domain.plan import Health
from gonogo.domain.slot import Layout, Target

GROUND = scripts(weight=True)
OLD, NEW = (
    Instance(
        id=f"{version}.production",
        service="orders",
        environment="production",
        version=version,
        commit="c" * 40,
        port=8001,
        line="serve",
        health=Health("/health"),
        ground=GROUND,
    )
    for version in ("v1", "v2")
)

Story = Callable[[], Awaitable[None]]


def layout(old: float, new: float, picture: int = 2) -> Layout:
    """The old version in slot a and the new one in slot b."""
    targets = (
        Target("a", "127.0.0.1:7001", old, testers=False, instance=OLD.id),
        Target("b", "127.0.0.1:7002", new, testers=False, instance=NEW.id),
        Target("c", None, 0.0, testers=False),
    )
    return Layout(
        "orders", "production", "127.0.0.1", 8000, targets, picture=picture, ground=GROUND
    )


@pytest.fixture
def platform() -> ScriptedPlatform:
    return ScriptedPlatform()


@pytest.fixture
def deployer(platform: ScriptedPlatform, tmp_path: Path) -> CommandDeployer:
    return CommandDeployer(tmp_path / "instances", platform.run, platform.end_left)


@pytest.fixture
def router(deployer: CommandDeployer, tmp_path: Path) -> PlatformRouter:
    return PlatformRouter(tmp_path / "balancers", deployer)


@pytest.fixture
def play(deployer: CommandDeployer) -> Iterator[Callable[[Story], None]]:
    """Plays a story in virtual time, after both versions were deployed."""
    loop = VirtualLoop(Random(1))

    async def whole(story: Story) -> None:
        await deployer.start(OLD)
        await deployer.start(NEW)
        await story()
        await deployer.close()

    yield lambda story: loop.run_until_complete(whole(story))
    loop.close()


def shares(platform: ScriptedPlatform) -> tuple[float, float]:
    return platform.there[OLD.id]["share"], platform.there[NEW.id]["share"]


def test_shares_are_set_and_read_back(platform, router, play):
    async def story():
        assert await router.read("orders", "production") is None
        reading = await router.apply(layout(0.9, 0.1))
        assert shares(platform) == (0.9, 0.1)
        a, b, c = (reading.slots[name] for name in "abc")
        assert (a.address, a.share, a.up, a.in_rotation) == ("127.0.0.1:7001", 0.9, True, True)
        assert (b.address, b.share, b.sessions) == ("127.0.0.1:7002", 0.1, None)
        assert (c.address, c.in_rotation) == (None, False)
        assert await router.read("orders", "production") == reading

    play(story)


def test_asking_for_the_same_twice_sets_nothing(platform, router, play):
    async def story():
        await router.apply(layout(1.0, 0.0))
        before = len(platform.begun("weight"))
        await router.apply(layout(1.0, 0.0))
        assert len(platform.begun("weight")) == before

    play(story)


def test_who_loses_customers_is_told_first_and_without_a_look_before(platform, router, play):
    async def story():
        await router.apply(layout(0.9, 0.1))
        platform.jobs.clear()
        await router.apply(layout(1.0, 0.0, picture=4))
        assert platform.jobs[0].line == f"weight {NEW.id} 0"
        assert [job.line for job in platform.begun("weight")][1:] == [f"weight {OLD.id} 1"]

    play(story)


def test_a_weight_that_does_nothing_is_seen_by_reading_back(platform, router, play):
    async def story():
        await router.apply(layout(0.9, 0.1))
        platform.moods[f"weight {NEW.id}"] = "nothing"
        said = "orders v2 in production was told to get 0 % of customers, and read says that it gets 10 %"
        with pytest.raises(ActionFailed, match=said):
            await router.apply(layout(1.0, 0.0, picture=4))
        platform.moods.clear()
        await router.apply(layout(1.0, 0.0, picture=4))
        assert shares(platform) == (1.0, 0.0)

    play(story)


def test_a_weight_that_did_its_work_is_done_however_it_ended(platform, router, play):
    async def story():
        for mood, share in (("then-fail", 0.1), ("do-then-hang", 0.2)):
            platform.moods[f"weight {NEW.id}"] = mood
            await router.apply(layout(1 - share, share))
            assert shares(platform)[1] == share

    play(story)


def test_a_hanging_script_is_killed_at_its_limit_and_said(platform, router, play):
    async def story():
        await router.apply(layout(0.9, 0.1))
        platform.moods[f"weight {NEW.id}"] = "hang"
        with pytest.raises(
            ActionFailed, match="weight of orders v2 in production was killed after 30"
        ):
            await router.apply(layout(1.0, 0.0, picture=4))

    play(story)


def test_a_script_that_hangs_for_one_slot_does_not_keep_customers_on_the_other(
    platform, router, play
):
    async def story():
        await router.apply(layout(0.9, 0.1))
        platform.moods[f"weight {OLD.id}"] = "hang"
        laying = asyncio.ensure_future(router.apply(layout(0.0, 0.0, picture=4)))
        await asyncio.sleep(1)
        assert shares(platform) == (0.9, 0.0)
        laying.cancel()
        await asyncio.gather(laying, return_exceptions=True)

    play(story)


def test_a_newer_layout_does_not_wait_for_a_hanging_older_one(platform, router, play):
    async def story():
        await router.apply(layout(0.9, 0.1))
        platform.moods[f"weight {OLD.id}"] = "hang"
        older = asyncio.ensure_future(router.apply(layout(0.5, 0.5, picture=4)))
        await asyncio.sleep(2)
        platform.moods.clear()
        loop = asyncio.get_running_loop()
        begun = loop.time()
        await router.apply(layout(1.0, 0.0, picture=6))
        assert loop.time() - begun < 1
        with pytest.raises(Unavailable, match="after a newer picture"):
            await older
        assert shares(platform) == (1.0, 0.0)

    play(story)


def test_an_older_picture_is_refused_also_by_the_next_desk(
    platform, router, deployer, tmp_path, play
):
    async def story():
        await router.apply(layout(1.0, 0.0, picture=4))
        following = PlatformRouter(tmp_path / "balancers", deployer)
        with pytest.raises(Unavailable, match="follows picture 4 already, not 3"):
            await following.apply(layout(0.5, 0.5, picture=3))
        assert shares(platform) == (1.0, 0.0)

    play(story)


def test_what_is_not_healthy_is_not_let_in(platform, router, play):
    async def story():
        await router.apply(layout(1.0, 0.0))
        platform.there[NEW.id]["healthy"] = False
        await asyncio.sleep(5)
        with pytest.raises(ActionFailed, match=r"slot b \(127\.0\.0\.1:7002\) of orders in"):
            await router.apply(layout(0.5, 0.5, picture=4))
        assert shares(platform)[1] == 0.0

    play(story)


def test_nobody_makes_room_for_what_is_not_let_in(platform, router, play):
    async def story():
        await router.apply(layout(1.0, 0.0))
        platform.there[NEW.id] |= {"state": "starting", "healthy": False}
        await asyncio.sleep(5)
        for old, new, picture in ((0.9, 0.1, 4), (0.0, 1.0, 6)):
            with pytest.raises(ActionFailed, match="is starting and not healthy"):
                await router.apply(layout(old, new, picture=picture))
            assert shares(platform) == (1.0, 0.0)

    play(story)


def test_a_platform_that_says_no_share_is_told_what_to_say(platform, router, play):
    async def story():
        for each in (OLD, NEW):
            platform.moods[f"weight {each.id}"] = "nothing"
            platform.there[each.id].pop("share")
        with pytest.raises(Unavailable, match="gave no share, and its platform shares customers"):
            await router.apply(layout(1.0, 0.0))

    play(story)


def test_while_nothing_can_be_read_customers_leave_all_the_same(platform, router, play):
    async def story():
        await router.apply(layout(0.9, 0.1))
        await asyncio.sleep(60)
        platform.says = b"the platform is being upgraded"
        with pytest.raises(Unavailable, match="printed"):
            await router.apply(layout(1.0, 0.0, picture=4))
        assert shares(platform)[1] == 0.0
        with pytest.raises(Unavailable):
            await router.read("orders", "production")

    play(story)


def test_a_version_that_was_not_deployed_by_scripts_gets_nobody(router, play):
    async def story():
        wanted = layout(1.0, 0.0)
        strange = replace(wanted.targets[0], instance="stranger.production")
        with pytest.raises(
            InvalidInput, match="slot a of orders in production was not deployed by"
        ):
            await router.apply(replace(wanted, targets=(strange, *wanted.targets[1:])))

    play(story)


def test_customers_of_a_place_are_shared_in_one_way_only(platform, router, play):
    async def story():
        own = MemoryRouter()
        both = Routers(own, router)
        by_desk = replace(layout(1.0, 0.0), ground=PROCESSES)
        await both.apply(by_desk)
        with pytest.raises(InvalidInput, match="are shared by the desk's own router, and the plan"):
            await both.apply(layout(1.0, 0.0))
        await both.stop("orders", "production")
        assert await both.read("orders", "production") is None
        await both.apply(layout(1.0, 0.0))
        assert (await both.read("orders", "production")).slots["a"].share == 1.0
        with pytest.raises(
            InvalidInput, match="are shared by its platform, and the plan wants the"
        ):
            await both.apply(by_desk)
        await both.stop("orders", "production")
        await both.apply(by_desk)

    play(story)
