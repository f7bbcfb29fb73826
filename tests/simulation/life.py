"""One life of a desk: every call that it makes of a port passes here, and may be its last.

Between two calls of ports a desk only computes, and what it computes is forgotten when it dies. So
the instants before and after every call are all the instants at which a crash can differ, and a desk
that stands still can be held at its next call. After the instant of death no call has an effect.
"""

import asyncio
import types
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Generator
from contextlib import asynccontextmanager
from contextvars import ContextVar
from datetime import timedelta
from random import Random
from typing import Any, Protocol

from tests.simulation.scenario import Crash, Weather

from gonogo.adapters.memory.metrics import MemoryMetrics
from gonogo.domain.errors import ActionFailed, GonogoError, Unavailable
from gonogo.domain.traffic import Kpi
from gonogo.ports.metrics import Batch, MetricStream

ACTS = frozenset(
    {
        "store.record",
        "router.apply",
        "deployer.start",
        "deployer.stop",
        "workshop.run",
        "smoke.run",
        "notifier.send",
        "store.sent",
        "store.file",
        "store.rearrange",
        "scratch.make",
        "scratch.drop",
    }
)
"""Calls that change something: the interesting instants to die at."""

_MAY_FAIL_FOR_GOOD = frozenset({"router", "deployer", "workshop", "scratch"})

_HANG_FOR_GOOD = frozenset({"store", "router", "metrics", "notifier"})
"""Ports of which a call may never come back, and nobody expects one to take long."""

LIFE: ContextVar["Life | None"] = ContextVar("life", default=None)


class Crashed(BaseException):
    """The desk is dead. Nothing catches this, as nothing catches SIGKILL."""


class Witness(Protocol):
    """Who sees every call that had an effect, and may complain."""

    watched: frozenset[str]
    """Calls of which it wants to see the effect."""

    def called(self, life: "Life", name: str) -> None:
        """A call begins."""
        ...

    def about(
        self, life: "Life", name: str, arguments: tuple[Any, ...], options: dict[str, Any]
    ) -> None:
        """The call is about to have its effect."""
        ...

    def done(self, life: "Life", name: str, arguments: tuple[Any, ...], result: Any) -> None:
        """The call had its effect."""
        ...


