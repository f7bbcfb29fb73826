"""What every request goes through first: its id, its log line, and an answer whatever happens.

Plain ASGI, so that answers that go on for long and WebSockets pass untouched. An error that reaches
this place becomes a problem; the caller never sees a traceback.
"""

import logging
import re
import time
import uuid

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gonogo.api.problems import problem, problem_for
from gonogo.domain.log_context import about_request

_SANE = re.compile(r"[A-Za-z0-9._~-]{1,64}")
_LARGEST_HEADERS = 64 << 10
CHANGES = frozenset({"POST", "PUT", "PATCH", "DELETE"})

_log = logging.getLogger("gonogo.api")


class Passage:
    """The outermost layer."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, with an id of its own or the one that it brings."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        given = Headers(scope=scope).get("x-request-id", "")
        identity = given if _SANE.fullmatch(given) else uuid.uuid4().hex
        scope.setdefault("state", {})["request_id"] = identity
        with about_request(identity):
            await self._answered(scope, receive, send, identity)

    async def _answered(self, scope: Scope, receive: Receive, send: Send, identity: str) -> None:
        status, begun = 0, time.perf_counter()

        async def send_on(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                headers["X-Request-Id"] = identity
                if scope["path"].startswith("/api/"):
                    headers.setdefault("Cache-Control", "private, no-cache")
            await send(message)

        try:
            refused = _malformed(scope)
            await (refused or self._app)(scope, receive, send_on)
        except Exception as error:
            if status:
                _log.exception("an answer broke off")
                raise
            await problem_for(error, scope)(scope, receive, send_on)
        finally:
            _tell(scope, status, time.perf_counter() - begun)


def _malformed(scope: Scope) -> ASGIApp | None:
    """The refusal of what no part of the desk could read."""
    size = sum(len(name) + len(value) for name, value in scope["headers"])
    if size > _LARGEST_HEADERS:
        limit = _LARGEST_HEADERS >> 10
        return problem(431, f"the headers of a request have at most {limit} KiB, not {size} bytes")
    if "\0" in scope["path"] or b"%00" in scope["query_string"]:
        return problem(422, "an address does not hold the character NUL")
    return None


def _tell(scope: Scope, status: int, seconds: float) -> None:
    """One line for each change, one for each fault; reads are told when everything is."""
    level = logging.INFO if scope["method"] in CHANGES else logging.DEBUG
    if status == 429:
        level = (
            logging.DEBUG
        )  # a flood of requests is no flood of lines; tries of signing in are audited
    if status >= 500:
        level = logging.WARNING
    route = getattr(scope.get("route"), "path", "")
    _log.log(
        level,
        "%s %s: %d in %.1f ms",
        scope["method"],
        # Never the path as it was asked for: names of people may stand in it.
        route or "-",
        status,
        seconds * 1000,
        extra={"method": scope["method"], "route": route, "status": status, "seconds": seconds},
    )
