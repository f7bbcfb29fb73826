"""What holds for every set of gates, evidence and results."""

from dataclasses import replace
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.gates.cases import (
    DAY,
    HOUR,
    LEAD,
    NOW,
    OTHER,
    QA,
    dossier,
    paper,
    report,
    signed,
)
from tests.plans import a_plan

from gonogo.domain.actor import Role
from gonogo.domain.facts import Component as Part
from gonogo.domain.facts import (
    ComponentFacts,
    CoverageFacts,
    DrillFacts,
    FindingFacts,
    LintFacts,
    LoadFacts,
    SmokeFacts,
    TestFacts,
)
from gonogo.domain.gate import Answer, GateKind, GateMode, GateMoment, GateResult, GateStatus
from gonogo.domain.gate_rules import (
    BackupRule,
    ComponentsRule,
    CoverageRule,
    FindingsRule,
    LintRule,
    LoadRule,
    SignOffsRule,
    SmokeRule,
    TestsRule,
)
from gonogo.domain.paper import Waiver
from gonogo.gates.decision import decide
from gonogo.gates.evaluate import evaluate
from gonogo.gates.sign_offs import standing

EACH = settings(deadline=None, derandomize=True, max_examples=50)
ORDER = {Answer.GO: 2, Answer.HOLD: 1, Answer.NO_GO: 0}
MADE = (
    (TestsRule(), TestFacts(9, 9, 0, 0)),
    (CoverageRule(), CoverageFacts(9, 10)),
    (LintRule(), LintFacts("ruff", 0, 0)),
    (FindingsRule(), FindingFacts("bandit")),
    (ComponentsRule(), ComponentFacts((Part("a", "1"),))),
    (LoadRule(), LoadFacts("k6", 1000, 0, 60.0, 1, 2, 3, 5)),
    (SmokeRule(), SmokeFacts("staging", 3, 0)),
    (BackupRule(), DrillFacts("dump", True, True, 60.0, 60.0)),
)
chosen = st.lists(st.sampled_from(MADE), min_size=1, max_size=6, unique_by=lambda one: one[0].kind)


@st.composite
def a_result(draw: st.DrawFn) -> GateResult:
    return GateResult(
        draw(st.sampled_from(GateKind)),
        draw(st.sampled_from(GateMode)),
        draw(st.sampled_from(GateStatus)),
        "because",
        passes=draw(st.booleans()),
        later=draw(st.booleans()),
        until=draw(st.sampled_from((None, NOW - HOUR, NOW, NOW + HOUR))),
    )


results = st.lists(a_result(), max_size=6).map(tuple)


def answer_of(plan_rules, known, now=NOW):
    plan = a_plan(gates=tuple(plan_rules))
    return decide(evaluate(plan, known, now, GateMoment.PRODUCTION), known, now)


@EACH
@given(chosen)
def test_good_evidence_of_now_and_of_this_commit_is_a_go(made):
    known = dossier(*(report(facts, name=facts.__class__.__name__) for _, facts in made))
    assert answer_of((rule for rule, _ in made), known).answer is Answer.GO


@EACH
@given(chosen, st.data())
def test_a_piece_of_evidence_that_is_missing_is_never_a_go(made, data):
    left_out = data.draw(st.integers(0, len(made) - 1))
    papers = [report(f, name=type(f).__name__) for n, (_, f) in enumerate(made) if n != left_out]
    assert answer_of((rule for rule, _ in made), dossier(*papers)).answer is Answer.HOLD


@EACH
@given(chosen, st.data(), st.timedeltas(timedelta(0), timedelta(days=400)))
def test_a_piece_of_evidence_that_is_too_old_is_never_a_go(made, data, more):
    old = data.draw(st.integers(0, len(made) - 1))
    papers = [
        report(f, name=type(f).__name__, at=NOW - (rule.expires + more if n == old else HOUR))
        for n, (rule, f) in enumerate(made)
    ]
    assert answer_of((rule for rule, _ in made), dossier(*papers)).answer is Answer.HOLD


