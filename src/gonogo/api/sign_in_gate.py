"""Turns tries of signing in away before anything is read of them, where they come from an address whose
tries are used up: a flood costs the desk little more than taking its connections."""

from typing import TYPE_CHECKING

from starlette.responses import JSONResponse, PlainTextResponse

from gonogo.api.cookies import known_as
from gonogo.domain.errors import TooManyTries
from gonogo.usecases.context import Context
from gonogo.usecases.sign_in import turned_away

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

_API, _PAGE = "/api/v1/sign-in", "/sign-in"


class SignInGate:
    """Plain ASGI, behind the frontier and before all else."""

    def __init__(self, app: "ASGIApp", context: Context) -> None:
        self._app = app
        self._context = context

    async def __call__(self, scope: "Scope", receive: "Receive", send: "Send") -> None:
        """One request or WebSocket; all but tries of signing in pass."""
        http = scope["type"] == "http"
        trying = http and scope["method"] == "POST" and scope["path"] in {_API, _PAGE}
        client = scope.get("client")
        refusal = None
        if trying and client:
            refusal = await turned_away(self._context, client[0], known_as(scope))
        if refusal is None:
            await self._app(scope, receive, send)
        else:
            page = scope["path"] == _PAGE
            answer = in_words(refusal) if page else too_many(refusal)
            await answer(scope, receive, send)


def too_many(error: TooManyTries) -> JSONResponse:
    """The answer to somebody who tried too often."""
    content = {"title": str(error), "status": 429}
    kind = "application/problem+json"
    return JSONResponse(content, status_code=429, media_type=kind, headers=_later(error))


def in_words(error: TooManyTries) -> PlainTextResponse:
    """The same for a browser."""
    return PlainTextResponse(f"{error}\n", status_code=429, headers=_later(error))


def _later(error: TooManyTries) -> dict[str, str]:
    return {"Retry-After": str(max(1, round(error.wait.total_seconds())))}
