"""What the judge knows of a step, and what the row says of it, are stored together."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from tests.plans import START, a_plan, a_release

from gonogo.adapters.memory.clock import MemoryClock
from gonogo.adapters.memory.gauges import MemoryGauges
from gonogo.adapters.memory.metrics import MemoryMetrics
from gonogo.controllers.drive import Drive, Seen
from gonogo.controllers.judging import Watcher
from gonogo.controllers.world import World
from gonogo.domain.audit import AuditDraft
from gonogo.domain.errors import Unavailable
from gonogo.domain.plan import Plan
from gonogo.domain.prometheus import CounterPair, PrometheusCounts
from gonogo.domain.registration import Registration
from gonogo.domain.release import Stage
from gonogo.domain.slot import Slot, SlotRole
from gonogo.domain.traffic import Counts, Request
from gonogo.domain.verdict import Verdict
from gonogo.storage.store import memory_store

OLD, NEW = "127.0.0.1:9001", "127.0.0.1:9002"


def slot(name: str, role: SlotRole, port: int, instance: str) -> Slot:
    return Slot("shop", "production", name, role, "v", "c" * 40, instance, port)


SLOTS = (
    slot("a", SlotRole.BASELINE, 9001, "r0.production"),
    slot("b", SlotRole.CANARY, 9002, "r1.production"),
)


@pytest.fixture
async def drive() -> AsyncIterator[Drive]:
    nothing: Any = None  # a watcher reaches the clock, the store and the metrics only
    clock = MemoryClock(START)
    store = memory_store(clock)
    world = World(
        desk="desk",
        clock=clock,
        store=store,
        deployer=nothing,
        workshop=nothing,
        router=nothing,
        metrics=MemoryMetrics(clock),
        smoke=nothing,
        notifier=nothing,
        dossiers=nothing,
        scratch=nothing,
        new_id=nothing,
        free_port=nothing,
        gauges=MemoryGauges(clock),
    )
    release = a_release(stage=Stage.CANARY)
    registration = Registration("shop", "/repository", "", a_plan(), "qa", START, "secret")
    await store.register(registration, AuditDraft("qa", "person:service:register", "shop"))
    await store.open(release, AuditDraft("qa", "person:release:start", "r1"), ())
    lease = await store.claim("r1", "desk", START, START + timedelta(minutes=5))
    assert lease is not None
    yield Drive(world, registration, release, lease)
    await store.close()


async def enter(drive: Drive, watcher: Watcher, step: int) -> None:
    async def store(seen: Seen) -> None:
        await drive.record(
            "desk:release:step",
            change=lambda release: replace(release, step=step, step_since=START, exposed=True),
            seen=seen,
        )

    await watcher.begin_step(drive.plan.rollout.steps[step].share, store)


async def serve(drive: Drive, watcher: Watcher, canary: int, of: int) -> None:
    metrics: Any = drive.world.metrics
    for number in range(of):
        address = NEW if number % of < canary else OLD
        request = Request(START, address, 200, 0.01, "GET", "/", "127.0.0.1")
        metrics.push("shop", "production", request)
    await watcher.look(timedelta(seconds=1))


async def test_a_desk_that_dies_right_after_a_step_was_stored_judges_by_the_split_of_that_step(
    drive: Drive,
) -> None:
    async with Watcher(drive, SLOTS) as watcher:
        await enter(drive, watcher, 0)
        await serve(drive, watcher, 100, 1000)
        await enter(drive, watcher, 1)
    async with Watcher(drive, SLOTS) as after_the_crash:
        await serve(drive, after_the_crash, 500, 1000)
        assert after_the_crash.judgement().verdict is not Verdict.INCONCLUSIVE


async def test_a_step_whose_row_could_not_be_stored_has_not_begun_for_the_judge_either(
    drive: Drive,
) -> None:
    async def refuse(_: Seen) -> None:
        raise Unavailable("the database is locked")

    async with Watcher(drive, SLOTS) as watcher:
        await enter(drive, watcher, 0)
        await serve(drive, watcher, 100, 1000)
        with pytest.raises(Unavailable):
            await watcher.begin_step(0.5, refuse)
        assert watcher.step_requests == 100
        await serve(drive, watcher, 100, 1000)
        assert watcher.judgement().verdict is not Verdict.INCONCLUSIVE
        await watcher.flush()
    counted = [look for look in await drive.world.store.looks("r1") if look.increments]
    assert sum(look.increments[0].canary.total for look in counted) == 200


async def test_what_was_seen_before_a_step_is_stored_as_seen_in_the_step_before(
    drive: Drive,
) -> None:
    async with Watcher(drive, SLOTS) as watcher:
        await enter(drive, watcher, 0)
        await serve(drive, watcher, 100, 1000)
        await enter(drive, watcher, 1)
    last = (await drive.world.store.looks("r1"))[-1]
    assert (last.step, last.share, last.increments[0].canary.total) == (0, 0.1, 100)


async def test_how_long_answers_took_is_stored_with_each_look(drive: Drive) -> None:
    async with Watcher(drive, SLOTS) as watcher:
        await enter(drive, watcher, 0)
        await serve(drive, watcher, 100, 1000)
        await watcher.flush()
        await serve(drive, watcher, 10, 100)
        await watcher.flush()
    timed = [look.latencies for look in await drive.world.store.looks("r1") if look.increments]
    assert [(each.baseline.total, each.canary.total) for each in timed if each] == [
        (900, 100),
        (90, 10),
    ]


async def test_a_plan_with_counters_elsewhere_is_judged_by_them(drive: Drive) -> None:
    other = MemoryMetrics(drive.world.clock)
    asked = []

    def elsewhere(plan: Plan) -> MemoryMetrics:
        asked.append(plan.metrics)
        return other

    origin = PrometheusCounts("http://127.0.0.1:9090", {"errors": CounterPair("all", "bad")})
    release = replace(drive.release, plan=a_plan(metrics=origin))
    counted = Drive(
        replace(drive.world, counts_elsewhere=elsewhere), drive.registration, release, drive.lease
    )
    async with Watcher(counted, SLOTS) as watcher:
        other.push("shop", "production", Request(START, NEW, 500, 0.01, "GET", "/", "127.0.0.1"))
        await watcher.look(timedelta(seconds=1))
        assert watcher.judgement().kpis[0].canary == Counts(1, 1)
    assert asked == [origin]


async def test_among_a_thousand_what_comes_in_a_while_is_judged_together(drive: Drive) -> None:
    async with Watcher(drive, SLOTS) as watcher:
        await enter(drive, watcher, 0)
        drive.world.pace.watched = 1000
        await serve(drive, watcher, canary=1, of=2)
        looking = asyncio.create_task(watcher.look(timedelta(seconds=5)))
        for _ in range(3):
            await asyncio.sleep(0.01)
            metrics: Any = drive.world.metrics
            metrics.push("shop", "production", Request(START, NEW, 200, 0.01, "GET", "/", "c"))
        assert not looking.done()
        await looking
        drive.world.pace.watched = 1
    assert watcher.step_requests == 1 + 3


async def test_with_few_the_judge_sees_every_batch_at_once(drive: Drive) -> None:
    async with Watcher(drive, SLOTS) as watcher:
        await enter(drive, watcher, 0)
        for seen in range(1, 4):
            await serve(drive, watcher, canary=1, of=1)
            assert watcher.step_requests == seen
