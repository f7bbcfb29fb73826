"""A decision that is written down is the same when it is read back."""

import json
from datetime import timedelta

import pytest
from tests.gates.cases import COMMIT, NOW

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

WAIVED = GateResult(
    GateKind.COVERAGE,
    GateMode.REQUIRED,
    GateStatus.WAIVED,
    "waived by lee",
    number=0.58,
    limit=0.6,
    unit="share",
    owner="developer",
    fix="write tests",
    asks=("mika", "QA"),
    evidence=(EvidenceReference("coverage.xml", "d" * 64, NOW, "ci"),),
    until=NOW + timedelta(days=3),
    waived=GateStatus.FAIL,
    waiver="w1",
)
OPEN = GateResult(GateKind.SMOKE, GateMode.REQUIRED, GateStatus.MISSING, "none yet", later=True)
DECISION = Decision(
    Answer.HOLD,
    "HOLD: 1 of 2",
    COMMIT,
    "e" * 64,
    NOW,
    (OPEN, WAIVED),
    True,
    NOW + timedelta(days=1),
)


def test_what_is_written_as_json_is_read_back_whole():
    assert read_decision(json.loads(json.dumps(decision_data(DECISION)))) == DECISION


def test_what_a_later_version_adds_is_left_aside():
    data = decision_data(DECISION)
    data["more"] = 1
    data["gates"][0]["more"] = 1
    assert read_decision(data) == DECISION


@pytest.mark.parametrize("key", ["answer", "sentence", "commit", "digest", "at", "gates"])
@pytest.mark.parametrize("wrong", [None, 3, "never", ["x"], [{"kind": "nothing"}]])
def test_what_cannot_be_read_is_no_decision(key, wrong):
    data = {**decision_data(DECISION), key: wrong}
    found = read_decision(data)
    assert found is None or key in {"sentence", "commit", "digest"}
    del data[key]
    assert read_decision(data) is None
