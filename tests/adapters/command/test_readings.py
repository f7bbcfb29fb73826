"""Platforms are read at a pace, and what cannot be read is neither healthy nor dead."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
from tests.scripted_platform import ONE, UNREADABLE, scripts

from gonogo.domain.instance import InstanceState


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
