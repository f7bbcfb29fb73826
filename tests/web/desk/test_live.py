"""The live connection, over real sockets: what it says, whom it lets in, and that nothing breaks it."""

import asyncio
import json
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest
import uvicorn
from tests.papers import OWNER, Desk, a_desk
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from gonogo.api.application import build_application
from gonogo.api.door import Door, reader
from gonogo.domain.actor import Role
from gonogo.domain.audit import AuditDraft
from gonogo.usecases import people
from gonogo.web.desk import live
from gonogo.web.desk.application import add_desk
from gonogo.web.desk.visitor import seen_by

pytestmark = pytest.mark.asyncio(loop_scope="module")
TOKEN = "the-owners-token"


@dataclass
class Served:
    """A desk that really listens."""

    desk: Desk
    port: int

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

    async def change(self, word: str) -> None:
        """Something that the board shows is stored."""
        registration = await self.desk.store.registration("shop")
        environments = registration.plan.environments
        changed = type(registration)(
            word, "/x", "", type(registration.plan)(
                **{
                    **{name: getattr(registration.plan, name) for name in registration.plan.__slots__},
                    "service": word,
                    "environments": environments,
                }
            ), "x", registration.at, "s",
        )
        await self.desk.store.register(changed, AuditDraft("x", "person:service:register", word))


@asynccontextmanager
async def listening() -> AsyncIterator[Served]:
    async with a_desk() as desk:
        application = build_application(desk.context, OWNER, TOKEN, lambda: None)
        add_desk(
            application, desk.context, seen_by(reader(Door(desk.context, OWNER, TOKEN)))
        )
        server = uvicorn.Server(
            uvicorn.Config(
                application, port=0, log_level="critical", lifespan="off",
                ws_per_message_deflate=False, ws_max_size=live.LARGEST_FRAME,
            )
        )
        server.capture_signals = None  # type: ignore[method-assign]
        serving = asyncio.ensure_future(server._serve())
        async with asyncio.timeout(20):
            while not server.started:
                await asyncio.sleep(0.01)
        yield Served(desk, server.servers[0].sockets[0].getsockname()[1])
        server.should_exit = True
        await serving


@pytest.fixture(scope="module")
async def served() -> AsyncIterator[Served]:
    async with listening() as made:
        yield made
