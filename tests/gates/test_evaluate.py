"""A plan's rules applied to a version: order, modes, owners, moments, waivers."""

from dataclasses import replace
from types import SimpleNamespace

import pytest
from tests.gates.cases import (
    DAY,
    HOUR,
    LEAD,
    NOW,
    OTHER,
    QA,
    dossier,
    held,
    paper,
    report,
    said,
    signed,
)
from tests.plans import a_plan

from gonogo.domain.actor import Role
from gonogo.domain.errors import InvalidInput
from gonogo.domain.facts import HealthState, HealthTest, SiteHealthFacts, TestFacts
from gonogo.domain.gate import GateKind, GateMode, GateMoment, GateStatus
from gonogo.domain.gate_rules import (
    FreezeDates,
    FreezeRule,
    MigrationsRule,
    PatchGuardRule,
    RunbookRule,
    SignOffsRule,
    SiteHealthRule,
    TestsRule,
)
from gonogo.domain.paper import Waiver, Withdrawal
from gonogo.gates.evaluate import evaluate
from gonogo.gates.table import GATES
from gonogo.gates.waivers import waiver_of
from gonogo.gates.words import KINDS, REPORTS

BAD = report(TestFacts(9, 8, 1, 0))
GOOD = report(TestFacts(9, 9, 0, 0))


def test_every_kind_of_gate_is_in_the_table_and_has_words():
    assert set(GATES) == set(GateKind) == set(KINDS)
    assert all(gate.owner and gate.fix and gate.asks.endswith("?") for gate in GATES.values())
    assert {kind for kind, gate in GATES.items() if gate.kinds} <= set(REPORTS)


def test_results_come_in_the_order_of_the_plan():
    rules = (FreezeRule(), TestsRule(), PatchGuardRule(), TestsRule(at_least=50))
    results = evaluate(a_plan(gates=rules), dossier(GOOD), NOW, GateMoment.STAGING)
    assert [(each.kind.value, each.status.value) for each in results] == [
        ("freeze", "pass"),
        ("tests", "pass"),
        ("patch_guard", "missing"),
        ("tests", "fail"),
    ]


def test_a_rule_that_no_gate_knows_is_an_error_even_when_it_is_off():
    rule = SimpleNamespace(kind="astrology", mode=GateMode.OFF, because="x")
    with pytest.raises(InvalidInput, match=r"^no gate knows how to judge 'astrology' of shop$"):
        evaluate(a_plan(gates=(rule,)), dossier(), NOW, GateMoment.STAGING)


def test_a_gate_that_is_off_is_listed_with_its_reason():
    rule = TestsRule(mode=GateMode.OFF, because="no tests yet")
    assert said(held(rule, dossier(BAD))) == ("not_applicable", "off: no tests yet")
    assert held(rule, dossier(BAD)).mode is GateMode.OFF
    assert said(held(replace(rule, because=""), dossier())) == (
        "not_applicable",
        "off: no reason is given",
    )


def test_an_advisory_gate_says_what_it_finds():
    result = held(TestsRule(mode=GateMode.ADVISORY), dossier(BAD))
    assert (result.mode, result.status) == (GateMode.ADVISORY, GateStatus.FAIL)


def test_who_is_asked_and_what_is_to_be_done_come_from_the_rule_then_the_table():
    own = held(TestsRule(owner="ana", fix="rerun"), dossier(BAD))
    assert (own.owner, own.fix, own.asks) == ("ana", "rerun", ("ana",))
    table = GATES[GateKind.TESTS]
    usual = held(TestsRule(), dossier(BAD))
    assert (usual.owner, usual.fix, usual.asks) == (table.owner, table.fix, (table.owner,))


def test_what_the_gate_itself_advises_comes_first():
    facts = SiteHealthFacts((HealthTest("disk", HealthState.CRITICAL, "", "free space"),))
    assert held(SiteHealthRule(fix="x"), dossier(report(facts))).fix == "free space"
    asked = held(SignOffsRule(needed={Role.PRODUCT: 1}, owner="ana"), dossier())
    assert (asked.owner, asked.asks) == ("ana", ("product",))


def test_what_passes_has_an_owner_and_nothing_to_be_done():
    result = held(TestsRule(fix="rerun"), dossier(GOOD))
    assert (result.owner, result.fix, result.asks) == ("QA", "", ())
    empty = held(MigrationsRule(fix="x"), dossier())
    assert (empty.status, empty.fix) == ("not_applicable", "")


