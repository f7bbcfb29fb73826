"""The part of the store that tells little of everything, for a desk that looks again and again.

One short statement each, however many services there are, and nothing of what is long in a row.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TypeVar

import sqlalchemy as sa

from gonogo.storage.statements import Prepared
from gonogo.storage.tables import audit_head, instructions, registrations, releases

Result = TypeVar("Result")

# As the partial index over them says it; "ended IS 0" would read every release there ever was.
_UNDER_WAY = Prepared(
    sa.select(releases.c.id, releases.c.service)
    .where(releases.c.ended == sa.false())
    .order_by(releases.c.number)
)
_NEWEST = Prepared(sa.select(audit_head.c.sequence))
_REGISTERED = Prepared(
    sa.select(registrations.c.service, registrations.c.digest, registrations.c.at).order_by(
        registrations.c.service
    )
)
_WORDS = Prepared(
    sa.select(instructions.c.release_id)
    .join(releases, releases.c.id == instructions.c.release_id)
    .where(releases.c.ended == sa.false(), instructions.c.handled_at.is_(None))
    .distinct()
)


def newest_entry(connection: sa.Connection) -> int:
    """Where the audit chain ends."""
    return int(_NEWEST.all(connection)[0].sequence)


def services_under_way(connection: sa.Connection) -> dict[str, str]:
    """The service of every release that has not ended, by the release's id, the first opened first."""
    return {row.id: row.service for row in _UNDER_WAY.all(connection)}


def registered(connection: sa.Connection) -> dict[str, tuple[str, datetime]]:
    """By service the digest of its spec and when that was registered."""
    return {row.service: (row.digest, row.at) for row in _REGISTERED.all(connection)}


def with_words(connection: sa.Connection) -> frozenset[str]:
    """Releases to which somebody said something that no change has answered yet."""
    return frozenset(row.release_id for row in _WORDS.all(connection))


class Glances:
    """`GlanceStore` of `gonogo.ports.store`, over what `SqlStore` gives."""

    async def _read(self, work: Callable[[sa.Connection], Result]) -> Result:
        raise NotImplementedError

    async def newest_entry(self) -> int:
        """See the port."""
        return await self._read(newest_entry)

    async def services_under_way(self) -> Mapping[str, str]:
        """See the port."""
        return await self._read(services_under_way)

    async def registered(self) -> Mapping[str, tuple[str, datetime]]:
        """See the port."""
        return await self._read(registered)

    async def with_words(self) -> frozenset[str]:
        """See the port."""
        return await self._read(with_words)
