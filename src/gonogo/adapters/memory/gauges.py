"""Gauges in memory: what an instance would say is set by whoever plays it."""

import asyncio

from gonogo.domain.errors import Unavailable
from gonogo.domain.gauge import Gauge, Reading
from gonogo.domain.instance import Instance
from gonogo.ports.clock import Clock


class MemoryGauges:
    """The twin of every source of gauges.

    `values` holds, by (version, gauge), a number, or the sentence with which it cannot be read; what is
    not in it has no value. A version in `hanging` never answers.
    """

    def __init__(self, clock: Clock) -> None:
        self.values: dict[tuple[str, str], float | str] = {}
        self.hanging: set[str] = set()
        self._clock = clock

    async def read(self, instance: Instance, gauge: Gauge) -> Reading:
        """What was set."""
        if instance.version in self.hanging:
            await asyncio.Event().wait()
        found = self.values.get((instance.version, gauge.name))
        if found is None:
            raise Unavailable(f"{instance.version} has no value of {gauge.name}")
        if isinstance(found, str):
            raise Unavailable(found)
        return Reading(gauge.name, self._clock.now(), float(found))
