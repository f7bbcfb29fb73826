"""What was seen of a release since it was stored last, and what has ended and waits to be stored."""

import asyncio
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime

from gonogo.controllers.drive import Drive, Seen
from gonogo.domain.errors import Unavailable
from gonogo.domain.gauge import Reading
from gonogo.domain.latency import ArmLatencies, Latencies, summed
from gonogo.domain.look import Look
from gonogo.domain.traffic import Arm, Counts, Increment
from gonogo.domain.verdict import Judgement
from gonogo.ports.metrics import Batch


class Stretch:
    """The counts, customers and readings that will be the next stored look.

    `gap` says why nothing trustworthy is known of the time before it. `first_bad` is when the first
    customer was hurt by the version.
    """

    def __init__(self) -> None:
        self.gap: str | None = None
        self.readings: list[Reading] = []
        self.first_bad: datetime | None = None
        self._counts: dict[str, list[Counts]] = {}
        self._hurt: set[str] = set()
        self._latencies: dict[Arm, list[Latencies]] = defaultdict(list)
        self._known_hurt: set[str] = set()

    @property
    def has_counts(self) -> bool:
        """Whether requests were counted in it."""
        return bool(self._counts)

    def __bool__(self) -> bool:
        """Whether there is anything in it that should be stored."""
        return bool(self._counts or self.readings or self._hurt or self.gap is not None)

    def recall_hurt(self, customers: Iterable[str]) -> None:
        """These were told of before, and are not told of again."""
        self._known_hurt = set(customers)

    def add(self, increments: Collection[Increment], batch: Batch, arms: Mapping[str, Arm]) -> None:
        """A batch, with what the judge counted of it. `arms` says whose address is whose."""
        for increment in increments:
            sums = self._counts.setdefault(increment.kpi, [Counts(), Counts()])
            sums[0] += increment.baseline
            sums[1] += increment.canary
        for address, latencies in batch.latencies.items():
            if address in arms:
                self._latencies[arms[address]].append(latencies)
        hurt = {client for address, client in batch.hurt if arms.get(address) is Arm.CANARY}
        if hurt and self.first_bad is None:
            self.first_bad = batch.at
        self._hurt |= hurt - self._known_hurt

    def end(self, drive: Drive, share: float, judgement: Judgement) -> Look:
        """The look that it was; the next stretch begins."""
        look = Look(
            release=drive.release.id,
            at=drive.world.clock.now(),
            step=drive.release.step,
            share=share,
            increments=tuple(Increment(kpi, *sums) for kpi, sums in self._counts.items()),
            judgement=judgement,
            gap=self.gap,
            hurt=tuple(sorted(self._hurt)),
            latencies=self._timed(),
            readings=tuple(self.readings),
        )
        self._known_hurt |= self._hurt
        self._counts, self._hurt, self.gap, self.readings = {}, set(), None, []
        self._latencies.clear()
        return look

    def _timed(self) -> ArmLatencies | None:
        if not self._latencies:
            return None
        return ArmLatencies(*(summed(self._latencies.get(arm, ())) for arm in Arm))


class Unstored:
    """Stretches that have ended, in order. One that cannot be stored now is kept for the next time."""

    def __init__(self, drive: Drive) -> None:
        self._drive = drive
        self._seen: list[Seen] = []
        self._storing = asyncio.Lock()

    def __bool__(self) -> bool:
        return bool(self._seen)

    def keep(self, seen: Seen) -> None:
        """To be stored before anything newer."""
        self._seen.append(seen)

    async def store(self) -> None:
        """Store all of them. Raises Unavailable where the store does not do it now."""
        async with self._storing:
            while self._seen:
                seen = self._seen.pop(0)
                try:
                    await self._drive.remember(seen)
                except Unavailable:
                    self._seen.insert(0, seen)
                    raise
