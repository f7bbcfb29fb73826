"""The part of the store for messages that wait; `gonogo.storage.store` says what holds for it."""

from collections.abc import Callable
from datetime import datetime
from typing import TypeVar

import sqlalchemy as sa

from gonogo.domain.message import Message
from gonogo.ports.clock import Clock
from gonogo.ports.store import Delivery
from gonogo.storage import outbox

Result = TypeVar("Result")


class Sending:
    """`Outbox` of `gonogo.ports.store`, over what `SqlStore` gives."""

    _clock: Clock
    _engine: sa.Engine

    async def _read(self, work: Callable[[sa.Connection], Result]) -> Result:
        raise NotImplementedError

    async def _write(self, work: Callable[[sa.Connection], Result]) -> Result:
        raise NotImplementedError

    def _shared(self, connection: sa.Connection, now: datetime) -> datetime:
        raise NotImplementedError

    async def deliveries(self, release_id: str, limit: int = 200) -> tuple[Delivery, ...]:
        """See the port."""
        return await self._read(lambda c: outbox.deliveries(c, release_id, limit))

    async def waiting(self, now: datetime, limit: int = 20) -> tuple[Message, ...]:
        """See the port."""
        if self._engine.dialect.name == "sqlite":
            return await self._read(lambda c: outbox.waiting(c, now, limit))
        return await self._write(lambda c: outbox.waiting(c, self._shared(c, now), limit))

    async def unsent(self, limit: int = 100) -> tuple[Message, ...]:
        """See the port."""
        return await self._read(lambda c: outbox.unsent(c, limit))

    async def sent(self, message_id: str, at: datetime, to: str) -> None:
        """See the port. Raises NotFound for a message that was never queued."""
        await self._write(lambda c: outbox.sent(c, message_id, at, to))

    async def postpone(
        self, message_id: str, until: datetime, why: str, *, tried: bool = True
    ) -> None:
        """See the port. Raises NotFound for a message that was never queued."""
        now = self._clock.now()

        def work(connection: sa.Connection) -> None:
            due = self._shared(connection, now) + (until - now)
            outbox.postpone(connection, message_id, due, why, tried)

        await self._write(work)
