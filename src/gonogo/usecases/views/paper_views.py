"""Papers, checklists and the page of a version as plain data for JSON."""

from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import Any

from gonogo.domain.paper import Paper
from gonogo.usecases.papers.checklists import ChecklistState
from gonogo.usecases.views.summary import Summary


def plain(value: Any) -> Any:  # noqa: ANN401 - any JSON value
    """Frozen values as JSON: times in ISO 8601, durations in seconds."""
    for kind, told in _PLAIN:
        if isinstance(value, kind):
            return told(value)
    if is_dataclass(value):
        return {each.name: plain(getattr(value, each.name)) for each in fields(value)}
    return value


_PLAIN: tuple[tuple[type | tuple[type, ...], Callable[[Any], Any]], ...] = (
    (Enum, lambda value: value.value),
    (datetime, lambda value: value.isoformat()),
    (timedelta, lambda value: value.total_seconds()),
    (Mapping, lambda value: {str(plain(key)): plain(each) for key, each in value.items()}),
    ((list, tuple), lambda value: [plain(each) for each in value]),
)


def paper_view(paper: Paper) -> dict[str, Any]:
    """One filed paper as JSON."""
    return {
        "paper": paper.id,
        "kind": paper.kind.value,
        "service": paper.service,
        "commit": paper.commit,
        "at": paper.at.isoformat(),
        "by": paper.actor,
        "content": plain(paper.content),
    }


def checklists_view(found: tuple[ChecklistState, ...]) -> list[dict[str, Any]]:
    """Checklists as JSON: every line with who ticked it and when, and the progress per component."""
    return [
        {
            "name": state.checklist.name,
            "when": state.checklist.when.value,
            "every_seconds": plain(state.checklist.every),
            "progress": plain(state.progress),
            "components": plain(state.components),
            "items": [
                {
                    "name": each.item.name,
                    "component": each.item.component,
                    "roles": [role.value for role in each.item.roles],
                    "wants_evidence": each.item.evidence,
                    "done": each.done,
                    "lapsed": each.lapsed,
                    "by": each.paper.actor if each.paper else None,
                    "at": each.paper.at.isoformat() if each.paper else None,
                    "due": plain(each.due),
                    "evidence": each.evidence,
                }
                for each in state.items
            ],
        }
        for state in found
    ]


def summary_view(summary: Summary) -> dict[str, Any]:
    """The page as JSON, with the progress of checklists."""
    return {**plain(summary), "checklists": checklists_view(summary.checklists)}
