"""What goes wrong around the desks, each at its time: routers, versions, sources and clocks."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from random import Random
from typing import Any

from tests.simulation.ground import OLD, Ground
from tests.simulation.scenario import SERVICE

from gonogo.adapters.memory.deployer import Behaviour


class Mishaps:
    """Makes things happen at their time, and knows when the last of them was."""

    def __init__(self, ground: Ground) -> None:
        self.over = False
        self.last = ground.scenario.weather.clears_at
        """Until then, in virtual seconds, something has gone wrong: patience is counted from there."""
        self._ground = ground
        self._scenario = ground.scenario
        self._random = Random(f"mishaps {ground.scenario.seed}")

    def note(self) -> None:
        """Something goes wrong, or has just been."""
        self.last = max(self.last, self._ground.loop.time())

    def at(self, when: float, work: Callable[..., Any], *arguments: Any) -> None:
        """Do it then, unless the run is over."""

        def happen() -> None:
            if not self.over:
                self.note()
                work(*arguments)

        self._ground.loop.call_at(when, happen)

    def appoint(self) -> None:
        """Everything that the scenario says of the ground."""
        scenario = self._scenario
        for at in scenario.router_deaths:
            self.at(at, self._kill_router)
        for at in scenario.baseline_deaths:
            self.at(at, self._kill_version)
        for at, length in scenario.gaps:
            self.at(at, self._blind, length)
        for at, jump in scenario.clock_jumps:
            self.at(at, self._jump, jump)

    def _kill_router(self) -> None:
        self._ground.router.kill(SERVICE, self._scenario.plan.production.name)

    def _kill_version(self) -> None:
        running = self._ground.deployer.running()
        if self._scenario.adopted and self._random.random() < 0.5:
            self._take_away(self._random.choice(tuple(self._ground.adopted.values())))
            return
        if self._scenario.old_refuses:
            self._ground.deployer.behave(OLD, Behaviour(refuses="its disk is gone"))
        if running:
            self._ground.deployer.kill(self._random.choice(running).id)

    def _take_away(self, address: str) -> None:
        """What was adopted ends; whoever runs it starts it again, soon or late, or never."""
        outside = self._ground.deployer.outside
        outside.pop(address, None)

        def come_back() -> None:
            self.note()
            outside[address] = True

        if not self._scenario.old_refuses:
            wait = self._random.choice((0.5, 4.0, 12.0))
            asyncio.get_running_loop().call_later(wait, come_back)

    def _blind(self, length: float) -> None:
        place = (SERVICE, self._scenario.plan.production.name)
        if not length:
            self._ground.metrics.lose(*place, "lines were lost")
            return

        def see() -> None:
            self.note()
            self._ground.metrics.unreachable.discard(place)

        self._ground.metrics.unreachable.add(place)
        asyncio.get_running_loop().call_later(length, see)

    def _jump(self, seconds: float) -> None:
        self._ground.clock.offset += timedelta(seconds=seconds)
