"""The whole application over a desk in memory, with people of every role at its door."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import httpx2
import pytest
from tests.papers import OWNER, Desk, a_desk

from gonogo.api.application import build_application
from gonogo.api.door import Door, reader
from gonogo.domain.actor import Role
from gonogo.usecases.access import people
from gonogo.web.pages import add_pages

OWNERS_TOKEN = "the-owners-token"


@dataclass
class House:
    """The application's client. `stopped` counts how often the desk was told to end."""

    desk: Desk
    client: httpx2.AsyncClient
    stopped: list[str] = field(default_factory=list)
    application: Any = None

    async def token(self, *roles: Role, name: str = "") -> str:
        """A token of somebody new with these roles."""
        name = name or f"the {' and '.join(roles)}"
        await people.add_person(self.desk.context, OWNER, name=name, roles=roles)
        return (await people.issue_token(self.desk.context, OWNER, person=name)).secret

    async def ask(
        self, method: str, path: str, *, token: str = OWNERS_TOKEN, **options: Any
    ) -> httpx2.Response:
        """An answer of the API to whoever has this token."""
        headers = {"Authorization": f"Bearer {token}", **options.pop("headers", {})}
        return await self.client.request(method, f"/api/v1{path}", headers=headers, **options)

    async def entries(self) -> int:
        """How many entries the audit chain has."""
        return len([entry async for entry in self.desk.store.entries()])


@pytest.fixture
async def house() -> AsyncIterator[House]:
    async with a_desk() as desk:
        stopped: list[str] = []
        application = build_application(
            desk.context, OWNER, OWNERS_TOKEN, lambda: stopped.append("stop")
        )
        add_pages(application, desk.context, reader(Door(desk.context, OWNER, OWNERS_TOKEN)))
        transport = httpx2.ASGITransport(app=application)
        async with httpx2.AsyncClient(
            transport=transport, base_url="http://127.0.0.1:8460"
        ) as client:
            yield House(desk, client, stopped, application)