class Life:
    """From the start of a desk to its death. `stale` says that another desk may have taken over."""

    def __init__(
        self,
        desk: str,
        number: int,
        random: Random,
        weather: Weather,
        witness: Witness,
        crash: Crash | None,
        lost_answers: frozenset[int],
        stalls: Callable[["Life", str], None] | None = None,
    ) -> None:
        self.desk = desk
        self.number = number
        self.tag = f"{desk}{number}"
        self.dead = False
        self.stale = False
        self.stopping = False
        self.hangs = False
        """Whether one of its calls never comes back: it takes a while until that is missed."""
        self.tasks: list[asyncio.Task[Any]] = []
        self.crowded = 0.0
        self.papers_read: list[float] = []
        """When the papers that it decides on were read."""
        self.streams: list[MetricStream] = []
        self.withdrawn: dict[str, str] = {}
        self.metrics: MemoryMetrics | None = None
        self.died: asyncio.Event = asyncio.Event()
        self._random = random
        self._seconds = asyncio.get_running_loop().time
        self._weather = weather
        self._witness = witness
        self._crash = crash
        self._lost_answers = lost_answers
        self._stalls = stalls
        """Told of every call before it has its effect: may let the desk stand still there."""
        self._changes = 0
        self.calls = 0
        self._acts = 0
        self._held: asyncio.Event | None = None

    def hold(self) -> None:
        """Stand still from the next call on."""
        if self._held is None:
            self._held = asyncio.Event()
        self.stale = True

    def release(self) -> None:
        """Go on."""
        if self._held is not None:
            self._held.set()
            self._held = None

    @property
    def held(self) -> bool:
        """Whether it stands still."""
        return self._held is not None

    def die(self) -> None:
        """The end, at once: what it had open is closed by the kernel, and nothing else is."""
        if self.dead:
            return
        self.dead = True
        self.died.set()
        self.release()
        if self.metrics is not None:
            for stream in self.streams:
                self.metrics.cut(stream)
        self.streams.clear()
        for task in self.tasks:
            if not task.done():
                task.cancel()

    @types.coroutine
    def live(self, work: Coroutine[Any, Any, None]) -> Generator[Any, Any, None]:
        """Do the work of whoever looks after all others, which stands still with them.

        The others come to stand at their next call. Time goes on meanwhile, and one that makes no call
        would take them for stuck and end them, as it cannot where a whole process is stopped.
        """
        step: Callable[[Any], Any]
        step, given = work.send, None
        while True:
            try:
                awaited = step(given)
            except StopIteration:
                return
            try:
                step, given = work.send, (yield awaited)
                if self._held is not None:
                    yield from self._held.wait().__await__()
            except BaseException as ending:  # noqa: BLE001 - it is for the work to say what that means
                step, given = work.throw, ending

    async def call(
        self, name: str, function: Callable[..., Awaitable[Any]], arguments: Any, options: Any
    ) -> Any:
        """Make a call the way the weather lets it."""
        if self.dead:
            raise Crashed
        witness = self._witness
        witness.called(self, name)
        self.calls += 1
        dies_after = False if self._crash is None else self._ends_with(name)
        fate = self._fate(name)
        if self._stalls is not None:
            self._stalls(self, name)
        if self._held is not None:
            await self._hold_on()
        if fate is not None:
            result = await self._suffer(fate, name, function, arguments, options)
        elif name in witness.watched:
            result = await self._take_effect(name, function, arguments, options)
        else:
            result = await function(*arguments, **options)
            if self.dead:
                raise Crashed
        if dies_after:
            self.die()
            raise Crashed
        if self._held is not None:
            await self._hold_on()
        return result

    def _ends_with(self, name: str) -> bool:
        """Count down to the crash; returns whether it comes after this call, which has its effect."""
        crash = self._crash
        if name in ACTS:
            self._acts += 1
        if crash is None:
            return False
        reached = self._acts if crash.acts else self.calls
        if reached < crash.number or (crash.acts and name not in ACTS):
            return False
        self._crash = None
        if not crash.after:
            self.die()
            raise Crashed
        return True

    async def _hold_on(self) -> None:
        while self._held is not None:
            await self._held.wait()
        if self.dead:
            raise Crashed

    def _fate(self, name: str) -> str | None:
        fate = self._drawn(name)
        if name == "store.record":
            self._changes += 1
            if self._changes in self._lost_answers:
                return "did it and failed"
        return fate

    def _drawn(self, name: str) -> str | None:
        random, weather = self._random, self._weather
        if self._seconds() < weather.clears_at:
            port = name[: name.index(".")]
            if random.random() < weather.fails[port]:
                return random.choice(("refused", "did it and failed", "failed late"))
            if random.random() < weather.hangs[port]:
                return random.choice(("hangs", "answers late"))
        return "slow" if random.random() < weather.slow else None

    async def _suffer(
        self,
        fate: str,
        name: str,
        function: Callable[..., Awaitable[Any]],
        arguments: Any,
        options: Any,
    ) -> Any:
        random = self._random
        if fate == "slow":
            await asyncio.sleep(random.choice((0.0, 0.0, 0.003, 0.05)))
            return await self._take_effect(name, function, arguments, options)
        if fate == "refused":
            raise self._error(name)
        if fate == "hangs" and name.partition(".")[0] in _HANG_FOR_GOOD and random.random() < 0.2:
            self.hangs = True
            await self.died.wait()  # nothing ends this but whoever looks after the task
            raise Crashed
        if fate in {"hangs", "failed late"}:
            await asyncio.sleep(random.uniform(0.2, 12))
        if fate == "failed late":
            raise self._error(name)
        if self._held is not None:
            await self._hold_on()
        result = await self._take_effect(name, function, arguments, options)
        if fate == "answers late":
            await asyncio.sleep(random.uniform(0.2, 12))
        if fate == "did it and failed":
            raise self._error(name)
        return result

    async def _take_effect(
        self, name: str, function: Callable[..., Awaitable[Any]], arguments: Any, options: Any
    ) -> Any:
        if self.dead:
            raise Crashed
        self._witness.about(self, name, arguments, options)
        result = await function(*arguments, **options)
        self._witness.done(self, name, arguments, result)
        if self.dead:
            raise Crashed
        return result

    def _error(self, name: str) -> GonogoError:
        port = name.partition(".")[0]
        if port in _MAY_FAIL_FOR_GOOD and self._random.random() < 0.4:
            return ActionFailed(f"{name} went wrong")
        return Unavailable(f"{name} did not answer")


class Wire:
    """A port as a desk's life reaches it."""

    def __init__(self, life: Life, port: str, target: object) -> None:
        self._life = life
        self._port = port
        self._target = target

    def __getattr__(self, method: str) -> Callable[..., Any]:
        function = getattr(self._target, method)
        life, name = self._life, f"{self._port}.{method}"

        def call(*arguments: Any, **options: Any) -> Awaitable[Any]:
            return life.call(name, function, arguments, options)

        setattr(self, method, call)
        return call


class StoreWire(Wire):
    """The store: one of its methods is a stream."""

    def entries(self, **options: Any) -> AsyncIterator[Any]:
        """See the port."""
        return self._entries(options)

    async def _entries(self, options: dict[str, Any]) -> AsyncIterator[Any]:
        async def read() -> list[Any]:
            target: Any = self._target
            return [entry async for entry in target.entries(**options)]

        for entry in await self._life.call("store.entries", read, (), {}):
            yield entry


class MetricsWire:
    """The metric source: a stream that ends with the desk's life."""

    def __init__(self, life: Life, target: MemoryMetrics) -> None:
        self._life = life
        self._target = target
        life.metrics = target

    @asynccontextmanager
    async def subscribe(
        self, service: str, environment: str, kpis: tuple[Kpi, ...]
    ) -> AsyncIterator[MetricStream]:
        """See the port."""
        life = self._life
        await life.call("metrics.subscribe", _nothing, (), {})
        async with self._target.subscribe(service, environment, kpis) as stream:
            life.streams.append(stream)
            try:
                yield _StreamWire(life, stream)
            finally:
                if stream in life.streams:
                    life.streams.remove(stream)


async def _nothing() -> None:
    """What a subscription does beyond being there."""


class _StreamWire:
    def __init__(self, life: Life, stream: MetricStream) -> None:
        self._life = life
        self._stream = stream

    async def next(self, within: timedelta) -> Batch:
        found: Batch = await self._life.call("metrics.next", self._stream.next, (within,), {})
        return found
