"""Coming in and going out: sign in, the page behind a one-time link, sign out."""

from typing import Annotated, Any

from fastapi import Depends, FastAPI, Form, Query, Request, Response
from fastapi.responses import RedirectResponse

from gonogo.domain.errors import GonogoError, Unavailable
from gonogo.domain.session import Invitation
from gonogo.usecases.access import invitations, sessions, sign_in
from gonogo.usecases.access.passwords import SHORTEST
from gonogo.usecases.access.sessions import Opened
from gonogo.web.desk.forms import status_of
from gonogo.web.desk.site import Site
from gonogo.web.desk.visitor import Entrance, Visitor

Field = Annotated[str, Form(max_length=2000)]


def add(application: FastAPI, site: Site, entrance: Entrance) -> None:
    """Add the pages. The first three are open to whoever can reach the desk."""
    _signing_in(application, site, entrance)
    _joining(application, site, entrance)

    @application.post("/sign-out", include_in_schema=False)
    async def leave(
        request: Request,
        visitor: Visitor = Depends(site.visitor),  # noqa: B008 - how FastAPI is told
        everywhere: Field = "",
    ) -> Response:
        present = entrance.session(request)
        if present is not None:
            wanted = None if everywhere else present
            await sessions.sign_out(site.context, visitor.actor, session=wanted)
        request.state.session_cookie = ""
        return RedirectResponse("/sign-in", status_code=303)


def _signing_in(application: FastAPI, site: Site, entrance: Entrance) -> None:
    def shown(
        request: Request, wanted: str, status: int = 200, **more: str | GonogoError
    ) -> Response:
        values: dict[str, Any] = {"name": "", "why": "", **more}
        openid = site.context.openid is not None
        return site.outside(
            request,
            "sign_in.html.j2",
            status,
            wanted=entrance.safe(wanted),
            openid=openid,
            **values,
        )

    @application.get("/sign-in", include_in_schema=False)
    async def page(
        request: Request,
        wanted: Annotated[str, Query(alias="next", max_length=2000)] = "/",
        refused: Annotated[str, Query(max_length=100)] = "",
    ) -> Response:
        return shown(request, wanted, why=refused)

    @application.post("/sign-in", include_in_schema=False)
    async def enter(
        request: Request,
        name: Field = "",
        password: Field = "",
        wanted: Annotated[str, Form(alias="next", max_length=2000)] = "/",
    ) -> Response:
        browser = entrance.browser(request)
        try:
            opened = await sign_in.sign_in(
                site.context, name=name, password=password, browser=browser
            )
        except Unavailable:
            raise  # told as to any stranger: without what is away and where it lies
        except GonogoError as refused:
            return shown(request, wanted, status_of(refused), wrong=refused, name=name)
        return _in(request, opened, entrance.safe(wanted))


def _joining(application: FastAPI, site: Site, entrance: Entrance) -> None:
    def shown(
        request: Request,
        found: Invitation | None,
        secret: str,
        status: int = 200,
        **more: Any,  # noqa: ANN401
    ) -> Response:
        values: dict[str, Any] = {"invitation": found, "secret": secret, "name": "", **more}
        return site.outside(request, "join.html.j2", status, shortest=SHORTEST, **values)

    @application.get("/join", include_in_schema=False)
    async def page(
        request: Request, invitation: Annotated[str, Query(max_length=200)] = ""
    ) -> Response:
        try:
            found = await invitations.look_at(
                site.context, secret=invitation, browser=entrance.browser(request)
            )
        except Unavailable:
            raise  # told as to any stranger: without what is away and where it lies
        except GonogoError as refused:
            return shown(request, None, "", wrong=refused, status=status_of(refused))
        return shown(request, found, invitation)

    @application.post("/join", include_in_schema=False)
    async def accept(
        request: Request,
        invitation: Field = "",
        name: Field = "",
        password: Field = "",
        again: Field = "",
    ) -> Response:
        browser = entrance.browser(request)
        found: Invitation | None = None
        try:
            found = await invitations.look_at(site.context, secret=invitation, browser=browser)
            if password != again:
                return shown(request, found, invitation, apart=True, name=name, status=422)
            opened = await invitations.accept(
                site.context, secret=invitation, password=password, name=name, browser=browser
            )
        except Unavailable:
            raise  # told as to any stranger: without what is away and where it lies
        except GonogoError as refused:
            return shown(
                request, found, invitation, wrong=refused, name=name, status=status_of(refused)
            )
        return _in(request, opened, "/")


def _in(request: Request, opened: Opened, wanted: str) -> Response:
    request.state.session_cookie = opened.secret
    request.state.known_cookie = opened.known_as
    return RedirectResponse(wanted, status_code=303)
