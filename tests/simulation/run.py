"""One run: a release and all its disasters, in virtual time, from a seed."""

import asyncio
import contextlib
import gc
import hashlib
import logging
from collections.abc import Callable, Coroutine
from contextvars import Context as Variables
from contextvars import copy_context
from dataclasses import dataclass
from datetime import timedelta
from random import Random
from typing import Any

from tests.simulation.ending import look_back
from tests.simulation.filing import Filers
from tests.simulation.gatekeeper import Gatekeeper
from tests.simulation.ground import NEW, NEXT, OLD, TICK, Ground
from tests.simulation.life import LIFE, Crashed, Life, MetricsWire, StoreWire, Wire
from tests.simulation.scenario import SERVICE, Kind, Scenario, draw
from tests.simulation.virtual import Stuck, VirtualLoop

from gonogo.adapters.memory.deployer import Behaviour
from gonogo.adapters.memory.history import MemoryHistory
from gonogo.adapters.memory.secrets import MemorySecrets
from gonogo.controllers.desk import Desk
from gonogo.controllers.world import Rhythm, World
from gonogo.domain.actor import Actor, Role
from gonogo.domain.errors import Conflict, GonogoError, NotFound
from gonogo.domain.release import WAITING, InstructionKind, Release, Stage, VerifiedLine
from gonogo.usecases.context import Context
from gonogo.usecases.gathering import DossierReader
from gonogo.usecases.releases import start_release
from gonogo.usecases.verification import WORDS, tell

RHYTHM = Rhythm(
    poll=timedelta(seconds=1),
    flush=timedelta(seconds=6),
    keep=timedelta(seconds=5),
    claim=timedelta(seconds=5),
    lease=timedelta(seconds=30),
    regard=timedelta(seconds=10),
    gap_patience=timedelta(seconds=6),
    stop_grace=timedelta(seconds=5),
    supervise=timedelta(seconds=5),
    patience=timedelta(seconds=20),
    farewell=timedelta(seconds=10),
)
QA = Actor("qa", frozenset({Role.OWNER, Role.QA}))

_LONGEST = 1500.0
"""Virtual seconds in which everything must have come to an end or wait for somebody."""

_LONGEST_WORD = 60.0
"""Virtual seconds in which a person's word must be answered when nothing is wrong."""


_IMPATIENCE = 0.02
"""How often whoever looks at a release that lacks something says a word instead of waiting."""

_LONGEST_CROWD = 15.0
"""Virtual seconds for which the drive of a release that has just ended may still listen."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a run went: the rules that were broken, and a digest of every call in it."""

    seed: int
    digest: str
    broken: tuple[str, ...]
    stages: tuple[str, ...]
    kind: Kind
    seconds: float
    calls: int
    reached: frozenset[str]
    """The ways through gates that were gone."""