def test_what_is_asked_before_production_comes_later_while_staging_begins():
    for before, moment, later in (
        (GateMoment.PRODUCTION, GateMoment.STAGING, True),
        (GateMoment.PRODUCTION, GateMoment.PRODUCTION, False),
        (GateMoment.STAGING, GateMoment.STAGING, False),
        (GateMoment.STAGING, GateMoment.PRODUCTION, False),
    ):
        assert held(TestsRule(before=before), dossier(BAD), moment=moment).later is later


def waiver(by=LEAD, *, role=Role.TECH_LEAD, until=NOW + DAY, gate=GateKind.TESTS, **more):
    return paper(Waiver(gate, role, "flaky runner", until), by, **more)


def test_a_waiver_covers_what_does_not_pass_and_says_what_it_was():
    given = waiver()
    result = held(TestsRule(), dossier(BAD, given))
    assert said(result) == (
        "waived",
        "waived by lee (tech lead) until 2026-03-11 12:00 UTC: flaky runner;"
        " was: 1 of 9 tests failed (at most 0)",
    )
    assert (result.waived, result.waiver) == (GateStatus.FAIL, given.id)
    assert (result.until, result.number, result.owner) == (NOW + DAY, 1, "QA")


@pytest.mark.parametrize(
    ("known", "rule", "was"),
    [
        (dossier(), TestsRule(), GateStatus.MISSING),
        (dossier(report(TestFacts(1, 1, 0, 0), at=NOW - 9 * DAY)), TestsRule(), GateStatus.STALE),
        (
            dossier(report(TestFacts(1, 1, 0, 0), at=NOW + DAY)),
            TestsRule(),
            GateStatus.INCONCLUSIVE,
        ),
    ],
)
def test_every_status_that_blocks_can_be_waived(known, rule, was):
    result = held(rule, replace(known, papers=(*known.papers, waiver())))
    assert (result.status, result.waived) == (GateStatus.WAIVED, was)


def test_a_waiver_never_touches_what_passes_or_does_not_apply():
    passed = held(TestsRule(), dossier(GOOD, waiver()))
    assert (passed.status, passed.waived, passed.waiver) == (GateStatus.PASS, None, None)
    off = held(TestsRule(mode=GateMode.OFF), dossier(waiver()))
    assert off.status is GateStatus.NOT_APPLICABLE


@pytest.mark.parametrize(
    ("given", "holds"),
    [
        (waiver(commit=None), True),
        (waiver(commit=OTHER), False),
        (waiver(until=NOW), False),
        (waiver(until=NOW + HOUR), True),
        (waiver(QA), False),
        (waiver(gate=GateKind.LINT), False),
        (waiver(QA, role=Role.QA), True),
    ],
)
def test_a_waiver_holds_for_its_gate_and_commit_until_its_end_in_a_role_of_its_giver(given, holds):
    assert (held(TestsRule(), dossier(BAD, given)).status is GateStatus.WAIVED) is holds


def test_a_waiver_that_was_taken_back_does_not_hold():
    given = waiver()
    back = paper(Withdrawal(given.id, "mended"))
    assert held(TestsRule(), dossier(BAD, given, back)).status is GateStatus.FAIL


def test_of_several_waivers_the_one_that_holds_longest_counts():
    short, long = waiver(until=NOW + HOUR), waiver(until=NOW + 3 * HOUR)
    for papers in ((short, long), (long, short)):
        found = waiver_of(dossier(*papers), GateKind.TESTS, NOW)
        assert found is not None
        assert found[0] is long


def test_a_waived_freeze_is_not_taken_for_one_that_passes():
    rule = FreezeRule(dates=(FreezeDates(NOW - DAY, NOW + 2 * DAY),))
    result = held(rule, dossier(waiver(gate=GateKind.FREEZE)))
    assert (result.status, result.passes, result.until) == (GateStatus.WAIVED, False, NOW + DAY)


def test_the_desk_is_told_of_every_gate_at_once():
    rules = (TestsRule(), RunbookRule(), SignOffsRule(needed={Role.QA: 1}))
    known = signed(dossier(GOOD), QA, Role.QA)
    results = evaluate(a_plan(gates=rules), known, NOW, GateMoment.PRODUCTION)
    assert [each.status.value for each in results] == ["pass", "fail", "pass"]
