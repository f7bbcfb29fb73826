"""People whom the desk knows, their roles, their one-time links and their tokens."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Annotated, Any

from fastapi import Depends, FastAPI, Form, Request, Response
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
Work = Callable[[], Awaitable[dict[str, Any]]]


def add(application: FastAPI, site: Site) -> None:
    """Add the page and what its forms do."""
    visiting = Depends(site.visitor)

    async def shown(
        request: Request, visitor: Visitor, *, status: int = 200, **more: object
    ) -> Response:
        everybody = await people.people_view(site.context, visitor.actor)
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
            **{"wrong": None, "secret": None, "link": None, "whose": "", **more},
        )

    async def done(request: Request, visitor: Visitor, work: Work) -> Response:
        """Do it; what it returns is shown once, else the page is opened anew."""
        try:
            once = await work()
        except GonogoError as refused:
            return await shown(request, visitor, status=status_of(refused), wrong=refused)
        if once:
            return await shown(request, visitor, **once)
        return RedirectResponse("/people", status_code=303)

    @application.get("/people", include_in_schema=False)
    async def page(request: Request, visitor: Visitor = visiting) -> Response:
        return await shown(request, visitor)

    @application.post("/people", include_in_schema=False)
    async def arrive(
        request: Request,
        visitor: Visitor = visiting,
        name: Field = "",
        emails: Field = "",
        roles: Roles = [],  # noqa: B006 - never changed; how FastAPI is told of a list in a form
    ) -> Response:
        async def work() -> dict[str, Any]:
            addresses = emails.replace(",", " ").split()
            await people.add_person(
                site.context, visitor.actor, name=name, roles=_roles(roles), emails=addresses
            )
            return {}

        return await done(request, visitor, work)

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

        return await done(request, visitor, work)

    @application.post("/people/{name}/leave", include_in_schema=False)
    async def leave(name: str, request: Request, visitor: Visitor = visiting) -> Response:
        async def work() -> dict[str, Any]:
            await people.remove_person(site.context, visitor.actor, name=name)
            return {}

        return await done(request, visitor, work)

    _secrets(application, site, done)


def _secrets(
    application: FastAPI,
    site: Site,
    done: Callable[[Request, Visitor, Work], Awaitable[Response]],
) -> None:
    visiting = Depends(site.visitor)

    @application.post("/people/{name}/link", include_in_schema=False)
    async def link(name: str, request: Request, visitor: Visitor = visiting) -> Response:
        async def work() -> dict[str, Any]:
            invited = await invitations.invite(site.context, visitor.actor, name=name)
            return {"link": invited.path, "whose": name}

        return await done(request, visitor, work)

    @application.post("/people/{name}/tokens", include_in_schema=False)
    async def token(
        name: str,
        request: Request,
        visitor: Visitor = visiting,
        days: str = Form(default="90", max_length=10),
    ) -> Response:
        async def work() -> dict[str, Any]:
            number = latin(days.strip())
            life = timedelta(days=min(int(number), 100_000) if number.isdecimal() else 0)
            issued = await people.issue_token(site.context, visitor.actor, person=name, life=life)
            return {"secret": issued.secret, "whose": name}

        return await done(request, visitor, work)

    @application.post("/tokens/{token_id}/revoke", include_in_schema=False)
    async def revoke(token_id: str, request: Request, visitor: Visitor = visiting) -> Response:
        async def work() -> dict[str, Any]:
            await people.revoke_token(site.context, visitor.actor, token_id=token_id)
            return {}

        return await done(request, visitor, work)


def _roles(names: list[str]) -> list[Role]:
    """Raises InvalidInput for a name that is no role."""
    for name in names:
        if name not in set(Role):
            raise InvalidInput(f'"{name}" is no role')
    return [Role(name) for name in names]
