"""Counts of some KPIs from one metric source, and from the router all that it cannot know.

Counters tell how many requests were bad. Who was hurt, how long answers took and how many requests
there were comes from the router, which all of them pass, and so do the counts of KPIs that the other
source has no counters of (a criterion that was signed for one release). Where the router counts
nothing, its gaps are missing from the record, never from the judgement.

An instance that answers customers and is counted no more looks like one without faults. So what the
router saw is held against the counters: requests that stay uncounted for long make them unavailable.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Collection
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from gonogo.domain.errors import Unavailable
from gonogo.domain.latency import Latencies
from gonogo.domain.traffic import Endpoint, Kpi
from gonogo.ports.clock import Clock
from gonogo.ports.metrics import Batch, MetricSource, MetricStream

_ROUND = timedelta(seconds=1)
ENOUGH = 20
"""Requests of one instance that may be too few for its counters to have moved."""


class CountedElsewhere:
    """`ports.metrics.MetricSource` with the counts of KPIs called `names` from `counts`.

    `patience` is how long what the router saw may stay uncounted.
    """

    def __init__(
        self,
        counts: MetricSource,
        names: Collection[str],
        router: MetricSource,
        clock: Clock,
        patience: timedelta,
    ) -> None:
        self._counts = counts
        self._names = frozenset(names)
        self._router = router
        self._clock = clock
        self._patience = patience

    @asynccontextmanager
    async def subscribe(
        self, service: str, environment: str, kpis: tuple[Kpi, ...]
    ) -> AsyncIterator[MetricStream]:
        """See `ports.metrics.MetricSource.subscribe`."""
        elsewhere = tuple(kpi for kpi in kpis if kpi.name in self._names)
        here = frozenset(kpi.name for kpi in kpis) - self._names
        async with AsyncExitStack() as stack:
            router = await stack.enter_async_context(
                self._router.subscribe(service, environment, kpis)
            )
            if not elsewhere:
                yield router
                return
            counts = await stack.enter_async_context(
                self._counts.subscribe(service, environment, elsewhere)
            )
            whole = any(kpi.endpoint == Endpoint() for kpi in elsewhere)
            patience = self._patience if whole else timedelta.max
            stream = _Stream(counts, router, here, self._clock, patience)
            stack.push_async_callback(stream.close)
            yield stream


@dataclass(eq=False)
class _Stream:
    """Both streams, and what the router told since the last counts. `here`: KPIs it counts.

    `_silent` is why the counts' source gave no answer the last time, while it gives none.
    """

    counts: MetricStream
    router: MetricStream
    here: frozenset[str]
    clock: Clock
    patience: timedelta
    _uncounted: dict[str, tuple[datetime, int]] = field(default_factory=dict)
    _silent: Unavailable | None = None
    _asked: dict[str, asyncio.Task[Batch]] = field(default_factory=dict)
    _requests: Counter[str] = field(default_factory=Counter)
    _hurt: dict[tuple[str, str], None] = field(default_factory=dict)
    _latencies: dict[str, Latencies] = field(default_factory=dict)

    async def close(self) -> None:
        """End both questions."""
        for task in self._asked.values():
            task.cancel()
            with suppress(asyncio.CancelledError, Unavailable):
                await task

    async def next(self, within: timedelta) -> Batch:
        """See `ports.metrics.MetricStream.next`."""
        loop = asyncio.get_running_loop()
        until = loop.time() + within.total_seconds()
        while True:
            for name, ask in (("counts", self._ask_counts), ("router", self._ask_router)):
                if name not in self._asked:
                    self._asked[name] = loop.create_task(ask())
            left = max(0.0, until - loop.time())
            done, _ = await asyncio.wait(
                self._asked.values(), timeout=left, return_when=asyncio.FIRST_COMPLETED
            )
            for name in [name for name, task in self._asked.items() if task in done]:
                batch = self._asked.pop(name).result()
                if name == "counts":
                    for address, _ in batch.counts:
                        self._uncounted.pop(address, None)
                if batch.gap is not None:
                    return batch
                self._see_that_all_are_counted()  # counts of the other arm alone would mislead
                if batch.counts:
                    return self._told(batch)
            if loop.time() >= until:
                self._see_that_all_are_counted()
                return Batch(at=self.clock.now())

    def _see_that_all_are_counted(self) -> None:
        now = self.clock.now()
        for address, (since, number) in self._uncounted.items():
            if number >= ENOUGH and now - since > self.patience:
                raise self._silent or Unavailable(
                    f"{address} answered {number} requests since {since:%H:%M:%S} UTC, and its counters"
                    " have not moved",
                    hint="see in Prometheus whether it is scraped",
                )

    async def _ask_counts(self) -> Batch:
        try:
            batch = await self.counts.next(_ROUND)
        except Unavailable as trouble:
            self._silent = trouble
            raise
        self._silent = None
        return batch

    async def _ask_router(self) -> Batch:
        """The router's counts of its own KPIs; the rest of what it tells is kept for later."""
        try:
            batch = await self.router.next(_ROUND)
        except Unavailable:
            if self.here:
                raise
            await asyncio.sleep(_ROUND.total_seconds())
            return Batch(at=self.clock.now())
        self._requests.update(batch.requests)
        for address, number in batch.requests.items():
            since, before = self._uncounted.get(address, (batch.at, 0))
            self._uncounted[address] = (since, before + number)
        self._hurt.update(dict.fromkeys(batch.hurt))
        for address, latencies in batch.latencies.items():
            self._latencies[address] = self._latencies.get(address, Latencies()) + latencies
        counts = {key: found for key, found in batch.counts.items() if key[1] in self.here}
        return Batch(at=batch.at, counts=counts, gap=batch.gap if self.here else None)

    def _told(self, batch: Batch) -> Batch:
        told = replace(
            batch,
            requests=dict(self._requests),
            hurt=tuple(self._hurt),
            latencies=self._latencies,
        )
        self._requests, self._hurt, self._latencies = Counter(), {}, {}
        return told
