"""A decision survives being written down."""

import json
from datetime import UTC, datetime

from gonogo.domain.gate import (
    Answer,
    Decision,
    EvidenceReference,
    GateKind,
    GateMode,
    GateResult,
    GateStatus,
)
from gonogo.gates.written import decision_data, read_decision

NOW = datetime(2026, 3, 1, 12, 30, tzinfo=UTC)
RESULT = GateResult(
    GateKind.TESTS,
    GateMode.REQUIRED,
    GateStatus.WAIVED,
    "waived",
    2,
    0,
    "failed",
    "QA",
    "mend it",
    ("QA",),
    (EvidenceReference("unit.xml", "ab" * 32, NOW, "ci"),),
    NOW,
    passes=True,
    later=True,
    waived=GateStatus.FAIL,
    waiver="p1",
)
DECISION = Decision(Answer.HOLD, "HOLD: …", "c" * 40, "d" * 64, NOW, (RESULT,), True, NOW)


def test_a_decision_reads_back_as_it_was_written():
    assert read_decision(json.loads(json.dumps(decision_data(DECISION)))) == DECISION


def test_a_decision_in_another_form_is_none():
    data = decision_data(DECISION)
    assert read_decision({**data, "answer": "maybe"}) is None
    assert read_decision({key: data[key] for key in data if key != "gates"}) is None
    assert read_decision({**data, "gates": [{"kind": "tests"}]}) is None
    assert read_decision({}) is None
