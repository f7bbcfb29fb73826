"""Rates counted in this process by the library `limits`: for one desk, which is all there is on SQLite.

A window that slides over two counters costs the same for the first request and the millionth, and
memory for the askers of the last two windows only.
"""

import time
from typing import TYPE_CHECKING

from gonogo.domain.rate import Allowance, Rate

if TYPE_CHECKING:
    from limits import RateLimitItemPerSecond

    from gonogo.ports.limiter import Limiter


class CountingLimiter:
    """`gonogo.ports.limiter.Limiter` in memory."""

    def __init__(self) -> None:
        from limits.storage import MemoryStorage
        from limits.strategies import SlidingWindowCounterRateLimiter

        self._window = SlidingWindowCounterRateLimiter(MemoryStorage())
        self._items: dict[Rate, RateLimitItemPerSecond] = {}

    async def take(self, asker: str, rate: Rate) -> Allowance:
        """See the port."""
        from limits import RateLimitItemPerSecond

        item = self._items.get(rate)
        if item is None:
            item = self._items[rate] = RateLimitItemPerSecond(rate.most, rate.seconds)
        allowed = self._window.hit(item, asker)
        stats = self._window.get_window_stats(item, asker)
        return Allowance(allowed, rate, stats.remaining, max(0.0, stats.reset_time - time.time()))


if TYPE_CHECKING:
    _fulfils_the_port: type[Limiter] = CountingLimiter
