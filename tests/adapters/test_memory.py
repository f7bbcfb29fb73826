"""What the twins can be told, beyond what they share with the real ones."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from gonogo.adapters.memory.clock import MemoryClock
from gonogo.adapters.memory.deployer import Behaviour, MemoryDeployer
from gonogo.adapters.memory.notifier import MemoryNotifier
from gonogo.adapters.memory.smoke import MemorySmoke, SmokeFault
from gonogo.adapters.memory.workshop import MemoryWorkshop
from gonogo.domain.errors import ActionFailed, Unavailable
from gonogo.domain.instance import Instance, InstanceState
from gonogo.domain.message import Message
from gonogo.domain.plan import Health, HttpSmoke
from gonogo.ports.smoke import SmokeOrder
from gonogo.ports.workshop import Job, JobResult

ONE = Instance("one", "orders", "production", "v1", "c" * 40, 8001, "serve", Health("/health"))


class Time:
    def __init__(self) -> None:
        self.seconds = 100.0

    def __call__(self) -> float:
        return self.seconds


async def test_an_instance_becomes_healthy_when_its_time_has_come():
    time = Time()
    deployer = MemoryDeployer(now=time)
    deployer.behave("v1", Behaviour(healthy_after=timedelta(seconds=5)))
    await deployer.start(ONE)
    assert not (await deployer.status(ONE)).healthy
    time.seconds += 5
    assert (await deployer.status(ONE)).healthy


async def test_an_instance_can_die_at_will_and_be_started_again():
    deployer = MemoryDeployer()
    await deployer.start(ONE)
    deployer.kill("one")
    status = await deployer.status(ONE)
    assert (status.state, status.exit_code) == (InstanceState.EXITED, -9)
    await deployer.start(ONE)
    assert deployer.starts == ["one", "one"]
    assert deployer.running() == (ONE,)


async def test_an_instance_can_fall_ill_at_will():
    deployer = MemoryDeployer()
    await deployer.start(ONE)
    deployer.change("one", Behaviour(healthy_after=None))
    assert not (await deployer.status(ONE)).healthy


async def test_a_version_can_refuse_to_start():
    deployer = MemoryDeployer()
    deployer.behave("v1", Behaviour(refuses="no files"))
    with pytest.raises(ActionFailed, match="cannot start orders v1 in production: no files"):
        await deployer.start(ONE)
    assert deployer.starts == []


async def test_an_instance_that_dies_by_itself_frees_its_port():
    time = Time()
    deployer = MemoryDeployer(now=time)
    deployer.behave("v1", Behaviour(exits_after=timedelta(seconds=1)))
    await deployer.start(ONE)
    time.seconds += 1
    assert deployer.running() == ()
    await deployer.start(replace(ONE, id="two"))


async def test_a_line_ends_differently_each_time_it_was_told_to():
    workshop = MemoryWorkshop()
    workshop.answer("up", JobResult(1, "", 0, ""), JobResult(0, "", 0, ""))
    await workshop.lay_out("r", "orders", "c")
    job = Job("orders", "c", "migrate", "up", timedelta(seconds=1))
    assert [(await workshop.run(job)).exit_code for _ in range(3)] == [1, 0, 0]
    assert workshop.jobs == [job] * 3


async def test_a_smoke_test_fails_on_one_commit_only_while_told_to():
    smoke = MemorySmoke()
    smoke.faults = [SmokeFault("home", "answered 500", commit="bad")]

    async def passes(commit: str) -> bool:
        order = SmokeOrder("orders", commit, "http://x", (HttpSmoke("home", "GET", "/"),))
        (result,) = await smoke.run(order)
        return result.passed

    assert [await passes("bad"), await passes("good")] == [False, True]
    smoke.faults.clear()
    assert await passes("bad")


async def test_a_notifier_refuses_while_told_to():
    notifier = MemoryNotifier()
    message = Message("m1", "r1", "held", "waits", datetime(2026, 1, 1, tzinfo=UTC))
    notifier.failing = "the chat server is down"
    with pytest.raises(Unavailable, match="the chat server is down"):
        await notifier.send(message)
    notifier.failing = None
    await notifier.send(message)
    assert notifier.messages == [message]


def test_a_clock_moves_only_when_told_to():
    clock = MemoryClock(datetime(2026, 1, 1, tzinfo=UTC))
    clock.advance(timedelta(minutes=5))
    assert clock.now() == datetime(2026, 1, 1, 0, 5, tzinfo=UTC)
    clock.set(datetime(2025, 1, 1, tzinfo=UTC))
    assert clock.now().year == 2025


async def test_a_command_that_takes_too_long_takes_only_its_limit():
    workshop = MemoryWorkshop()
    workshop.answer("up", JobResult(0, "", 60, ""))
    await workshop.lay_out("r", "orders", "c")
    job = Job("orders", "c", "migrate", "up", timedelta(seconds=0.01))
    result = await asyncio.wait_for(workshop.run(job), timeout=5)
    assert (result.exit_code, result.seconds) == (None, 0.01)