@EACH
@given(chosen)
def test_a_decision_to_go_does_not_outlive_its_due(made):
    known = dossier(*(report(facts, name=type(facts).__name__) for _, facts in made))
    decision = answer_of((rule for rule, _ in made), known)
    assert decision.due is not None
    again = answer_of((rule for rule, _ in made), known, decision.due)
    stored = decide(decision.results, known, decision.due)
    assert Answer.GO not in {again.answer, stored.answer}
    just_before = decision.due - timedelta(microseconds=1)
    assert answer_of((rule for rule, _ in made), known, just_before).answer is Answer.GO


@EACH
@given(results, st.sampled_from(["unknown", "", "GO"]))
def test_a_status_that_nobody_knows_is_never_a_go(every, status):
    strange = GateResult(GateKind.TESTS, GateMode.REQUIRED, status, "x")  # type: ignore[arg-type]
    assert decide((*every, strange), dossier(), NOW).answer is not Answer.GO


@EACH
@given(results, a_result())
def test_one_more_failing_gate_never_improves_a_decision(every, one):
    failing = replace(one, mode=GateMode.REQUIRED, status=GateStatus.FAIL)
    before, after = (decide(r, dossier(), NOW) for r in (every, (*every, failing)))
    assert ORDER[after.answer] <= ORDER[before.answer]
    assert after.answer is not Answer.GO
    assert not after.rehearse or failing.later


@EACH
@given(results, a_result())
def test_an_advisory_gate_never_changes_a_decision(every, one):
    advisory = replace(one, mode=GateMode.ADVISORY)
    before, after = (decide(r, dossier(), NOW) for r in (every, (*every, advisory)))
    assert (after.answer, after.sentence, after.rehearse, after.due) == (
        before.answer,
        before.sentence,
        before.rehearse,
        before.due,
    )


@EACH
@given(results, st.randoms())
def test_the_order_of_results_does_not_change_a_decision(every, random):
    shuffled = tuple(random.sample(every, len(every)))
    one, other = decide(every, dossier(), NOW), decide(shuffled, dossier(), NOW)
    assert (one.answer, one.rehearse, one.due) == (other.answer, other.rehearse, other.due)
    assert len(one.results) == len(every)


@EACH
@given(chosen)
def test_a_commit_that_moved_leaves_no_evidence_and_no_sign_off(made):
    rule = SignOffsRule(needed={Role.QA: 1})
    known = dossier(*(report(facts, name=type(facts).__name__) for _, facts in made))
    known = signed(known, QA, Role.QA)
    rules = (rule, *(each for each, _ in made))
    assert answer_of(rules, known).answer is Answer.GO
    moved = replace(known, commit=OTHER)
    decision = answer_of(rules, moved)
    assert {each.status for each in decision.results} <= {GateStatus.STALE, GateStatus.MISSING}
    assert all(one.void for one in standing(moved, rule, NOW))


@EACH
@given(chosen, st.data())
def test_a_waiver_never_makes_a_pass(made, data):
    kinds = data.draw(st.lists(st.sampled_from(GateKind), max_size=6))
    there = data.draw(st.lists(st.sampled_from(made), unique_by=lambda one: one[0].kind))
    papers = [report(facts, name=type(facts).__name__) for _, facts in there]
    waivers = [paper(Waiver(kind, Role.TECH_LEAD, "x", NOW + DAY), LEAD) for kind in kinds]
    plan = a_plan(gates=tuple(rule for rule, _ in made))
    bare = evaluate(plan, dossier(*papers), NOW, GateMoment.PRODUCTION)
    waived = evaluate(plan, dossier(*papers, *waivers), NOW, GateMoment.PRODUCTION)
    for before, after in zip(bare, waived, strict=True):
        assert (after.status is GateStatus.PASS) is (before.status is GateStatus.PASS)
        assert (after.status is GateStatus.WAIVED) is (after.waived is not None)
