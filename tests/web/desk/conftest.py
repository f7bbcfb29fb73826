"""The desk's pages over a desk in memory."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

import httpx2
import pytest
from tests.papers import OWNER, Desk, a_desk

from gonogo.api.application import build_application
from gonogo.api.door import Door, reader
from gonogo.domain.actor import Role
from gonogo.usecases.access import people
from gonogo.web.desk.application import add_desk
from gonogo.web.desk.visitor import seen_by

OWNERS_TOKEN = "the-owners-token"


async def until(holds: Callable[[], bool]) -> None:
    """Wait until something is so; TimeoutError after half a minute."""
    async with asyncio.timeout(30):
        while not holds():  # noqa: ASYNC110 - what is waited for tells nobody
            await asyncio.sleep(0.005)


@dataclass
class Visit:
    """A browser at the desk's door, without a screen."""

    desk: Desk
    client: httpx2.AsyncClient

    async def open(
        self, path: str, *, token: str = OWNERS_TOKEN, reads: str = "en|UTC||", **options: object
    ) -> httpx2.Response:
        """A page as whoever has this token sees it; `reads` is language|zone|calendar|digits."""
        headers = {"Authorization": f"Bearer {token}", "Cookie": f"gonogo_reader={reads}"}
        return await self.client.request("GET", path, headers=headers, **options)  # type: ignore[arg-type]

    async def token(self, *roles: Role, name: str = "") -> str:
        """A token of somebody new with these roles."""
        name = name or f"the {' and '.join(roles)}"
        await people.add_person(self.desk.context, OWNER, name=name, roles=roles)
        return (await people.issue_token(self.desk.context, OWNER, person=name)).secret


@pytest.fixture
async def visit() -> AsyncIterator[Visit]:
    async with a_desk() as desk:
        application = build_application(desk.context, OWNER, OWNERS_TOKEN, lambda: None)
        guard = reader(Door(desk.context, OWNER, OWNERS_TOKEN))
        add_desk(application, desk.context, seen_by(guard))
        transport = httpx2.ASGITransport(app=application)
        async with httpx2.AsyncClient(
            transport=transport, base_url="http://127.0.0.1:8460"
        ) as client:
            yield Visit(desk, client)
