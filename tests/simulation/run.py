"""One run: a release and all its disasters, in virtual time, from a seed."""

import asyncio
import contextlib
import gc
import hashlib
import logging
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from random import Random
from typing import Any

from tests.simulation.desks import Desks, owned_task
from tests.simulation.ending import look_back
from tests.simulation.filing import SIGNER
from tests.simulation.gatekeeper import Gatekeeper
from tests.simulation.ground import NEW, NEXT, OLD, TICK, Ground
from tests.simulation.life import Crashed
from tests.simulation.mishaps import Mishaps
from tests.simulation.people import QA, People
from tests.simulation.scenario import SERVICE, Kind, Scenario, draw
from tests.simulation.virtual import Stuck, VirtualLoop

from gonogo.domain.errors import Conflict, GonogoError
from gonogo.usecases.context import Context
from gonogo.usecases.releases.lifecycle import start_release
from gonogo.usecases.services.adoption import adopt

_LONGEST = 1500.0
"""Virtual seconds in which everything must have come to an end or wait for somebody."""

_MOST_RESTS = 6
_REST = 20.0
"""Virtual seconds in which what is still on its way arrives: what hangs may fail and is tried again."""

_LONG_REST = 45.0
"""The same where a call never comes back: its task is given up only after a while."""

_LONGEST_REST = 60.0
"""Virtual seconds in which whatever hangs for good was seen, and what was queued was sent."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a run went: the rules that were broken, and a digest of every call in it."""

    seed: int
    digest: str
    broken: tuple[str, ...]
    stages: tuple[str, ...]
    """Where each release ended, or waits."""
    rollouts: int
    """How many of them came to their canary steps."""
    kind: Kind
    seconds: float
    calls: int
    reached: frozenset[str]
    """The ways through gates that were gone."""


class Run:
    """Desks, people and mishaps over one ground."""

    def __init__(self, scenario: Scenario, loop: VirtualLoop, trace: Callable[[str], None]) -> None:
        ground = self.ground = Ground(scenario, loop)
        ground.referee.trace = trace
        self.loop = loop
        self.scenario = scenario
        self._tasks: list[asyncio.Task[None]] = []
        self.gatekeeper = Gatekeeper(
            ground.referee, ground.store.filed, loop.time, ground.clock.now
        )
        self.gatekeeper.time_is_sound = not scenario.clock_jumps
        ground.referee.also = self.gatekeeper.recorded
        self._mishaps = Mishaps(ground)
        self._desks = Desks(ground, self._mishaps, self.gatekeeper)
        self._context = Context(
            store=ground.store,
            source=ground.source,
            deployer=ground.deployer,
            router=ground.router,
            clock=ground.clock,
            new_id=ground.new_id,
            wake=self._desks.wake,
        )
        self._people = People(ground, self._context, self.gatekeeper, self._mishaps, self._spawn)

    async def play(self) -> None:
        """From the first request to the last look."""
        ground, referee = self.ground, self.ground.referee
        await ground.settle_in()
        for environment, at in ground.adopted.items():
            await self._adopt(environment, at)
        for desk in self.scenario.desks:
            self._spawn(self._desks.keep(desk))
        self._appoint()
        await self._start(NEW)
        second = self.scenario.second
        while True:
            await asyncio.sleep(TICK)
            self._look()
            if not self._people.nothing_follows():
                await self._people.look_in()
                if self.loop.time() > _LONGEST:
                    stages = [case.release.stage for case in referee.cases.values()]
                    referee.complain(f"no end after {_LONGEST:g} s: {stages}")
                    break
            elif second and all(case.release.final for case in referee.cases.values()):
                second = False
                await self._start(NEXT)
            else:
                break
        await self._rest()
        await look_back(ground)
        self.gatekeeper.look_back(ground.deployer.running(), ground.scratch.there)
        await self._stop()

    def _look(self) -> None:
        """Customers come, and what only shows over time is looked at."""
        self.ground.serve()
        self._desks.look_at_streams()
        held_up = self._desks.held_up
        if not held_up:
            self._people.look_at_words()
        self.gatekeeper.look(self._people.newest(), self._mishaps.last, held_up=held_up)

    def _appoint(self) -> None:
        scenario, mishaps = self.scenario, self._mishaps
        mishaps.appoint()
        self._people.appoint()
        for pause in scenario.pauses:
            mishaps.at(pause.at, self._desks.pause, pause.length)
        for at in scenario.wakes:
            mishaps.at(at, self._wake_for_nothing)
        for at in scenario.stops:
            mishaps.at(at, self._desks.stop_one)

    def _wake_for_nothing(self) -> None:
        for each in self.ground.referee.cases:
            self._desks.wake(each)

    async def _adopt(self, environment: str, at: str) -> None:
        """What runs there already is taken as it is."""
        place = {"service": SERVICE, "environment": environment}
        found = await adopt(self._context, SIGNER, **place, at=at, version=OLD)
        assert found.slot is not None
        self.ground.referee.adopted(found.slot)

    async def _start(self, version: str) -> None:
        try:
            opened = await start_release(self._context, QA, service=SERVICE, version=version)
        except Conflict as no:
            self.ground.referee.complain(f"{version} could not be started: {no}")
            return
        self.ground.referee.opened(opened, f"{opened.id}.0")
        self._people.begin(opened)

    async def _rest(self) -> None:
        """Let what is still on its way arrive, without mishaps."""
        self._mishaps.over = True
        self.scenario.weather.clears_at = 0.0
        self._desks.release_all()
        for _ in range(_MOST_RESTS):
            before = self._people.newest().stage
            began = self.loop.time()
            while self.loop.time() < began + _LONGEST_REST:
                await asyncio.sleep(TICK)
                self.ground.serve()
                rest = _LONG_REST if self._desks.miss_an_answer else _REST
                if self.loop.time() >= began + rest and not self.ground.store.unsent_messages:
                    break
            if self._people.newest().stage is before:
                return  # else harm was seen meanwhile in what a person had paused, and it is taken back

    async def _stop(self) -> None:
        """The desks are asked to end; afterwards they must not do anything."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _spawn(self, work: Coroutine[Any, Any, Any]) -> None:
        self._tasks.append(self.loop.create_task(work))


class _Defects(logging.Handler):
    """Errors in the desk's log are defects of gonogo."""

    def __init__(self, complain: Callable[[str], None]) -> None:
        super().__init__(logging.ERROR)
        self._complain = complain

    def emit(self, record: logging.LogRecord) -> None:
        cause = record.exc_info[1] if record.exc_info else None
        self._complain(f"{record.getMessage()}: {cause!r}")


