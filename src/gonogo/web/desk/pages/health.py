"""Site health: every check of the desk and of each service, the worst first, each with its remedy."""

from collections.abc import Sequence
from itertools import groupby
from typing import Any

from fastapi import Depends, FastAPI, Request
from fastapi.responses import HTMLResponse

from gonogo.domain.controller import ControllerKind
from gonogo.domain.health import Finding, Health
from gonogo.usecases.desk.controllers import at_work
from gonogo.usecases.desk.operation import examine
from gonogo.web.desk.site import Site
from gonogo.web.desk.visitor import Visitor

MARKS = {
    Health.CRITICAL: ("✕", "harm"),
    Health.RECOMMENDED: ("!", "waiting"),
    Health.GOOD: ("✓", "safe"),
}
"""Sign and tone of each state; its word is the state's name."""


KINDS = {
    ControllerKind.CLAIMS: "finds releases to drive",
    ControllerKind.RELEASE: "drives a release",
    ControllerKind.FLEET: "keeps what serves",
    ControllerKind.OUTBOX: "sends messages",
}
"""What each kind of task is for, as `language.sentences` knows it."""

_MOST_TASKS = 200


def add(application: FastAPI, site: Site) -> None:
    """Add the page, and the part of it that looks again."""
    visiting = Depends(site.visitor)

    @application.get("/health", include_in_schema=False)
    async def page(request: Request, visitor: Visitor = visiting) -> HTMLResponse:
        return site.page(request, visitor, "health.html.j2", **await _values(site))

    @application.get("/health/findings", include_in_schema=False)
    async def again(visitor: Visitor = visiting) -> HTMLResponse:
        return site.part(visitor, "health_findings.html.j2", **await _values(site))


async def _values(site: Site) -> dict[str, Any]:
    found = await examine(site.context)
    tasks = at_work(site.context)
    return {
        "groups": _grouped(found),
        "counts": {state: sum(each.health is state for each in found) for state in MARKS},
        "marks": MARKS,
        "tasks": [(each, KINDS[each.kind]) for each in tasks[:_MOST_TASKS]],
        "more_tasks": max(0, len(tasks) - _MOST_TASKS),
        "at": site.context.clock.now(),
    }


def _grouped(found: Sequence[Finding]) -> list[tuple[str, list[Finding]]]:
    """Findings of the desk ("") and of each service; the group with the worst finding first."""
    order = list(MARKS)
    by_service = sorted(found, key=lambda each: each.service)
    groups = [
        (service, sorted(each, key=lambda finding: order.index(finding.health)))
        for service, each in groupby(by_service, key=lambda finding: finding.service)
    ]
    return sorted(groups, key=lambda group: (order.index(group[1][0].health), group[0]))
