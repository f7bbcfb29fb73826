"""HEAD wherever GET is: monitors and link checkers ask so, and a server that reads has to answer it.

The innermost layer: limits, sizes and the log count it as what it is. What would have been the body is
made and left out, so that status and headers are those of GET.
"""

from starlette.types import ASGIApp, Message, Receive, Scope, Send


class Heads:
    """The layer that answers HEAD by GET without a body."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through; HEAD as GET."""
        if scope["type"] != "http" or scope["method"] != "HEAD":
            await self._app(scope, receive, send)
            return

        async def without_body(message: Message) -> None:
            if message["type"] == "http.response.body":
                message = {**message, "body": b""}
            await send(message)

        # The server itself goes by the scope that it made: it stays a HEAD there.
        asked = {**scope, "method": "GET"}
        await self._app(asked, receive, without_body)
        if "route" in asked:
            scope["route"] = asked["route"]
