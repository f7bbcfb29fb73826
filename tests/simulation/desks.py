"""Desks that live, die and are started again, and what is watched of their lives."""

import asyncio
from collections import Counter
from contextvars import Context as Variables
from contextvars import copy_context
from datetime import timedelta
from random import Random
from typing import Any

from tests.simulation.gatekeeper import Gatekeeper
from tests.simulation.ground import TICK, Ground
from tests.simulation.life import LIFE, Life, MetricsWire, StoreWire, Wire
from tests.simulation.mishaps import Mishaps
from tests.simulation.scenario import Crash

from gonogo.adapters.memory.history import MemoryHistory
from gonogo.adapters.memory.secrets import MemorySecrets
from gonogo.controllers.desk import Desk
from gonogo.controllers.world import Rhythm, World
from gonogo.usecases.gates.gathering import DossierReader

RHYTHM = Rhythm(
    poll=timedelta(seconds=1),
    flush=timedelta(seconds=6),
    keep=timedelta(seconds=5),
    claim=timedelta(seconds=5),
    lease=timedelta(seconds=24),
    regard=timedelta(seconds=10),
    gap_patience=timedelta(seconds=6),
    stop_grace=timedelta(seconds=5),
    supervise=timedelta(seconds=5),
    patience=timedelta(seconds=20),
    farewell=timedelta(seconds=10),
)

_LONGEST_CROWD = 15.0
"""Virtual seconds for which the drive of a release that has just ended may still listen."""

_SILENCE = 3.0
"""Virtual seconds in which a desk that was stopped must not make a call."""


