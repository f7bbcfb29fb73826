"""GO, HOLD or NO-GO: what earns each, and in which sentence."""

from dataclasses import replace

import pytest
from tests.gates.cases import COMMIT, DAY, HOUR, NOW, dossier, report

from gonogo.domain.dossier import evidence_digest
from gonogo.domain.facts import TestFacts
from gonogo.domain.gate import Answer, GateKind, GateMode, GateResult, GateStatus
from gonogo.gates.decision import decide

S = GateStatus
KNOWN = dossier(report(TestFacts(1, 1, 0, 0)))


def result(kind: GateKind, status: GateStatus, reason: str = "", **more: object) -> GateResult:
    values = {"mode": GateMode.REQUIRED, "owner": "QA", "fix": "mend it", **more}
    return GateResult(kind, status=status, reason=reason or f"is {status.value}", **values)  # type: ignore[arg-type]


TESTS = result(GateKind.TESTS, S.PASS, "412 tests passed")
LINT = result(GateKind.LINT, S.PASS, "0 errors")
BROKEN = result(GateKind.COVERAGE, S.FAIL, "40 % of 10 lines ran (at least 60 %)")
OLD = result(GateKind.LOAD_TEST, S.STALE, "load test is 9 days old (limit 7)")
SIGN = result(GateKind.SIGN_OFFS, S.MISSING, "1 of 2 required sign-offs: QA is missing")
SMOKE = result(GateKind.SMOKE, S.MISSING, "no smoke test has run in staging", later=True)
UNCLEAR = result(GateKind.KPIS, S.INCONCLUSIVE, "queue is not a number")
WAIVED = result(GateKind.FINDINGS, S.WAIVED, "waived by lee", waived=S.FAIL, until=NOW + DAY)
NONE = result(GateKind.MIGRATIONS, S.NOT_APPLICABLE, "the service has no migrations")
FROZEN = result(GateKind.FREEZE, S.FAIL, "releases are frozen", passes=True, until=NOW + HOUR)


@pytest.mark.parametrize(
    ("results", "answer", "sentence"),
    [
        ((TESTS,), Answer.GO, "GO: 1 gate passed"),
        ((TESTS, LINT, NONE), Answer.GO, "GO: 2 gates passed"),
        ((TESTS, LINT, WAIVED), Answer.GO, "GO: 2 gates passed, 1 waived"),
        (
            (TESTS, BROKEN, LINT),
            Answer.NO_GO,
            "NO-GO: 1 of 3 gates blocks: coverage: 40 % of 10 lines ran (at least 60 %)",
        ),
        (
            (TESTS, OLD, BROKEN, NONE),
            Answer.NO_GO,
            "NO-GO: 2 of 3 gates block: coverage: 40 % of 10 lines ran (at least 60 %);"
            " load test is 9 days old (limit 7)",
        ),
        ((OLD,), Answer.HOLD, "HOLD: 1 of 1 gate blocks: load test is 9 days old (limit 7)"),
        (
            (TESTS, SIGN),
            Answer.HOLD,
            "HOLD: 1 of 2 gates is missing: sign-offs: 1 of 2 required sign-offs: QA is missing",
        ),
        (
            (TESTS, SIGN, SMOKE),
            Answer.HOLD,
            "HOLD: 1 of 3 gates is missing: sign-offs: 1 of 2 required sign-offs: QA is missing",
        ),
        (
            (SIGN, SMOKE, UNCLEAR, FROZEN, OLD, TESTS),
            Answer.HOLD,
            "HOLD: 4 of 6 gates block:"
            " sign-offs: 1 of 2 required sign-offs: QA is missing;"
            " KPIs: queue is not a number;"
            " freeze: releases are frozen; and 1 more",
        ),
        (
            (SIGN, SMOKE, UNCLEAR, FROZEN),
            Answer.HOLD,
            "HOLD: 3 of 4 gates block:"
            " sign-offs: 1 of 2 required sign-offs: QA is missing;"
            " KPIs: queue is not a number;"
            " freeze: releases are frozen",
        ),
        (
            (SIGN, SMOKE, UNCLEAR, TESTS),
            Answer.HOLD,
            "HOLD: 2 of 4 gates block:"
            " sign-offs: 1 of 2 required sign-offs: QA is missing;"
            " KPIs: queue is not a number",
        ),
        ((TESTS, FROZEN), Answer.HOLD, "HOLD: 1 of 2 gates blocks: freeze: releases are frozen"),
        ((), Answer.HOLD, "HOLD: no gate is required"),
        ((NONE,), Answer.HOLD, "HOLD: no gate is required"),
        ((WAIVED,), Answer.HOLD, "HOLD: no required gate passed, 1 waived"),
        (
            (replace(TESTS, mode=GateMode.ADVISORY), replace(BROKEN, mode=GateMode.ADVISORY)),
            Answer.HOLD,
            "HOLD: no gate is required",
        ),
        ((TESTS, replace(BROKEN, mode=GateMode.OFF)), Answer.GO, "GO: 1 gate passed"),
    ],
)
def test_the_answer_and_its_sentence(results, answer, sentence):
    decision = decide(results, KNOWN, NOW)
    assert (decision.answer, decision.sentence) == (answer, sentence)


