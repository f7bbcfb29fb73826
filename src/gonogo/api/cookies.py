"""The session's cookie.

Whoever answers a request (a page, the API) puts the new secret into `request.state.session_cookie`,
or "" to take the cookie away (and that by which it is known into `request.state.known_cookie`); the
frontier turns it into a header, whatever kind of answer it is.

Over TLS the cookie's name begins with `__Host-`, so that no other host and no plain connection can
plant one. Without TLS, which is on loopback only, cookies are shared by all ports of a host; the name
holds the desk's port, so that two desks of one machine do not end each other's sessions.
SameSite is Lax and not Strict: who comes back from an OpenID provider, or follows a link in a
message, comes from another site and shall find themselves signed in. What changes something asks for
a CSRF token besides.
"""

from collections.abc import Mapping
from typing import Any

from starlette.requests import cookie_parser
from starlette.responses import Response

from gonogo.api.reach import Reach, header

_NAME = "gonogo_session"
_KNOWN = "gonogo_browser"
_KNOWN_SECONDS = 365 * 24 * 3600


def session_secret(scope: Mapping[str, Any]) -> str | None:
    """The secret in the session's cookie, if there is one."""
    return read(scope, _NAME)


def known_as(scope: Mapping[str, Any]) -> str | None:
    """The secret by which this browser is known, if somebody signed in with it before."""
    return read(scope, _KNOWN)


def known_cookie(scope: Mapping[str, Any], secret: str) -> tuple[bytes, bytes]:
    """The header by which the browser is known for a year."""
    return cookie(scope, _KNOWN, secret, _KNOWN_SECONDS)


def read(scope: Mapping[str, Any], name: str) -> str | None:
    """One of the desk's cookies."""
    text = header(scope, b"cookie")
    if text is None:
        return None
    return cookie_parser(text).get(_full_name(scope, name)) or None


def session_cookie(scope: Mapping[str, Any], secret: str, seconds: int) -> tuple[bytes, bytes]:
    """The header that gives the browser this secret for so long, or takes the cookie away for ""."""
    return cookie(scope, _NAME, secret, seconds)


def cookie(scope: Mapping[str, Any], name: str, value: str, seconds: int) -> tuple[bytes, bytes]:
    """The header that sets one of the desk's cookies, or takes it away for ""."""
    response = Response()
    response.set_cookie(
        _full_name(scope, name),
        value,
        max_age=seconds if value else 0,
        path="/",
        secure=_secure(scope),
        httponly=True,
        samesite="lax",
    )
    return next(pair for pair in response.raw_headers if pair[0] == b"set-cookie")


def _secure(scope: Mapping[str, Any]) -> bool:
    reach: Reach = scope["state"].get("reach") or Reach()
    return reach.secure(scope)


def _full_name(scope: Mapping[str, Any], name: str) -> str:
    if _secure(scope):
        return f"__Host-{name}"
    port = (header(scope, b"host") or "").rpartition(":")[2]
    return f"{name}_{port}" if port.isdecimal() else name
