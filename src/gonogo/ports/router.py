"""Deciding which version a customer reaches."""

from typing import Protocol

from gonogo.domain.slot import Layout, RouterReading


class Router(Protocol):
    """A load balancer for each service and environment."""

    async def apply(self, layout: Layout) -> RouterReading:
        """See that the router runs and is laid out like this; return what it says afterwards.

        Starts it when it does not run, with the right addresses from its first moment. Changes only
        what differs, and takes slots out of rotation before it lets others in. Raises Unavailable
        when it cannot be reached, OldPicture when it follows a newer one of the rows, ActionFailed
        when what is read back differs from what was asked for, InvalidInput when its port is taken.
        """
        ...

    async def read(self, service: str, environment: str) -> RouterReading | None:
        """What the router says now, or None when none runs."""
        ...

    async def obstacle(self, bind: str, port: int) -> str | None:
        """What keeps a router from listening there now, in words; None when nothing does.

        Port 0 asks whether the address is one of the router's machine.
        """
        ...

    async def stop(self, service: str, environment: str) -> None:
        """See that no router of this service and environment runs."""
        ...
