"""What people are told of the last decision on a release."""

from dataclasses import replace

import pytest
from tests.plans import START, a_release

from gonogo.domain.audit import AuditDraft, link
from gonogo.domain.gate import Answer, Decision, GateKind, GateMode, GateResult, GateStatus
from gonogo.domain.release import Stage
from gonogo.domain.story import Story
from gonogo.usecases.releases.decisions import decision_view, last_decision, told
from gonogo.usecases.releases.why import why

REHEARSAL = GateResult(
    GateKind.ROLLBACK_REHEARSAL,
    GateMode.REQUIRED,
    GateStatus.FAIL,
    "v1 cannot run on the schema of v2",
    owner="developer",
    fix="keep the old column",
    asks=("mika",),
)
SMOKE = GateResult(
    GateKind.SMOKE, GateMode.REQUIRED, GateStatus.MISSING, "no smoke test", fix="wait", later=True
)
GUARD = GateResult(GateKind.PATCH_GUARD, GateMode.ADVISORY, GateStatus.FAIL, "too large")
REFUSED = Decision(
    Answer.NO_GO, "NO-GO: it blocks", "c" * 40, "d" * 64, START, (REHEARSAL, SMOKE, GUARD)
)
STAGED = Decision(
    Answer.HOLD, "HOLD: 1 missing", "c" * 40, "d" * 64, START, (SMOKE,), rehearse=True
)


def story(*decisions: Decision) -> Story:
    entries = []
    for decision in decisions:
        draft = AuditDraft(
            "desk", f"gates:release:{decision.answer.value}", "r1", decision_view(decision)
        )
        entries.append(link(draft, START, entries[-1] if entries else None))
    release = a_release(stage=Stage.NO_GO, reason=decisions[-1].sentence if decisions else "no")
    return Story(release, (), tuple(entries), (), START)


def test_the_newest_decision_counts():
    assert last_decision(story(STAGED, REFUSED).audit) == REFUSED
    assert last_decision(story().audit) is None


def test_what_blocks_now_is_told_with_owner_and_remedy_and_advisory_gates_are_not():
    assert told(decision_view(REFUSED)) == [
        "NO-GO: it blocks",
        "rollback rehearsal, fail: v1 cannot run on the schema of v2;"
        " to do (mika): keep the old column",
    ]


def test_what_is_due_later_is_said_to_be_and_asks_for_nothing_yet():
    assert told(decision_view(STAGED)) == ["HOLD: 1 missing; that is due before production"]


def test_where_only_later_gates_are_left_they_are_named():
    last = replace(STAGED, rehearse=False)
    assert told(decision_view(last))[1:] == [
        "smoke tests, missing (before production): no smoke test; to do: wait"
    ]


@pytest.mark.parametrize("data", [{}, {"sentence": 3}])
def test_what_cannot_be_read_is_not_told(data):
    assert told(data) == []


def test_why_names_the_gates_with_what_is_to_be_done():
    said = why(story(REFUSED))
    assert "The gates at 12:00:00 UTC: as above." in said
    assert any("to do (mika): keep the old column" in sentence for sentence in said)
