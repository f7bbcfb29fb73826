"""The limits on requests and on tries to sign in, counted in the PostgreSQL that desks share.

Windows are those of the limits that one desk counts in its memory. Requests: two counters by the clock,
of which the older weighs as much as is left of its window's shadow. Tries: one counter from the first try.
One statement looks and counts; where it refused, it reads the row that it found full.
"""

import logging
import math
import time
from datetime import timedelta
from typing import TYPE_CHECKING

import sqlalchemy as sa

from gonogo.domain.errors import Unavailable
from gonogo.domain.rate import Allowance, Rate
from gonogo.ports import throttle as tries
from gonogo.storage.counts import SharedCounts, place_of

if TYPE_CHECKING:
    from gonogo.ports.limiter import Limiter

# Who waited for another's row may find a newer window in it than their own: they count in that one.
_TAKE_REQUEST = sa.text("""
WITH clock AS MATERIALIZED (
  SELECT now, floor(now / :seconds) * :seconds AS began
  FROM (SELECT CAST(extract(epoch FROM statement_timestamp()) AS double precision) AS now) AS told
), took AS (
  INSERT INTO counts (place, began, taken, before, over_at)
  SELECT CAST(:place AS text), began, 1, 0, began + 2 * :seconds FROM clock
  ON CONFLICT (place) DO UPDATE SET
    began = greatest(counts.began, excluded.began),
    taken = CASE WHEN counts.began >= excluded.began THEN counts.taken + 1 ELSE 1 END,
    before = CASE
      WHEN counts.began >= excluded.began THEN counts.before
      WHEN counts.began = excluded.began - :seconds THEN counts.taken
      ELSE 0 END,
    over_at = greatest(counts.over_at, excluded.over_at)
  WHERE CASE
    WHEN counts.began >= excluded.began THEN
      counts.taken + floor(counts.before * (SELECT (began + :seconds - now) / :seconds FROM clock)) < :most
    WHEN counts.began = excluded.began - :seconds THEN
      floor(counts.taken * (SELECT (began + :seconds - now) / :seconds FROM clock)) < :most
    ELSE true END
  RETURNING began, taken, before
)
SELECT true AS allowed, took.began, taken, before, now FROM took, clock
UNION ALL
SELECT false, counts.began, taken, before, now FROM counts, clock
WHERE place = :place AND NOT EXISTS (SELECT FROM took)
""")

_TAKE_TRY = sa.text("""
WITH clock AS MATERIALIZED (
  SELECT CAST(extract(epoch FROM statement_timestamp()) AS double precision) AS now
), took AS (
  INSERT INTO counts (place, began, taken, before, over_at)
  SELECT CAST(:place AS text), now, 1, 0, now + :seconds FROM clock
  ON CONFLICT (place) DO UPDATE SET
    began = CASE WHEN counts.over_at <= excluded.began THEN excluded.began ELSE counts.began END,
    taken = CASE WHEN counts.over_at <= excluded.began THEN 1 ELSE counts.taken + 1 END,
    over_at = CASE WHEN counts.over_at <= excluded.began THEN excluded.over_at ELSE counts.over_at END
  WHERE counts.over_at <= excluded.began OR counts.taken < :most
  RETURNING began, taken, before
)
SELECT true AS allowed, began, now FROM took, clock
UNION ALL
SELECT false, began, now FROM counts, clock WHERE place = :place AND NOT EXISTS (SELECT FROM took)
""")

_FULL = sa.text("""
WITH clock AS MATERIALIZED (
  SELECT CAST(extract(epoch FROM statement_timestamp()) AS double precision) AS now
)
SELECT began, now FROM counts, clock WHERE place = :place AND taken >= :most AND over_at > now
""")

_FORGIVE = sa.text("DELETE FROM counts WHERE place = :place")

_MOST_FULL = 10_000
"""Full counts that one desk remembers."""

_log = logging.getLogger("gonogo.storage")


class SharedLimiter:
    """`gonogo.ports.limiter.Limiter` of all desks of one database.

    Until a full count has room again, this desk refuses from memory: a flood costs the database no more
    than what it is allowed.
    """

    def __init__(self, counts: SharedCounts) -> None:
        self._counts = counts
        self._full: dict[tuple[str, Rate], float] = {}

    async def take(self, asker: str, rate: Rate) -> Allowance:
        """See the port."""
        left = self._full.get((asker, rate), 0.0) - time.monotonic()
        if left > 0:
            return Allowance(False, rate, 0, left)
        found = await self._count(asker, rate)
        if not found.allowed:
            self._remember(asker, rate, time.monotonic() + found.wait)
        return found

    def _remember(self, asker: str, rate: Rate, until: float) -> None:
        if len(self._full) >= _MOST_FULL:
            now = time.monotonic()
            self._full = {key: over for key, over in self._full.items() if over > now}
        if len(self._full) < _MOST_FULL:
            self._full[asker, rate] = until

    async def _count(self, asker: str, rate: Rate) -> Allowance:
        place = place_of("request", rate.seconds, asker)
        values = {"place": place, "most": rate.most, "seconds": rate.seconds}
        row = await self._counts.row(_TAKE_REQUEST, values)
        if row is None:  # another desk began this count in the same instant, and filled it
            return Allowance(False, rate, 0, 1.0)
        began = max(row.began, math.floor(row.now / rate.seconds) * rate.seconds)
        taken, before = row.taken, row.before
        if began > row.began:
            taken, before = 0, row.taken if began == row.began + rate.seconds else 0
        rest = began + rate.seconds - row.now
        left = rate.most - taken - math.floor(before * min(1.0, rest / rate.seconds))
        # Below the limit, one more is left when the older counter weighs one less.
        soon = before > 0 and taken < rate.most and rest > rate.seconds / before
        wait = rest % (rate.seconds / before) if soon else rest
        return Allowance(row.allowed, rate, max(0, left) if row.allowed else 0, wait)


class SharedThrottle:
    """`gonogo.ports.throttle.Throttle` of all desks of one database."""

    def __init__(self, counts: SharedCounts) -> None:
        self._counts = counts

    async def take(self, allowance: tries.Allowance, key: str) -> timedelta | None:
        """See the port."""
        row = await self._counts.row(_TAKE_TRY, _values(allowance, key))
        if row is None:  # another desk began this count in the same instant, and filled it
            return allowance.within
        return None if row.allowed else _rest(row, allowance)

    async def wait(self, allowance: tries.Allowance, key: str) -> timedelta | None:
        """See the port."""
        row = await self._counts.row(_FULL, _values(allowance, key))
        return None if row is None else _rest(row, allowance)

    async def forgive(self, allowance: tries.Allowance, key: str) -> None:
        """See the port."""
        try:
            await self._counts.row(_FORGIVE, {"place": _values(allowance, key)["place"]})
        except Unavailable as error:
            _log.warning("tries could not be forgiven: %s", error)


def _values(allowance: tries.Allowance, key: str) -> dict[str, str | int]:
    seconds = max(1, math.ceil(allowance.within.total_seconds()))
    place = place_of("try", seconds, allowance.name, key)
    return {"place": place, "most": allowance.tries, "seconds": seconds}


def _rest(row: "sa.Row[tuple[float, ...]]", allowance: tries.Allowance) -> timedelta:
    seconds = math.ceil(row.began + allowance.within.total_seconds() - row.now)
    return timedelta(seconds=max(1, seconds))


if TYPE_CHECKING:
    _limits: type[Limiter] = SharedLimiter
    _throttles: type[tries.Throttle] = SharedThrottle
