"""Flags of services: releases frozen, messages held back; by whom, why and until when."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from urllib.parse import urlencode

from fastapi import Depends, FastAPI, Request, Response
from fastapi.responses import RedirectResponse

from gonogo.domain.dossier import standing_flag
from gonogo.domain.errors import GonogoError, NotFound
from gonogo.domain.paper import FREEZE, QUIET, Flag, Paper
from gonogo.language.formats import latin
from gonogo.usecases.gates import waivers
from gonogo.usecases.permissions import PERMISSIONS, Deed
from gonogo.web.desk.forms import Refusal, once, read_form
from gonogo.web.desk.site import Site
from gonogo.web.desk.visitor import Visitor

SWITCHES = {FREEZE: (waivers.freeze, Deed.FREEZE), QUIET: (waivers.hush, Deed.HUSH)}
"""What each flag is set by, and what that needs."""


@dataclass(frozen=True, slots=True)
class Standing:
    """The flags of one service that are on now."""

    service: str
    flags: dict[str, tuple[Paper, Flag] | None]


def add(application: FastAPI, site: Site) -> None:
    """Add the page and its switches."""
    visiting, context = Depends(site.visitor), site.context

    async def shown(
        request: Request,
        visitor: Visitor,
        status: int = 200,
        refusal: Refusal | None = None,
        typed: Mapping[str, str] = MappingProxyType({}),
    ) -> Response:
        now = context.clock.now()
        services = []
        for known in await context.store.registrations():
            papers = await context.store.papers(known.service)
            flags = {name: standing_flag(papers, name, now) for name in SWITCHES}
            services.append(Standing(known.service, flags))
        return site.page(
            request,
            visitor,
            "flags.html.j2",
            status,
            services=services,
            may={name: visitor.may(deed.name) for name, (_, deed) in SWITCHES.items()},
            who={
                name: sorted(role.words for role in PERMISSIONS[deed])
                for name, (_, deed) in SWITCHES.items()
            },
            refusal=refusal,
            typed=typed,
            key=context.new_id(),
        )

    @application.get("/flags", include_in_schema=False)
    async def page(request: Request, visitor: Visitor = visiting) -> Response:
        return await shown(request, visitor)

    @application.post("/flags/{name}/{service}", include_in_schema=False)
    async def switch(
        name: str, service: str, request: Request, visitor: Visitor = visiting
    ) -> Response:
        if name not in SWITCHES:
            raise NotFound(f'there is no flag "{name[:40]}"')
        form = await read_form(request)
        try:
            await SWITCHES[name][0](
                once(context, visitor.actor, request, form),
                visitor.actor,
                service=service,
                on=form.text("on") == "yes",
                reason=form.text("reason"),
                until=latin(form.text("until")) or None,
            )
        except GonogoError as error:
            refusal = Refusal.of(error, f"{name}:{service}")
            return await shown(request, visitor, refusal.status, refusal, form.fields)
        # drafts.js forgets what was typed when the address says that it was done.
        return RedirectResponse(f"/flags?{urlencode({'done': f'{name}:{service}'})}", 303)