def test_a_decision_is_bound_to_commit_evidence_and_moment():
    decision = decide((TESTS,), KNOWN, NOW)
    assert (decision.commit, decision.digest, decision.at) == (COMMIT, evidence_digest(KNOWN), NOW)


def test_failures_come_first_then_what_else_blocks_then_the_rest_as_it_was():
    loud = replace(BROKEN, mode=GateMode.ADVISORY)
    decision = decide((TESTS, SIGN, loud, NONE, BROKEN, FROZEN, LINT), KNOWN, NOW)
    assert decision.results == (BROKEN, SIGN, FROZEN, TESTS, loud, NONE, LINT)


@pytest.mark.parametrize(
    ("results", "may"),
    [
        ((TESTS, SMOKE), True),
        ((SMOKE,), True),
        ((TESTS,), True),
        ((TESTS, SMOKE, SIGN), False),
        ((TESTS, SMOKE, FROZEN), False),
        ((TESTS, replace(BROKEN, later=True)), False),
        ((WAIVED,), False),
        ((), False),
    ],
)
def test_staging_may_begin_when_all_that_is_open_can_wait(results, may):
    assert decide(results, KNOWN, NOW).rehearse is may


def test_the_next_moment_at_which_time_alone_may_change_the_answer():
    later = replace(TESTS, until=NOW + 2 * HOUR)
    hint = replace(LINT, mode=GateMode.ADVISORY, until=NOW + HOUR / 2)
    gone = replace(FROZEN, until=NOW)
    assert decide((later, WAIVED, hint, gone), KNOWN, NOW).due == NOW + 2 * HOUR
    assert decide((later, FROZEN), KNOWN, NOW).due == NOW + HOUR
    assert decide((TESTS,), KNOWN, NOW).due is None


@pytest.mark.parametrize("one", [replace(TESTS, until=NOW), replace(WAIVED, until=NOW - HOUR)])
def test_what_held_until_now_holds_no_more(one):
    decision = decide((LINT, one), KNOWN, NOW)
    assert decision.answer is Answer.HOLD
    first = decision.results[0]
    assert first.status is S.STALE
    until = "2026-03-10 12:00 UTC" if one.until == NOW else "2026-03-10 11:00 UTC"
    assert first.reason == f"{one.reason}; that held until {until}"


def test_a_failure_does_not_become_stale_by_its_time():
    (only,) = decide((replace(FROZEN, until=NOW),), KNOWN, NOW).results
    assert only.status is S.FAIL


def test_a_gate_without_words_is_told_by_its_name():
    strange = replace(BROKEN, kind="astrology")  # type: ignore[arg-type]
    assert "blocks: astrology: 40 %" in decide((strange,), KNOWN, NOW).sentence
