"""The gates' answer on a version, before a release of it is started or after one has ended."""

from datetime import datetime

from gonogo.domain.dossier import Dossier
from gonogo.domain.gate import (
    Answer,
    Decision,
    GateKind,
    GateMode,
    GateMoment,
    GateResult,
    GateStatus,
)
from gonogo.domain.plan import Plan
from gonogo.domain.story import Story
from gonogo.gates.decision import decide
from gonogo.gates.evaluate import evaluate

_RECORDED = "gates:release:"


def decision_on(plan: Plan, dossier: Dossier, now: datetime) -> Decision:
    """What the gates would say if the version began its way to staging now."""
    return decide(evaluate(plan, dossier, now, GateMoment.STAGING), dossier, now)


def recorded_decision(story: Story) -> Decision | None:
    """The last decision that was written down of a release; None when none was, or it cannot be read."""
    entries = [entry for entry in story.audit if entry.action.startswith(_RECORDED)]
    if not entries:
        return None
    data = entries[-1].data
    try:
        return Decision(
            answer=Answer(data["answer"]),
            sentence=str(data["sentence"]),
            commit=str(data["commit"]),
            digest=str(data["digest"]),
            at=datetime.fromisoformat(data["at"]),
            results=tuple(
                GateResult(
                    kind=GateKind(each["kind"]),
                    mode=GateMode(each["mode"]),
                    status=GateStatus(each["status"]),
                    reason=str(each["reason"]),
                    owner=str(each["owner"]),
                )
                for each in data["gates"]
            ),
        )
    except (KeyError, TypeError, ValueError):
        # An entry that another version of gonogo wrote in another form is no decision to show.
        return None
