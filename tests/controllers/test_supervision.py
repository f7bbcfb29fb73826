"""Tasks of a desk that hang or die are seen, ended and begun anew; those that wait as they should are not."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
from tests.controllers.stage import REPOSITORY, RHYTHM, Theatre, play
from tests.plans import a_plan, a_release

from gonogo.controllers.desk import Desk
from gonogo.domain.audit import AuditDraft
from gonogo.domain.controller import ControllerKind
from gonogo.domain.errors import StaleLease
from gonogo.domain.plan import Command, Migrations
from gonogo.domain.registration import Registration
from gonogo.domain.release import InstructionKind, Stage
from gonogo.ports.store import Change


def seen(theatre, kind):
    found = [each for each in theatre.desk.controllers.seen() if each.kind is kind]
    return max(found, key=lambda each: each.restarts)


class Hangs:
    """A port's method of which the first call that fits never comes back."""

    def __init__(self, port, name, fits=lambda *_: True):
        self.reached = asyncio.Event()
        self.goes_on = asyncio.Event()
        self.calls = 0
        self._stubborn = False
        real = getattr(port, name)

        async def call(*arguments, **options):
            if fits(*arguments):
                self.calls += 1
            if fits(*arguments) and self.calls == 1:
                self.reached.set()
                await self._hang()
            return await real(*arguments, **options)

        setattr(port, name, call)

    def stubborn(self):
        """It ignores that it is cancelled."""
        self._stubborn = True
        return self

    async def _hang(self):
        while not self.goes_on.is_set():
            try:
                await self.goes_on.wait()
            except asyncio.CancelledError:
                if not self._stubborn:
                    raise


def test_a_release_whose_driver_hangs_is_driven_on_by_another():
    async def story(theatre: Theatre):
        await theatre.serve_first()
        hangs = Hangs(theatre.deployer, "status", lambda instance: instance.version == "v2")
        release = await theatre.release("v2")
        await theatre.until(release, Stage.RELEASED, within=900)
        assert hangs.calls > 1

    play(story, a_plan(watch=timedelta()))


def test_a_decision_whose_papers_never_come_is_made_anew_as_soon_as_any_call_would_be_missed():
    async def story(theatre: Theatre):
        await theatre.serve_first()
        hangs = Hangs(theatre.store, "papers", lambda _, commit=None: commit is not None)
        release = await theatre.release("v2")
        await hangs.reached.wait()
        began = asyncio.get_running_loop().time()
        await theatre.when(release, lambda _: hangs.calls > 1)
        patience = (RHYTHM.patience + RHYTHM.supervise).total_seconds()
        assert asyncio.get_running_loop().time() - began < patience + 30
        await theatre.until(release, Stage.CANARY)

    play(story, a_plan())


def test_a_driver_that_hangs_is_told_of_with_what_it_did(caplog):
    async def story(theatre: Theatre):
        await theatre.serve_first()
        Hangs(theatre.workshop, "run")
        release = await theatre.release("v2")
        await theatre.until(release, Stage.NEEDS_PERSON, within=3000)
        shown = seen(theatre, ControllerKind.RELEASE)
        assert (shown.of, shown.release, shown.restarts) == ("shop", release.id, 1)
        assert "runs staging-migrate" in shown.trouble or "runs production-migrate" in shown.trouble

    upgrade = Command("migrate", "migrate now", timedelta(seconds=30))
    play(story, a_plan(migrations=Migrations(upgrade)))
    assert any("is stuck: runs" in record.message for record in caplog.records)


def test_a_driver_that_does_not_end_when_it_is_told_to_cannot_act_beside_its_successor():
    """It was about to stop the version that its successor went back to."""

    async def story(theatre: Theatre):
        await theatre.serve_first()
        slots = await theatre.store.slots("shop", "production")
        first = next(slot for slot in slots if slot.instance is not None)
        theatre.router.sessions[first.address] = (
            1  # somebody is still on it: it is not stopped at once
        )
        hangs = Hangs(theatre.deployer, "stop", lambda identity, *_: identity == first.instance)
        hangs.stubborn()
        release = await theatre.release("v2")
        await theatre.when(release, lambda _: hangs.reached.is_set())
        await theatre.say(release, InstructionKind.ROLL_BACK)
        await theatre.until(release, Stage.ROLLED_BACK, within=1500)
        hangs.goes_on.set()
        await asyncio.sleep(60)
        assert first.instance in {each.id for each in theatre.deployer.running()}
        assert theatre.deployer.starts.count(first.instance) == 1

    plan = a_plan()
    play(story, replace(plan, rollout=replace(plan.rollout, drain=timedelta(seconds=30))))


def test_a_driver_that_was_given_up_cannot_write_any_more():
    async def story(theatre: Theatre):
        await theatre.serve_first()
        store, now = theatre.store, theatre.clock.now()
        release = (await store.releases("shop"))[0]
        old = await store.claim(release.id, "desk", now, now + RHYTHM.lease)
        new = await store.claim(release.id, "desk", now, now + RHYTHM.lease, anew=True)
        assert new.fence == old.fence + 1
        with pytest.raises(StaleLease):
            await store.record(Change(release, old))

    play(story, a_plan())


