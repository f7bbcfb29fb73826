"""`Idempotency-Key`: a change that is asked for twice with the same key is made once.

The first request is answered and its answer kept before it goes out; the same request under the same
key by the same person gets that answer again. Nothing is kept of a fault (5xx), of a request that was
refused before it was read, and of an answer marked `no-store`, which holds a secret, but that it was
given.
"""

import logging
import re
from dataclasses import dataclass, field

from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.routing import Match
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gonogo.api.passage import CHANGES
from gonogo.api.problems import problem, problem_of
from gonogo.api.visitors import Visitors
from gonogo.domain.actor import Actor
from gonogo.domain.answer import KeptAnswer
from gonogo.domain.errors import Conflict, GonogoError
from gonogo.usecases import idempotency
from gonogo.usecases.context import Context

_KEY = re.compile(r"[\x21-\x7e]{1,255}")
_KEPT_HEADERS = frozenset({"content-type", "location", "etag", "link", "cache-control"})
_FORGOTTEN = frozenset({401, 408, 413, 429})
_READ_ON = 1 << 20

_log = logging.getLogger("gonogo.api")


class Idempotency:
    """Answers a request that was answered before as it was answered then."""

    def __init__(self, app: ASGIApp, context: Context, visitors: Visitors) -> None:
        self._app = app
        self._context = context
        self._visitors = visitors

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, or answer it from what is kept."""
        key = _key_of(scope)
        if key is not None and not _is_there(scope):
            key = None
        actor = None if key is None else await self._visitors.known(scope)
        if key is None or actor is None:
            await self._app(scope, receive, send)
        elif not _KEY.fullmatch(key):
            said = "header.idempotency-key: 1 to 255 visible ASCII characters without blanks"
            await problem(422, said)(scope, receive, send)
        else:
            await self._once(actor, key, scope, receive, send)

    async def _once(
        self, actor: Actor, key: str, scope: Scope, receive: Receive, send: Send
    ) -> None:
        asked = _Asked(receive, _fingerprint(key, scope))
        try:
            found = await idempotency.begin(self._context, actor, key)
        except idempotency.StillRunning as running:
            refused = problem(409, str(running), headers={"Retry-After": "1"})
            await refused(scope, receive, send)
            return
        except Conflict as cut_off:
            await problem_of(cut_off)(scope, receive, send)
            return
        if isinstance(found, KeptAnswer):
            await (await _replayed(found, asked))(scope, receive, send)
            return
        answered = _Answered(send)
        try:
            await self._app(scope, asked, answered)
        except Exception:
            # The edge of one request, whatever ends it: nothing was answered that could be kept, and
            # the key must not stay taken. What went wrong is told by whoever stands further out.
            await idempotency.give_up(self._context, found)
            raise
        if scope["state"].get("session_cookie"):
            answered.secret = True
        await self._keep(found, asked, answered)
        await answered.flush()

    async def _keep(
        self, attempt: idempotency.Attempt, asked: "_Asked", answered: "_Answered"
    ) -> None:
        status = answered.status
        if status < 400:
            await asked.read_on()
        try:
            if status >= 500 or status in _FORGOTTEN or not asked.complete:
                await idempotency.give_up(self._context, attempt)
                return
            await idempotency.finish(
                self._context,
                attempt,
                request=asked.fingerprint.hex(),
                status=status,
                headers=[each for each in answered.headers if each[0] in _KEPT_HEADERS],
                body=None if answered.secret else answered.body,
            )
        except GonogoError:
            # What was asked for is done; that its answer cannot be kept is no reason to hide it.
            _log.warning("an answer could not be kept for its Idempotency-Key", exc_info=True)


@dataclass
class _Asked:
    """The body of a request on its way in."""

    receive: Receive
    fingerprint: idempotency.Fingerprint
    complete: bool = False

    async def __call__(self) -> Message:
        message = await self.receive()
        if message["type"] == "http.request" and not self.complete:
            self.fingerprint.add(message.get("body", b""))
            self.complete = not message.get("more_body", False)
        return message

    async def read_on(self, most: int = _READ_ON) -> None:
        """Read what nobody wanted: a body sent to where none is asked for counts all the same."""
        while not self.complete and most > 0:
            message = await self()
            if message["type"] != "http.request":
                return
            most -= len(message.get("body", b"")) or 1


@dataclass
class _Answered:
    """An answer, held back until it is kept or grows too large for that. A `secret` one is not kept."""

    send: Send
    status: int = 500
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: bytes | None = b""
    secret: bool = False
    _held: list[Message] = field(default_factory=list)

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.secret = b"no-store" in dict(message["headers"]).get(b"cache-control", b"")
            self.headers = [
                (name.decode("latin-1").lower(), value.decode("latin-1"))
                for name, value in message["headers"]
            ]
        elif message["type"] == "http.response.body" and self.body is not None:
            self.body += message.get("body", b"")
            if len(self.body) > idempotency.LARGEST_KEPT:
                self.body = None
        self._held.append(message)
        if self.body is None:
            await self.flush()

    async def flush(self) -> None:
        """Send what was held back."""
        held, self._held = self._held, []
        for message in held:
            await self.send(message)


def _key_of(scope: Scope) -> str | None:
    if scope["type"] != "http" or scope["method"] not in CHANGES:
        return None
    if not scope["path"].startswith("/api/"):
        return None
    key = Headers(scope=scope).get("idempotency-key")
    return key.strip().strip('"') if key is not None else None


def _is_there(scope: Scope) -> bool:
    """Whether there is such an endpoint: what cannot be done at all is not done once either."""
    return any(route.matches(scope)[0] is Match.FULL for route in scope["app"].routes)


def _fingerprint(key: str, scope: Scope) -> idempotency.Fingerprint:
    query = scope["query_string"].decode("latin-1")
    content_type = Headers(scope=scope).get("content-type", "")
    return idempotency.Fingerprint(key, scope["method"], scope["path"], query, content_type)


async def _replayed(known: KeptAnswer, asked: _Asked) -> Response:
    """The answer that was given before."""
    while not asked.complete:
        message = await asked()
        if message["type"] != "http.request":
            break
    try:
        idempotency.same_request(known, asked.fingerprint.hex())
        body = idempotency.answer_kept(known)
    except Conflict as refused:
        return problem_of(refused)
    response = Response(body, status_code=known.status or 500)
    for name, value in known.headers:
        response.headers[name] = value
    response.headers["Idempotency-Replayed"] = "true"
    return response
