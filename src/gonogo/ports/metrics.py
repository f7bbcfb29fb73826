"""Counting what customers got."""

from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from gonogo.domain.latency import Latencies
from gonogo.domain.traffic import Counts, Kpi


@dataclass(frozen=True, slots=True)
class Batch:
    """What was counted since the batch before.

    `counts` maps (address of the instance, KPI name) to its increment; only judged traffic is in it.
    `hurt` holds (address, keyed digest of the client) of answers that any KPI calls bad. `requests`
    is the number of judged requests per address, whatever KPI they belong to; `latencies`, where the
    source knows them, how long those took. A batch with a `gap`
    (one sentence) has no counts: what was measured in that stretch could not be trusted.
    """

    at: datetime
    counts: Mapping[tuple[str, str], Counts] = field(default_factory=dict)
    requests: Mapping[str, int] = field(default_factory=dict)
    hurt: tuple[tuple[str, str], ...] = ()
    gap: str | None = None
    latencies: Mapping[str, Latencies] = field(default_factory=dict)


class MetricStream(Protocol):
    """An open subscription."""

    async def next(self, within: timedelta) -> Batch:
        """Return as soon as something was counted, or an empty batch after `within`.

        Raises Unavailable when the source cannot be reached; calling again later tries again.
        """
        ...


class MetricSource(Protocol):
    """Bad and total per instance and KPI."""

    def subscribe(
        self, service: str, environment: str, kpis: tuple[Kpi, ...]
    ) -> AbstractAsyncContextManager[MetricStream]:
        """Count from now on. Nothing that happened before is ever counted."""
        ...


class MetricPast(Protocol):
    """Bad and total that were recorded before."""

    def past(self, kpis: tuple[Kpi, ...], start: datetime, end: datetime) -> AsyncIterator[Batch]:
        """What was counted between two times, oldest first.

        Raises Unavailable when the source cannot be reached or gives no trustworthy answer.
        """
        ...
