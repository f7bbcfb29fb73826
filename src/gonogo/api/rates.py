"""How often one may ask: each person by name, whoever shows no valid token by address.

A person is never limited by what others do from the same address, so nobody can shut another out. The
desk's health is always told.

Where several desks count together and the shared count cannot be reached, strangers are refused with 503:
whoever could make the counting fail would otherwise have no limit. People are counted by this desk alone
then. They are known by name, they still have a limit, and it is them who have to stop a release while a
database is slow. Files are always counted by each desk alone: they cost the database nothing.

Answers carry the header fields of the IETF draft "RateLimit header fields for HTTP".
"""

import math
from typing import NamedTuple

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gonogo.api.passage import CHANGES
from gonogo.api.problems import problem
from gonogo.api.visitors import Visitors
from gonogo.domain.errors import Unavailable
from gonogo.domain.rate import Allowance, Rate, Rates
from gonogo.usecases.context import Context

_FILES = ("/static/", "/favicon.ico")
ALWAYS = frozenset({"/api/v1/health", "/healthz", "/readyz", "/metrics"})


class _Asker(NamedTuple):
    """Who is counted: a person by name, or where a stranger comes from."""

    name: str
    known: bool


class RateLimits:
    """Counts requests; those that are too many are not answered."""

    def __init__(self, app: ASGIApp, context: Context, visitors: Visitors) -> None:
        self._app = app
        self._context = context
        self._visitors = visitors

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through that is not one too many."""
        if self._context.limiter is None or scope["type"] != "http" or scope["path"] in ALWAYS:
            await self._app(scope, receive, send)
            return
        policy, asker, rate = await self._policy(scope, self._context.rates)
        found = await self._take(policy, asker, rate)
        told = _told(policy, found)

        async def send_on(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in told.items():
                    headers[name] = value
            await send(message)

        if found.allowed:
            await self._app(scope, receive, send_on)
            return
        wait = max(1, math.ceil(found.wait))
        refused = problem(
            429,
            f"too many requests: {rate.most} in {rate.seconds} s are answered",
            f"ask again in {wait} s",
            headers={"Retry-After": str(wait)},
        )
        await refused(scope, receive, send_on)

    async def _take(self, policy: str, asker: _Asker, rate: Rate) -> Allowance:
        shared = self._context.limiter
        assert shared is not None, "nobody is counted without a limiter"
        own = self._context.own_limiter or shared
        counted = f"{policy}:{asker.name}"
        if policy == "files":
            return await own.take(counted, rate)
        try:
            return await shared.take(counted, rate)
        except Unavailable:
            if not asker.known or own is shared:
                raise
            return await own.take(counted, rate)

    async def _policy(self, scope: Scope, rates: Rates) -> tuple[str, _Asker, Rate]:
        """The name of the rate that holds, who is counted, and the rate."""
        stranger = _Asker(_network(scope), known=False)
        if scope["path"].startswith(_FILES):
            return "files", stranger, rates.pages
        visitor = await self._visitors.known(scope)
        asker = stranger if visitor is None else _Asker(visitor.name, known=True)
        if not scope["path"].startswith("/api/"):
            return "pages", asker, rates.pages
        if not asker.known:
            return "strangers", asker, rates.strangers
        if scope["method"] in CHANGES:
            return "writes", asker, rates.writes
        return "reads", asker, rates.reads


def _network(scope: Scope) -> str:
    """Where a request comes from; of an IPv6 address the half that its holder cannot choose."""
    address = str((scope.get("client") or ("unknown", 0))[0])
    return ":".join(address.split(":")[:4]) if address.count(":") > 3 else address


def _told(policy: str, found: Allowance) -> dict[str, str]:
    rate = found.rate
    return {
        "RateLimit-Policy": f'"{policy}";q={rate.most};w={rate.seconds}',
        "RateLimit": f'"{policy}";r={found.left};t={math.ceil(found.wait)}',
    }
