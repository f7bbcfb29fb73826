"""Whose request it is: for whoever limits, remembers or answers it. The door looks it up once."""

from fastapi import HTTPException, Request
from starlette.requests import HTTPConnection
from starlette.types import Scope

from gonogo.api.door import Door
from gonogo.domain.actor import Actor
from gonogo.domain.errors import GonogoError


class Visitors:
    """The door, as those ask it who stand before and behind an endpoint."""

    def __init__(self, door: Door) -> None:
        self._door = door

    async def __call__(self, request: Request) -> Actor:
        """Whose request it is. Raises what the door raises."""
        return await self._door(request)

    async def known(self, scope: Scope) -> Actor | None:
        """Whose request it is, or nobody's; what it may change, the endpoint asks the door itself."""
        try:
            visitor = await self._door.visitor(HTTPConnection(scope))
        except (HTTPException, GonogoError):
            return None
        return None if visitor is None else visitor.actor

    async def again(self, request: Request) -> Actor:
        """Whose request it is by now. Raises what the door raises: somebody may have left meanwhile."""
        state = {name: value for name, value in request.scope["state"].items() if name != "visitor"}
        return await self._door(Request({**request.scope, "state": state}, request.receive))
