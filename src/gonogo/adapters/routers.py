"""One router before those of all grounds: the desk's own, or the platform that shares customers itself.

A layout says by its ground which of the two it is for. Customers of one place come in through one of
them only, so a change from one to the other is refused while anything is laid out there.
"""

from typing import Protocol

from gonogo.domain.errors import InvalidInput
from gonogo.domain.ground import shares_itself
from gonogo.domain.slot import Layout, RouterReading
from gonogo.ports.router import Router


class KnowingRouter(Router, Protocol):
    """A router that can say, without asking anybody, whether it shares the customers of a place."""

    def knows(self, service: str, environment: str) -> bool:
        """Whether it was laid out for this place and not stopped since."""
        ...


class Routers:
    """`ports.router.Router` over the desk's own router and that of platforms."""

    def __init__(self, own: Router, platforms: KnowingRouter) -> None:
        self._own = own
        self._platforms = platforms

    async def apply(self, layout: Layout) -> RouterReading:
        """See `ports.router.Router.apply`. Raises InvalidInput where customers come in the other way."""
        service, environment = layout.service, layout.environment
        by_platform = shares_itself(layout.ground)
        if by_platform != self._platforms.knows(service, environment):
            if not by_platform:
                raise _other_way(layout, "its platform", "the desk's own router")
            if await self._own.read(service, environment) is not None:
                raise _other_way(layout, "the desk's own router", "its platform")
        return await (self._platforms if by_platform else self._own).apply(layout)

    async def read(self, service: str, environment: str) -> RouterReading | None:
        """See `ports.router.Router.read`."""
        return await self._of(service, environment).read(service, environment)

    async def obstacle(self, bind: str, port: int) -> str | None:
        """See `ports.router.Router.obstacle`; only the desk's own router listens anywhere."""
        return await self._own.obstacle(bind, port)

    async def stop(self, service: str, environment: str) -> None:
        """See `ports.router.Router.stop`."""
        if self._platforms.knows(service, environment):
            await self._platforms.stop(service, environment)
        await self._own.stop(service, environment)

    def _of(self, service: str, environment: str) -> Router:
        return self._platforms if self._platforms.knows(service, environment) else self._own


def _other_way(layout: Layout, now: str, wanted: str) -> InvalidInput:
    return InvalidInput(
        f"customers of {layout.service} in {layout.environment} are shared by {now}, and the plan wants "
        f"{wanted} to do it",
        hint="give the environment another name, under which nothing serves yet",
    )
