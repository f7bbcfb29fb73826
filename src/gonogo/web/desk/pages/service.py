"""A service: where it runs, its versions with their state, its releases, its spec and its gates."""

from fastapi import Depends, FastAPI, Request
from fastapi.responses import HTMLResponse

from gonogo.usecases.views.service_page import service_page
from gonogo.web.desk.gate_rules import rule_sentences
from gonogo.web.desk.site import Site
from gonogo.web.desk.visitor import Visitor


def add(application: FastAPI, site: Site) -> None:
    """Add the page."""

    @application.get("/services/{service}", include_in_schema=False)
    async def page(
        request: Request,
        service: str,
        visitor: Visitor = Depends(site.visitor),  # noqa: B008 - how FastAPI is told
    ) -> HTMLResponse:
        found = await service_page(site.context, visitor.actor, service)
        plan = found.registration.plan
        return site.page(
            request,
            visitor,
            "service.html.j2",
            page=found,
            plan=plan,
            rules=tuple((rule, rule_sentences(rule)) for rule in plan.gates),
        )
