"""The gates' answer on a version, before a release of it is started or after one has ended."""

from datetime import datetime
from typing import Any

from gonogo.domain.dossier import Dossier
from gonogo.domain.gate import Decision, GateMoment
from gonogo.domain.plan import Plan
from gonogo.domain.story import Story
from gonogo.gates.decision import decide
from gonogo.gates.evaluate import evaluate
from gonogo.gates.written import decision_data, decision_of

_RECORDED = "gates:release:"


def decision_view(decision: Decision) -> dict[str, Any]:
    """A decision as plain data for JSON."""
    return decision_data(decision)


def decision_on(plan: Plan, dossier: Dossier, now: datetime) -> Decision:
    """What the gates would say if the version began its way to staging now."""
    return decide(evaluate(plan, dossier, now, GateMoment.STAGING), dossier, now)


def recorded_decision(story: Story) -> Decision | None:
    """The last decision that was written down of a release; None when none was, or it cannot be read."""
    entries = [entry for entry in story.audit if entry.action.startswith(_RECORDED)]
    return decision_of(entries[-1].data) if entries else None
