"""Stories of gauges, and of the time after promotion, with a desk in virtual time."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
from tests.controllers.stage import Theatre, play
from tests.gauges import a_gauge
from tests.plans import a_plan

from gonogo.domain.plan import OnSilence, Past, Plan, Verification
from gonogo.domain.release import Release, Stage
from gonogo.domain.slot import SlotRole, with_role
from gonogo.domain.traffic import BadStatus, Kpi
from gonogo.domain.verdict import Verdict

QUEUE = a_gauge("queue", at_most=100, seconds=10)
PLAN = a_plan(gauges=(QUEUE,), watch=timedelta(minutes=3))
V2 = ("v2", "queue")


async def in_canary(it: Theatre) -> Release:
    await it.serve_first()
    release = await it.release("v2")
    await it.until(release, Stage.CANARY)
    return await it.when(release, lambda found: found.exposed)


async def gauge_verdicts(it: Theatre, release: Release) -> list[Verdict]:
    looks = await it.store.looks(release.id)
    return [gauge.verdict for look in looks for gauge in look.judgement.gauges]


def test_a_gauge_beyond_its_bound_for_its_time_takes_the_release_back() -> None:
    async def story(it: Theatre) -> None:
        it.gauges.values[V2] = 40
        release = await in_canary(it)
        it.gauges.values[V2] = 500
        ended = await it.when(release, lambda found: found.stage is Stage.ROLLED_BACK, 60)
        assert "queue: 500 where at most 100 is allowed for 1" in ended.reason
        await it.until(release, Stage.ROLLED_BACK)
        last = (await it.store.looks(release.id))[-1]
        assert [found.verdict for found in last.judgement.gauges] == [Verdict.FAIL]
        entries = {entry.action: entry.data for entry in await it.story(release)}
        assert entries["judge:release:fail"]["kpi"] == "queue"

    play(story, PLAN)


def test_a_gauge_watches_on_after_promotion() -> None:
    async def story(it: Theatre) -> None:
        it.gauges.values[V2] = 40
        release = await in_canary(it)
        await it.until(release, Stage.WATCHING)
        it.gauges.values[V2] = 500
        ended = await it.when(release, lambda found: found.stage is Stage.ROLLED_BACK, 60)
        assert "queue: 500" in ended.reason

    play(story, PLAN)


def test_harm_in_a_first_version_is_told_once_where_a_person_is_waited_for_already() -> None:
    asked = Verification(within=timedelta(seconds=20), on_silence=OnSilence.NEEDS_PERSON)

    async def story(it: Theatre) -> None:
        await it.register()
        release = await it.release("v1")
        it.gauges.values["v1", "queue"] = 40
        silent = await it.until(release, Stage.NEEDS_PERSON)
        assert silent.reason == "nobody confirmed the release in time"
        it.gauges.values["v1", "queue"] = 500
        told = await it.when(release, lambda found: "queue: 500" in found.reason, 60)
        assert told.reason.endswith("it is the first version, so there is none to go back to")
        await asyncio.sleep(60)
        entries = [str(each.data) for each in await it.story(release)]
        assert len([each for each in entries if "none to go back to" in each]) == 1
        assert (await it.now(release)).reason == told.reason

    play(story, a_plan(gauges=(QUEUE,), watch=timedelta(minutes=3), verification=asked))


@pytest.mark.slow
def test_a_good_gauge_is_recorded_and_lets_the_release_through() -> None:
    async def story(it: Theatre) -> None:
        it.gauges.values[V2] = 40
        release = await in_canary(it)
        await it.until(release, Stage.RELEASED, within=900)
        looks = await it.store.looks(release.id)
        readings = [reading for look in looks for reading in look.readings]
        assert len(readings) > 100
        assert {reading.value for reading in readings} == {40}
        times = [reading.at for reading in readings]
        assert times == sorted(set(times))
        assert Verdict.PASS in await gauge_verdicts(it, release)

    play(story, PLAN)


def test_a_source_that_hangs_holds_the_release_and_passes_nothing() -> None:
    async def story(it: Theatre) -> None:
        it.gauges.hanging.add("v2")
        release = await in_canary(it)
        held = await it.when(release, lambda found: found.reason.startswith("waits, "), 120)
        assert "queue: no value was ever read: nothing came within 3 s" in held.reason
        assert held.step == 0
        assert set(await gauge_verdicts(it, release)) == {Verdict.NO_DATA}
        it.gauges.hanging.clear()
        it.gauges.values[V2] = 1
        await it.until(release, Stage.WATCHING)

    play(story, PLAN)


def test_a_source_that_hangs_does_not_delay_the_stop_by_counts() -> None:
    async def story(it: Theatre) -> None:
        it.gauges.hanging.add("v2")
        release = await in_canary(it)
        slots = await it.store.slots("shop", "production")
        canary = with_role(slots, SlotRole.CANARY)
        assert canary is not None
        assert canary.address is not None
        it.broken = frozenset({canary.address})
        began = it.clock.now()
        ended = await it.when(release, lambda found: found.stage is Stage.ROLLED_BACK, 60)
        assert "errors: " in ended.reason
        assert it.clock.now() - began < timedelta(seconds=10)

    play(story, PLAN)


@pytest.mark.slow
def test_a_gauge_that_can_no_longer_be_read_holds_even_where_it_was_well() -> None:
    async def story(it: Theatre) -> None:
        it.gauges.values[V2] = 40
        release = await in_canary(it)
        it.gauges.values[V2] = "the page is gone"
        held = await it.when(release, lambda found: found.reason.startswith("waits, "), 120)
        assert "queue: not read for " in held.reason or "now cannot be read" in held.reason
        assert "the page is gone" in held.reason

    play(story, PLAN)


def test_a_desk_that_dies_and_comes_back_goes_on_with_the_stretch_it_had_seen() -> None:
    async def story(it: Theatre) -> None:
        it.gauges.values[V2] = 40
        release = await in_canary(it)
        it.gauges.values[V2] = 500
        began = it.clock.now()
        await asyncio.sleep(7.5)
        await it.stop_desk()
        await asyncio.sleep(1)
        it.start_desk()
        await it.when(release, lambda found: found.stage is Stage.ROLLED_BACK, 60)
        assert it.clock.now() - began < timedelta(seconds=16)

    play(story, replace(PLAN, gauges=(replace(QUEUE, lasting=timedelta(seconds=12)),)))


async def worse_after_promotion(it: Theatre) -> Release:
    release = await in_canary(it)
    await it.until(release, Stage.WATCHING)
    slots = await it.store.slots("shop", "production")
    serving = with_role(slots, SlotRole.BASELINE)
    assert serving is not None
    assert serving.address is not None
    it.broken = frozenset({serving.address})
    return release


def ratio_only(past: Past) -> Plan:
    kpi = Kpi("errors", BadStatus(((500, 599),)), ratio=1.5)
    return a_plan(kpis=(kpi,), watch=timedelta(minutes=2), rollout=replace(PLAN.rollout, past=past))


def test_a_ratio_broken_after_promotion_is_told_once_and_left_to_people() -> None:
    async def story(it: Theatre) -> None:
        release = await worse_after_promotion(it)
        told = await it.when(release, lambda found: found.reason.startswith("worse than its past"))
        assert "errors: " in told.reason
        await it.until(release, Stage.RELEASED)
        warned = [e for e in await it.story(release) if e.action == "desk:release:warned"]
        assert len(warned) == 1
        assert len([m for m in it.notifier.messages if "worse than its past" in m.text]) == 1

    play(story, ratio_only(Past.TELL))


@pytest.mark.slow
def test_a_ratio_broken_after_promotion_takes_the_release_back_where_the_plan_says_so() -> None:
    async def story(it: Theatre) -> None:
        release = await worse_after_promotion(it)
        ended = await it.when(release, lambda found: found.stage is Stage.ROLLED_BACK, 120)
        assert "recorded past allows" in ended.reason

    play(story, ratio_only(Past.STOP))