class Desks:
    """Every desk of a run, each with its present life."""

    def __init__(self, ground: Ground, mishaps: Mishaps, gatekeeper: Gatekeeper) -> None:
        self.lives: dict[str, Life] = {}
        self._ground = ground
        self._mishaps = mishaps
        self._gatekeeper = gatekeeper
        self._scenario = ground.scenario
        self._random = Random(f"wakes {ground.scenario.seed}")
        self._desks: dict[str, Desk] = {}
        self._crashes = list(ground.scenario.crashes)
        self._stalls = {each.call: each for each in ground.scenario.stalls}
        self._called: Counter[str] = Counter()
        self._number = 0

    @property
    def held_up(self) -> bool:
        """Whether there is no desk, or one that stands still."""
        return not self.lives or any(life.held for life in self.lives.values())

    @property
    def miss_an_answer(self) -> bool:
        """Whether a call of a desk that lives will never come back."""
        return any(life.hangs for life in self.lives.values())

    async def keep(self, name: str) -> None:
        """A desk lives, dies, and is started again, until this is cancelled."""
        while True:
            crash = self._crashes.pop(0) if self._crashes else None
            life, root = self._begin(name, crash)
            try:
                await asyncio.wait({root})
            except asyncio.CancelledError:
                if not life.stopping:
                    root.cancel()
                await asyncio.wait({root})
                await self._silent(life)
                raise
            await self._ended(life, root)
            del self.lives[name], self._desks[name]
            away = crash.away if crash is not None and life.dead else 1.0
            while away > 0 and not self._mishaps.over:
                away -= TICK
                await asyncio.sleep(TICK)
            self._mishaps.note()

    def _begin(self, name: str, crash: Crash | None) -> tuple[Life, "asyncio.Task[None]"]:
        self._number += 1
        scenario = self._scenario
        random = Random(f"life {scenario.seed} {self._number}")
        life = Life(
            name,
            self._number,
            random,
            scenario.weather,
            self._ground.referee,
            crash,
            scenario.lost_answers,
            self._stall if self._stalls else None,
        )
        desk = Desk(world_of(self._ground, life))
        variables = copy_context()
        variables.run(LIFE.set, life)
        root = asyncio.get_running_loop().create_task(_until_the_end(life, desk), context=variables)
        life.tasks.append(root)
        self.lives[name], self._desks[name] = life, desk
        return life, root

    async def _ended(self, life: Life, root: "asyncio.Task[None]") -> None:
        ground = self._ground
        if life.dead:
            self._gatekeeper.died(ground.deployer.running(), ground.scratch.there)
            return
        if not root.cancelled():
            ground.referee.complain(f"the desk ended by itself: {root.exception()!r}")
        await self._silent(life)

    async def _silent(self, life: Life) -> None:
        """A desk that was stopped makes no call any more."""
        before = life.calls
        await asyncio.sleep(_SILENCE)
        if life.calls > before:
            self._ground.referee.complain("the desk was stopped and went on")
        life.die()

    def wake(self, release: str) -> None:
        """Tell every desk that something was stored; some wake-ups are lost."""
        for desk in self._desks.values():
            if self._random.random() >= self._scenario.wakes_lost:
                desk.wake(release)

    def pause(self, length: float) -> None:
        """A desk stands still for so many seconds, and goes on as if nothing had been."""
        life = next(
            (life for life in self.lives.values() if not life.held and not life.stopping), None
        )
        if life is not None:
            self._hold(life, length)

    def _hold(self, life: Life, length: float) -> None:
        def go_on() -> None:
            self._mishaps.note()
            life.release()

        self._mishaps.note()
        life.hold()
        asyncio.get_running_loop().call_later(length, go_on)

    def _stall(self, life: Life, call: str) -> None:
        """Let a desk stand still before the call that was drawn for it."""
        stall = self._stalls.get(call)
        if stall is None or life.stopping or self._mishaps.over:
            return
        self._called[call] += 1
        if self._called[call] == stall.number:
            del self._stalls[call]
            self._hold(life, stall.length)

    def release_all(self) -> None:
        """Whoever stands still goes on."""
        for life in self.lives.values():
            life.release()

    def stop_one(self) -> None:
        """A desk is asked to end, as by SIGTERM; asked once more, its process would end as by SIGKILL."""
        for life in self.lives.values():
            if not life.stopping and not life.held:
                life.stopping = True
                life.tasks[0].cancel()
                return

    def look_at_streams(self) -> None:
        """A release is watched by one stream; an old one may stay open for a moment."""
        for life in self.lives.values():
            if len(life.streams) < 2:
                life.crowded = 0.0
                continue
            life.crowded += TICK
            if life.crowded == _LONGEST_CROWD:
                self._ground.referee.complain(
                    f"{len(life.streams)} streams are open for one release"
                )


async def _until_the_end(life: Life, desk: Desk) -> None:
    await life.live(desk.run())


def world_of(ground: Any, life: Life) -> World:
    """All that a desk reaches, through the wires of its life."""

    def wire(port: str) -> Any:
        return Wire(life, port, getattr(ground, port))

    store: Any = StoreWire(life, "store", ground.store)
    world = World(
        desk=life.desk,
        clock=ground.clock,
        store=store,
        deployer=wire("deployer"),
        workshop=wire("workshop"),
        router=wire("router"),
        metrics=MetricsWire(life, ground.metrics),
        smoke=wire("smoke"),
        notifier=wire("notifier"),
        dossiers=DossierReader(MemoryHistory(), MemorySecrets()),
        scratch=wire("scratch"),
        new_id=ground.new_id,
        free_port=ground.free_port,
        gauges=wire("gauges"),
        rhythm=RHYTHM,
    )
    life.withdrawn = world.withdrawn
    return world


def owned_task(
    loop: asyncio.AbstractEventLoop, work: Any, context: Variables | None = None
) -> "asyncio.Task[Any]":
    """Tasks belong to the life that made them, and die with it: the factory of a run's loop."""
    made = asyncio.Task(work, loop=loop, context=context)
    life = LIFE.get()
    if life is not None:
        life.tasks.append(made)
        if life.dead:
            made.cancel()
    return made
