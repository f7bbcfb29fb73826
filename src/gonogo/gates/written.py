"""A decision as plain data: for the audit chain, for JSON, and read back from there."""

from dataclasses import asdict
from typing import Any

from gonogo.domain.gate import Decision, GateResult


def decision_data(decision: Decision) -> dict[str, Any]:
    """A decision as it is written into the audit chain."""
    return {
        "answer": decision.answer.value,
        "sentence": decision.sentence,
        "commit": decision.commit,
        "digest": decision.digest,
        "at": decision.at.isoformat(),
        "due": None if decision.due is None else decision.due.isoformat(),
        "gates": [result_data(result) for result in decision.results],
    }


def result_data(result: GateResult) -> dict[str, Any]:
    """One gate's result as plain data."""
    data = asdict(result)
    data["until"] = None if result.until is None else result.until.isoformat()
    data["evidence"] = [{**asdict(each), "at": each.at.isoformat()} for each in result.evidence]
    return data
