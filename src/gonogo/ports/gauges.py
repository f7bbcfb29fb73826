"""Reading numbers from running versions."""

from typing import Protocol

from gonogo.domain.gauge import Gauge, Reading
from gonogo.domain.instance import Instance


class GaugeSource(Protocol):
    """Where the values of gauges come from: the instance itself, or something that watches it."""

    async def read(self, instance: Instance, gauge: Gauge) -> Reading:
        """The newest value of one gauge on one instance, with the moment at which it was true.

        That moment may lie in the past where the source keeps values. Raises Unavailable with one
        sentence when there is no such value, more than one, or one that is no finite number. May take
        long: the caller gives up when it likes.
        """
        ...
