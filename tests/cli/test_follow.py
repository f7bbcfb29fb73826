"""What people read of a release while they follow it."""

from typing import Any, cast

import pytest
from tests.plans import START

from gonogo.cli import follow, output
from gonogo.cli.client import DeskClient
from gonogo.cli.follow import describe
from gonogo.domain.errors import Unavailable
from gonogo.domain.gate import Answer, Decision, GateKind, GateMode, GateResult, GateStatus
from gonogo.usecases.releases.decisions import decision_view

TESTS = GateResult(
    GateKind.TESTS,
    GateMode.REQUIRED,
    GateStatus.FAIL,
    "2 of 10 tests failed",
    asks=("mika",),
    fix="mend them",
)


def event(action: str, **data: Any) -> dict[str, Any]:
    return {"action": action, "actor": "desk", "at": START.isoformat(), "data": data}


def decided(answer: Answer, sentence: str, *results: GateResult) -> str | None:
    decision = Decision(answer, sentence, "c" * 40, "d" * 64, START, results)
    return describe(event(f"gates:release:{answer.value}", **decision_view(decision)))


def test_a_decision_is_one_line_with_the_blocking_gates_below_it():
    assert decided(Answer.GO, "GO: 3 gates passed") == "12:00:00  GO: 3 gates passed"
    assert decided(Answer.NO_GO, "NO-GO: 1 of 3 gates blocks", TESTS) == (
        "12:00:00  NO-GO: 1 of 3 gates blocks\n"
        "            tests, fail: 2 of 10 tests failed; to do (mika): mend them"
    )


def test_a_decision_that_cannot_be_read_is_told_as_far_as_it_can_be():
    assert describe(event("gates:release:go", sentence="GO: so")) == "12:00:00  GO: so"
    assert describe(event("gates:release:go")) == "12:00:00  the gates decided"


def test_the_stage_after_a_decision_does_not_say_it_again():
    told = describe(event("desk:release:no_go", to="no_go", reason="NO-GO: 1 of 3 gates blocks"))
    assert told == "12:00:00  no go"
    told = describe(event("desk:release:aborted", to="aborted", reason="dana asked for it"))
    assert told == "12:00:00  aborted: dana asked for it"
    release = {"stage": "no_go", "service": "shop", "version": "v2", "reason": "NO-GO: 1 blocks"}
    assert output.stage_line(release) == "✘ shop v2  no go: 1 blocks"


def test_a_rehearsal_and_the_reports_of_the_desk_are_told_as_they_come():
    step = {"step": "previous_on_new_schema", "seconds": 1.0}
    assert describe(event("desk:rehearsal:step", **step, passed=False, detail="x failed")) == (
        "12:00:00  rehearsal, previous on new schema: failed: x failed"
    )
    assert describe(event("desk:rehearsal:step", **step, passed=True, detail="")) == (
        "12:00:00  rehearsal, previous on new schema: passed"
    )
    assert describe(event("desk:evidence:filed", evidence=[{"name": "junit.xml"}])) == (
        "12:00:00  evidence: junit.xml"
    )


class Away:
    """A desk that cannot be asked for a while."""

    def __init__(self, times: int) -> None:
        self.left = times

    def get(self, path: str, **_: object) -> dict[str, Any]:
        if path.endswith("/events"):
            self.left -= 1
            if self.left >= 0:
                raise Unavailable("the database did not answer")
            return {"events": [], "release": self.get("")}
        told = {"service": "shop", "version": "v2", "stage": "released", "reason": "verified"}
        told |= {"id": "r1", "verdict": "no_data"}
        return {**told, "waits_for_person": False, "exposed": False, "final": True, "kpis": ()}


def test_following_goes_on_when_the_desk_or_its_database_was_away_and_says_so_once(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(follow, "_PAUSE_SECONDS", 0.0)
    assert follow.follow(cast("DeskClient", Away(50)), "r1", as_json=False) == output.RELEASED
    said = capsys.readouterr().err
    assert said.count("the database did not answer; the release does not need this command") == 1
    assert "the desk answers again" in said


def test_a_desk_that_stays_away_is_told_with_the_way_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(follow, "_PAUSE_SECONDS", 0.0)
    monkeypatch.setattr(follow, "_PATIENCE_SECONDS", 0.0)
    with pytest.raises(Unavailable) as told:
        follow.follow(cast("DeskClient", Away(50)), "r1", as_json=False)
    assert told.value.hint == "gonogo watch r1"
