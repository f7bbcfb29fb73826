"""The live connection: a WebSocket over which a page is told how its regions look now.

The page says `{"watch": {"board": "digest", "release:8c1f": ""}, "sequence": 41}`: what it shows, the
digest of what it has of each ("" for nothing), and the newest entry it was told of. It may say so again
whenever its regions change, and says the same after a gap. It is told

- `{"sequence": 42, "region": "board", "seen": "…", "html": "…", "data": …}` when a region differs,
- `{"region": "release:8c1f", "gone": true}` when there is no such thing,
- `{"sequence": 42, "beat": 10, "trouble": false}` every so many seconds, and at once: a page that does
  not hear this is stale; `trouble` says that what it shows could not be read again.

Where WebSockets do not get through, `GET /live/regions?watch=digest~board` answers with the same
messages in one list.

Who may connect is asked at the door and again at every beat, so a session that ended closes the
connection within twelve seconds. Whatever is sent, the worst is a close with one of the codes below.
"""

import asyncio
import json
import logging
import random
from collections.abc import Callable, Mapping
from typing import Annotated, Any

from fastapi import Depends, FastAPI, HTTPException, Query, Request, WebSocket
from fastapi.responses import JSONResponse, Response
from starlette.types import Scope

from gonogo.domain.actor import Role
from gonogo.domain.errors import GonogoError, InvalidInput, NotAllowed, NotFound, Unavailable
from gonogo.web.desk.hub import Hub, Message, Page
from gonogo.web.desk.region import REGIONS
from gonogo.web.desk.site import HEADERS, Site
from gonogo.web.desk.visitor import Visitor

BEAT_SECONDS = 10.0
MOST_REGIONS = 40
LONGEST_KEY = 200
LONGEST_MESSAGE = 16_384
LARGEST_FRAME = 4 * LONGEST_MESSAGE
"""Bytes; a server that is given it closes a connection on more without reading it (1009)."""

MOST_PAGES = 4_000
MOST_PAGES_OF_ONE = 100
"""Of one person who does not own the desk, so that nobody takes the places of all others."""

BURST, REFILL = 20, 2.0
"""Messages that a page may send at once, and for how many seconds it waits for each after that."""

UNREADABLE, SIGNED_OUT, REFUSED, UNKNOWN, TOO_MUCH, TOO_OFTEN = 4400, 4401, 4403, 4404, 4413, 4429
TRY_LATER = 1013

Allowed = Callable[[Scope], bool]

log = logging.getLogger("gonogo.live")
_UNSURE = "the desk cannot tell now who you are"


