"""People whom the desk knows, their roles, their one-time links and their tokens."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import Depends, FastAPI, Form, Query, Request, Response
from fastapi.responses import RedirectResponse

from gonogo.domain.actor import PEOPLE_ROLES, Role, Scope
from gonogo.domain.errors import GonogoError, InvalidInput
from gonogo.language.formats import latin
from gonogo.usecases.access import invitations, people
from gonogo.usecases.permissions import PERMISSIONS, Deed
from gonogo.web.desk.forms import status_of
from gonogo.web.desk.site import Site
from gonogo.web.desk.visitor import Visitor

Field = Annotated[str, Form(max_length=4000)]
Roles = Annotated[list[str], Form()]
Days = Annotated[str, Form(max_length=10)]
Said = Annotated[str, Query(max_length=200)]
Work = Callable[[], Awaitable[dict[str, Any]]]
NOTHING: dict[str, Any] = {"name": "", "emails": "", "roles": []}
"""What stands in the form for somebody new before anything was typed."""


def add(application: FastAPI, site: Site) -> None:
    """Add the page and what its forms do."""
    visiting = Depends(site.visitor)

    async def shown(
        request: Request,
        visitor: Visitor,
        *,
        status: int = 200,
        typed: dict[str, Any] | None = None,
        **more: object,
    ) -> Response:
        everybody = await people.people_view(site.context, visitor.actor)
        # What stands in an address is anybody's word: a name that nobody has is not repeated.
        if more.get("whose") not in {None, *(each["name"] for each in everybody)}:
            more["whose"] = ""
        return site.page(
            request,
            visitor,
            "people.html.j2",
            status,
            here=[each for each in everybody if each["left_at"] is None],
            left=[each for each in everybody if each["left_at"] is not None],
            roles=PEOPLE_ROLES,
            scopes=tuple(Scope),
            allowed={deed: [each for each in Role if each in PERMISSIONS[deed]] for deed in Deed},
            typed=NOTHING | (typed or {}),
            **{"wrong": None, "secret": None, "link": None, "whose": "", "done": "", **more},
        )

    async def done(
        request: Request,
        visitor: Visitor,
        work: Work,
        what: str = "",
        whose: str = "",
        typed: dict[str, Any] | None = None,
    ) -> Response:
        """Do it; what it returns is shown once, else the page is opened anew and says `what` was done.

        A refused form comes back with what was `typed`; `whose` is the person it is about.
        """
        try:
            once = await work()
        except GonogoError as refused:
            told: dict[str, Any] = {"status": status_of(refused), "wrong": refused, "whose": whose}
            return await shown(request, visitor, typed=typed, **told)
        if once:
            return await shown(request, visitor, **once)
        query = urlencode({"done": what, "whose": whose})
        return RedirectResponse(f"/people?{query}", status_code=303)

    @application.get("/people", include_in_schema=False)
    async def page(
        request: Request, visitor: Visitor = visiting, done: Said = "", whose: Said = ""
    ) -> Response:
        return await shown(request, visitor, done=done, whose=whose)

    _roster(application, site, done)
    _secrets(application, site, done)


def _roster(application: FastAPI, site: Site, done: Callable[..., Awaitable[Response]]) -> None:
    visiting = Depends(site.visitor)

    @application.post("/people", include_in_schema=False)
    async def arrive(
        request: Request,
        visitor: Visitor = visiting,
        name: Field = "",
        emails: Field = "",
        roles: Roles = [],  # noqa: B006 - never changed; how FastAPI is told of a list in a form
        link: Field = "",
    ) -> Response:
        async def work() -> dict[str, Any]:
            addresses = emails.replace(",", " ").split()
            person = await people.add_person(
                site.context, visitor.actor, name=name, roles=_roles(roles), emails=addresses
            )
            if not link:
                return {}
            invited = await invitations.invite(site.context, visitor.actor, name=person.name)
            return {"link": invited.path, "whose": person.name}

        typed = {"name": name, "emails": emails, "roles": roles}
        return await done(request, visitor, work, "added", name, typed)

    @application.post("/people/{name}/roles", include_in_schema=False)
    async def change(
        name: str,
        request: Request,
        visitor: Visitor = visiting,
        roles: Roles = [],  # noqa: B006
    ) -> Response:
        async def work() -> dict[str, Any]:
            await people.change_roles(site.context, visitor.actor, name=name, roles=_roles(roles))
            return {}

        return await done(request, visitor, work, "roles", name)

    @application.post("/people/{name}/leave", include_in_schema=False)
    async def leave(name: str, request: Request, visitor: Visitor = visiting) -> Response:
        async def work() -> dict[str, Any]:
            await people.remove_person(site.context, visitor.actor, name=name)
            return {}

        return await done(request, visitor, work, "left", name)


def _secrets(
    application: FastAPI,
    site: Site,
    done: Callable[..., Awaitable[Response]],
) -> None:
    visiting = Depends(site.visitor)

    @application.post("/people/{name}/link", include_in_schema=False)
    async def link(name: str, request: Request, visitor: Visitor = visiting) -> Response:
        async def work() -> dict[str, Any]:
            invited = await invitations.invite(site.context, visitor.actor, name=name)
            return {"link": invited.path, "whose": name}

        return await done(request, visitor, work, whose=name)

    @application.post("/people/{name}/tokens", include_in_schema=False)
    async def token(
        name: str,
        request: Request,
        visitor: Visitor = visiting,
        days: Days = "90",
        scopes: Roles = [],  # noqa: B006
    ) -> Response:
        async def work() -> dict[str, Any]:
            issued = await people.issue_token(
                site.context,
                visitor.actor,
                person=name,
                life=token_life(days),
                scopes=token_scopes(scopes),
            )
            return {"secret": issued.secret, "whose": name}

        return await done(request, visitor, work, whose=name)

    @application.post("/tokens/{token_id}/revoke", include_in_schema=False)
    async def revoke(token_id: str, request: Request, visitor: Visitor = visiting) -> Response:
        async def work() -> dict[str, Any]:
            await people.revoke_token(site.context, visitor.actor, token_id=token_id)
            return {}

        return await done(request, visitor, work, "revoked")


def _roles(names: list[str]) -> list[Role]:
    """Raises InvalidInput for a name that is no role."""
    for name in names:
        if name not in set(Role):
            raise InvalidInput(f'"{name}" is no role')
    return [Role(name) for name in names]


def token_life(days: str) -> timedelta:
    """How long a token is to be good, as somebody typed it; what is no number is no time."""
    number = latin(days.strip())
    return timedelta(days=min(int(number), 100_000) if number.isdecimal() else 0)


def token_scopes(names: list[str]) -> list[Scope] | None:
    """What a token is narrowed to; None when nothing was chosen. Raises InvalidInput."""
    for name in names:
        if name not in set(Scope):
            raise InvalidInput(f'"{name}" is no scope')
    return [Scope(name) for name in names] or None