def simulate(seed: int, say: Callable[[str], None] | None = None) -> Outcome:
    """Run one seed. `say` is told every call as it happens."""
    scenario = draw(seed)
    digest = hashlib.blake2b(digest_size=16)

    def trace(line: str) -> None:
        digest.update(line.encode())
        if say is not None:
            say(line)

    loop = VirtualLoop(Random(f"loop {seed}"))
    loop.set_task_factory(owned_task)
    log = logging.getLogger("gonogo")
    collecting = gc.isenabled()
    gc.disable()
    run = Run(scenario, loop, trace)
    referee = run.ground.referee
    handler = _Defects(referee.complain)
    level, propagates = log.level, log.propagate
    log.addHandler(handler)
    log.setLevel(logging.ERROR if say is None else logging.WARNING)
    log.propagate = say is not None
    try:
        loop.run_until_complete(run.play())
    except Stuck as stuck:
        referee.complain(str(stuck))
    finally:
        log.removeHandler(handler)
        log.setLevel(level)
        log.propagate = propagates
        _close(loop)
        if collecting:
            gc.enable()
    for line in referee.broken:
        trace(line)
    stages = tuple(case.release.stage.value for case in referee.cases.values())
    return Outcome(
        seed,
        digest.hexdigest(),
        tuple(referee.broken),
        stages,
        sum(case.came_to_canary for case in referee.cases.values()),
        scenario.candidate.kind,
        loop.time(),
        referee.calls,
        frozenset(run.gatekeeper.reached),
    )


def _close(loop: VirtualLoop) -> None:
    left = asyncio.all_tasks(loop)
    for task in left:
        task.cancel()
    if left:
        with contextlib.suppress(Stuck, GonogoError, Crashed):
            loop.run_until_complete(asyncio.wait(left, timeout=1))
    loop.close()
