"""Tries counted in memory with the library `limits`.

Fixed windows, because the library forgets their keys when they end (of moving windows it keeps every
key for ever). Callers count by address before they count by anything that whoever asks may choose,
so that one address cannot make more keys than it has tries.
"""

import time
from datetime import timedelta
from math import ceil
from typing import TYPE_CHECKING

from gonogo.ports.throttle import Allowance

if TYPE_CHECKING:
    from limits import RateLimitItem
    from limits.strategies import FixedWindowRateLimiter


class LimitsThrottle:
    """`gonogo.ports.throttle.Throttle`; every desk counts for itself."""

    def __init__(self) -> None:
        self._made: FixedWindowRateLimiter | None = None
        self._items: dict[Allowance, RateLimitItem] = {}

    async def take(self, allowance: Allowance, key: str) -> timedelta | None:
        """Count one try unless there were too many."""
        item = self._item(allowance)
        if self._limiter().hit(item, allowance.name, key):
            return None
        return self._rest(item, allowance, key)

    async def wait(self, allowance: Allowance, key: str) -> timedelta | None:
        """How long to wait before a try would be within the allowance."""
        item = self._item(allowance)
        if self._limiter().test(item, allowance.name, key):
            return None
        return self._rest(item, allowance, key)

    def _rest(self, item: "RateLimitItem", allowance: Allowance, key: str) -> timedelta:
        window = self._limiter().get_window_stats(item, allowance.name, key)
        return timedelta(seconds=max(1, ceil(window.reset_time - time.time())))

    async def forgive(self, allowance: Allowance, key: str) -> None:
        """Forget the tries of this key."""
        self._limiter().clear(self._item(allowance), allowance.name, key)

    def _limiter(self) -> "FixedWindowRateLimiter":
        if self._made is None:
            from limits.storage import MemoryStorage
            from limits.strategies import FixedWindowRateLimiter

            self._made = FixedWindowRateLimiter(MemoryStorage())
        return self._made

    def _item(self, allowance: Allowance) -> "RateLimitItem":
        if allowance not in self._items:
            from limits import RateLimitItemPerSecond

            seconds = max(1, ceil(allowance.within.total_seconds()))
            self._items[allowance] = RateLimitItemPerSecond(allowance.tries, seconds)
        return self._items[allowance]
