"""Everything at once: for whoever watches all services, and for a desk that looks again and again."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from gonogo.domain.audit import AuditEntry
from gonogo.domain.look import Look
from gonogo.domain.paper import Paper
from gonogo.domain.registration import Registration
from gonogo.domain.release import Release
from gonogo.domain.slot import Slot


@dataclass(frozen=True, slots=True)
class UnderWay:
    """A release that has not ended, with its newest look and the newest decision of its gates."""

    release: Release
    look: Look | None
    decision: AuditEntry | None


@dataclass(frozen=True, slots=True)
class ServiceState:
    """A service, the slots in which something should run, and its newest release that has ended.

    `papers` are the flags set on the service, and what takes flags back, in the order they were filed.
    """

    registration: Registration
    slots: tuple[Slot, ...]
    last: Release | None
    papers: tuple[Paper, ...]


class BoardStore(Protocol):
    """Everything at once, for whoever watches all services."""

    async def under_way(self, decided: str) -> tuple[UnderWay, ...]:
        """Every release that has not ended, newest first; actions of decisions begin with `decided`."""
        ...

    async def service_states(self) -> tuple[ServiceState, ...]:
        """All services, by name."""
        ...


class GlanceStore(Protocol):
    """Little of everything, for a desk that looks again and again."""

    async def newest_entry(self) -> int:
        """The number of the newest audit entry, 0 when there is none."""
        ...

    async def services_under_way(self) -> Mapping[str, str]:
        """The service of every release that has not ended, by the release's id, oldest first."""
        ...

    async def registered(self) -> Mapping[str, tuple[str, datetime]]:
        """By service the digest of its registered spec, and when it was registered."""
        ...

    async def with_words(self) -> frozenset[str]:
        """Releases under way to which people said something that no change has answered yet."""
        ...