class Run:
    """Desks, people and mishaps over one ground."""

    def __init__(self, scenario: Scenario, loop: VirtualLoop, trace: Callable[[str], None]) -> None:
        self.ground = Ground(scenario, loop)
        self.ground.referee.trace = trace
        self.loop = loop
        self.scenario = scenario
        self._lives: dict[str, Life] = {}
        self._desks: dict[str, Desk] = {}
        self._random = Random(f"people {scenario.seed}")
        self._crashes = list(scenario.crashes)
        self._number = 0
        self._last_mishap = scenario.weather.clears_at
        self._cares = 12
        self._backwards = 12
        self._next_care = 0.0
        self._tasks: list[asyncio.Task[None]] = []
        self._ending = False
        self._began = 0.0
        self.gatekeeper = Gatekeeper(
            self.ground.referee,
            self.ground.store.filed,
            loop.time,
            self.ground.clock.now,
        )
        self.gatekeeper.time_is_sound = not scenario.clock_jumps
        self.ground.referee.also = self.gatekeeper.recorded
        self.context = Context(
            store=self.ground.store,
            source=self.ground.source,
            deployer=self.ground.deployer,
            router=self.ground.router,
            clock=self.ground.clock,
            new_id=self.ground.new_id,
            wake=self._wake,
        )
        self._filers = Filers(self.ground, self.context, self.gatekeeper)

    async def play(self) -> None:
        """From the first request to the last look."""
        ground = self.ground
        await ground.settle_in()
        for desk in self.scenario.desks:
            self._tasks.append(self.loop.create_task(self._keep_desk(desk)))
        self._appoint()
        await self._start(NEW)
        second = self.scenario.second
        while True:
            await asyncio.sleep(TICK)
            ground.serve()
            self._look_at_streams()
            self._look_at_words()
            self._look_at_gates()
            if not self._over():
                await self._care()
                await self._bring()
                if self.loop.time() > _LONGEST:
                    stages = [case.release.stage for case in ground.referee.cases.values()]
                    ground.referee.complain(f"no end after {_LONGEST:g} s: {stages}")
                    break
            elif second and all(case.release.final for case in ground.referee.cases.values()):
                second = False
                await self._start(NEXT)
            else:
                break
        self._ending = True
        await self._rest()
        await look_back(ground)
        self.gatekeeper.look_back(ground.deployer.running(), ground.scratch.there)
        await self._stop()

    async def _start(self, version: str) -> None:
        try:
            opened = await start_release(self.context, QA, service=SERVICE, version=version)
        except Conflict as no:
            self.ground.referee.complain(f"{version} could not be started: {no}")
            return
        self.ground.referee.opened(opened, f"{opened.id}.0")
        self._began = self.loop.time()
        for filing in self.scenario.asked.filings:
            if not filing.after:
                self._at(self._began + filing.delay, self._file, filing.what, opened.id)

    async def _rest(self) -> None:
        """Let what is still on its way arrive, without mishaps."""
        self.scenario.weather.clears_at = 0.0
        for life in self._lives.values():
            life.release()
        for _ in range(int(20 / TICK)):
            await asyncio.sleep(TICK)
            self.ground.serve()

    async def _stop(self) -> None:
        """The desks are asked to end; afterwards they must not do anything."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    # --- desks

    async def _keep_desk(self, name: str) -> None:
        """A desk lives, dies, and is started again."""
        ground = self.ground
        while True:
            crash = self._crashes.pop(0) if self._crashes else None
            self._number += 1
            random = Random(f"life {self.scenario.seed} {self._number}")
            scenario, referee = self.scenario, ground.referee
            life = Life(
                name, self._number, random, scenario.weather, referee, crash, scenario.lost_answers
            )
            desk = Desk(self._world(life))
            variables = copy_context()
            variables.run(LIFE.set, life)
            root = self.loop.create_task(desk.run(), context=variables)
            life.tasks.append(root)
            self._lives[name], self._desks[name] = life, desk
            try:
                await asyncio.wait({root})
            except asyncio.CancelledError:
                root.cancel()
                await asyncio.wait({root})
                await self._silent(life)
                raise
            if life.dead:
                self.gatekeeper.died(ground.deployer.running(), ground.scratch.there)
            if not life.dead and not root.cancelled():
                ground.referee.complain(f"the desk ended by itself: {root.exception()!r}")
            if not life.dead:
                await self._silent(life)
            del self._lives[name], self._desks[name]
            away = crash.away if crash is not None and life.dead else 1.0
            while away > 0 and not self._ending:
                away -= TICK
                await asyncio.sleep(TICK)
            self._mishap()

    async def _silent(self, life: Life) -> None:
        """A desk that was stopped makes no call any more."""
        before = life.calls
        await asyncio.sleep(3)
        if life.calls > before:
            self.ground.referee.complain("the desk was stopped and went on")
        life.die()

    def _world(self, life: Life) -> World:
        ground: Any = self.ground
        world = World(
            desk=life.desk,
            clock=ground.clock,
            store=StoreWire(life, "store", ground.store),  # type: ignore[arg-type]
            deployer=Wire(life, "deployer", ground.deployer),  # type: ignore[arg-type]
            workshop=Wire(life, "workshop", ground.workshop),  # type: ignore[arg-type]
            router=Wire(life, "router", ground.router),  # type: ignore[arg-type]
            metrics=MetricsWire(life, ground.metrics),
            smoke=Wire(life, "smoke", ground.smoke),  # type: ignore[arg-type]
            notifier=Wire(life, "notifier", ground.notifier),  # type: ignore[arg-type]
            dossiers=DossierReader(
                StoreWire(life, "store", ground.store),  # type: ignore[arg-type]
                MemoryHistory(),
                MemorySecrets(),
            ),
            scratch=Wire(life, "scratch", ground.scratch),  # type: ignore[arg-type]
            new_id=ground.new_id,
            free_port=ground.free_port,
            gauges=Wire(life, "gauges", ground.gauges),  # type: ignore[arg-type]
            rhythm=RHYTHM,
        )
        life.withdrawn = world.withdrawn
        return world

    def _wake(self, release: str) -> None:
        for desk in self._desks.values():
            if self._random.random() >= self.scenario.wakes_lost:
                desk.wake(release)

    # --- mishaps and people, each at its time

    def _appoint(self) -> None:
        scenario = self.scenario
        for pause in scenario.pauses:
            self._at(pause.at, self._pause, pause.length)
        for at, word in scenario.words:
            self._at(at, lambda word=word: self._spawn(self._say(word)))
        self.ground.referee.reached = self._reached
        for at in scenario.wakes:
            self._at(at, lambda: [self._wake(each) for each in self.ground.referee.cases])
        for at in scenario.router_deaths:
            self._at(at, self._kill_router)
        for at in scenario.baseline_deaths:
            self._at(at, self._kill_baseline)
        for at, length in scenario.gaps:
            self._at(at, self._blind, length)
        for at in scenario.stops:
            self._at(at, self._stop_one)
        for at, jump in scenario.clock_jumps:
            self._at(at, self._jump, jump)

    def _reached(self, stage: Stage) -> None:
        for where, delay, word in self.scenario.whims:
            if where == stage.value:
                say = lambda word=word: self._spawn(self._say(word))  # noqa: E731
                self._at(self.loop.time() + delay, say)
        for filing in self.scenario.asked.filings:
            if filing.after == stage.value:
                identity = self._newest().id
                self._at(self.loop.time() + filing.delay, self._file, filing.what, identity)

    def _file(self, what: str, identity: str) -> None:
        release = self.ground.referee.cases[identity].release
        deed = self._filers.deeds.get(what)
        if deed is None:
            self._spawn(self._say(what))
        elif not release.final:
            self._spawn(deed(release))

    def _at(self, when: float, work: Callable[..., Any], *arguments: Any) -> None:
        def happen() -> None:
            if not self._ending:
                self._mishap()
                work(*arguments)

        self.loop.call_at(when, happen)

    def _mishap(self) -> None:
        self._last_mishap = max(self._last_mishap, self.loop.time())

    def _spawn(self, work: Coroutine[Any, Any, Any]) -> None:
        self._tasks.append(self.loop.create_task(work))

    def _pause(self, length: float) -> None:
        life = next((life for life in self._lives.values() if not life.held), None)
        if life is None:
            return

        def go_on() -> None:
            self._mishap()
            life.release()

        life.hold()
        self.loop.call_later(length, go_on)

    def _stop_one(self) -> None:
        for life in self._lives.values():
            life.tasks[0].cancel()
            return

    def _kill_router(self) -> None:
        self.ground.router.kill(SERVICE, self.scenario.plan.production.name)

    def _kill_baseline(self) -> None:
        running = self.ground.deployer.running()
        if self.scenario.old_refuses:
            self.ground.deployer.behave(OLD, Behaviour(refuses="its disk is gone"))
        if running:
            self.ground.deployer.kill(self._random.choice(running).id)

    def _blind(self, length: float) -> None:
        place = (SERVICE, self.scenario.plan.production.name)
        if not length:
            self.ground.metrics.lose(*place, "lines were lost")
            return

        def see() -> None:
            self._mishap()
            self.ground.metrics.unreachable.discard(place)

        self.ground.metrics.unreachable.add(place)
        self.loop.call_later(length, see)

    def _jump(self, seconds: float) -> None:
        self.ground.clock.offset += timedelta(seconds=seconds)

    async def _say(self, word: str) -> bool:
        """A person says a word to the newest release; whether it was taken."""
        release = self._newest()
        kind, asked = InstructionKind(word), release.plan.verification
        lines: tuple[VerifiedLine, ...] = ()
        if asked is not None and kind in WORDS:
            passed = kind is InstructionKind.CONFIRM
            lines = tuple(VerifiedLine(name, passed) for name in asked.lines)
        try:
            await tell(
                self.context,
                QA,
                reference=release.id,
                kind=kind,
                reason="because",
                lines=lines,
            )
        except (Conflict, NotFound):
            return False
        for said in await self.ground.store.instructions(release.id):
            if said.id not in self.ground.referee.words:
                self.ground.referee.said(said, self.loop.time())
        return True

    def _newest(self) -> Release:
        return list(self.ground.referee.cases.values())[-1].release

    def _over(self) -> bool:
        """Whether nothing will change any more by itself."""
        release = self._newest()
        if release.final:
            return True
        waits = release.stage in WAITING and not self._unanswered(release)
        waits = waits and not (release.stage is Stage.HELD and self._expects_more())
        quiet = self.loop.time() > self._last_mishap + 60
        return waits and quiet and not (self.scenario.carer and self._cares > 0)

    async def _care(self) -> None:
        """Somebody comes by now and then and decides about a release that waits."""
        release, now = self._newest(), self.loop.time()
        if not self.scenario.carer or now < self._next_care or self._cares <= 0:
            return
        if release.stage is Stage.VERIFYING_ROLLBACK:
            await self._confirm_rollback()
        if release.stage not in WAITING:
            return
        if self._unanswered(release) or not self._despairs(release):
            return
        self._next_care = now + self._random.uniform(5, 25)
        self._cares -= 1
        words = ["resume", "retry", "resume", "retry", "roll_back", "abort"]
        if self._cares < 6:
            words = ["roll_back", "abort"] if self._cares % 3 else ["resume"]
        self._random.shuffle(words)
        for word in words:
            if await self._say(word):
                return

    async def _confirm_rollback(self) -> None:
        """Where the plan asks whether the version before is well, somebody says so after a while."""
        self._next_care = self.loop.time() + self._random.uniform(5, 25)
        if self._random.random() < 0.5:
            await self._say("confirm")

    def _expects_more(self) -> bool:
        return self.loop.time() < self._began + self.scenario.asked.gives_up_at

    def _despairs(self, release: Release) -> bool:
        """Whether a word is better than waiting for what the gates lack; whoever waits may try."""
        if release.stage is not Stage.HELD:
            return True
        if self.gatekeeper.lacks_nothing(release):
            return False
        return not self._expects_more() or self._random.random() < _IMPATIENCE

    async def _bring(self) -> None:
        """Somebody brings what is missing, or ends at last what nobody brought anything for."""
        release, asked = self._newest(), self.scenario.asked
        if not self.gatekeeper.waits_for_gates(release):
            return
        since = self.loop.time() - self._began
        comes = asked.complete_at is not None and since >= asked.complete_at
        if comes:
            await self._filers.bring_what_is_missing(release)
        if since < asked.gives_up_at or release.stage is Stage.HELD or self._unanswered(release):
            return
        if not self.gatekeeper.lacks_nothing(release) and self._backwards > 0:
            self._backwards -= 1
            await self._say("roll_back")

    def _unanswered(self, release: Release) -> bool:
        referee = self.ground.referee
        return any(
            word.release == release.id and identity not in referee.answered
            for identity, (word, _) in referee.words.items()
        )

    # --- what only shows over time

    def _look_at_streams(self) -> None:
        for life in self._lives.values():
            if len(life.streams) < 2:
                life.crowded = 0.0
                continue
            life.crowded += TICK
            if life.crowded == _LONGEST_CROWD:
                self.ground.referee.complain(
                    f"{len(life.streams)} streams are open for one release"
                )

    def _look_at_gates(self) -> None:
        held_up = not self._lives or any(life.held for life in self._lives.values())
        self.gatekeeper.look(self._newest(), self._last_mishap, held_up=held_up)

    def _look_at_words(self) -> None:
        referee = self.ground.referee
        if not self._lives or any(life.held for life in self._lives.values()):
            return
        for identity, (word, at) in referee.words.items():
            case = referee.cases[word.release]
            if identity in referee.answered or case.release.final:
                continue
            if self.loop.time() - max(at, self._last_mishap) > _LONGEST_WORD:
                referee.complain(f"nobody answered {word.kind.value} in {_LONGEST_WORD:g} s")
                referee.answered.add(identity)


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
    loop.set_task_factory(_task)
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
        scenario.candidate.kind,
        loop.time(),
        referee.calls,
        frozenset(run.gatekeeper.reached),
    )


def _task(
    loop: asyncio.AbstractEventLoop, work: Any, context: Variables | None = None
) -> asyncio.Task[Any]:
    """Tasks belong to the life that made them, and die with it."""
    task = asyncio.Task(work, loop=loop, context=context)
    life = LIFE.get()
    if life is not None:
        life.tasks.append(task)
        if life.dead:
            task.cancel()
    return task


def _close(loop: VirtualLoop) -> None:
    left = asyncio.all_tasks(loop)
    for task in left:
        task.cancel()
    if left:
        with contextlib.suppress(Stuck, GonogoError, Crashed):
            loop.run_until_complete(asyncio.wait(left, timeout=1))
    loop.close()
