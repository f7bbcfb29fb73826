"""Rates counted in this process by the library `limits`: for one desk, which is all there is on SQLite.

A window that slides over two counters costs the same for the first request and the millionth, and
memory for the askers of the last two windows only. The library's own storage in memory starts a thread
after nearly every count, to forget what is over; here that is done now and then by whoever counts.
"""

import time
from typing import TYPE_CHECKING

from gonogo.domain.rate import Allowance, Rate

if TYPE_CHECKING:
    from limits import RateLimitItemPerSecond
    from limits.storage import MemoryStorage
    from limits.strategies import SlidingWindowCounterRateLimiter

    from gonogo.ports.limiter import Limiter

_SWEEP = 10_000
"""Counts after which everything that is over is forgotten."""


class CountingLimiter:
    """`gonogo.ports.limiter.Limiter` in memory."""

    def __init__(self) -> None:
        self._made: SlidingWindowCounterRateLimiter | None = None
        self._items: dict[Rate, RateLimitItemPerSecond] = {}

    async def take(self, asker: str, rate: Rate) -> Allowance:
        """See the port."""
        window = self._window()
        item = self._items.get(rate) or self._item(rate)
        allowed = window.hit(item, asker)
        stats = window.get_window_stats(item, asker)
        return Allowance(allowed, rate, stats.remaining, max(0.0, stats.reset_time - time.time()))

    def _window(self) -> "SlidingWindowCounterRateLimiter":
        if self._made is None:
            from limits.strategies import SlidingWindowCounterRateLimiter

            self._made = SlidingWindowCounterRateLimiter(_storage())
        return self._made

    def _item(self, rate: Rate) -> "RateLimitItemPerSecond":
        from limits import RateLimitItemPerSecond

        made = self._items[rate] = RateLimitItemPerSecond(rate.most, rate.seconds)
        return made


def _storage() -> "MemoryStorage":
    from limits.storage import MemoryStorage

    class Counts(MemoryStorage):
        """Counters in this process, swept by whoever counts."""

        counted = 0

        def incr(self, key: str, expiry: float, amount: int = 1) -> int:
            """One more; the same as in the library but for the thread."""
            self.get(key)
            self.storage[key] += amount
            if self.storage[key] == amount:
                self.expirations[key] = time.time() + expiry
            self.counted += 1
            if self.counted % _SWEEP == 0:
                for each in list(self.expirations):
                    self.get(each)
            return self.storage[key]

    return Counts()


if TYPE_CHECKING:
    _fulfils_the_port: type[Limiter] = CountingLimiter
