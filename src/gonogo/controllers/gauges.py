"""Reading gauges beside everything else.

Each gauge has a task of its own, so one that hangs delays neither another nor the stop by counts: the
watcher only takes what has come. What cannot be read comes as a reading that says why.
"""

import asyncio
import logging
from collections import deque
from types import TracebackType

from gonogo.controllers.world import World
from gonogo.domain.errors import GonogoError, sentence
from gonogo.domain.gauge import Gauge, Reading
from gonogo.domain.instance import Instance

log = logging.getLogger("gonogo.release")

_MOST_WAITING = 10_000


class GaugeReader:
    """Reads the gauges of one instance for as long as it is open."""

    def __init__(self, world: World, gauges: tuple[Gauge, ...]) -> None:
        self._world = world
        self._gauges = gauges
        self._found: deque[Reading] = deque(maxlen=_MOST_WAITING)
        self._tasks: list[asyncio.Task[None]] = []
        self._instance: Instance | None = None

    async def __aenter__(self) -> "GaugeReader":
        """Begin to read."""
        self._tasks = [asyncio.ensure_future(self._keep_reading(each)) for each in self._gauges]
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def follow(self, instance: Instance | None) -> None:
        """Which instance is read from now on; None while there is none."""
        self._instance = instance

    def take(self) -> tuple[Reading, ...]:
        """What has come since it was taken last, in order."""
        taken = tuple(self._found)
        self._found.clear()
        return taken

    async def _keep_reading(self, gauge: Gauge) -> None:
        while True:
            if self._instance is not None:
                self._found.append(await self._read(self._instance, gauge))
            await asyncio.sleep(gauge.every.total_seconds())

    async def _read(self, instance: Instance, gauge: Gauge) -> Reading:
        limit = self._world.rhythm.gauge.total_seconds()
        try:
            async with asyncio.timeout(limit):
                return await self._world.gauges.read(instance, gauge)
        except TimeoutError:
            trouble = f"nothing came within {limit:g} s"
        except GonogoError as error:
            trouble = sentence(error)
        except Exception as error:  # an edge: a source that fails anyhow must not end the watching
            log.exception("gauge %s of %s", gauge.name, instance.id)
            trouble = f"reading it failed: {type(error).__name__}"
        return Reading(gauge.name, self._world.clock.now(), trouble=trouble)
