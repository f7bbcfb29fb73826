"""A metric source that is told what happened, for tests and for simulations in virtual time."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta

from gonogo.adapters.tally import Tally, keyed_digest
from gonogo.domain.errors import Unavailable
from gonogo.domain.traffic import Kpi, Request
from gonogo.ports.clock import Clock
from gonogo.ports.metrics import Batch, MetricStream

_Place = tuple[str, str]


@dataclass
class MemoryMetrics:
    """The memory twin of `ports.metrics.MetricSource`.

    `push` is a finished request, `lose` a gap, `unreachable` the places whose source does not answer.
    `cut` ends a subscription as the death of the subscriber's process would.
    Waiting is done by the event loop, so a loop in virtual time waits in virtual time.
    """

    clock: Clock
    key: bytes = b"memory twin of the metric source"
    unreachable: set[_Place] = field(default_factory=set)
    _streams: dict[_Place, list["_Stream"]] = field(default_factory=dict)

    @asynccontextmanager
    async def subscribe(
        self, service: str, environment: str, kpis: tuple[Kpi, ...]
    ) -> AsyncIterator[MetricStream]:
        """See `ports.metrics.MetricSource.subscribe`."""
        stream = _Stream(self, (service, environment), Tally(kpis, keyed_digest(self.key)))
        self._streams.setdefault(stream.place, []).append(stream)
        try:
            yield stream
        finally:
            self.cut(stream)

    def cut(self, stream: MetricStream) -> None:
        """Nobody listens to this stream any more."""
        if isinstance(stream, _Stream):
            streams = self._streams.get(stream.place, [])
            self._streams[stream.place] = [other for other in streams if other is not stream]

    def open_streams(self) -> int:
        """How many subscriptions there are."""
        return sum(map(len, self._streams.values()))

    def push(self, service: str, environment: str, *requests: Request) -> None:
        """Requests that customers (or testers, when forced) finished just now."""
        for stream in self._of(service, environment):
            if stream.place in self.unreachable:
                stream.lose("the source could not be reached, so requests went by unseen")
                continue
            for request in requests:
                stream.add(request)

    def lose(self, service: str, environment: str, sentence: str) -> None:
        """A gap: what was not given out yet is dropped."""
        for stream in self._of(service, environment):
            stream.lose(sentence)

    def _of(self, service: str, environment: str) -> list["_Stream"]:
        return self._streams.get((service, environment), [])


class _Stream:
    """One subscription."""

    def __init__(self, source: MemoryMetrics, place: _Place, tally: Tally) -> None:
        self.place = place
        self._source = source
        self._tally = tally
        self._gap: str | None = None
        self._news = asyncio.Event()

    def add(self, request: Request) -> None:
        self._tally.add(request)
        if self._tally:
            self._news.set()

    def lose(self, sentence: str) -> None:
        self._gap = sentence
        self._tally.drop()
        self._news.set()

    async def next(self, within: timedelta) -> Batch:
        self._see_that_it_answers()
        if not self._news.is_set():
            try:
                async with asyncio.timeout(within.total_seconds()):
                    await self._news.wait()
            except TimeoutError:
                self._see_that_it_answers()
                return Batch(at=self._source.clock.now())
        self._see_that_it_answers()
        if self._gap is not None:
            gap, self._gap = self._gap, None
            if not self._tally:
                self._news.clear()
            return Batch(at=self._source.clock.now(), gap=gap)
        self._news.clear()
        return self._tally.take(self._source.clock.now())

    def _see_that_it_answers(self) -> None:
        if self.place in self._source.unreachable:
            raise Unavailable("the metric source of {} in {} did not answer".format(*self.place))
