"""Services, what runs of them, and what was filed about them."""

from typing import Protocol

from gonogo.domain.audit import AuditDraft
from gonogo.domain.paper import Paper, PaperKind
from gonogo.domain.registration import Registration
from gonogo.domain.slot import Slot


class ServiceStore(Protocol):
    """Services and what runs of them."""

    async def register(self, registration: Registration, audit: AuditDraft) -> None:
        """Store or replace what is registered under this service's name; its slots exist afterwards."""
        ...

    async def registration(self, service: str) -> Registration | None:
        """What is registered under this name."""
        ...

    async def registrations(self) -> tuple[Registration, ...]:
        """All services, by name."""
        ...

    async def slots(self, service: str, environment: str) -> tuple[Slot, ...]:
        """The slots of one environment by name; empty ones where nothing was stored yet."""
        ...

    async def all_slots(self) -> tuple[Slot, ...]:
        """Every stored slot of every service, by service, environment and name."""
        ...


class PaperStore(Protocol):
    """What was filed about services and their versions. Papers are only ever added."""

    async def file(self, papers: tuple[Paper, ...], audit: AuditDraft) -> None:
        """Store papers, all or none, with one audit entry. A paper whose id is known is left as it is."""
        ...

    async def papers(self, service: str, commit: str | None = None) -> tuple[Paper, ...]:
        """Papers of the service as a whole, and those of one commit, in the order they were filed."""
        ...

    async def paper(self, paper_id: str) -> Paper | None:
        """One paper."""
        ...

    async def filed(
        self,
        service: str,
        *,
        commit: str | None = None,
        kind: PaperKind | None = None,
        before: str | None = None,
        limit: int = 100,
    ) -> tuple[Paper, ...]:
        """Papers of a service, of all its versions or of one commit, the last filed first.

        `before` is a paper's id: only what was filed before it; nothing when it is unknown.
        """
        ...
