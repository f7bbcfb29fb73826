"""Adding up requests into the counts that a batch carries."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import blake2b

from gonogo.domain.latency import bucket_of, latencies_of
from gonogo.domain.repeats import Repeats
from gonogo.domain.traffic import Counts, Kpi, Request, is_bad
from gonogo.ports.metrics import Batch

_REMEMBERED_PATHS = 4096


@dataclass
class Tally:
    """Counts since the last batch, per instance and KPI. Forced requests are left out.

    So are a customer's repetitions, from what a KPI counts alone (`domain.repeats`). `digest` turns a
    customer's address into what may be stored.
    """

    kpis: tuple[Kpi, ...]
    digest: Callable[[str], str]
    _requests: dict[str, int] = field(default_factory=dict)
    _counts: dict[tuple[str, str], list[int]] = field(default_factory=dict)
    _buckets: dict[str, dict[int, int]] = field(default_factory=dict)
    _unanswered: dict[str, int] = field(default_factory=dict)
    _hurt: list[tuple[str, str]] = field(default_factory=list)
    _matching: dict[tuple[str, str], tuple[Kpi, ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._repeats = Repeats(self.kpis)

    def __bool__(self) -> bool:
        return bool(self._requests)

    def add(self, request: Request) -> None:
        """Count one finished request."""
        if request.forced:
            return
        address = request.address
        self._requests[address] = self._requests.get(address, 0) + 1
        self._time(request)
        hurt = False
        for kpi in self._kpis_of(request):
            bad = is_bad(kpi.bad, request)
            hurt = hurt or bad
            if self._repeats.count(kpi.name, request.client, request.at, bad=bad):
                counts = self._counts.setdefault((address, kpi.name), [0, 0])
                counts[0] += bad
                counts[1] += 1
        if hurt:
            self._hurt.append((address, self.digest(request.client)))
        else:
            self._repeats.answered_well(request.client)

    def _time(self, request: Request) -> None:
        if request.status is None:
            self._unanswered[request.address] = self._unanswered.get(request.address, 0) + 1
            return
        buckets = self._buckets.setdefault(request.address, {})
        bucket = bucket_of(request.seconds)
        buckets[bucket] = buckets.get(bucket, 0) + 1

    def drop(self) -> None:
        """Forget what was not given out yet."""
        self._requests, self._counts, self._hurt = {}, {}, []
        self._buckets, self._unanswered = {}, {}

    def take(self, at: datetime) -> Batch:
        """What was counted since the last call."""
        batch = Batch(
            at=at,
            counts={key: Counts(bad, total) for key, (bad, total) in self._counts.items()},
            requests=self._requests,
            hurt=tuple(self._hurt),
            latencies={
                address: latencies_of(
                    self._buckets.get(address, {}), self._unanswered.get(address, 0)
                )
                for address in self._requests
            },
        )
        self.drop()
        return batch

    def _kpis_of(self, request: Request) -> tuple[Kpi, ...]:
        key = (request.method, request.path)
        found = self._matching.get(key)
        if found is None:
            if len(self._matching) >= _REMEMBERED_PATHS:
                self._matching.clear()
            found = tuple(kpi for kpi in self.kpis if kpi.endpoint.matches(*key))
            self._matching[key] = found
        return found


def keyed_digest(key: bytes) -> Callable[[str], str]:
    """A digest that only the holder of `key` (up to 64 bytes) can compute, as 32 hex digits."""
    return lambda client: blake2b(client.encode(), key=key, digest_size=16).hexdigest()
