"""What a bundle says of a release's way: its stages, what the judge said, and why it was taken back."""

from collections.abc import Sequence
from itertools import groupby
from typing import Any

from gonogo.domain.audit import AuditEntry
from gonogo.domain.look import Look
from gonogo.domain.release import Stage
from gonogo.domain.story import DECISIONS, PERSON, Story, closing_look, figures
from gonogo.domain.verdict import Judgement
from gonogo.usecases.bundling.statements import plain

DECIDED = "gates:release:"
_BACK = frozenset({f"{PERSON}roll_back", f"{PERSON}reject"})


def last_decision(audit: Sequence[AuditEntry]) -> AuditEntry | None:
    """The gates' last answer: none is asked for once customers have come."""
    found = [entry for entry in audit if entry.action.startswith(DECIDED)]
    return found[-1] if found else None


def decision_predicate(audit: Sequence[AuditEntry]) -> dict[str, Any]:
    """The last decision whole, where it stands in the audit chain, and those before it in one line."""
    last = last_decision(audit)
    return {
        "decision": None if last is None else plain(last.data),
        "entry": None if last is None else {"sequence": last.sequence, "digest": last.digest},
        "earlier": [
            {
                "sequence": entry.sequence,
                "at": plain(entry.at),
                "answer": plain(entry.data.get("answer")),
                "sentence": plain(entry.data.get("sentence")),
            }
            for entry in audit
            if entry.action.startswith(DECIDED) and entry is not last
        ],
    }


def rollout_predicate(story: Story) -> dict[str, Any]:
    """The way of a release as it was recorded; null where nothing was."""
    release = story.release
    closing = closing_look(story)
    return {
        "outcome": release.stage.value,
        "final": release.final,
        "reason": plain(release.reason),
        "previous": release.previous,
        "attempt": release.attempt,
        "exposed": release.exposed,
        "started_by": plain(release.actor),
        "created_at": plain(release.created_at),
        "stages": _stages(story),
        "steps": _steps(story.looks),
        "judgement": None if closing is None else _judgement(closing.judgement),
        "judged_at": None if closing is None else plain(closing.at),
        "figures": plain(figures(story)),
        "rollback": _rollback(story.audit),
        "acts": [
            {
                "step": plain(entry.step),
                "state": entry.state.value,
                "started_at": plain(entry.started_at),
                "ended_at": plain(entry.ended_at),
            }
            for entry in story.journal
        ],
    }


def _stages(story: Story) -> list[dict[str, Any]]:
    return [
        {
            "stage": plain(entry.data["to"]),
            "at": plain(entry.at),
            "reason": plain(entry.data.get("reason", "")),
            "sequence": entry.sequence,
        }
        for entry in story.audit
        if "to" in entry.data and "from" in entry.data
    ]


def _steps(looks: Sequence[Look]) -> list[dict[str, Any]]:
    """One row per step that was judged, with what was said at its end."""
    found = []
    for (step, share), group in groupby(looks, key=lambda look: (look.step, look.share)):
        own = list(group)
        found.append(
            {
                "step": step,
                "share": share,
                "first_look": plain(own[0].at),
                "last_look": plain(own[-1].at),
                "looks": len(own),
                "gaps": [plain(look.gap) for look in own if look.gap is not None],
                "judgement": _judgement(own[-1].judgement),
            }
        )
    return found


def _judgement(judgement: Judgement) -> dict[str, Any]:
    """Verdict, counts on both arms, evidence and estimates of every KPI."""
    found: dict[str, Any] = plain(judgement)
    return found


def _rollback(audit: Sequence[AuditEntry]) -> dict[str, Any] | None:
    """Who or what took it back, when and why; None when it was not."""
    turned = next(
        (entry for entry in audit if entry.data.get("to") == Stage.ROLLING_BACK.value), None
    )
    if turned is None:
        return None
    asked = [entry for entry in audit if entry.action in _BACK and entry.sequence < turned.sequence]
    person = asked[-1] if asked and turned.action not in DECISIONS else None
    return {
        "by": plain(person.actor if person else turned.actor),
        "by_person": person is not None,
        "action": turned.action,
        "at": plain(turned.at),
        "reason": plain(turned.data.get("reason", "")),
        "sequence": turned.sequence,
    }
