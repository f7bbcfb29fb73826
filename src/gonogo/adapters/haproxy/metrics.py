"""Counting what customers got, from HAProxy's log lines.

Lines come from HAProxy's ring over its runtime socket: a stream, so that nothing is lost on the way
without notice, and pulled by the desk, so that HAProxy never waits for one. A line arrives within a
millisecond of the end of its request. Each carries the process that wrote it and a number that grows
by one from line to line; every half second the number is compared with HAProxy's own counters.

Guarantees:

- A line is counted once or not at all. What ended before the subscription is never counted; after a
  broken connection the ring's memory is read again and continued where it stopped.
- A missing number, counters that are ahead of the lines for longer than a grace, or another process
  is a gap: one batch with a sentence and no counts, and what was not yet given out is dropped.
- Memory is bounded: what is not asked for waits in HAProxy's ring, which then drops lines.

Not judged are forced requests, what no instance was drawn for, and customers who went away at once.
Health checks and requests that bypass HAProxy never appear here.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from pathlib import Path

from gonogo.adapters.haproxy import lines, runtime
from gonogo.adapters.haproxy.config import home_of
from gonogo.adapters.tally import Tally, keyed_digest
from gonogo.domain.errors import Unavailable
from gonogo.domain.traffic import Kpi
from gonogo.ports.clock import Clock
from gonogo.ports.metrics import Batch, MetricStream

_CHUNK = 1 << 16
_LONGEST_LINE = 1 << 13


class HaproxyMetrics:
    """`ports.metrics.MetricSource` over the HAProxys that a HaproxyRouter runs in `directory`.

    `key` (16 to 64 random bytes) turns customers' addresses into digests. Times are in seconds:
    counters are compared every `reconcile_every`, lines may be late by `grace`, and a customer who
    leaves after `patience` without an answer is counted as one who got none.
    """

    def __init__(
        self,
        directory: Path,
        clock: Clock,
        key: bytes,
        *,
        reconcile_every: float = 0.5,
        grace: float = 1.0,
        patience: float = 2.0,
    ) -> None:
        self._root = directory.absolute()
        self._clock = clock
        self._digest = keyed_digest(key)
        self._times = (reconcile_every, grace, patience)

    @asynccontextmanager
    async def subscribe(
        self, service: str, environment: str, kpis: tuple[Kpi, ...]
    ) -> AsyncIterator[MetricStream]:
        """See `ports.metrics.MetricSource.subscribe`."""
        home = home_of(self._root, service, environment)
        stream = _Stream(home, self._clock, Tally(kpis, self._digest), self._times)
        try:
            await stream.open()
            yield stream
        finally:
            await stream.close()


class _Stream:
    """One subscription. `_expected` is the number of the next line of process `_pid`."""

    def __init__(
        self, home: Path, clock: Clock, tally: Tally, times: tuple[float, float, float]
    ) -> None:
        self._home = home
        self._clock = clock
        self._tally = tally
        self._every, self._grace, self._patience = times
        self._attached: AsyncExitStack | None = None
        self._reader: asyncio.StreamReader | None = None
        self._rest = b""
        self._pid: int | None = None
        self._expected = 0
        self._owed: tuple[int, float] | None = None
        self._reconcile_at = 0.0
        self._gap: str | None = None

    async def open(self) -> None:
        try:
            await self._attach()
        except Unavailable:
            self._pid = -1  # whatever is found later has served requests that were not seen

    async def close(self) -> None:
        attached, self._attached, self._reader = self._attached, None, None
        if attached is not None:
            await attached.aclose()

    async def next(self, within: timedelta) -> Batch:
        until = asyncio.get_running_loop().time() + within.total_seconds()
        while True:
            reader = self._reader or await self._attach()
            if self._gap is None and not self._tally:
                await self._read(reader, until)
            if self._gap is not None:
                gap, self._gap = self._gap, None
                return Batch(at=self._clock.now(), gap=gap)
            if self._tally:
                return self._tally.take(self._clock.now())
            if asyncio.get_running_loop().time() >= until:
                return Batch(at=self._clock.now())

    async def _attach(self) -> asyncio.StreamReader:
        await self.close()
        async with AsyncExitStack() as stack:
            pid, number, reader = await runtime.follow(self._home, stack)
            self._attached = stack.pop_all()
        self._rest = b""
        self._owed = None
        if self._pid is None:
            self._expected = number
        elif self._pid != pid:
            self._lost(
                "HAProxy could not be reached, so requests went by unseen"
                if self._pid < 0
                else f"HAProxy was restarted (process {self._pid} is now {pid})"
            )
            self._expected = number
        self._pid, self._reader = pid, reader
        return reader

    async def _read(self, reader: asyncio.StreamReader, until: float) -> None:
        """Take in what has come, or wait for it until `until`, comparing counters meanwhile."""
        loop = asyncio.get_running_loop()
        if loop.time() >= self._reconcile_at:
            self._reconcile_at = loop.time() + self._every
            await self._reconcile()
        try:
            async with asyncio.timeout_at(min(until, self._reconcile_at)):
                data = await reader.read(_CHUNK)
        except TimeoutError:
            self._look_for_missing()
            return
        except ConnectionError:
            data = b""
        if not data:
            await self.close()
            return
        *whole, self._rest = (self._rest + data).split(b"\n")
        if len(self._rest) > _LONGEST_LINE:
            self._rest = b""
        self._take_in(whole)

    def _take_in(self, received: list[bytes]) -> None:
        now = self._clock.now()
        for raw in received:
            line = lines.parse(raw.decode("latin-1"), now, self._patience)
            if line is None or line.number < self._expected:
                continue
            if line.number > self._expected:
                self._lost(f"HAProxy's log lacks {line.number - self._expected} of its lines")
            if line.unclear:
                self._lost("a retried request failed on an instance that is not known")
            self._expected = line.number + 1
            if line.request is not None:
                self._tally.add(line.request)

    async def _reconcile(self) -> None:
        """Ask HAProxy how many lines it wrote. Another process is found when the stream ends."""
        pid, number = await runtime.position(self._home)
        if pid != self._pid:
            await self.close()
        elif number > self._expected and self._owed is None:
            self._owed = (number, asyncio.get_running_loop().time() + self._grace)

    def _look_for_missing(self) -> None:
        """Called when nothing waits to be read: what HAProxy wrote long ago has not come."""
        if self._owed is None:
            return
        number, until = self._owed
        if self._expected >= number:
            self._owed = None
        elif asyncio.get_running_loop().time() >= until:
            missing = number - self._expected
            what = (
                "1 request whose log line"
                if missing == 1
                else f"{missing} requests whose log lines"
            )
            self._lost(f"HAProxy finished {what} did not come")
            self._expected, self._owed = number, None

    def _lost(self, sentence: str) -> None:
        self._gap = sentence
        self._tally.drop()
