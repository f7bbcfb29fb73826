"""The part of the store by which desks know of each other; `gonogo.storage.store` says what holds for it."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import TypeVar

import sqlalchemy as sa

from gonogo.domain.desk import DeskSeen
from gonogo.domain.errors import GonogoError
from gonogo.storage import desks
from gonogo.storage.notices import Announcements
from gonogo.storage.presence import Presence

Result = TypeVar("Result")


class AmongDesks:
    """`DeskStore` of `gonogo.ports.store`, over what `SqlStore` gives."""

    _engine: sa.Engine
    _site: str | None
    _origin: str
    notices: Announcements

    async def _read(self, work: Callable[[sa.Connection], Result]) -> Result:
        raise NotImplementedError

    def _shared(self, connection: sa.Connection, now: datetime) -> datetime:
        raise NotImplementedError

    async def first_to_be_free(self, desk: str, now: datetime) -> timedelta | None:
        """See the port."""
        return await self._read(lambda c: desks.first_to_be_free(c, desk, self._shared(c, now)))

    async def desks(self) -> tuple[DeskSeen, ...]:
        """See the port."""
        return await self._read(desks.seen)

    async def places(self) -> Mapping[tuple[str, str], str]:
        """See the port."""
        return await self._read(desks.sites)

    def presence(
        self,
        *,
        name: str,
        host: str,
        version: str,
        wake: Callable[[str], None],
        lost: Callable[[GonogoError], None],
    ) -> Presence | None:
        """What makes a desk known to others; None where it is the only one."""
        if self._engine.dialect.name == "sqlite":
            return None
        return Presence(
            self._engine,
            self.notices,
            self._origin,
            name=name,
            site=self._site or "",
            host=host,
            version=version,
            wake=wake,
            lost=lost,
        )
