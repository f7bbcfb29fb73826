"""What a rollout does next."""

from dataclasses import replace
from datetime import timedelta

import pytest
from tests.plans import START, a_plan

from gonogo.domain.plan import OnUnproven
from gonogo.domain.rollout import Move, next_move
from gonogo.domain.verdict import Judgement, Verdict

ROLLOUT = a_plan().rollout
EARLY, END, LATE = timedelta(seconds=10), timedelta(seconds=30), timedelta(minutes=11)
ENOUGH = 1000


def said(verdict: Verdict) -> Judgement:
    return Judgement(verdict, (), "errors: too few requests")


def moves(verdict: Verdict, passed: timedelta, *, seen: int = ENOUGH, step: int = 0) -> Move:
    return next_move(ROLLOUT, step, START, said(verdict), seen, START + passed).move


@pytest.mark.parametrize("passed", [EARLY, END, LATE])
@pytest.mark.parametrize("seen", [0, ENOUGH])
def test_evidence_of_harm_takes_back_at_once_whenever_it_comes(
    passed: timedelta, seen: int
) -> None:
    assert moves(Verdict.FAIL, passed, seen=seen) is Move.ROLL_BACK


@pytest.mark.parametrize("step", [0, 1])
def test_proof_ends_a_step_early_and_the_last_one_promotes(step: int) -> None:
    expected = Move.PROMOTE if step == 1 else Move.ADVANCE
    assert moves(Verdict.PASS, EARLY, step=step) is expected


def test_nothing_proven_waits_for_the_end_of_the_step_and_then_advances() -> None:
    assert moves(Verdict.UNPROVEN, EARLY) is Move.HOLD
    assert moves(Verdict.UNPROVEN, END) is Move.ADVANCE


def test_nothing_proven_holds_where_the_plan_asks_for_proof() -> None:
    strict = replace(ROLLOUT, on_unproven=OnUnproven.HOLD)
    found = next_move(strict, 0, START, said(Verdict.UNPROVEN), ENOUGH, START + END)
    assert found.move is Move.HOLD
    assert "asks for proof" in found.reason


@pytest.mark.parametrize("verdict", [Verdict.NO_DATA, Verdict.INCONCLUSIVE])
def test_missing_data_never_advances_and_asks_a_person_when_patience_runs_out(
    verdict: Verdict,
) -> None:
    assert moves(verdict, EARLY) is Move.HOLD
    assert moves(verdict, END) is Move.HOLD
    assert moves(verdict, LATE) is Move.ASK


@pytest.mark.parametrize("verdict", [Verdict.PASS, Verdict.UNPROVEN])
def test_too_few_requests_never_advance_whatever_the_verdict(verdict: Verdict) -> None:
    assert moves(verdict, END, seen=49) is Move.HOLD
    found = next_move(ROLLOUT, 0, START, said(verdict), 49, START + END)
    assert found.reason == "waits for traffic: 49 of 50 canary requests seen"


def test_what_holds_a_step_is_said_in_the_judges_words() -> None:
    found = next_move(ROLLOUT, 0, START, said(Verdict.INCONCLUSIVE), ENOUGH, START + END)
    assert found.reason == "waits, inconclusive: errors: too few requests"
