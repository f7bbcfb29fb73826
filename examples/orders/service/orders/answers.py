"""What every answer has in common: the version's header, and JSON also when something went wrong.

Written as plain ASGI and put around the whole application, because the answer to an error nobody
foresaw has to carry the header too: it tells an error of the service from one of the load balancer.
"""

import logging

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

VERSION_HEADER = "X-Orders-Version"
log = logging.getLogger("orders")


class Versioned:
    """Names the version in every answer and turns an unforeseen error into a 500 in JSON."""

    def __init__(self, app: ASGIApp, version: str) -> None:
        self._app = app
        self._version = version

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and its answer back with the header."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = False

        async def send_with_version(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                MutableHeaders(scope=message)[VERSION_HEADER] = self._version
            await send(message)

        try:
            await self._app(scope, receive, send_with_version)
        except (
            Exception
        ):  # the edge of the service: whatever went wrong, the customer gets an answer
            log.exception("%s %s failed", scope["method"], scope["path"])
            if started:  # too late for another answer: the server has to break the connection
                raise
            answer = JSONResponse({"error": "internal server error"}, status_code=500)
            await answer(scope, receive, send_with_version)


def as_json(message: BaseModel, status: int = 200) -> Response:
    """A message, ready to send.

    An endpoint that returns a bare message has FastAPI check it once more, in another thread: that
    costs more than the query before it. `response_model` still puts the message in the docs.
    """
    return Response(message.model_dump_json(), status, media_type="application/json")


async def refused(_request: Request, error: Exception) -> JSONResponse:
    """An answer that a handler or the router decided on."""
    assert isinstance(error, HTTPException)
    return JSONResponse({"error": error.detail}, error.status_code, error.headers)


async def malformed(_request: Request, error: Exception) -> JSONResponse:
    """A request whose parts are missing or of the wrong kind: which, and why."""
    assert isinstance(error, RequestValidationError)
    fields = [{"field": ".".join(map(str, e["loc"])), "why": e["msg"]} for e in error.errors()]
    return JSONResponse({"error": "malformed request", "fields": fields}, status_code=422)
