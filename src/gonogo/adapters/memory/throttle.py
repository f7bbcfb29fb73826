"""Tries counted by the clock that tests move."""

from collections import defaultdict
from datetime import datetime, timedelta

from gonogo.ports.clock import Clock
from gonogo.ports.throttle import Allowance


class MemoryThrottle:
    """The twin of the counting library."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._tries: defaultdict[tuple[str, str], list[datetime]] = defaultdict(list)

    async def take(self, allowance: Allowance, key: str) -> timedelta | None:
        """Count one try unless there were too many."""
        wait = await self.wait(allowance, key)
        if wait is None:
            self._tries[allowance.name, key].append(self._clock.now())
        return wait

    async def wait(self, allowance: Allowance, key: str) -> timedelta | None:
        """How long to wait before a try would be within the allowance."""
        now = self._clock.now()
        tries = self._tries[allowance.name, key]
        tries[:] = [at for at in tries if at + allowance.within > now]
        return tries[0] + allowance.within - now if len(tries) >= allowance.tries else None

    async def forgive(self, allowance: Allowance, key: str) -> None:
        """Forget the tries of this key."""
        self._tries.pop((allowance.name, key), None)
