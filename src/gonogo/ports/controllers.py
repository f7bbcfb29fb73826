"""The tasks by which this desk works, for whoever looks after its health."""

from collections.abc import Mapping
from typing import Protocol

from gonogo.domain.controller import ControllerKind, ControllerSeen


class Controllers(Protocol):
    """What supervises the tasks."""

    def seen(self) -> tuple[ControllerSeen, ...]:
        """Every task that is at work, in the order in which they were begun."""
        ...

    def restarts(self) -> Mapping[tuple[ControllerKind, str], int]:
        """How often tasks had to be begun anew since the desk started, by kind and what they are about,
        those included that have ended meanwhile."""
        ...
