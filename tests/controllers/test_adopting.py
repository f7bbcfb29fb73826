"""What runs already: adopted, released over, watched, and handed back."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from tests.controllers.stage import OWNER, Theatre, play
from tests.controllers.test_rehearsing import plan as rehearsing_plan
from tests.plans import a_plan

from gonogo.adapters.memory.smoke import SmokeFault
from gonogo.controllers.handing_back import (
    end_router,
    hand_back,
    let_go,
    plan_hand_back,
    traffic,
)
from gonogo.domain.actor import Actor, Role
from gonogo.domain.errors import ActionFailed, Conflict, InvalidInput, NotAllowed, NotFound
from gonogo.domain.plan import Command, Plan
from gonogo.domain.quiet import Quiet, Traffic
from gonogo.domain.release import InstructionKind, Stage
from gonogo.domain.slot import SlotRole, with_role
from gonogo.usecases.services.adoption import Entrance, adopt, entrance
from gonogo.usecases.services.unadopting import undo_adoption

AT = "127.0.0.1:8000"


async def adopted(desk: Theatre, at: str = AT, version: str = "v1", **changes: str) -> Entrance:
    desk.deployer.outside.setdefault(at, True)
    wanted = {"environment": "production", "at": at, "version": version, **changes}
    return await adopt(desk.context, OWNER, service="shop", **wanted)  # type: ignore[arg-type]


async def routed(desk: Theatre) -> Entrance:
    async with asyncio.timeout(60):
        while True:
            found = await entrance(desk.context, OWNER, service="shop", environment="production")
            if found.routed:
                return found
            await asyncio.sleep(0.5)


async def customers_reach(desk: Theatre) -> str | None:
    return desk.router.route("shop", "production", desk._customers)


def stories(story: Callable[[Theatre], Awaitable[None]], plan: Plan | None = None) -> None:
    play(story, plan or a_plan())


def test_an_adopted_version_gets_every_customer_through_the_router_and_is_not_started():
    async def story(desk: Theatre) -> None:
        await adopted(desk)
        found = await routed(desk)
        assert (found.slot.adopted, found.slot.share, found.requests) == (True, 1.0, 0)
        assert await customers_reach(desk) == AT
        assert (await routed(desk)).requests == 1
        assert desk.deployer.starts == []

    stories(story)


def test_adopting_it_again_changes_nothing_also_after_the_desk_died_in_between():
    async def story(desk: Theatre) -> None:
        await desk.stop_desk()
        first = await adopted(desk)
        assert not first.routed
        desk.start_desk()
        await routed(desk)
        again = await adopted(desk)
        assert again.adoption == first.adoption
        assert len(await desk.store.adoptions()) == 1

    stories(story)


def test_another_version_takes_the_place_of_the_adopted_one_while_nothing_else_is_there():
    async def story(desk: Theatre) -> None:
        await adopted(desk)
        await routed(desk)
        await adopted(desk, "127.0.0.1:8001", "v2")
        await routed(desk)
        assert await customers_reach(desk) == "127.0.0.1:8001"
        before, after = desk.router.applied[-2:]
        shares = {target.address: target.share for target in after.targets if target.address}
        assert shares == {AT: 0.0, "127.0.0.1:8001": 1.0}
        assert any(target.share == 1.0 for target in before.targets)
        await asyncio.sleep(30)
        slots = await desk.store.slots("shop", "production")
        assert [slot.address for slot in slots if slot.instance] == ["127.0.0.1:8001"]

    stories(story)


@pytest.mark.parametrize(
    ("trouble", "kind", "said"),
    [
        ({"at": "127.0.0.1:8080"}, InvalidInput, "own router of shop in production"),
        ({"at": "127.0.0.1:8081"}, InvalidInput, "own router of shop in staging"),
        ({"at": "localhost:8000"}, InvalidInput, "names are not resolved"),
        ({"at": "127.0.0.1:7999"}, Conflict, "nothing listens on 127.0.0.1:7999"),
        ({"at": "127.0.0.1:7998"}, Conflict, "answered 503"),
        ({"version": "v9"}, Exception, "v9"),
        ({"environment": "moon"}, Exception, "has no environment"),
        ({"commit": "f" * 40}, Exception, "f" * 40),
    ],
)
def test_what_cannot_be_adopted_is_refused_and_nothing_is_stored(trouble, kind, said):
    async def story(desk: Theatre) -> None:
        healthy = dict.fromkeys((AT, "127.0.0.1:8080", "127.0.0.1:8081"), True)
        desk.deployer.outside = {**healthy, "127.0.0.1:7998": False}
        wanted = {"environment": "production", "at": AT, "version": "v1", **trouble}
        with pytest.raises(kind, match=said):
            await adopt(desk.context, OWNER, service="shop", **wanted)
        assert await desk.store.adoptions() == ()
        assert not any(slot.instance for slot in await desk.store.slots("shop", "production"))

    stories(story)


def test_a_routers_port_that_is_taken_and_a_person_without_the_right_are_refused():
    async def story(desk: Theatre) -> None:
        desk.router.taken.add(8080)
        with pytest.raises(InvalidInput, match="cannot listen: port 8080"):
            await adopted(desk)
        nobody = Actor("qa", frozenset({Role.QA}))
        with pytest.raises(NotAllowed, match="adopt a running service"):
            await adopt(
                desk.context, nobody, service="shop", environment="production", at=AT, version="v1"
            )

    stories(story)


def test_a_desk_adopts_nothing_that_lives_on_another_desks_machine():
    async def story(desk: Theatre) -> None:
        class Elsewhere(Cutting):
            async def places(self) -> dict[tuple[str, str], str]:
                return {("shop", "production"): "theirs"}

        store = Elsewhere(desk.store, [], 0, after=False)
        context = replace(desk.context, store=store, site="ours")
        with pytest.raises(Conflict, match="lives on another machine"):
            await adopt(
                context, OWNER, service="shop", environment="production", at=AT, version="v1"
            )

    stories(story)


def test_nothing_is_adopted_where_gonogo_runs_a_version():
    async def story(desk: Theatre) -> None:
        await desk.serve_first()
        with pytest.raises(Conflict, match="holds v1 already"):
            await adopted(desk)

    stories(story)


def test_a_promoted_version_leaves_the_adopted_one_running_and_says_so():
    async def story(desk: Theatre) -> None:
        await adopted(desk)
        release = await desk.release("v2")
        assert release.previous == "v1"
        await desk.until(release, Stage.RELEASED, within=2000)
        emptied = [e for e in await desk.story(release) if e.action == "desk:slot:emptied"]
        assert emptied[-1].data["left_running"] == AT
        assert len([s for s in await desk.store.slots("shop", "production") if s.instance]) == 1

    stories(story)


def test_the_very_version_that_was_adopted_is_released_to_be_run_by_gonogo():
    async def story(desk: Theatre) -> None:
        await adopted(desk)
        release = await desk.release("v1")
        await desk.until(release, Stage.RELEASED, within=2000)
        (serving,) = [s for s in await desk.store.slots("shop", "production") if s.instance]
        assert (serving.version, serving.adopted) == ("v1", False)
        assert await customers_reach(desk) == serving.address != AT
        with pytest.raises(Conflict, match="v1 serves production already"):
            await desk.release("v1")
        await desk.stop_desk()
        back = {p.environment.name: p for p in await plan_hand_back(desk.world)}["production"]
        assert (back.before, back.slot.version, back.stays) == ("v1", "v1", False)

    stories(story)


async def undone(desk: Theatre, seen: Traffic) -> tuple[str, ...]:
    wanted = {"service": "shop", "environment": "production"}
    return await undo_adoption(desk.context, OWNER, **wanted, seen=seen)


def test_an_undone_adoption_leaves_no_row_no_router_and_nobody_is_ever_handed_back_to_it():
    async def story(desk: Theatre) -> None:
        await adopted(desk, "127.0.0.1:8001")
        await adopted(desk)
        found = await routed(desk)
        assert await undone(desk, Traffic(found.pid, 0)) == ("127.0.0.1:8001", AT)
        await asyncio.sleep(30)
        assert await desk.router.read("shop", "production") is None
        assert desk.deployer.outside == {AT: True, "127.0.0.1:8001": True}
        with pytest.raises(NotFound, match="nothing is adopted in production"):
            await undone(desk, Traffic())
        await desk.until(await desk.release("v1"), Stage.RELEASED, within=2000)
        await desk.stop_desk()
        assert not any(plan.adopted for plan in await plan_hand_back(desk.world))

    stories(story)


def test_an_adoption_is_not_undone_while_customers_come_or_gonogo_runs_a_version_there():
    async def story(desk: Theatre) -> None:
        await adopted(desk)
        seen = await routed(desk)
        await customers_reach(desk)
        with pytest.raises(Conflict, match=r"customers still come .* 1 request since you looked"):
            await undone(desk, Traffic(seen.pid, seen.requests))
        release = await desk.release("v2")
        await desk.until(release, Stage.CANARY)
        with pytest.raises(Conflict, match=r"holds v2 .* which gonogo runs"):
            await undone(desk, Traffic(seen.pid, 10_000))
        assert await desk.router.read("shop", "production") is not None

    stories(story)


def test_a_harmful_version_is_taken_back_to_the_adopted_one():
    async def story(desk: Theatre) -> None:
        await adopted(desk)
        release = await desk.release("v2")
        await desk.until(release, Stage.CANARY)
        canary = with_role(await desk.store.slots("shop", "production"), SlotRole.CANARY)
        desk.broken = frozenset({canary.address})
        await desk.until(release, Stage.ROLLED_BACK)
        assert await customers_reach(desk) == AT
        assert all(AT not in started for started in desk.deployer.starts)

    stories(story)


@pytest.mark.parametrize("stage", [Stage.CANARY, Stage.WATCHING])
def test_nobody_is_sent_back_to_an_adopted_version_that_has_gone(stage):
    async def story(desk: Theatre) -> None:
        await adopted(desk)
        release = await desk.release("v2")
        await desk.when(release, lambda found: found.stage is stage and found.exposed, 2000)
        del desk.deployer.outside[AT]
        await desk.say(release, InstructionKind.ROLL_BACK)
        async with asyncio.timeout(60):
            while await desk.store.instructions(release.id):  # noqa: ASYNC110 - a row has no event
                await asyncio.sleep(0.5)
        refused = [e for e in await desk.story(release) if "refused" in e.action]
        assert "v1 cannot be gone back to" in refused[-1].data["reason"]
        assert (await desk.now(release)).stage is stage

    stories(story)


def test_people_are_told_once_when_the_adopted_version_goes_and_when_it_is_back():
    async def story(desk: Theatre) -> None:
        await adopted(desk)
        await routed(desk)
        del desk.deployer.outside[AT]
        await asyncio.sleep(60)
        desk.deployer.outside[AT] = True
        await asyncio.sleep(60)
        texts = [message.text for message in desk.notifier.messages]
        gone = [text for text in texts if "gonogo cannot start it" in text]
        assert len(gone) == 1
        assert "customers of production get no answer" in gone[0]
        assert [text for text in texts if "listens on 127.0.0.1:8000 again" in text]

    stories(story)


def test_the_way_back_to_an_adopted_version_is_rehearsed_from_its_commit_once_it_is_built():
    async def story(desk: Theatre) -> None:
        await adopted(desk)
        release = await desk.release("v2")
        await desk.until(release, Stage.CANARY)
        lines = [job.line for job in desk.workshop.jobs if "rehearsal" in job.environment]
        assert lines[0] == "make it"
        assert (desk.commits["v1"], "make it") in {
            (job.commit, job.line) for job in desk.workshop.jobs
        }

    stories(story, replace(rehearsing_plan(), build=Command("build", "make it")))


def test_an_adopted_version_that_does_not_run_by_the_spec_is_no_evidence_against_the_new_one():
    async def story(desk: Theatre) -> None:
        await adopted(desk)
        desk.smoke.faults.append(SmokeFault("home", "answered 500", desk.commits["v1"]))
        release = await desk.release("v2")
        held = await desk.until(release, Stage.HELD)
        assert "rollback rehearsal" in held.reason
        story_ = [e.data.get("reason", "") for e in await desk.story(release)]
        assert any("was adopted and does not run by this gonogo.yaml" in each for each in story_)

    stories(story, rehearsing_plan())


def test_customers_are_handed_back_to_the_adopted_version_and_what_gonogo_runs_is_stopped():
    async def story(desk: Theatre) -> None:
        await adopted(desk)
        await desk.until(await desk.release("v2"), Stage.RELEASED, within=2000)
        await desk.stop_desk()
        for _ in range(2):  # a second time finds everything done
            production = {p.environment.name: p for p in await plan_hand_back(desk.world)}
            back = production["production"]
            assert (back.adopted, back.slot.address, back.why) == (True, AT, "")
            await hand_back(desk.world, back, "owner")
            assert await customers_reach(desk) == AT
        assert [each.environment for each in desk.deployer.running()] == ["staging"]
        assert (await traffic(desk.world, back)).requests > 0
        await end_router(desk.world, back)
        assert await traffic(desk.world, back) == Traffic()
        await let_go(desk.world, back, "owner")
        assert not any(slot.instance for slot in await desk.store.slots("shop", "production"))
        desk.start_desk()
        await adopted(desk)
        await routed(desk)

    stories(story)


def test_where_the_adopted_version_does_not_answer_the_running_one_goes_on():
    async def story(desk: Theatre) -> None:
        await adopted(desk)
        await desk.until(await desk.release("v2"), Stage.RELEASED, within=2000)
        await desk.stop_desk()
        desk.deployer.outside[AT] = False
        back = {p.environment.name: p for p in await plan_hand_back(desk.world)}["production"]
        assert (back.adopted, back.slot.version, back.why) == (False, "v2", "it answered 503")
        await hand_back(desk.world, back, "owner")
        assert await customers_reach(desk) == back.slot.address
        assert len(desk.deployer.running()) == 2

    stories(story)


def test_nothing_is_stopped_when_the_adopted_version_fails_after_it_got_the_customers():
    async def story(desk: Theatre) -> None:
        await adopted(desk)
        await desk.until(await desk.release("v2"), Stage.RELEASED, within=2000)
        await desk.stop_desk()
        back = {p.environment.name: p for p in await plan_hand_back(desk.world)}["production"]
        desk.deployer.outside[AT] = False
        with pytest.raises(ActionFailed, match="nothing of shop in production was stopped"):
            await hand_back(desk.world, back, "owner")
        assert len(desk.deployer.running()) == 2

    stories(story)


def test_customers_are_not_handed_back_in_the_middle_of_a_release():
    async def story(desk: Theatre) -> None:
        await adopted(desk)
        release = await desk.release("v2")
        await desk.until(release, Stage.CANARY)
        with pytest.raises(Conflict, match="v2 is canary"):
            await plan_hand_back(desk.world)

    stories(story)


def test_a_service_that_is_asked_seldom_has_to_be_silent_for_longer():
    quiet = Quiet(timedelta(seconds=30), began=0.0)
    for minute in range(1, 11):
        quiet.see(Traffic(1, minute, 0), minute * 60.0)
    assert not quiet.is_quiet(600 + 31)
    assert not quiet.is_quiet(600 + 1100)
    assert quiet.is_quiet(600 + 1334)


def test_open_requests_and_a_router_that_was_started_again_are_no_silence():
    quiet = Quiet(timedelta(seconds=5), began=0.0, last=Traffic(1, 100, 0))
    assert quiet.see(Traffic(1, 200, 0), 1.0) == 100
    assert quiet.see(Traffic(2, 3, 0), 2.0) == 3
    assert quiet.see(Traffic(2, 3, 1), 100.0) == 0
    assert not quiet.is_quiet(200.0)
    quiet.see(Traffic(2, 3, 0), 201.0)
    assert quiet.is_quiet(201.0)


class Cut(BaseException):
    """The command was ended here."""


class Cutting:
    """A port whose n-th call of all ports ends the command, before it is done or after it."""

    def __init__(self, port: object, calls: list[str], at: int, *, after: bool) -> None:
        self._port, self._calls, self._at, self._after = port, calls, at, after

    def __getattr__(self, name: str) -> Callable[..., Awaitable[object]]:
        async def call(*words: object, **named: object) -> object:
            self._calls.append(name)
            cut = len(self._calls) == self._at
            if cut and not self._after:
                raise Cut(name)
            found = await getattr(self._port, name)(*words, **named)
            if cut:
                raise Cut(name)
            return found

        return call


async def cut_off(desk: Theatre, at: int, *, after: bool) -> bool:
    """Hand back until the n-th call; whether it came to its end before."""
    calls: list[str] = []
    world = replace(
        desk.world,
        store=Cutting(desk.store, calls, at, after=after),
        router=Cutting(desk.router, calls, at, after=after),
        deployer=Cutting(desk.deployer, calls, at, after=after),
    )
    plans = {p.environment.name: p for p in await plan_hand_back(desk.world)}
    try:
        await hand_back(world, plans["production"], "owner")
    except Cut:
        return False
    return True


@pytest.mark.slow
@pytest.mark.parametrize("after", [False, True])
def test_handing_back_may_be_cut_off_anywhere_and_done_again_with_somebody_there_all_along(after):
    ended = []

    def story_of(at: int) -> Callable[[Theatre], Awaitable[None]]:
        async def story(desk: Theatre) -> None:
            await adopted(desk)
            await desk.until(await desk.release("v2"), Stage.RELEASED, within=2000)
            await desk.stop_desk()
            ended.append(await cut_off(desk, at, after=after))
            there = {each.address for each in desk.deployer.running()} | {AT}
            assert await customers_reach(desk) in there
            assert await cut_off(desk, 10_000, after=after)
            assert await customers_reach(desk) == AT
            assert [each.environment for each in desk.deployer.running()] == ["staging"]
            serving = [s for s in await desk.store.slots("shop", "production") if s.instance]
            assert [(slot.adopted, slot.role) for slot in serving] == [(True, SlotRole.BASELINE)]

        return story

    at = 0
    while not (ended and ended[-1]):
        at += 1
        stories(story_of(at))
    assert at > 10
