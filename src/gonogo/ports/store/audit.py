"""The audit chain."""

from collections.abc import AsyncIterator
from typing import Protocol

from gonogo.domain.audit import AuditDraft, AuditEntry, AuditSearch


class AuditStore(Protocol):
    """The audit chain."""

    def entries(self, *, subject: str | None = None, after: int = 0) -> AsyncIterator[AuditEntry]:
        """Entries in order, streamed; of one subject, or of all."""
        ...

    async def search(self, search: AuditSearch) -> tuple[AuditEntry, ...]:
        """The entries that fit, in the order asked for, at most `search.limit`."""
        ...

    async def append(self, audit: AuditDraft) -> AuditEntry:
        """Write down something that changes no other row."""
        ...
