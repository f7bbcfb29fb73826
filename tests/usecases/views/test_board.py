"""The board: the lamp, what is waited for, and what serves where, from what is stored."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest
from tests.papers import OPS, Desk, a_desk
from tests.plans import START, a_plan, a_release

from gonogo.domain.actor import Role
from gonogo.domain.audit import AuditDraft, AuditEntry, link
from gonogo.domain.gate import Answer, Decision, GateKind, GateMode, GateResult, GateStatus
from gonogo.domain.look import Look
from gonogo.domain.plan import OnSilence, Verification
from gonogo.domain.release import FINAL, Release, Stage
from gonogo.domain.slot import RouterReading, Slot, SlotReading, SlotRole
from gonogo.domain.traffic import Counts
from gonogo.domain.verdict import Evidence, Judgement, KpiAssessment, Test, Verdict
from gonogo.gates.written import decision_data
from gonogo.ports.store import Change, UnderWay
from gonogo.usecases.gates import waivers
from gonogo.usecases.pulse import Beating
from gonogo.usecases.views import board
from gonogo.usecases.views.board import Lamp, going


def a_look(verdict: Verdict, log10_e: float = 0.5) -> Look:
    evidence = Evidence(Test.RELATIVE, log10_e, 2.0, log10_e, 0.01, 0.05)
    counts = Counts(3, 400)
    kpi = KpiAssessment("errors", verdict, counts, counts, (evidence,), None, None, 90, "so far")
    return Look("r1", START, 0, 0.1, (), Judgement(verdict, (kpi,), "so far"))


def a_gate(status: GateStatus, *asks: str, later: bool = False) -> GateResult:
    return GateResult(GateKind.TESTS, GateMode.REQUIRED, status, "a reason", asks=asks, later=later)


def decided(answer: Answer, *results: GateResult) -> AuditEntry:
    said = Decision(answer, "a sentence", "c" * 40, "d" * 64, START, results)
    draft = AuditDraft("desk", f"gates:release:{answer.value}", "r1", decision_data(said))
    return link(draft, START, None)


def shown(
    stage: Stage, look: Look | None = None, decision: AuditEntry | None = None, **changes: object
) -> board.Going:
    return going(UnderWay(a_release(stage=stage, **changes), look, decision))


@pytest.mark.parametrize("stage", sorted(set(Stage) - FINAL))
def test_no_stage_lights_go_where_nothing_is_known(stage: Stage):
    assert shown(stage).lamp is not Lamp.GO


@pytest.mark.parametrize(
    ("verdict", "lamp"),
    [
        (Verdict.PASS, Lamp.GO),
        (Verdict.UNPROVEN, Lamp.GO),
        (Verdict.INCONCLUSIVE, Lamp.HOLD),
        (Verdict.NO_DATA, Lamp.HOLD),
        (Verdict.FAIL, Lamp.NO_GO),
    ],
)
def test_with_customers_the_judge_lights_the_lamp(verdict: Verdict, lamp: Lamp):
    for stage in (Stage.CANARY, Stage.PROMOTING, Stage.WATCHING):
        assert shown(stage, a_look(verdict), exposed=True).lamp is lamp


def test_before_customers_the_gates_light_the_lamp():
    for answer, lamp in (
        (Answer.GO, Lamp.GO),
        (Answer.HOLD, Lamp.HOLD),
        (Answer.NO_GO, Lamp.NO_GO),
    ):
        assert shown(Stage.STAGING, decision=decided(answer)).lamp is lamp


def test_a_way_back_is_never_go():
    back = shown(Stage.ROLLING_BACK, a_look(Verdict.PASS), decided(Answer.GO), exposed=True)
    assert back.lamp is Lamp.NO_GO
    assert back.rollout.share == 0


def test_who_is_asked_follows_from_the_gates_that_block_now():
    blocked = shown(
        Stage.HELD,
        decision=decided(
            Answer.HOLD,
            a_gate(GateStatus.MISSING, "tech lead", "orders team"),
            a_gate(GateStatus.FAIL, "QA"),
            a_gate(GateStatus.MISSING, "product", later=True),
            a_gate(GateStatus.PASS, "devops"),
        ),
    )
    assert blocked.waits_for == ("tech lead", "orders team", "QA")
    assert set(blocked.asks) == {Role.TECH_LEAD, Role.QA}
    assert len(blocked.blockers) == 2


def test_blockers_beyond_the_first_few_are_counted():
    many = shown(Stage.HELD, decision=decided(Answer.HOLD, *[a_gate(GateStatus.MISSING, "QA")] * 7))
    assert (len(many.blockers), many.hidden_blockers) == (3, 4)


def test_a_verification_waits_for_those_whom_the_plan_names():
    asked = Verification(timedelta(hours=1), OnSilence.ROLL_BACK, roles=(Role.PRODUCT,))
    plan = a_plan(verification=asked)
    found = shown(Stage.VERIFYING, a_look(Verdict.PASS), exposed=True, plan=plan)
    assert found.asks == (Role.PRODUCT,)
    assert found.lamp is Lamp.HOLD


def test_a_decision_that_cannot_be_read_holds():
    unreadable = replace(decided(Answer.GO), data={"answer": "of course"})
    assert shown(Stage.STAGING, decision=unreadable).lamp is Lamp.HOLD


def test_the_evidence_of_harm_is_told_as_a_part_of_its_limit():
    def harm(value: float) -> float:
        return shown(Stage.CANARY, a_look(Verdict.UNPROVEN, value), exposed=True).rollout.harm

    assert [harm(-3.0), harm(0.5), harm(float("inf"))] == [0.0, 0.25, 1.0]


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    async with a_desk() as made:
        yield made


async def put(desk: Desk, release: Release, *slots: Slot, look: Look | None = None) -> None:
    """A release as it stands, with what runs of it."""
    store, now = desk.store, desk.clock.now()
    begun = await store.open(
        replace(release, stage=Stage.CANARY),
        AuditDraft("x", "person:release:start", release.id),
        (),
    )
    lease = await store.claim(begun.id, "here", now, now + timedelta(days=1))
    changed = replace(begun, stage=release.stage)
    entry = AuditDraft("desk", "desk:release:changed", release.id)
    await store.record(Change(changed, lease, entry, slots, look=look))


async def test_what_refuses_comes_first_then_what_waits_the_longest_first(desk: Desk):
    await put(desk, a_release(id="r1", stage=Stage.CANARY), look=a_look(Verdict.PASS))
    await put(desk, a_release(id="r2", service="bakery", stage=Stage.ROLLING_BACK))
    found = await board.releases_under_way(desk.context)
    assert [each.id for each in found] == ["r2", "r1"]
    assert found[1].lamp is Lamp.GO


async def test_every_service_shows_what_serves_beside_what_is_tried_and_how_the_last_one_ended(
    desk: Desk,
):
    await put(
        desk,
        a_release(id="r1", version="v1", stage=Stage.RELEASED),
        Slot("shop", "production", "a", SlotRole.BASELINE, "v1", "c" * 40, "r1", 9001, 0.9),
    )
    await put(
        desk,
        a_release(id="r2", version="v2"),
        Slot("shop", "production", "b", SlotRole.CANARY, "v2", "d" * 40, "r2", 9002, 0.1),
    )
    bakery, shop = await board.services(desk.context)
    place = shop.place("production")
    assert (place.version, place.canary) == ("v1", board.Canary("v2", 0.1))
    assert (shop.last.version, shop.last.stage) == ("v1", Stage.RELEASED)
    assert (bakery.place("production").version, bakery.last) == (None, None)
    assert board.environments((bakery, shop)) == ("staging", "production")


async def test_a_freeze_is_shown_until_it_ends(desk: Desk):
    await waivers.freeze(desk.context, OPS, service="shop", on=True, reason="the sale", until="2h")
    assert (await board.services(desk.context))[1].frozen.reason == "the sale"
    desk.clock.forward(hours=3)
    assert (await board.services(desk.context))[1].frozen is None


async def test_health_is_what_the_router_says_and_not_known_before_it_was_asked(desk: Desk):
    class Router:
        up = True

        async def read(self, service: str, environment: str) -> RouterReading:
            slot = SlotReading("a", "127.0.0.1:9001", self.up, True, 1.0, 0)
            return RouterReading(1, {"a": slot})

    router = Router()
    context = replace(desk.context, router=router)
    serving = Slot("shop", "production", "a", SlotRole.BASELINE, "v1", "c" * 40, "r1", 9001, 1.0)
    await put(desk, a_release(id="r1"), serving)

    async def beating() -> Beating:
        return (await board.services(context))[1].place("production").beating

    assert await beating() is Beating.UNKNOWN
    await context.pulse.settled()
    assert await beating() is Beating.ANSWERS
    router.up, context.pulse._begun = False, -100.0
    await beating()
    await context.pulse.settled()
    assert await beating() is Beating.DOWN


async def test_an_equal_board_is_equal(desk: Desk):
    await put(desk, a_release(id="r1"), look=a_look(Verdict.PASS))
    before = await board.releases_under_way(desk.context), await board.services(desk.context)
    desk.clock.forward(minutes=5)
    assert before == (
        await board.releases_under_way(desk.context),
        await board.services(desk.context),
    )


async def test_the_board_is_read_in_two_reads_however_many_services_there_are(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
):
    reads = []
    read = desk.store._read
    monkeypatch.setattr(desk.store, "_read", lambda work: reads.append(1) or read(work))
    await board.releases_under_way(desk.context)
    await board.services(desk.context)
    assert len(reads) == 2
