"""Whose request it is, asked once: by whoever limits, remembers or answers it."""

from collections.abc import Awaitable, Callable

from fastapi import HTTPException, Request
from starlette.types import Scope

from gonogo.domain.actor import Actor
from gonogo.domain.errors import GonogoError

_OUTCOME = "gonogo_visitor"


class Visitors:
    """Asks the door, and remembers for the length of one request what it said."""

    def __init__(self, door: Callable[[Request], Awaitable[Actor]]) -> None:
        self._door = door

    async def __call__(self, request: Request) -> Actor:
        """Whose request it is. Raises what the door raises."""
        found = await self._ask(request.scope)
        if isinstance(found, Actor):
            return found
        raise found

    async def known(self, scope: Scope) -> Actor | None:
        """Whose request it is, or nobody's."""
        found = await self._ask(scope)
        return found if isinstance(found, Actor) else None

    async def again(self, request: Request) -> Actor:
        """Whose request it is by now. Raises what the door raises: somebody may have left meanwhile."""
        return await self._door(request)

    async def _ask(self, scope: Scope) -> Actor | HTTPException | GonogoError:
        remembered: dict[str, Actor | HTTPException | GonogoError] = scope.setdefault("state", {})
        if _OUTCOME not in remembered:
            try:
                remembered[_OUTCOME] = await self._door(Request(scope))
            except (HTTPException, GonogoError) as refused:
                remembered[_OUTCOME] = refused
        return remembered[_OUTCOME]