class Refusal(Exception):
    """Why a connection is closed; `code` tells the page what to do about it."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


def add_live(application: FastAPI, site: Site, hub: Hub, allowed: Allowed) -> None:
    """Add the endpoints. `allowed` tells whether a page of this origin may connect."""

    @application.websocket("/live")
    async def live(websocket: WebSocket) -> None:
        if not allowed(websocket.scope):
            await websocket.close(REFUSED)  # before the handshake is answered: a plain 403
            return
        await websocket.accept()
        try:
            visitor = await _admitted(site, hub, websocket)
        except Refusal as refusal:
            await websocket.close(refusal.code, refusal.reason)
            return
        await _Connection(websocket, site, hub, visitor).run()

    @application.get("/live/regions", include_in_schema=False)
    async def regions(
        visitor: Annotated[Visitor, Depends(site.visitor)],
        watch: Annotated[list[str] | None, Query()] = None,
    ) -> Response:
        return await _polled(hub, visitor, watch or [])


def programs_only(scope: Scope) -> bool:
    """No page of any origin may connect, only what is no browser: those send no Origin."""
    return all(name != b"origin" for name, _ in scope["headers"])


async def _admitted(site: Site, hub: Hub, websocket: WebSocket) -> Visitor:
    if hub.pages >= MOST_PAGES:
        raise Refusal(TRY_LATER, "the desk has as many pages open as it can serve")
    visitor = await _visitor(site, websocket)
    owner = Role.OWNER in visitor.actor.roles
    if not owner and hub.pages_of(visitor.actor.name) >= MOST_PAGES_OF_ONE:
        raise Refusal(TRY_LATER, "you have as many pages open as one person can")
    return visitor


async def _visitor(site: Site, websocket: WebSocket) -> Visitor:
    """Who connects. Raises Refusal for nobody, and for whoever may not look."""
    # Asked as for a part of a page, so that nobody is led to sign in who cannot follow; and asked anew,
    # whoever it was the last time.
    scope = {
        **websocket.scope,
        "type": "http",
        "method": "GET",
        "headers": [*websocket.scope["headers"], (b"hx-request", b"true")],
        "state": {"reach": websocket.scope.get("state", {}).get("reach"), "live": True},
    }
    request = Request(scope)
    try:
        return await site.visitor(request)
    except HTTPException as error:
        code = REFUSED if error.status_code == 403 else SIGNED_OUT
        raise Refusal(code, "sign in to see live updates") from error
    except NotAllowed as error:
        raise Refusal(REFUSED, "this account may not look") from error
    except GonogoError as error:
        raise Refusal(TRY_LATER, _UNSURE) from error
    except (
        Exception
    ) as error:  # an edge: whatever a handshake holds, it breaks one connection at most
        log.exception("nobody could tell who opens a live connection")
        raise Refusal(TRY_LATER, _UNSURE) from error


class _Connection:
    """One page's connection, from its handshake to its end."""

    def __init__(self, websocket: WebSocket, site: Site, hub: Hub, visitor: Visitor) -> None:
        self._websocket = websocket
        self._site = site
        self._hub = hub
        self._who = visitor.actor.name
        self._page = Page(visitor.reader, visitor.actor.name)
        self._allowance = float(BURST)
        self._counted = asyncio.get_running_loop().time()

    async def run(self) -> None:
        """Until the page leaves or has to go."""
        self._hub.enter(self._page)
        self._page.put("", _beat(self._hub))
        tasks = [asyncio.ensure_future(self._send()), asyncio.ensure_future(self._attend())]
        try:
            await self._receive()
        except Refusal as refusal:
            await self._close(refusal)
        finally:
            self._hub.leave(self._page)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _receive(self) -> None:
        while True:
            message = await self._websocket.receive()
            if message["type"] == "websocket.disconnect":
                return
            self._count()
            self._hub.watch(self._page, wanted(message.get("text")))

    def _count(self) -> None:
        now = asyncio.get_running_loop().time()
        earned = (now - self._counted) / REFILL
        self._allowance = min(float(BURST), self._allowance + earned) - 1
        self._counted = now
        if self._allowance < 0:
            raise Refusal(TOO_OFTEN, "too many messages")

    async def _send(self) -> None:
        """Sending waits until the page takes what was sent, so nothing piles up for a slow one."""
        while True:
            message = await self._page.next()
            # A server that does not know `frame` sends the text.
            await self._websocket.send(
                {"type": "websocket.send", "text": message.text, "frame": message.frame}
            )

    async def _attend(self) -> None:
        """Beat, and see that whoever looks still may."""
        while True:
            await asyncio.sleep(BEAT_SECONDS * random.uniform(0.8, 1.2))  # noqa: S311 - spread only
            refusal = await self._refused()
            if refusal is not None:
                await self._close(refusal)
                return
            self._page.put("", _beat(self._hub))

    async def _refused(self) -> Refusal | None:
        """Why this visitor may not look any more; a database that is gone for a while ends no session."""
        try:
            visitor = await _visitor(self._site, self._websocket)
        except Refusal as refusal:
            return None if refusal.code == TRY_LATER else refusal
        if visitor.actor.name == self._who:
            return None
        return Refusal(SIGNED_OUT, "somebody else has signed in")

    async def _close(self, refusal: Refusal) -> None:
        try:
            await self._websocket.close(refusal.code, refusal.reason)
        except RuntimeError:
            return  # it is closed already


def wanted(text: str | None) -> dict[str, str]:
    """What a page says that it watches. Raises Refusal."""
    if text is None:
        raise Refusal(UNREADABLE, "a message is text")
    if len(text) > LONGEST_MESSAGE:
        raise Refusal(TOO_MUCH, f"a message has at most {LONGEST_MESSAGE} characters")
    try:
        said = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Refusal(UNREADABLE, "a message is JSON") from error
    watch = said.get("watch") if isinstance(said, dict) else None
    if not isinstance(watch, dict) or not all(isinstance(seen, str) for seen in watch.values()):
        raise Refusal(UNREADABLE, 'a message is {"watch": {"region": "digest"}}')
    _check(watch)
    return watch


def _check(watch: Mapping[str, str]) -> None:
    if len(watch) > MOST_REGIONS:
        raise Refusal(TOO_MUCH, f"a page watches at most {MOST_REGIONS} regions")
    for key in watch:
        if len(key) > LONGEST_KEY or not key.isprintable():
            raise Refusal(TOO_MUCH, f"a region's name has at most {LONGEST_KEY} letters")
        if key.partition(":")[0] not in REGIONS:
            raise Refusal(UNKNOWN, "there is no such region")


async def _polled(hub: Hub, visitor: Visitor, watch: list[str]) -> Response:
    """What differs of the asked regions, for a page that no WebSocket reaches."""
    asked = {}
    for each in watch[: MOST_REGIONS + 1]:
        seen, _, key = each.partition("~")
        asked[key] = seen
    try:
        _check(asked)
    except Refusal as refusal:
        error = NotFound if refusal.code == UNKNOWN else InvalidInput
        raise error(refusal.reason) from refusal
    messages: list[Any] = []
    trouble = False
    for key, seen in asked.items():
        try:
            found = await hub.now(key, visitor.reader)
        except NotFound:
            messages.append({"region": key, "gone": True})
        except Unavailable:
            trouble = True
        else:
            if found.seen != seen:
                messages.append(json.loads(found.message.text))
    content = {"sequence": hub.sequence, "trouble": trouble, "messages": messages}
    return JSONResponse(content, headers=HEADERS)


def _beat(hub: Hub) -> Message:
    said = {"sequence": hub.sequence, "beat": BEAT_SECONDS, "trouble": hub.in_trouble}
    return Message(json.dumps(said, separators=(",", ":")))
