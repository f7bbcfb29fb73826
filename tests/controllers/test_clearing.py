"""A release and its gates: held, cleared, refused, and asked again up to the first customer."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
from tests.controllers.stage import OWNER, Theatre, play
from tests.plans import a_plan

from gonogo.adapters.memory.smoke import SmokeFault
from gonogo.controllers import clearing
from gonogo.controllers.drive import Drive
from gonogo.domain.actor import Role
from gonogo.domain.dossier import evidence_digest
from gonogo.domain.errors import ActionFailed, Conflict
from gonogo.domain.facts import TestFacts
from gonogo.domain.gate import GateKind, GateMode
from gonogo.domain.gate_rules import FreezeRule, SignOffsRule, SmokeRule, TestsRule
from gonogo.domain.paper import FREEZE, Flag, SignOff, Waiver, Withdrawal
from gonogo.domain.plan import CriterionMode, RollbackCriterion
from gonogo.domain.release import InstructionKind, Stage
from gonogo.domain.slot import SlotRole, with_role
from gonogo.domain.traffic import BadStatus, Endpoint, Kpi
from gonogo.ports.dossiers import Candidate
from gonogo.usecases.releases.lifecycle import instruct

GREEN, RED = TestFacts(10, 10, 0, 0), TestFacts(10, 8, 2, 0)
WITH_TESTS = a_plan(gates=(SmokeRule(), TestsRule()))


def test_a_release_waits_for_evidence_and_goes_on_the_moment_it_is_filed():
    async def story(desk: Theatre) -> None:
        await desk.serve_first()
        release = await desk.release("v2")
        held = await desk.until(release, Stage.HELD)
        assert held.reason.startswith("HOLD: ")
        assert "tests" in held.reason
        await desk.report(GREEN)
        await desk.until(release, Stage.CANARY, within=20)
        assert await desk.decisions(release) == ["hold", "hold", "go"]

    play(story, WITH_TESTS)


def test_failing_evidence_refuses_a_release_before_anything_is_deployed():
    async def story(desk: Theatre) -> None:
        await desk.serve_first()
        started = len(desk.deployer.starts)
        await desk.report(RED)
        release = await desk.release("v2")
        refused = await desk.until(release, Stage.NO_GO)
        assert refused.reason.startswith("NO-GO: ")
        assert "2" in refused.reason
        assert len(desk.deployer.starts) == started

    play(story, WITH_TESTS)


def test_evidence_of_another_version_clears_nothing():
    async def story(desk: Theatre) -> None:
        await desk.serve_first()
        release = await desk.release("v2")
        await desk.until(release, Stage.HELD)
        await desk.report(GREEN, version="v1")
        await asyncio.sleep(700)
        assert (await desk.now(release)).stage is Stage.HELD

    play(story, WITH_TESTS)


def test_a_waived_gate_lets_on_and_never_looks_passed():
    async def story(desk: Theatre) -> None:
        await desk.serve_first()
        await desk.report(RED)
        waiver = Waiver(GateKind.TESTS, Role.TECH_LEAD, "known flake of the runner", desk.at(3600))
        await desk.file(waiver, actor="lee", roles=(Role.TECH_LEAD,))
        release = await desk.release("v2")
        await desk.until(release, Stage.CANARY)
        entries = [e for e in await desk.story(release) if e.action == "gates:release:go"]
        statuses = {gate["kind"]: gate["status"] for gate in entries[-1].data["gates"]}
        assert statuses == {"smoke": "pass", "tests": "waived"}

    play(story, WITH_TESTS)


def test_a_freeze_that_begins_while_staging_is_tried_holds_the_release_there():
    async def story(desk: Theatre) -> None:
        await desk.serve_first()
        release = await desk.release("v2")
        await desk.until(release, Stage.STAGING)
        await desk.file(Flag(FREEZE, on=True, reason="audit"), version=None)
        held = await desk.until(release, Stage.HELD)
        assert "audit" in held.reason
        await desk.file(Flag(FREEZE, on=False, reason="done"), version=None)
        await desk.until(release, Stage.CANARY, within=20)

    play(story, a_plan(gates=(SmokeRule(), FreezeRule())))


def test_a_gate_that_closes_at_the_last_moment_keeps_every_customer_off():
    async def story(desk: Theatre) -> None:
        await desk.serve_first()
        release = await desk.release("v2")
        await desk.until(release, Stage.CANARY)
        await desk.file(Flag(FREEZE, on=True, reason="audit"), version=None)
        waits = await desk.when(release, lambda found: "audit" in found.reason)
        assert (waits.stage, waits.exposed, waits.step) == (Stage.CANARY, False, -1)
        slots = await desk.store.slots("shop", "production")
        canary = with_role(slots, SlotRole.CANARY)
        assert canary is not None
        assert canary.share == 0.0
        await desk.file(Flag(FREEZE, on=False, reason="done"), version=None)
        await desk.when(release, lambda found: found.exposed, within=20)

    play(story, a_plan(gates=(SmokeRule(), FreezeRule())))


def test_a_freeze_with_an_end_lets_go_by_itself():
    async def story(desk: Theatre) -> None:
        await desk.serve_first()
        await desk.file(Flag(FREEZE, on=True, reason="audit", until=desk.at(120)), version=None)
        release = await desk.release("v2")
        held = await desk.until(release, Stage.HELD)
        since = desk.clock.now()
        await desk.until(release, Stage.STAGING, Stage.CANARY)
        assert timedelta(seconds=100) < desk.clock.now() - since < timedelta(seconds=130)
        assert held.reason.startswith("HOLD")

    play(story, a_plan(gates=(SmokeRule(), FreezeRule())))


@pytest.mark.slow
def test_a_report_that_only_grows_older_is_told_once_however_long_the_release_waits():
    async def story(desk: Theatre) -> None:
        await desk.serve_first()
        await desk.report(GREEN, at=desk.at(-7200))
        release = await desk.release("v2")
        held = await desk.until(release, Stage.HELD)
        assert "old" in held.reason
        told = len(await desk.story(release))
        await asyncio.sleep(6 * 3600)
        assert (await desk.now(release)).stage is Stage.HELD
        assert len(await desk.story(release)) == told

    play(story, a_plan(gates=(SmokeRule(), TestsRule(expires=timedelta(hours=1)))))


def test_a_refusal_that_cannot_be_cleared_up_at_once_is_said_and_tried_again(
    monkeypatch: pytest.MonkeyPatch,
):
    async def stuck(drive: Drive) -> None:
        raise ActionFailed("the router of staging does not start")

    async def story(desk: Theatre) -> None:
        await desk.serve_first()
        release = await desk.release("v2")
        await desk.until(release, Stage.HELD)
        with monkeypatch.context() as patch:
            patch.setattr(clearing, "unrehearse", stuck)
            await desk.report(RED)
            await asyncio.sleep(60)
            held = await desk.now(release)
            told = len(await desk.story(release))
            assert (held.stage, "does not start" in held.reason) == (Stage.HELD, True)
            await asyncio.sleep(1200)
            assert len(await desk.story(release)) == told
        await desk.until(release, Stage.NO_GO, within=1200)

    play(story, WITH_TESTS)


SIGNED = a_plan(gates=(SmokeRule(), SignOffsRule(needed={Role.QA: 1})))
PROMISE = RollbackCriterion(
    "tracking errors",
    BadStatus(((500, 599),)),
    Endpoint(),
    0.05,
    CriterionMode.LITERAL,
    timedelta(minutes=30),
    3,
)


async def _sign(desk: Theatre, *criteria: RollbackCriterion) -> str:
    candidate = Candidate(desk.plan, "/repository", "v2", desk.commits["v2"])
    papers = await desk.store.papers(desk.plan.service, candidate.commit)
    digest = evidence_digest(await desk.world.dossiers.gather(candidate, papers))
    paper = await desk.file(SignOff(Role.QA, digest, criteria))
    return paper.id


def test_what_the_signer_promised_takes_the_release_back_in_the_signers_name():
    async def story(desk: Theatre) -> None:
        await desk.serve_first()
        release = await desk.release("v2")
        await desk.until(release, Stage.HELD)
        await _sign(desk, PROMISE)
        exposed = await desk.when(release, lambda found: found.exposed)
        assert [each.signer for each in exposed.plan.rollback_criteria] == ["dana as QA"]
        slots = await desk.store.slots("shop", "production")
        desk.broken = frozenset(s.address for s in slots if s.role is SlotRole.CANARY and s.address)
        back = await desk.until(release, Stage.ROLLED_BACK)
        assert "tracking errors (signed by dana as QA)" in back.reason

    elsewhere = Kpi("logins", BadStatus(((500, 599),)), Endpoint("POST", "/login"), limit=0.05)
    play(story, replace(SIGNED, kpis=(elsewhere,)))


def test_a_sign_off_that_is_taken_back_before_traffic_holds_the_release_again():
    async def story(desk: Theatre) -> None:
        await desk.serve_first()
        release = await desk.release("v2")
        await desk.until(release, Stage.HELD)
        signed = await _sign(desk)
        await desk.until(release, Stage.STAGING)
        await desk.file(Withdrawal(signed, "found a bug"))
        held = await desk.until(release, Stage.HELD)
        assert "found a bug" in held.reason or "sign-off" in held.reason.lower()

    play(story, SIGNED)


def test_evidence_that_moves_after_the_sign_off_voids_it():
    async def story(desk: Theatre) -> None:
        await desk.serve_first()
        await desk.report(GREEN, "unit")
        await _sign(desk)
        await desk.report(GREEN, "unit again")
        release = await desk.release("v2")
        held = await desk.until(release, Stage.HELD)
        assert "unit again" in held.reason or "evidence" in held.reason

    play(story, SIGNED)


def test_without_any_required_gate_nothing_is_released():
    async def story(desk: Theatre) -> None:
        await desk.serve_first()
        release = await desk.release("v2")
        held = await desk.until(release, Stage.HELD)
        assert "no gate is required" in held.reason

    play(story, a_plan(gates=(SmokeRule(mode=GateMode.ADVISORY),)))


@pytest.mark.parametrize("environments", [a_plan().environments[1:]])
def test_where_there_is_no_staging_smoke_is_answered_in_production_before_customers(environments):
    async def story(desk: Theatre) -> None:
        await desk.serve_first()
        release = await desk.release("v2")
        await desk.when(release, lambda found: found.exposed)
        assert (await desk.decisions(release))[-1] == "go"

    play(story, a_plan(environments=environments))


def test_no_word_sends_a_held_release_past_its_gates():
    async def story(desk: Theatre) -> None:
        await desk.serve_first()
        release = await desk.release("v2")
        await desk.until(release, Stage.HELD)
        for kind in (InstructionKind.RESUME, InstructionKind.CONFIRM):
            with pytest.raises(Conflict):
                await instruct(desk.context, OWNER, reference=release.id, kind=kind, reason="now")
        retry = InstructionKind.RETRY
        await instruct(desk.context, OWNER, reference=release.id, kind=retry, reason="look again")
        await asyncio.sleep(20)
        assert (await desk.stages(release)) == ["checking", "held", "checking", "held"]

    play(story, WITH_TESTS)


def test_a_held_release_can_be_aborted_and_leaves_nothing():
    async def story(desk: Theatre) -> None:
        await desk.serve_first()
        release = await desk.release("v2")
        await desk.until(release, Stage.HELD)
        await desk.say(release, InstructionKind.ABORT)
        ended = await desk.until(release, Stage.ABORTED)
        assert "dana" in ended.reason

    play(story, WITH_TESTS)


@pytest.mark.parametrize("still_works", [True, False])
def test_smoke_tests_that_grew_old_while_it_was_held_are_run_again(still_works: bool):
    async def story(desk: Theatre) -> None:
        await desk.serve_first()
        release = await desk.release("v2")
        await desk.until(release, Stage.STAGING)
        await desk.file(Flag(FREEZE, on=True, reason="audit", until=desk.at(400)), version=None)
        await desk.until(release, Stage.HELD)
        if not still_works:
            desk.smoke.faults.append(SmokeFault("home", "answered 500", desk.commits["v2"]))
        wanted = Stage.CANARY if still_works else Stage.NO_GO
        await desk.until(release, wanted, within=700)

    play(story, a_plan(gates=(SmokeRule(expires=timedelta(minutes=5)), FreezeRule())))
