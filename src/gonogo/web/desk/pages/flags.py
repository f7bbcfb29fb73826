"""Flags of services: releases frozen, messages held back; by whom, why and until when."""

from dataclasses import dataclass
from functools import partial
from urllib.parse import urlencode

from fastapi import Depends, FastAPI, Request, Response

from gonogo.domain.dossier import standing_flag
from gonogo.domain.errors import NotFound
from gonogo.domain.paper import FREEZE, QUIET, Flag, Paper
from gonogo.language.formats import latin
from gonogo.usecases.gates import waivers
from gonogo.usecases.permissions import PERMISSIONS, Deed
from gonogo.web.desk.forms import Refusal, Submission
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

    async def shown(request: Request, visitor: Visitor, refusal: Refusal | None = None) -> Response:
        now = context.clock.now()
        services = []
        for known in await context.store.registrations():
            papers = await context.store.papers(known.service)
            flags = {name: standing_flag(papers, name, now) for name in SWITCHES}
            services.append(Standing(known.service, flags))
        return site.with_forms(
            request,
            visitor,
            "flags.html.j2",
            refusal,
            services=services,
            may={name: visitor.may(deed.name) for name, (_, deed) in SWITCHES.items()},
            who={
                name: sorted(role.words for role in PERMISSIONS[deed])
                for name, (_, deed) in SWITCHES.items()
            },
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
        submission = await Submission.read(context, request, visitor)
        form = f"{name}:{service}"
        return await submission.follow(
            form,
            _switch(submission, name, service),
            # drafts.js forgets what was typed when the address says that it was done.
            onward=f"/flags?{urlencode({'done': form})}",
            again=partial(shown, request, visitor),
        )


async def _switch(submission: Submission, name: str, service: str) -> None:
    form = submission.form
    await SWITCHES[name][0](
        submission.context,
        submission.actor,
        service=service,
        on=form.text("on") == "yes",
        reason=form.text("reason"),
        until=latin(form.text("until")) or None,
    )
