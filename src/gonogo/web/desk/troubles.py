"""What a browser is told when it cannot have the page that it asked for.

Whatever refuses a request (a limit, the door, a use case, the database) answers with a problem, which is
for programs. Here, outside of all of them, a problem on its way to somebody's screen becomes a page: one
sentence, what can be done about it, and a way on, in the reader's language. Status and headers stay.

Nothing is looked up for it, so that it can be told while the database is gone. Parts of pages, which
modules ask for, and the API get the problem as it is.
"""

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlsplit

from fastapi import Request
from fastapi.responses import HTMLResponse
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gonogo.web.desk.site import HEADERS, Site

_PROBLEM = "application/problem+json"
_LARGEST = 64 << 10
_REPLACED = frozenset({"content-length", "content-type"})


class Troubles:
    """The layer that turns problems into pages."""

    def __init__(self, app: ASGIApp, site: Site) -> None:
        self._app = app
        self._site = site

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through; change its answer where that is a problem for a person."""
        if scope["type"] != "http" or not _for_a_person(scope):
            await self._app(scope, receive, send)
            return
        await self._app(scope, receive, _Answer(self._site, scope, receive, send))


class _Answer:
    """An answer on its way out; a problem is held back until it is whole."""

    def __init__(self, site: Site, scope: Scope, receive: Receive, send: Send) -> None:
        self._site = site
        self._scope = scope
        self._receive = receive
        self._send = send
        self._start: Message | None = None
        self._body = b""

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start" and _is_problem(message):
            self._start = message
            return
        if self._start is None or message["type"] != "http.response.body":
            await self._send(message)
            return
        self._body = (self._body + message.get("body", b""))[:_LARGEST]
        if not message.get("more_body", False):
            page = self._page(self._start)
            await page(self._scope, self._receive, self._send)

    def _page(self, start: Message) -> HTMLResponse:
        headers = MutableHeaders(raw=list(start["headers"]))
        page = self._site.outside(
            Request(self._scope),
            "trouble.html.j2",
            start["status"],
            trouble=start["status"],
            wait=_seconds(headers.get("retry-after")),
            asked=headers.get("x-request-id", ""),
            **_told(self._body),
            **_ways(self._scope),
        )
        kept = [
            pair for pair in start["headers"] if pair[0].decode("latin-1").lower() not in _REPLACED
        ]
        own = {name.lower().encode() for name in HEADERS}
        page.raw_headers = [
            *(pair for pair in kept if pair[0].lower() not in own),
            *page.raw_headers,
        ]
        return page


def _for_a_person(scope: Scope) -> bool:
    """Whether a browser asks for something to show by itself."""
    headers = Headers(scope=scope)
    page = "text/html" in headers.get("accept", "") and "hx-request" not in headers
    return page and not scope["path"].startswith("/api/")


def _is_problem(start: Message) -> bool:
    kind = Headers(raw=list(start["headers"])).get("content-type", "")
    return start["status"] >= 400 and kind.startswith(_PROBLEM)


def _told(body: bytes) -> dict[str, str]:
    """The problem's sentence, and its hint where that is not for the command line."""
    try:
        said: Any = json.loads(body)
    except ValueError:
        said = None
    told: Mapping[str, Any] = said if isinstance(said, dict) else {}
    hint = str(told.get("hint") or "")
    return {
        "sentence": str(told.get("title") or ""),
        "hint": "" if "gonogo " in hint or "--" in hint else hint,
    }


def _ways(scope: Scope) -> dict[str, str]:
    """Where one can go: the page that was asked for, or the one whose form was sent; and to sign in."""
    if scope["method"] in {"GET", "HEAD"}:
        query = scope["query_string"].decode("latin-1")
        page = quote(scope["path"]) + (f"?{query}" if query else "")
    else:
        page = _page_before(scope)
    page = page if page[1:2] not in {"/", "\\"} else "/"
    return {"page": page, "sign_in": f"/sign-in?next={quote(page, safe='')}"}


def _page_before(scope: Scope) -> str:
    """The page of this desk from which a form was sent; the board where the browser does not say."""
    headers = Headers(scope=scope)
    try:
        before = urlsplit(headers.get("referer", ""))
    except ValueError:
        return "/"
    ours = before.netloc == headers.get("host") and before.path.startswith("/")
    return before.path + (f"?{before.query}" if before.query else "") if ours else "/"


def _seconds(text: str | None) -> int | None:
    return int(text) if text is not None and text.isdecimal() and len(text) < 7 else None
