"""What a release's gates said, and what they would say of a version now."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from gonogo.domain.audit import AuditEntry, AuditSearch
from gonogo.domain.dossier import Dossier
from gonogo.domain.gate import Answer, Decision, GateMode, GateMoment, GateResult, GateStatus
from gonogo.domain.plan import Plan
from gonogo.domain.release import Release
from gonogo.gates import words
from gonogo.gates.decision import decide
from gonogo.gates.evaluate import evaluate
from gonogo.gates.written import decision_data, read_decision
from gonogo.usecases.context import Context

DECIDED = "gates:release:"
"""How the audit entries begin that hold a decision."""

OPEN = frozenset({GateStatus.FAIL, GateStatus.MISSING, GateStatus.STALE, GateStatus.INCONCLUSIVE})
"""What a gate comes to when something is to be done about it."""


def decision_view(decision: Decision) -> dict[str, Any]:
    """A decision as plain data for JSON."""
    return decision_data(decision)


def last_decision(audit: Iterable[AuditEntry]) -> Decision | None:
    """The newest decision that was written down; None when there is none that can be read."""
    found = [read_decision(each.data) for each in audit if each.action.startswith(DECIDED)]
    return found[-1] if found else None


def decide_now(plan: Plan, dossier: Dossier, now: datetime) -> Decision:
    """What the gates would say if the version began its way to staging now."""
    return decide(evaluate(plan, dossier, now, GateMoment.STAGING), dossier, now)


async def decision_on(context: Context, release: Release) -> Decision | None:
    """The newest decision on a release; None when none was made yet."""
    newest = AuditSearch(subject=release.id, action=DECIDED, limit=1)
    return last_decision(await context.store.search(newest))


def blocking(decision: Decision) -> tuple[GateResult, ...]:
    """The gates that keep the answer from being Go, those that refuse first."""
    return tuple(
        result
        for result in decision.results
        if result.mode is GateMode.REQUIRED and result.status in OPEN
    )


def told_blocking(decision: Decision) -> list[str]:
    """A line for each gate that blocks: its reason, who is asked, what is to be done.

    What is due only before production is left out while something blocks now.
    """
    found = blocking(decision)
    due = [result for result in found if not result.later]
    return [_told(result) for result in due or found]


def told(data: Mapping[str, Any]) -> list[str]:
    """A decision that was written down as lines: its sentence, then what blocks. Empty: unreadable."""
    decision = read_decision(data)
    if decision is None:
        return []
    if decision.answer is Answer.HOLD and decision.rehearse:
        return [f"{decision.sentence}; that is due before production"]
    return [decision.sentence, *told_blocking(decision)]


def gate_name(result: GateResult) -> str:
    """What people call the gate."""
    return words.KINDS.get(result.kind, result.kind.value)


def _told(result: GateResult) -> str:
    later = " (before production)" if result.later else ""
    said = f"{gate_name(result)}, {result.status.value}{later}: {result.reason}"
    asked = ", ".join(result.asks) or result.owner
    todo = f"; to do ({asked}): {result.fix}" if asked else f"; to do: {result.fix}"
    return said + todo if result.fix else said
