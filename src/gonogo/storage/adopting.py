"""The part of the store for what was adopted; `gonogo.storage.store` says what holds for it."""

from collections.abc import Callable, Sequence
from typing import TypeVar

import sqlalchemy as sa

from gonogo.domain.adoption import Adoption
from gonogo.domain.audit import AuditDraft
from gonogo.domain.message import Message
from gonogo.domain.release import Release
from gonogo.domain.slot import Slot
from gonogo.ports.clock import Clock
from gonogo.storage import adoptions
from gonogo.storage.about import About

Result = TypeVar("Result")


class Adopting:
    """`AdoptionStore` of `gonogo.ports.store`, over what `SqlStore` gives."""

    _clock: Clock

    async def _read(self, work: Callable[[sa.Connection], Result]) -> Result:
        raise NotImplementedError

    async def _write(
        self, work: Callable[[sa.Connection], Result], about: About | None = None
    ) -> Result:
        raise NotImplementedError

    async def adopt(
        self, adoption: Adoption, release: Release, slots: Sequence[Slot], audit: AuditDraft
    ) -> None:
        """See the port."""
        await self._write(
            lambda c: adoptions.adopt(c, adoption, release, slots, audit, self._clock.now()),
            About(release.id, release.service, wakes=True),
        )

    async def rearrange(
        self, slots: Sequence[Slot], audit: AuditDraft, messages: Sequence[Message] = ()
    ) -> None:
        """See the port."""
        service = slots[0].service if slots else None
        await self._write(
            lambda c: adoptions.rearrange(c, slots, audit, messages, self._clock.now()),
            About(None, service, wakes=True),
        )

    async def undo_adoptions(
        self, service: str, environment: str, slots: Sequence[Slot], audit: AuditDraft
    ) -> None:
        """See the port."""
        await self._write(
            lambda c: adoptions.undo(c, service, environment, slots, audit, self._clock.now()),
            About(None, service, wakes=True),
        )

    async def adoptions(self, service: str | None = None) -> tuple[Adoption, ...]:
        """See the port."""
        return await self._read(lambda c: adoptions.every(c, service))
