"""Turns tries of signing in away before anything is read of them, where they come from an address whose
tries are used up: a flood costs the desk little more than taking its connections."""

from typing import TYPE_CHECKING

from gonogo.api.cookies import known_as
from gonogo.api.problems import problem_of
from gonogo.usecases.context import Context
from gonogo.usecases.sign_in import turned_away

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

_PATHS = frozenset({"/api/v1/sign-in", "/sign-in"})


class SignInGate:
    """Plain ASGI, behind the frontier and before all else."""

    def __init__(self, app: "ASGIApp", context: Context) -> None:
        self._app = app
        self._context = context

    async def __call__(self, scope: "Scope", receive: "Receive", send: "Send") -> None:
        """One request or WebSocket; all but tries of signing in pass."""
        trying = scope["type"] == "http" and scope["method"] == "POST" and scope["path"] in _PATHS
        client = scope.get("client")
        refusal = None
        if trying and client:
            refusal = await turned_away(self._context, client[0], known_as(scope))
        if refusal is None:
            await self._app(scope, receive, send)
        else:
            await problem_of(refusal)(scope, receive, send)
