"""Only this machine: a page from elsewhere cannot reach the desk through its visitor's browser.

The Host header must name this machine, and an Origin header, where a browser sends one, too.
"""

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from gonogo.api.problems import problem

_LOOPBACK = frozenset({"127.0.0.1", "localhost", "[::1]"})


class SameMachine:
    """Refuses requests for other hosts and from pages of others."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let through what is from here."""
        if scope["type"] != "http" or _from_here(Headers(scope=scope)):
            await self._app(scope, receive, send)
            return
        refusal = problem(403, "the desk answers requests from this machine only")
        await refusal(scope, receive, send)


def _from_here(headers: Headers) -> bool:
    host = headers.get("host", "").rsplit(":", 1)[0]
    origin = headers.get("origin")
    foreign = origin is not None and origin.split("//")[-1].rsplit(":", 1)[0] not in _LOOPBACK
    return host in _LOOPBACK and not foreign
