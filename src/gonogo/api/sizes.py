"""How much a request may bring, and how long it may take over it.

Bodies are counted as they come, so that one sent without its length is held to the same limit. What
is refused is read on for a while and thrown away: a client that is still sending sees the answer only
if somebody listens.

Whoever shows no session and no token sends little: a body is read and parsed before anybody is asked who
they are, and parsing a large one holds up everything else that the desk does.
"""

import asyncio
import contextlib
from collections.abc import Callable

from fastapi import HTTPException
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gonogo.api.passage import CHANGES
from gonogo.api.problems import problem
from gonogo.api.visitors import Visitors

LARGEST = 8 << 20
"""Bytes of a request's body; reports alone may be larger."""
LARGEST_OF_STRANGERS = 64 << 10
"""The same for who has not said who they are: a name, a password, a link."""

_DRAINED = 16 << 20
_DRAIN_SECONDS = 5.0
_SILENCE_SECONDS = 30.0


class Sizes:
    """Holds bodies to a limit. `larger` says which paths are allowed how much more; those ask who sends
    before they read."""

    def __init__(
        self,
        app: ASGIApp,
        visitors: Visitors,
        larger: Callable[[str], int | None] = lambda _: None,
    ) -> None:
        self._app = app
        self._visitors = visitors
        self._larger = larger

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through whose body fits."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        limit = await self._limit(scope)
        promised = headers.get("content-length", "")
        body = _Body(receive, limit, promised, waits="expect" in headers)
        if promised and not promised.isdecimal():
            await problem(400, "Content-Length is no number of bytes")(scope, receive, send)
            return
        if promised and (len(promised) > 18 or int(promised) > limit):
            await body.drain()
            await problem(413, body.too_large)(scope, receive, send)
            return

        async def send_on(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] >= 400:
                await body.drain()
            await send(message)

        await self._app(scope, body, send_on)

    async def _limit(self, scope: Scope) -> int:
        larger = self._larger(scope["path"])
        if larger is not None:
            return larger
        if scope["method"] in CHANGES and await self._visitors.known(scope) is None:
            return LARGEST_OF_STRANGERS
        return LARGEST


class _Body:
    """A request's body, counted. Reading raises HTTPException 413 and 408."""

    def __init__(self, receive: Receive, limit: int, promised: str, *, waits: bool) -> None:
        self._receive = receive
        self._limit = limit
        known = promised.isdecimal() and len(promised) <= 18
        self._promised = int(promised) if known else None
        self._waits = waits
        self._read = 0
        self._over = False
        self._complete = False

    @property
    def too_large(self) -> str:
        """The refusal."""
        if self._limit < 1 << 20:
            return f"a request of nobody who is signed in has at most {self._limit >> 10} KiB"
        return f"a request has at most {self._limit >> 20} MiB; reports are sent as evidence"

    async def __call__(self) -> Message:
        """The next piece."""
        if self._complete:
            return await self._receive()
        try:
            message = await asyncio.wait_for(self._receive(), _SILENCE_SECONDS)
        except TimeoutError:
            self._complete = True
            said = f"nothing came of the request's body for {_SILENCE_SECONDS:g} s"
            raise HTTPException(408, said, headers={"Connection": "close"}) from None
        self._count(message)
        if self._read > self._limit:
            self._over = True
            raise HTTPException(413, self.too_large)
        return message

    def _count(self, message: Message) -> None:
        if message["type"] == "http.request":
            self._read += len(message.get("body", b""))
        self._complete = message["type"] != "http.request" or not message.get("more_body", False)

    async def drain(self) -> None:
        """Throw away what is still on its way, if that is not too much.

        Not where the client waits to be told to go on, and not of unknown length, unless it is that
        which was too large.
        """
        left = None if self._promised is None else self._promised - self._read
        small = self._over if left is None else 0 < left <= _DRAINED
        if self._complete or not small or (self._waits and not self._read):
            return
        end = self._read + _DRAINED
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_DRAIN_SECONDS):
                while not self._complete and self._read < end:
                    self._count(await self._receive())
