"""A desk that really listens, for tests over sockets and in browsers."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

import uvicorn
from tests.papers import OWNER, Desk, a_desk
from tests.web.desk.conftest import until
from websockets.asyncio.client import connect

from gonogo.api.application import build_application
from gonogo.api.door import Door, page_guard, reader
from gonogo.api.reach import allowed_origin
from gonogo.domain.audit import AuditDraft
from gonogo.web.desk import live
from gonogo.web.desk.application import add_desk
from gonogo.web.desk.visitor import seen_by
from gonogo.wiring.websockets import DeskWebSockets

TOKEN = "the-owners-token"


@dataclass
class Served:
    """A desk that really listens."""

    desk: Desk
    port: int
    server: uvicorn.Server
    serving: "asyncio.Task[None]"

    def connect(
        self, *, token: str = TOKEN, origin: str | None = None, reads: str = "en|UTC||"
    ) -> connect:
        headers = {"Authorization": f"Bearer {token}", "Cookie": f"gonogo_reader={reads}"}
        return connect(
            f"ws://127.0.0.1:{self.port}/live",
            additional_headers=headers,
            origin=origin,  # type: ignore[arg-type]
            compression=None,
        )

    async def register(self, service: str) -> None:
        """A service comes onto the board."""
        shop = await self.desk.store.registration("shop")
        assert shop is not None
        known = replace(shop, service=service, plan=replace(shop.plan, service=service))
        await self.desk.store.register(
            known, AuditDraft("dana", "person:service:register", service)
        )

    async def stop(self) -> None:
        """The desk's process ends; what it has stored stays."""
        self.server.should_exit = True
        await self.serving

    async def start(self) -> None:
        """It is started again, at the same address."""
        self.server, self.serving = await _served(self.desk, self.port)


@asynccontextmanager
async def listening() -> AsyncIterator[Served]:
    """A desk in memory behind a real socket."""
    async with a_desk() as desk:
        server, serving = await _served(desk, 0)
        port = server.servers[0].sockets[0].getsockname()[1]
        made = Served(desk, port, server, serving)
        yield made
        await made.stop()


async def _served(desk: Desk, port: int) -> "tuple[uvicorn.Server, asyncio.Task[None]]":
    application = build_application(desk.context, OWNER, TOKEN, lambda: None)
    guard = reader(page_guard(Door(desk.context, OWNER, TOKEN)))
    add_desk(application, desk.context, seen_by(guard), allowed_origin)
    configuration = uvicorn.Config(
        application,
        port=port,
        log_level="error",
        lifespan="off",
        ws=DeskWebSockets,
        ws_per_message_deflate=False,
        ws_max_size=live.LARGEST_FRAME,
        timeout_graceful_shutdown=1,
    )
    server = uvicorn.Server(configuration)
    serving = asyncio.ensure_future(server._serve())
    await until(lambda: server.started)
    return server, serving
