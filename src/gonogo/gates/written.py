"""A decision as plain data: for the audit chain and for JSON, and read back from there."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

from gonogo.domain.gate import (
    Answer,
    Decision,
    EvidenceReference,
    GateKind,
    GateMode,
    GateResult,
    GateStatus,
)


def decision_data(decision: Decision) -> dict[str, Any]:
    """A decision as it is written into the audit chain."""
    return {
        "answer": decision.answer.value,
        "sentence": decision.sentence,
        "commit": decision.commit,
        "digest": decision.digest,
        "at": decision.at.isoformat(),
        "due": None if decision.due is None else decision.due.isoformat(),
        "rehearse": decision.rehearse,
        "gates": [_result_data(result) for result in decision.results],
    }


def _result_data(result: GateResult) -> dict[str, Any]:
    data = asdict(result)
    data["until"] = None if result.until is None else result.until.isoformat()
    data["evidence"] = [{**asdict(each), "at": each.at.isoformat()} for each in result.evidence]
    return data


def decision_of(data: Mapping[str, Any]) -> Decision | None:
    """The decision that `decision_data` wrote.

    None when it cannot be read: what another version of gonogo wrote in another form is no decision
    to go by.
    """
    try:
        return Decision(
            answer=Answer(data["answer"]),
            sentence=str(data["sentence"]),
            commit=str(data["commit"]),
            digest=str(data["digest"]),
            at=datetime.fromisoformat(data["at"]),
            results=tuple(_result_of(each) for each in data["gates"]),
            rehearse=bool(data["rehearse"]),
            due=_time(data["due"]),
        )
    except (KeyError, TypeError, ValueError):
        return None


def _result_of(data: Mapping[str, Any]) -> GateResult:
    """Raises KeyError, TypeError or ValueError."""
    read = {
        "kind": GateKind(data["kind"]),
        "mode": GateMode(data["mode"]),
        "status": GateStatus(data["status"]),
        "waived": None if data["waived"] is None else GateStatus(data["waived"]),
        "until": _time(data["until"]),
        "asks": tuple(data["asks"]),
        "evidence": tuple(
            EvidenceReference(**{**each, "at": datetime.fromisoformat(each["at"])})
            for each in data["evidence"]
        ),
    }
    return GateResult(**{**data, **read})


def _time(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
