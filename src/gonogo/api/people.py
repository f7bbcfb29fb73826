"""People, their tokens, and who one is oneself."""

import asyncio
from datetime import timedelta
from typing import Any

from fastapi import FastAPI, Request

from gonogo.api.bodies import PersonBody, RolesBody, TokenBody
from gonogo.domain.actor import Actor
from gonogo.usecases import people
from gonogo.usecases.context import Context


def add_people(application: FastAPI, context: Context, actor: Any, looking: Any) -> None:  # noqa: ANN401
    """Add the endpoints; `actor` gives who asks, `looking` who asks and may read."""
    # Each of these reads a row and writes it back: one after the other, so that none undoes another.
    turn = asyncio.Lock()

    @application.get("/api/v1/whoami")
    async def whoami(who: Actor = actor) -> dict[str, Any]:
        return people.actor_view(who)

    @application.get("/api/v1/people")
    async def listing(who: Actor = looking) -> list[dict[str, Any]]:
        return await people.people_view(context, who)

    @application.post("/api/v1/people", status_code=201)
    async def add(body: PersonBody, who: Actor = actor) -> dict[str, Any]:
        async with turn:
            person = await people.add_person(
                context, who, name=body.name, roles=body.roles, emails=body.emails
            )
        return people.person_view(person)

    @application.patch("/api/v1/people/{name}")
    async def change(name: str, body: RolesBody, who: Actor = actor) -> dict[str, Any]:
        async with turn:
            person = await people.change_roles(context, who, name=name, roles=body.roles)
        return people.person_view(person)

    @application.delete("/api/v1/people/{name}")
    async def remove(name: str, who: Actor = actor) -> dict[str, Any]:
        async with turn:
            person = await people.remove_person(context, who, name=name)
        return people.person_view(person)

    @application.post("/api/v1/people/{name}/tokens", status_code=201)
    async def issue(
        name: str, body: TokenBody, request: Request, who: Actor = actor
    ) -> dict[str, Any]:
        async with turn:
            issued = await people.issue_token(
                context,
                who,
                person=name,
                life=timedelta(days=body.days),
                scopes=body.scopes,
                own=request.state.visitor.session is not None,
            )
        return {**people.token_view(issued.token), "secret": issued.secret}

    @application.get("/api/v1/tokens")
    async def own(who: Actor = actor) -> list[dict[str, Any]]:
        return await people.own_tokens_view(context, who)

    @application.delete("/api/v1/tokens/{token_id}")
    async def revoke(token_id: str, who: Actor = actor) -> dict[str, Any]:
        async with turn:
            token = await people.revoke_token(context, who, token_id=token_id)
        return people.token_view(token)
