"""Releases onto a platform by its scripts, in virtual time: also when scripts hang, lie and are cut off."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import pytest
from tests.controllers.stage import OWNER, Theatre, play
from tests.plans import a_plan
from tests.scripted_platform import ScriptedPlatform, scripts

from gonogo.adapters.command.deployer import CommandDeployer
from gonogo.adapters.command.router import PlatformRouter
from gonogo.adapters.grounds import Grounds
from gonogo.adapters.routers import Routers
from gonogo.domain.errors import ActionFailed
from gonogo.domain.ground import PROCESSES, GroundKind, Scripts
from gonogo.domain.journal import StepState
from gonogo.domain.plan import Environment, Plan
from gonogo.domain.release import InstructionKind, Stage
from gonogo.domain.slot import SlotRole, with_role
from gonogo.usecases.desk.operation import stop_everything

Story = Callable[[Theatre, ScriptedPlatform], Awaitable[None]]


def plan_on(ground: Scripts) -> Plan:
    environments = (Environment("staging", 8081), Environment("production", 8080, ground=ground))
    return a_plan(environments=environments)


@pytest.fixture
def perform(tmp_path: Path) -> Callable[..., ScriptedPlatform]:
    """Plays a story on a desk whose production is a platform; staging stays where it was."""

    def run(story: Story, ground: Scripts | None = None) -> ScriptedPlatform:
        platform = ScriptedPlatform(host="10.0.0.7")
        chosen = scripts() if ground is None else ground

        async def set_up(theatre: Theatre) -> None:
            await theatre.stop_desk()
            platforms = CommandDeployer(tmp_path / "platforms", platform.run, platform.end_left)
            theatre.world = replace(
                theatre.world,
                deployer=Grounds(
                    {GroundKind.PROCESSES: theatre.deployer, GroundKind.COMMAND: platforms}
                ),
                router=Routers(theatre.router, PlatformRouter(tmp_path / "balancers", platforms)),
            )
            theatre.context = replace(
                theatre.context, deployer=theatre.world.deployer, router=theatre.world.router
            )
            theatre.start_desk()
            try:
                await story(theatre, platform)
            finally:
                await theatre.stop_desk()
                await platforms.close()

        play(set_up, plan_on(chosen))
        return platform

    return run


async def first(theatre: Theatre) -> None:
    """v1 serves on the platform."""
    release = await theatre.release("v1")
    await theatre.until(release, Stage.RELEASED)


def test_a_release_goes_through_canary_to_where_the_platform_says_it_listens(perform):
    async def story(theatre: Theatre, platform: ScriptedPlatform) -> None:
        await first(theatre)
        release = await theatre.release("v2")
        await theatre.when(release, lambda found: found.step >= 0)
        slots = await theatre.store.slots("shop", "production")
        canary = with_role(slots, SlotRole.CANARY)
        assert canary is not None
        assert canary.address == "10.0.0.7:7002"
        assert {each.address for each in theatre.router.running()[-1].targets} >= {"10.0.0.7:7002"}
        await theatre.until(release, Stage.RELEASED)
        located = [e for e in await theatre.story(release) if e.action == "desk:slot:located"]
        assert [entry.data["address"] for entry in located] == ["10.0.0.7:7002"]
        assert list(platform.there) == [f"{release.id}.production"]

    perform(story)


def test_staging_may_be_processes_of_this_machine(perform):
    async def story(theatre: Theatre, platform: ScriptedPlatform) -> None:
        release = await theatre.release("v1")
        await theatre.until(release, Stage.RELEASED)
        assert theatre.deployer.starts == [f"{release.id}.staging"]
        assert [job.environment for job in platform.begun("deploy")] == ["production"]

    perform(story)


def test_a_script_that_is_missing_stops_the_release_before_anything_is_deployed(perform):
    async def story(theatre: Theatre, platform: ScriptedPlatform) -> None:
        theatre.fail_line("command -v retire", "")
        release = await theatre.release("v1")
        ended = await theatre.until(release, Stage.NO_GO)
        assert "the retire script of production cannot be run: retire is not there" in ended.reason
        assert not theatre.deployer.starts
        assert not platform.jobs

    perform(story)


def test_a_deploy_that_hangs_asks_a_person_who_may_have_it_done_anew(perform):
    async def story(theatre: Theatre, platform: ScriptedPlatform) -> None:
        await first(theatre)
        platform.moods["deploy"] = "hang"
        release = await theatre.release("v2")
        held = await theatre.until(release, Stage.NEEDS_PERSON)
        assert "nobody saw it end" in held.reason
        assert "gonogo resume --again" in held.reason
        entries = {entry.step: entry for entry in await theatre.store.journal(release.id)}
        assert entries["deploy/production"].state is StepState.UNKNOWN
        await asyncio.sleep(120)
        assert len(platform.begun("deploy")) == 2  # v1, and v2 once
        platform.moods.clear()
        await theatre.say(release, InstructionKind.RETRY)
        await theatre.until(release, Stage.RELEASED)
        assert len(platform.begun("deploy")) == 3

    perform(story)


def test_a_persons_word_is_heard_while_the_platform_cannot_be_read(perform):
    async def story(theatre: Theatre, platform: ScriptedPlatform) -> None:
        await first(theatre)
        release = await theatre.release("v2")
        platform.moods[f"read {release.id}.production"] = "hang"
        await theatre.when(release, lambda found: "was killed after 5 s" in found.reason)
        await theatre.say(release, InstructionKind.ROLL_BACK)
        await theatre.until(release, Stage.ROLLED_BACK, within=60)
        assert len(platform.begun("deploy")) == 1

    perform(story)


def test_a_desk_killed_while_a_script_deploys_does_not_deploy_twice(perform):
    async def story(theatre: Theatre, platform: ScriptedPlatform) -> None:
        await first(theatre)
        platform.takes["deploy"] = 30
        release = await theatre.release("v2")
        await theatre.when(release, lambda _: len(platform.begun("deploy")) == 2)
        await theatre.stop_desk()
        platform.there[f"{release.id}.production"] = {
            "state": "running",
            "healthy": True,
            "port": 7002,
            "share": 0.0,
        }
        theatre.start_desk()
        await theatre.until(release, Stage.RELEASED)
        assert len(platform.begun("deploy")) == 2

    perform(story)


def test_a_canary_whose_platform_cannot_be_read_is_neither_dead_nor_promoted_unseen(perform):
    async def story(theatre: Theatre, platform: ScriptedPlatform) -> None:
        await first(theatre)
        release = await theatre.release("v2")
        await theatre.when(release, lambda found: found.step >= 0)
        platform.says = b"<html>gateway timeout</html>"
        await asyncio.sleep(30)
        assert (await theatre.now(release)).stage in {
            Stage.CANARY,
            Stage.PROMOTING,
            Stage.VERIFYING,
            Stage.WATCHING,
        }
        assert len(platform.begun("deploy")) == 2
        assert len(platform.there) == 2
        platform.says = None
        await theatre.until(release, Stage.RELEASED)

    perform(story)


def test_a_canary_that_dies_on_its_platform_is_taken_back(perform):
    async def story(theatre: Theatre, platform: ScriptedPlatform) -> None:
        await first(theatre)
        release = await theatre.release("v2")
        await theatre.when(release, lambda found: found.step >= 0)
        found = platform.there[f"{release.id}.production"]
        found |= {"state": "failed", "healthy": False, "detail": "out of memory"}
        ended = await theatre.until(release, Stage.ROLLED_BACK)
        assert "v2 ended" in ended.reason
        assert f"{release.id}.production" not in platform.there

    perform(story)


def test_a_baseline_that_died_is_deployed_again_and_a_hanging_script_holds_up_nobody(perform):
    async def story(theatre: Theatre, platform: ScriptedPlatform) -> None:
        await first(theatre)
        (identity,) = platform.there
        del platform.there[identity]
        platform.takes["deploy"] = 40
        await asyncio.sleep(20)
        assert len(platform.begun("deploy")) == 2
        theatre.router.kill("shop", "production")
        await asyncio.sleep(10)
        running = {each.environment for each in theatre.router.running()}
        assert "production" in running  # while it still deploys
        await asyncio.sleep(60)
        assert identity in platform.there
        assert len(platform.begun("deploy")) == 2

    perform(story)


def test_the_router_follows_what_the_platform_has_moved(perform):
    async def story(theatre: Theatre, platform: ScriptedPlatform) -> None:
        await first(theatre)
        (identity,) = platform.there
        platform.there[identity]["port"] = 7777
        await asyncio.sleep(30)
        serving = with_role(await theatre.store.slots("shop", "production"), SlotRole.BASELINE)
        assert serving is not None
        assert serving.address == "10.0.0.7:7777"
        (router,) = [each for each in theatre.router.running() if each.environment == "production"]
        assert "10.0.0.7:7777" in {each.address for each in router.targets}

    perform(story)


def test_a_rollback_does_not_wait_while_the_baseline_is_deployed_again(perform):
    async def story(theatre: Theatre, platform: ScriptedPlatform) -> None:
        await first(theatre)
        (old,) = platform.there
        release = await theatre.release("v2")
        await theatre.when(release, lambda found: found.step >= 0)
        platform.moods["deploy"] = "hang"
        del platform.there[old]
        await theatre.when(release, lambda _: len(platform.begun("deploy")) == 3)
        await theatre.say(release, InstructionKind.ROLL_BACK)
        await asyncio.sleep(3)
        (router,) = [each for each in theatre.router.running() if each.environment == "production"]
        shares = {each.instance: each.share for each in router.targets if each.instance}
        assert shares == {old: 1.0, f"{release.id}.production": 0.0}

    perform(story)


def test_a_retire_that_does_nothing_is_said_and_tried_again(perform):
    async def story(theatre: Theatre, platform: ScriptedPlatform) -> None:
        await first(theatre)
        release = await theatre.release("v2")
        await theatre.when(release, lambda found: found.stage is Stage.WATCHING)
        platform.moods["retire"] = "nothing"
        held = await theatre.when(release, lambda found: "read still says" in found.reason, 900)
        assert held.stage is not Stage.RELEASED

    perform(story)


def test_what_cannot_be_stopped_keeps_nothing_else_running(perform):
    async def story(theatre: Theatre, platform: ScriptedPlatform) -> None:
        await first(theatre)
        await theatre.stop_desk()
        platform.moods["retire"] = "nothing"
        with pytest.raises(ActionFailed, match="read still says that it is running"):
            await stop_everything(theatre.context, OWNER)
        assert not theatre.deployer.running()
        assert not theatre.router.running()
        assert len(platform.there) == 1

    perform(story)


def test_an_environment_moves_to_a_platform_with_its_next_version_and_back_again(perform):
    async def story(theatre: Theatre, platform: ScriptedPlatform) -> None:
        plan = theatre.plan
        usual = replace(
            plan, environments=tuple(replace(each, ground=PROCESSES) for each in plan.environments)
        )
        await theatre.register(usual)
        await first(theatre)
        assert not platform.there
        await theatre.register(plan)
        await asyncio.sleep(60)
        assert not platform.there
        release = await theatre.release("v2")
        await theatre.when(release, lambda found: found.stage is Stage.WATCHING)
        assert list(platform.there) == [f"{release.id}.production"]
        await theatre.say(release, InstructionKind.ROLL_BACK)
        await theatre.until(release, Stage.ROLLED_BACK)
        assert not platform.there
        serving = with_role(await theatre.store.slots("shop", "production"), SlotRole.BASELINE)
        assert serving is not None
        assert serving.version == "v1"

    perform(story)


def test_a_deploy_that_failed_is_not_repeated_by_itself(perform):
    async def story(theatre: Theatre, platform: ScriptedPlatform) -> None:
        await first(theatre)
        platform.moods["deploy"] = "fail"
        release = await theatre.release("v2")
        ended = await theatre.until(release, Stage.ROLLED_BACK)
        assert "ended with 3: the platform is away" in ended.reason
        assert len(platform.begun("deploy")) == 2  # v1, and v2 once

    perform(story)


def test_where_the_platform_shares_customers_a_canary_gets_its_share_there_and_loses_it(perform):
    async def story(theatre: Theatre, platform: ScriptedPlatform) -> None:
        await first(theatre)
        (old,) = platform.there
        release = await theatre.release("v2")
        await theatre.when(release, lambda found: found.step >= 0)
        new = f"{release.id}.production"
        assert (platform.there[old]["share"], platform.there[new]["share"]) == (0.9, 0.1)
        assert not [each for each in theatre.router.running() if each.environment == "production"]
        platform.moods["weight " + old] = "hang"
        platform.jobs.clear()
        await theatre.say(release, InstructionKind.ROLL_BACK)
        await asyncio.sleep(5)
        assert platform.there[new]["share"] == 0.0  # at once, whatever hangs elsewhere
        platform.moods.clear()
        await theatre.until(release, Stage.ROLLED_BACK)
        assert platform.there[old]["share"] == 1.0
        assert new not in platform.there

    perform(story, scripts(weight=True))
