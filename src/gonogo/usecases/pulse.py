"""Whether what should serve does, as the routers say: asked beside the readers of a board, never by them.

Asking hundreds of routers takes a while and one of them may not answer; a board shows what was heard
last, says so where that is too old, and whoever looks at it next sees what was heard meanwhile.
"""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from gonogo.domain.errors import GonogoError
from gonogo.domain.slot import SlotRole, with_role
from gonogo.ports.router import Router
from gonogo.ports.store import ServiceState

ASK_AGAIN = 5.0
"""Seconds between two rounds."""

TOO_OLD = 30.0
_PATIENCE = 2.0
_AT_ONCE = 8


class Beating(StrEnum):
    """How what serves is. UNKNOWN: nothing should serve, or nobody could tell lately."""

    ANSWERS = "answers"
    DOWN = "down"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class _Serving:
    service: str
    environment: str
    slot: str


class Pulse:
    """What routers said last. A round begins when somebody looks and the last one is some seconds old."""

    def __init__(self) -> None:
        self._heard: dict[tuple[str, str], tuple[float, Beating]] = {}
        self._round: asyncio.Task[None] | None = None
        self._begun = -ASK_AGAIN

    def of(self, router: Router, states: Iterable[ServiceState]) -> dict[tuple[str, str], Beating]:
        """By service and environment, as heard at most half a minute ago."""
        now = asyncio.get_running_loop().time()
        if now - self._begun >= ASK_AGAIN and (self._round is None or self._round.done()):
            self._begun = now
            self._round = asyncio.ensure_future(self._ask(router, _serving(states)))
        return {key: said for key, (at, said) in self._heard.items() if now - at <= TOO_OLD}

    async def settled(self) -> None:
        """Wait for the round that is under way, if one is."""
        if self._round is not None:
            await self._round

    async def _ask(self, router: Router, serving: tuple[_Serving, ...]) -> None:
        few = asyncio.Semaphore(_AT_ONCE)
        known = {(each.service, each.environment) for each in serving}
        self._heard = {key: said for key, said in self._heard.items() if key in known}

        async def ask(one: _Serving) -> None:
            async with few:
                said = await _beating(router, one)
            heard = (asyncio.get_running_loop().time(), said)
            self._heard[one.service, one.environment] = heard

        await asyncio.gather(*(ask(one) for one in serving))


async def _beating(router: Router, one: _Serving) -> Beating:
    try:
        async with asyncio.timeout(_PATIENCE):
            reading = await router.read(one.service, one.environment)
    except (GonogoError, OSError, TimeoutError):
        return Beating.UNKNOWN
    slot = None if reading is None else reading.slots.get(one.slot)
    well = slot is not None and slot.up and slot.in_rotation
    return Beating.ANSWERS if well else Beating.DOWN


def _serving(states: Iterable[ServiceState]) -> tuple[_Serving, ...]:
    found = []
    for state in states:
        for environment in state.registration.plan.environments:
            here = [slot for slot in state.slots if slot.environment == environment.name]
            slot = with_role(here, SlotRole.BASELINE)
            if slot is not None:
                found.append(_Serving(state.registration.service, environment.name, slot.name))
    return tuple(found)
