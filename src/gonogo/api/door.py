"""Who asks: the owner of the desk by the token in the desk's folder, anybody else by a token of theirs
or by the session that their browser has.

A wrong token costs one look-up by its digest and leaves nothing behind, so that nobody can be locked
out or slowed down by somebody who guesses. A browser sends its cookie with every request, also with
those that another page has it send: a request that may change something has to carry the session's
CSRF token too. A request with a token has none of this, for no page can have a browser send one.

Behind the door `request.state.visitor` says who asks and how they came.
"""

import hmac
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from urllib.parse import quote

from fastapi import FastAPI, HTTPException, Request
from fastapi.responses import RedirectResponse
from starlette.requests import HTTPConnection

from gonogo.api.cookies import known_as, session_secret
from gonogo.api.reach import SAFE_METHODS
from gonogo.domain.actor import Actor
from gonogo.domain.errors import Conflict
from gonogo.usecases.access.people import LONGEST_SECRET, SECRET_PREFIX, digest_of_secret
from gonogo.usecases.access.sessions import Browser, find_session
from gonogo.usecases.context import Context
from gonogo.usecases.permissions import Deed, allow

SignedIn = Callable[[Request], Awaitable[Actor]]
CSRF_HEADER = "X-CSRF-Token"
CSRF_FIELD = "csrf_token"
SIGN_IN_PAGE = "/sign-in"

_SCHEME = "Bearer "
_LONGEST_NEXT = 2000
_FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who asks. `session` (its id) and `csrf` are of whoever came with a session, None otherwise."""

    actor: Actor
    session: str | None = None
    csrf: str | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Door:
    """Tells whose request it is. Calling it raises HTTPException: 401 when it is nobody's, 403 when it
    may have been sent by another page."""

    context: Context
    owner: Actor
    token: str

    async def __call__(self, request: Request) -> Actor:
        """The owner, or the person whose token or session the request carries."""
        visitor = await self.visitor(request)
        if visitor is None:
            raise HTTPException(401, _nobody(request), headers={"WWW-Authenticate": "Bearer"})
        if visitor.csrf is not None and request.method not in SAFE_METHODS:
            await _not_forged(request, visitor.csrf)
        return visitor.actor

    async def visitor(self, connection: HTTPConnection) -> Visitor | None:
        """Who opens this request or WebSocket, None for nobody. Looked up once for each.

        For a request that changes something the CSRF token is still to be checked: call the door.
        """
        if not hasattr(connection.state, "visitor"):
            connection.state.visitor = await self._visitor(connection)
        found: Visitor | None = connection.state.visitor
        return found

    async def _visitor(self, connection: HTTPConnection) -> Visitor | None:
        given = connection.headers.get("authorization")
        if given is not None:
            actor = await self._bearer(given)
            return None if actor is None else Visitor(actor)
        secret = session_secret(connection.scope)
        if secret is None:
            return None
        live = connection.scope["type"] == "websocket" or hasattr(connection.state, "live")
        if live and "origin" not in connection.headers:
            return None  # every browser says which page opens a WebSocket
        # A live connection that is open has no answer that could bring its browser a new secret.
        found = await find_session(self.context, secret, turning=not live)
        if found is None:
            connection.state.session_cookie = ""
            return None
        if found.secret is not None:
            connection.state.session_cookie = found.secret
        return Visitor(found.person.actor, found.session.id, found.session.csrf)

    async def _bearer(self, given: str) -> Actor | None:
        # Comparing in constant time tells nobody how much of a guess was right.
        if hmac.compare_digest(given.encode(), (_SCHEME + self.token).encode()):
            return self.owner
        secret = given.removeprefix(_SCHEME)
        if secret == given or not secret.startswith(SECRET_PREFIX) or len(secret) > LONGEST_SECRET:
            return None
        return await self.context.store.bearer(digest_of_secret(secret), self.context.clock.now())


class SignInNeeded(Exception):
    """Somebody who is not signed in asked for a page; `next` is where they wanted to go."""

    def __init__(self, wanted: str) -> None:
        super().__init__(wanted)
        self.next = wanted


def reader(signed_in: SignedIn) -> Callable[[Request], Awaitable[Actor]]:
    """What lets those in who may look, and refuses others with NotAllowed."""

    async def look(request: Request) -> Actor:
        actor = await signed_in(request)
        allow(actor, Deed.LOOK)
        return actor

    return look


def page_guard(door: Door) -> SignedIn:
    """The door for pages: who is not signed in and asks for a page is led to the one for signing in.

    Anything but a plain request for a page (a form, a part of a page) is answered as the API answers,
    so that what somebody has typed is not lost.
    """

    async def guard(request: Request) -> Actor:
        page = request.method in {"GET", "HEAD"} and request.headers.get("hx-request") is None
        if page and await door.visitor(request) is None:
            query = f"?{request.url.query}" if request.url.query else ""
            raise SignInNeeded(safe_next(request.url.path + query))
        return await door(request)

    return guard


def lead_to_sign_in(application: FastAPI) -> None:
    """Have the application answer SignInNeeded with a redirect."""

    @application.exception_handler(SignInNeeded)
    async def redirect(_: Request, error: SignInNeeded) -> RedirectResponse:
        asked = "" if error.next == "/" else f"?next={quote(error.next, safe='')}"
        return RedirectResponse(SIGN_IN_PAGE + asked, status_code=303)


def safe_next(wanted: str | None) -> str:
    """A path of the desk's own, for after signing in; "/" for anything else.

    Browsers read two slashes, or a backslash, as the beginning of another host, and drop tabs and line
    ends before they look.
    """
    if wanted is None or not wanted.startswith("/") or wanted[1:2] in {"/", "\\"}:
        return "/"
    if len(wanted) > _LONGEST_NEXT or not wanted.isascii() or not wanted.isprintable():
        return "/"
    return "/" if "\\" in wanted else wanted


def browser_of(request: Request) -> Browser:
    """Who asks, as far as the network tells."""
    return Browser(
        address=request.client.host if request.client else "",
        client=request.headers.get("user-agent", ""),
        session=session_of(request),
        known_as=known_as(request.scope),
    )


def session_of(request: Request) -> str | None:
    """The id of the session that the request came with, if it came with one."""
    visitor: Visitor | None = getattr(request.state, "visitor", None)
    return visitor.session if visitor else None


def csrf_of(request: Request) -> str | None:
    """What the forms of the request's session carry."""
    visitor: Visitor | None = getattr(request.state, "visitor", None)
    return visitor.csrf if visitor else None


def own_session(request: Request) -> str:
    """The id of the session that the request came with. Raises Conflict for one that came with a token:
    a token speaks for somebody, but does not manage how they sign in."""
    visitor: Visitor = request.state.visitor
    if visitor.session is None:
        raise Conflict("this can be done in a browser only, by who is signed in there")
    return visitor.session


async def _not_forged(request: Request, csrf: str) -> None:
    given = request.headers.get(CSRF_HEADER)
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if given is None and kind in _FORMS:
        field = (await request.form()).get(CSRF_FIELD)
        given = field if isinstance(field, str) else None
    if given is None or not hmac.compare_digest(given.encode(), csrf.encode()):
        raise HTTPException(
            403, f"the request carries no {CSRF_HEADER} of this session; load the page again"
        )


def _nobody(request: Request) -> str:
    if request.headers.get("authorization") is None and session_secret(request.scope) is not None:
        return "your session has ended; sign in again"
    return "the token is missing, wrong, expired or revoked"
