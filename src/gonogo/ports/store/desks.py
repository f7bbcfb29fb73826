"""The desks that share the store."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Protocol

from gonogo.domain.desk import DeskSeen


class DeskStore(Protocol):
    """The desks that share the store; there is nothing to tell of where only one can."""

    async def first_to_be_free(self, desk: str, now: datetime) -> timedelta | None:
        """How long the first lease lasts that another desk holds of a release under way.

        None when no other desk holds any that still lasts.
        """
        ...

    async def desks(self) -> tuple[DeskSeen, ...]:
        """Every desk that has not ended properly, by name."""
        ...

    async def places(self) -> Mapping[tuple[str, str], str]:
        """The site on which the environment (service, environment) lives."""
        ...
