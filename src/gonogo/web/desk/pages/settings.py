"""One's own settings: how one reads, where one is signed in, one's password and tokens."""

from collections.abc import Awaitable
from typing import Annotated

from fastapi import Depends, FastAPI, Form, Request, Response
from fastapi.responses import RedirectResponse

from gonogo.domain.actor import Scope
from gonogo.domain.errors import Conflict, GonogoError
from gonogo.language.reader import Calendar, Digits
from gonogo.usecases.access import sessions, sign_in
from gonogo.usecases.access.passwords import SHORTEST
from gonogo.usecases.access.people import issue_token, own_tokens_view, revoke_token
from gonogo.web.desk.browsers import browser_name
from gonogo.web.desk.forms import status_of
from gonogo.web.desk.pages.people import Days, Roles, token_life, token_scopes
from gonogo.web.desk.site import Site
from gonogo.web.desk.visitor import THEMES, Entrance, Visitor

Field = Annotated[str, Form(max_length=2000)]


def add(application: FastAPI, site: Site, entrance: Entrance) -> None:
    """Add the page and what its forms do."""
    visiting = Depends(site.visitor)

    async def shown(
        request: Request, visitor: Visitor, *, status: int = 200, **more: object
    ) -> Response:
        present = entrance.session(request)
        return site.page(
            request,
            visitor,
            "settings.html.j2",
            status,
            calendars=tuple(Calendar),
            digit_kinds=tuple(Digits),
            themes=THEMES,
            shortest=SHORTEST,
            sessions=None
            if present is None
            else await sessions.sessions_view(site.context, visitor.actor, present=present),
            tokens=[] if present is None else await own_tokens_view(site.context, visitor.actor),
            scopes=tuple(Scope),
            browser_name=browser_name,
            **{"wrong": None, "done": "", "apart": False, "secret": None, **more},
        )

    async def followed(
        request: Request, visitor: Visitor, name: str, deed: Awaitable[object]
    ) -> Response:
        try:
            await deed
        except GonogoError as refused:
            return await shown(request, visitor, status=status_of(refused), wrong=refused)
        return RedirectResponse(f"/settings?done={name}", status_code=303)

    @application.get("/settings", include_in_schema=False)
    async def page(request: Request, visitor: Visitor = visiting, done: str = "") -> Response:
        return await shown(request, visitor, done=done)

    @application.post("/settings/password", include_in_schema=False)
    async def password(
        request: Request,
        visitor: Visitor = visiting,
        present: Field = "",
        wanted: Field = "",
        again: Field = "",
    ) -> Response:
        session = _present(entrance, request)
        if wanted != again:
            return await shown(request, visitor, status=422, apart=True)
        deed = sign_in.change_password(
            site.context, visitor.actor, present=present, wanted=wanted, session=session
        )
        return await followed(request, visitor, "password", deed)

    @application.post("/settings/sessions/{session}", include_in_schema=False)
    async def end(session: str, request: Request, visitor: Visitor = visiting) -> Response:
        _present(entrance, request)
        deed = sessions.end_session(site.context, visitor.actor, session=session)
        return await followed(request, visitor, "session", deed)

    @application.post("/settings/tokens", include_in_schema=False)
    async def token(
        request: Request,
        visitor: Visitor = visiting,
        days: Days = "90",
        scopes: Roles = [],  # noqa: B006 - never changed; how FastAPI is told of a list in a form
    ) -> Response:
        _present(entrance, request)
        try:
            issued = await issue_token(
                site.context,
                visitor.actor,
                person=visitor.actor.name,
                life=token_life(days),
                scopes=token_scopes(scopes),
                own=True,
            )
        except GonogoError as refused:
            return await shown(request, visitor, status=status_of(refused), wrong=refused)
        return await shown(request, visitor, secret=issued.secret)

    @application.post("/settings/tokens/{token_id}/revoke", include_in_schema=False)
    async def revoke(token_id: str, request: Request, visitor: Visitor = visiting) -> Response:
        _present(entrance, request)
        deed = revoke_token(site.context, visitor.actor, token_id=token_id)
        return await followed(request, visitor, "revoked", deed)


def _present(entrance: Entrance, request: Request) -> str:
    """The session that the request came with. Raises Conflict for one with a token, which speaks for
    somebody but does not manage how they sign in."""
    session = entrance.session(request)
    if session is None:
        raise Conflict("this can be done in a browser only, by who is signed in there")
    return session