def test_what_waits_as_it_should_is_left_alone_for_as_long_as_it_takes(caplog):
    async def story(theatre: Theatre):
        await theatre.serve_first()
        release = await theatre.release("v2")
        await theatre.until(release, Stage.CANARY)
        await theatre.say(release, InstructionKind.PAUSE)
        await theatre.until(release, Stage.PAUSED)
        await asyncio.sleep(1800)
        assert not any(each.restarts for each in theatre.desk.controllers.seen())

    play(story, a_plan())
    assert not [record for record in caplog.records if "stuck" in record.message]


def test_a_command_may_take_as_long_as_its_plan_allows():
    async def story(theatre: Theatre):
        await theatre.serve_first()
        real = theatre.workshop.run

        async def slow(job):
            await asyncio.sleep(1000)
            return await real(job)

        theatre.workshop.run = slow
        release = await theatre.release("v2")
        await theatre.until(release, Stage.CANARY, within=4000)
        assert seen(theatre, ControllerKind.RELEASE).restarts == 0

    upgrade = Command("migrate", "migrate now", timedelta(minutes=20))
    play(story, a_plan(migrations=Migrations(upgrade)))


@pytest.mark.parametrize("stubborn", [False, True])
def test_a_receiver_that_never_answers_holds_up_no_other_message_for_long(stubborn):
    async def story(theatre: Theatre):
        hangs = Hangs(theatre.notifier, "send")
        if stubborn:
            hangs.stubborn()
        await theatre.serve_first()
        await asyncio.sleep(150)
        sent = [message.id for message in theatre.notifier.messages]
        assert seen(theatre, ControllerKind.OUTBOX).restarts == 1
        hangs.goes_on.set()
        await asyncio.sleep(60)
        assert not await theatre.store.unsent(1)
        assert len({*sent}) == len(sent)

    play(story, a_plan())


@pytest.mark.parametrize(
    ("port", "method", "kind"),
    [
        ("notifier", "send", ControllerKind.OUTBOX),
        ("router", "read", ControllerKind.FLEET),
        ("store", "services_under_way", ControllerKind.CLAIMS),
    ],
)
def test_a_task_that_dies_of_a_defect_is_begun_anew(port, method, kind, caplog):
    async def story(theatre: Theatre):
        target = getattr(theatre, port)
        real, broken = getattr(target, method), [True]

        async def breaks(*arguments, **options):
            if broken and broken.pop():
                raise ZeroDivisionError("a defect")
            return await real(*arguments, **options)

        setattr(target, method, breaks)
        await theatre.serve_first()
        await asyncio.sleep(20)
        assert not broken
        shown = seen(theatre, kind)
        assert (shown.restarts, shown.trouble) == (1, "a defect")

    play(story, a_plan())
    assert any("died of a defect" in record.message for record in caplog.records)


def test_nobody_is_stuck_because_the_whole_process_stood_still(caplog):
    async def story(theatre: Theatre):
        await theatre.serve_first()
        release = await theatre.release("v2")
        await theatre.until(release, Stage.CANARY)
        asyncio.get_running_loop()._seconds += 3600  # the virtual loop leaps, as after SIGSTOP
        await theatre.until(release, Stage.RELEASED, Stage.WATCHING)
        assert not any(each.restarts for each in theatre.desk.controllers.seen())

    play(story, a_plan())
    assert any("the desk stood still for 3" in record.message for record in caplog.records)


def test_a_desk_whose_task_does_not_end_ends_all_the_same():
    async def story(theatre: Theatre):
        Hangs(theatre.notifier, "send").stubborn()
        await theatre.serve_first()
        await asyncio.sleep(5)
        began = asyncio.get_running_loop().time()
        await theatre.stop_desk()
        assert asyncio.get_running_loop().time() - began < 60

    play(story, a_plan())


def test_every_turn_is_told_to_whoever_watches_from_outside():
    async def story(theatre: Theatre):
        turns = []
        desk = Desk(theatre.world, lambda: turns.append(1))
        working = asyncio.ensure_future(desk.run())
        await asyncio.sleep(10.5)
        working.cancel()
        await asyncio.gather(working, return_exceptions=True)
        assert len(turns) == pytest.approx(10, abs=1)

    play(story, a_plan())


def test_what_a_newer_gonogo_stored_and_nobody_here_can_read_stops_nothing_else(caplog):
    async def story(theatre: Theatre):
        await theatre.serve_first()
        await theatre.stop_desk()
        plan = replace(theatre.plan, service="other")
        now = theatre.clock.now()
        strange = a_release(id="strange", service="other", previous=None, plan=plan)
        registration = Registration("other", REPOSITORY, "", plan, "owner", now, "secret")
        await theatre.store.register(registration, AuditDraft("owner", "test:register", "other"))
        await theatre.store.open(strange, AuditDraft("owner", "test:open", "strange"), ())
        with theatre.store._engine.begin() as connection:
            of_strange = "UPDATE plans SET plan = '{\"from\": \"a later time\"}' WHERE release_id = 'strange'"
            connection.exec_driver_sql(of_strange)
        theatre.start_desk()
        release = await theatre.release("v2")
        await theatre.until(release, Stage.RELEASED)

    play(story, a_plan())
    told = [
        record.message for record in caplog.records if "strange is left alone" in record.message
    ]
    assert len(told) == 1
    assert "a stored plan cannot be read" in told[0]
