"""The tasks by which this desk works, for whoever looks after its health."""

from typing import Protocol

from gonogo.domain.controller import ControllerSeen


class Controllers(Protocol):
    """What supervises the tasks."""

    def seen(self) -> tuple[ControllerSeen, ...]:
        """Every task that is at work or should be, in the order in which they were begun."""
        ...
