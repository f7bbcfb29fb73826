"""Problems (RFC 9457): what an answer says that is not what was asked for.

`title` and `detail` are one sentence for people: what is wrong, where, the value and the limit. `type`
names the kind of trouble for programs. A fault of the program itself is told without its inside; the
log has it under the request's id.
"""

import logging
from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI, HTTPException
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException as PlainHttpException
from starlette.requests import ClientDisconnect, Request
from starlette.routing import Match

from gonogo.domain.errors import (
    ActionFailed,
    Conflict,
    GonogoError,
    InvalidInput,
    NeedsPerson,
    NotAllowed,
    NotFound,
    StaleLease,
    TooManyTries,
    Unavailable,
)
from gonogo.domain.log_context import request_id

STATUS: dict[type[GonogoError], int] = {
    InvalidInput: 422,
    NotFound: 404,
    Conflict: 409,
    NotAllowed: 403,
    StaleLease: 409,
    Unavailable: 503,
    ActionFailed: 500,
    NeedsPerson: 409,
    TooManyTries: 429,
}

KINDS: Mapping[int, str] = {
    400: "malformed",
    401: "not-signed-in",
    403: "not-allowed",
    404: "not-found",
    405: "no-such-method",
    408: "too-slow",
    409: "conflict",
    411: "length-required",
    412: "changed-meanwhile",
    413: "too-large",
    415: "unknown-media-type",
    422: "invalid",
    429: "too-many-requests",
    431: "headers-too-large",
    500: "fault",
    503: "unavailable",
}
"""The last word of a problem's type, by status."""

MEDIA_TYPE = "application/problem+json"
_PLAIN_TITLES = {404: "there is nothing here", 405: "this cannot be done here"}
_RETRY_SECONDS = "5"
_AWAY = "the desk cannot answer now: something that it needs is away"

_log = logging.getLogger("gonogo.api")


def problem(
    status: int,
    title: str,
    hint: str | None = None,
    *,
    headers: Mapping[str, str] | None = None,
) -> JSONResponse:
    """An RFC 9457 problem; `instance` holds the id of the request that is answered."""
    asked = request_id()
    content: dict[str, Any] = {
        "type": f"urn:gonogo:problem:{KINDS.get(status, 'other')}",
        "title": title,
        "status": status,
        "detail": title,
        **({"hint": hint} if hint else {}),
        **({"instance": f"urn:gonogo:request:{asked}"} if asked else {}),
    }
    return JSONResponse(content, status_code=status, media_type=MEDIA_TYPE, headers=headers)


def problem_of(error: Exception) -> JSONResponse:
    """What somebody is told of an error. One that nobody foresaw is logged and not told."""
    if isinstance(error, GonogoError):
        return _ours(error)
    if isinstance(error, RequestValidationError):
        return _shape(error)
    if isinstance(error, PlainHttpException):
        title = str(error.detail)
        if not isinstance(error, HTTPException):
            title = _PLAIN_TITLES.get(error.status_code, title)
        return problem(error.status_code, title, headers=error.headers)
    if isinstance(error, ClientDisconnect):
        return problem(400, "the request was not sent to its end")
    _log.error("a request met a fault of the program", exc_info=error)
    return problem(
        500,
        "the desk met a fault of its own; its log says more under this request's id",
    )


def problem_for(error: Exception, scope: Mapping[str, Any]) -> JSONResponse:
    """`problem_of`, as whoever asks may know it: what is away, and where it lies, is no stranger's
    business. The log has it."""
    if isinstance(error, Unavailable) and scope.get("state", {}).get("visitor") is None:
        _log.warning("a request could not be answered: %s", error)
        return _ours(Unavailable(_AWAY))
    return problem_of(error)


def _ours(error: GonogoError) -> JSONResponse:
    status = next((STATUS[kind] for kind in type(error).__mro__ if kind in STATUS), 500)
    headers = {"Retry-After": _RETRY_SECONDS} if status == 503 else None
    if isinstance(error, TooManyTries):
        headers = {"Retry-After": str(max(1, round(error.wait.total_seconds())))}
    return problem(status, str(error), error.hint, headers=headers)


def _shape(error: RequestValidationError) -> JSONResponse:
    first = error.errors()[0]
    where = ".".join(str(part)[:80] for part in first["loc"][:12])
    return problem(422, f"{where}: {first['msg']}"[:500])


def add_problems(application: FastAPI) -> None:
    """Answer every error with a problem."""

    async def answer(request: Request, error: Exception) -> JSONResponse:
        told = problem_for(error, request.scope)
        if told.status_code == 405:
            told.headers["Allow"] = ", ".join(sorted(_methods(application, request)))
        return told

    for kind in (GonogoError, RequestValidationError, PlainHttpException, ClientDisconnect):
        application.add_exception_handler(kind, answer)


def _methods(application: FastAPI, request: Request) -> set[str]:
    """Everything that can be done at this address: each of its methods may be an endpoint of its own."""
    found: set[str] = set()
    for route in application.routes:
        match, _ = route.matches(request.scope)
        if match is not Match.NONE:
            found |= getattr(route, "methods", None) or set()
    return found
