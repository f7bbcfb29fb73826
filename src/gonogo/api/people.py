"""People, their tokens, and who one is oneself."""

from datetime import timedelta
from functools import partial
from typing import Annotated, Any

from fastapi import FastAPI, Query, Request, Response

from gonogo.api.answers.people import (
    ActorAnswer,
    IssuedTokenAnswer,
    ListedToken,
    PersonAnswer,
    TokenAnswer,
)
from gonogo.api.answers.shapes import PageOf
from gonogo.api.bodies import PersonBody, RolesBody, TokenBody
from gonogo.api.etags import etag_of, must_match, tagged
from gonogo.api.pagination import Cursor, Limit, Listing
from gonogo.domain.actor import Actor
from gonogo.domain.person import Person
from gonogo.usecases.access import people
from gonogo.usecases.context import Context
from gonogo.usecases.views import listings

_Person = Annotated[str | None, Query(min_length=1, max_length=200)]
_ONE = "/api/v1/people/{name}"


def add_people(application: FastAPI, context: Context, actor: Any, looking: Any) -> None:  # noqa: ANN401
    """Add the endpoints; `actor` gives who asks, `looking` who asks and may read."""
    _showing(application, context, actor, looking)
    _changing(application, context, actor)
    _tokens(application, context, actor)


def _showing(application: FastAPI, context: Context, actor: Any, looking: Any) -> None:  # noqa: ANN401
    @application.get("/api/v1/whoami", response_model=ActorAnswer)
    async def get_whoami(who: Actor = actor) -> Any:  # noqa: ANN401
        """As whom the desk knows you, and what you may do."""
        return people.actor_view(who)

    @application.get("/api/v1/people", response_model=PageOf[PersonAnswer])
    async def list_people(
        request: Request,
        response: Response,
        limit: Limit = 50,
        cursor: Cursor = None,
        who: Actor = looking,
    ) -> Any:  # noqa: ANN401
        """Everybody by name, also those who left; with their tokens for whoever manages them."""
        listing = Listing("people", {})
        page = await listings.people_page(context, who, limit=limit, after=listing.after(cursor))
        return listing.page(request, response, page.items, page.next)

    @application.get(_ONE, response_model=PersonAnswer)
    async def get_person(
        name: str, request: Request, response: Response, who: Actor = looking
    ) -> Any:  # noqa: ANN401
        """Somebody who is or was here."""
        person = await people.find_person(context, who, name=name)
        return tagged(request, response, people.person_view(person))


def _changing(application: FastAPI, context: Context, actor: Any) -> None:  # noqa: ANN401
    def seen(request: Request, person: Person) -> None:
        """Raises HTTPException 412 when the person is not as the asker has seen them."""
        if "if-match" in request.headers:
            must_match(request, etag_of(people.person_view(person)))

    @application.post("/api/v1/people", status_code=201, response_model=PersonAnswer)
    async def add_person(body: PersonBody, who: Actor = actor) -> Any:  # noqa: ANN401
        """Make somebody, or a CI job, known to the desk."""
        person = await people.add_person(
            context, who, name=body.name, roles=body.roles, emails=body.emails
        )
        return people.person_view(person)

    @application.patch(_ONE, response_model=PersonAnswer)
    async def change_roles(request: Request, name: str, body: RolesBody, who: Actor = actor) -> Any:  # noqa: ANN401
        """Give somebody these roles and no others. With If-Match only if nobody changed them since."""
        check = partial(seen, request)
        person = await people.change_roles(context, who, name=name, roles=body.roles, check=check)
        return people.person_view(person)

    @application.delete(_ONE, response_model=PersonAnswer)
    async def remove_person(request: Request, name: str, who: Actor = actor) -> Any:  # noqa: ANN401
        """Write down that somebody has left: their tokens stop, and their name stays taken."""
        check = partial(seen, request)
        person = await people.remove_person(context, who, name=name, check=check)
        return people.person_view(person)


def _tokens(application: FastAPI, context: Context, actor: Any) -> None:  # noqa: ANN401
    @application.get("/api/v1/tokens", response_model=PageOf[ListedToken])
    async def list_tokens(
        request: Request,
        response: Response,
        person: _Person = None,
        limit: Limit = 50,
        cursor: Cursor = None,
        who: Actor = actor,
    ) -> Any:  # noqa: ANN401
        """Your own tokens, the oldest first; for whoever manages people everybody's, or those of one
        person."""
        listing = Listing("tokens", {"person": person})
        page = await listings.tokens_page(
            context, who, limit=limit, person=person, after=listing.after(cursor)
        )
        return listing.page(request, response, page.items, page.next)

    @application.post(_ONE + "/tokens", status_code=201, response_model=IssuedTokenAnswer)
    async def issue_token(
        request: Request, response: Response, name: str, body: TokenBody, who: Actor = actor
    ) -> Any:  # noqa: ANN401
        """Issue a token for somebody. Its secret is told this once; nothing keeps the answer, so a
        request sent again under its Idempotency-Key is refused with 409."""
        issued = await people.issue_token(
            context,
            who,
            person=name,
            life=timedelta(days=body.days),
            scopes=body.scopes,
            own=request.state.visitor.session is not None,
        )
        response.headers["Cache-Control"] = "no-store"
        return {**people.token_view(issued.token), "secret": issued.secret}

    @application.delete("/api/v1/tokens/{token_id}", response_model=TokenAnswer)
    async def revoke_token(token_id: str, who: Actor = actor) -> Any:  # noqa: ANN401
        """End a token now: one of your own, or anybody's for whoever manages people."""
        token = await people.revoke_token(context, who, token_id=token_id)
        return people.token_view(token)
