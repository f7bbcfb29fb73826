"""A decision as plain data: for the audit chain, for JSON, and read back from there."""

from collections.abc import Mapping
from dataclasses import asdict, fields
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
        "gates": [result_data(result) for result in decision.results],
    }


def result_data(result: GateResult) -> dict[str, Any]:
    """One gate's result as plain data."""
    data = asdict(result)
    data["until"] = None if result.until is None else result.until.isoformat()
    data["evidence"] = [{**asdict(each), "at": each.at.isoformat()} for each in result.evidence]
    return data


def read_decision(data: Mapping[str, Any]) -> Decision | None:
    """The decision that plain data tells of, or None when it tells of none that can be read."""
    try:
        return Decision(
            answer=Answer(data["answer"]),
            sentence=str(data["sentence"]),
            commit=str(data["commit"]),
            digest=str(data["digest"]),
            at=_moment(data["at"]),
            results=tuple(_result(each) for each in data["gates"]),
            rehearse=data.get("rehearse") is True,
            due=None if data.get("due") is None else _moment(data["due"]),
        )
    except (KeyError, TypeError, ValueError, AttributeError):
        return None


_KNOWN = frozenset(field.name for field in fields(GateResult))
_TEXTS = ("reason", "unit", "owner", "fix")


def _result(data: Mapping[str, Any]) -> GateResult:
    """One gate's result. What a later gonogo adds to it is left aside."""
    known = {name: value for name, value in data.items() if name in _KNOWN}
    waived, until = known.get("waived"), known.get("until")
    return GateResult(
        **{
            **known,
            **{name: str(known.get(name, "")) for name in _TEXTS},
            "kind": GateKind(known["kind"]),
            "mode": GateMode(known["mode"]),
            "status": GateStatus(known["status"]),
            "number": _number(known.get("number")),
            "limit": _number(known.get("limit")),
            "asks": tuple(str(name) for name in known.get("asks", ())),
            "evidence": tuple(_reference(each) for each in known.get("evidence", ())),
            "until": None if until is None else _moment(until),
            "waived": None if waived is None else GateStatus(waived),
        }
    )


def _reference(data: Mapping[str, Any]) -> EvidenceReference:
    name, digest, supplier = (str(data[key]) for key in ("name", "digest", "supplier"))
    return EvidenceReference(name, digest, _moment(data["at"]), supplier)


def _moment(text: str) -> datetime:
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise ValueError("a moment without a time zone")
    return at


def _number(value: float | None) -> float | None:
    return None if value is None else float(value)
