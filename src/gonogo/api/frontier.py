"""What stands before everything else: who may speak to the desk at all, and the session's cookie.

Plain ASGI, so that it holds for WebSockets as it does for requests.
"""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from gonogo.api.cookies import known_cookie, session_cookie
from gonogo.api.problems import problem
from gonogo.api.reach import Reach
from gonogo.usecases.access.sessions import LONGEST

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

_POLICY_VIOLATED = 1008
_STRICTLY_TLS = ((b"strict-transport-security", b"max-age=31536000"),)
_ANSWERS = {"http.response.start", "websocket.accept"}


class Frontier:
    """Refuses what `reach` does not allow; sets the cookie that the answer asks for."""

    def __init__(self, app: "ASGIApp", reach: Reach) -> None:
        self._app = app
        self._reach = reach

    async def __call__(self, scope: "Scope", receive: "Receive", send: "Send") -> None:
        """One request or WebSocket."""
        if scope["type"] not in {"http", "websocket"}:
            await self._app(scope, receive, send)
            return
        state = {**scope.get("state", {}), "reach": self._reach}
        scope["state"] = state
        refused = self._refused(scope)
        if refused is not None:
            await _refuse(scope, receive, send, refused)
            return

        async def answer(message: "Message") -> None:
            if message["type"] in _ANSWERS:
                strict = _STRICTLY_TLS if self._reach.secure(scope) else ()
                headers = [*message.get("headers", ()), *strict, *_cookies(scope, state)]
                message = {**message, "headers": headers}
            await send(message)

        await self._app(scope, receive, answer)

    def _refused(self, scope: "Scope") -> str | None:
        if not self._reach.answers_to(scope):
            own = "from this machine" if self._reach.public_url is None else "to its own address"
            return f"the desk answers requests {own} only"
        if not self._reach.allows_origin(scope) or not self._reach.allows_site(scope):
            return "the desk takes nothing from pages of another address"
        return None


def _cookies(scope: "Scope", state: Mapping[str, Any]) -> Iterator[tuple[bytes, bytes]]:
    """The headers that give the browser what the answer asks for."""
    session, known = state.get("session_cookie"), state.get("known_cookie")
    if session is not None:
        yield session_cookie(scope, session, int(LONGEST.total_seconds()))
    if known is not None:
        yield known_cookie(scope, known)


async def _refuse(scope: "Scope", receive: "Receive", send: "Send", title: str) -> None:
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.close", "code": _POLICY_VIOLATED, "reason": title})
        return
    await problem(403, title)(scope, receive, send)
