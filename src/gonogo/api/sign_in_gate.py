"""Turns tries of signing in away before anything is read of them, where they come from an address whose
tries are used up: a flood costs the desk little more than taking its connections.

Who says that somebody signed in with this browser before has to be looked up. Few of these look at once,
and the others wait their turn, so that a flood of made-up ones leaves the database to everybody else.
"""

import asyncio
import contextlib
from typing import TYPE_CHECKING

from gonogo.api.cookies import known_as
from gonogo.api.problems import problem_of
from gonogo.usecases.access.sign_in import turned_away
from gonogo.usecases.context import Context

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

LOOKS_AT_ONCE = 4
_PATHS = frozenset({"/api/v1/sign-in", "/sign-in"})


class SignInGate:
    """Plain ASGI, behind the frontier and before all else."""

    def __init__(self, app: "ASGIApp", context: Context) -> None:
        self._app = app
        self._context = context
        self._looks = asyncio.Semaphore(LOOKS_AT_ONCE)

    async def __call__(self, scope: "Scope", receive: "Receive", send: "Send") -> None:
        """One request or WebSocket; all but tries of signing in pass."""
        trying = scope["type"] == "http" and scope["method"] == "POST" and scope["path"] in _PATHS
        client = scope.get("client")
        refusal = None
        if trying and client:
            browser = known_as(scope)
            async with self._looks if browser else contextlib.nullcontext():
                refusal = await turned_away(self._context, client[0], browser)
        if refusal is None:
            await self._app(scope, receive, send)
        else:
            await problem_of(refusal)(scope, receive, send)
