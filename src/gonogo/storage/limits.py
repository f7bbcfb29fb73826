"""The limits on requests and on tries to sign in, counted in the PostgreSQL that desks share.

Windows are those of the limits that one desk counts in its memory. Requests: two counters by the clock,
of which the older weighs as much as is left of its window's shadow. Tries: one counter from the first try.
One statement looks and counts; where it refused, it reads the row that it found full.
"""

import logging
import math
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, TypeVar

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
  SELECT CAST(:place AS text), began, :block, 0, began + 2 * :seconds FROM clock
  ON CONFLICT (place) DO UPDATE SET
    began = greatest(counts.began, excluded.began),
    taken = CASE WHEN counts.began >= excluded.began THEN counts.taken + :block ELSE :block END,
    before = CASE
      WHEN counts.began >= excluded.began THEN counts.before
      WHEN counts.began = excluded.began - :seconds THEN counts.taken
      ELSE 0 END,
    over_at = greatest(counts.over_at, excluded.over_at)
  WHERE CASE
    WHEN counts.began >= excluded.began THEN
      counts.taken + floor(counts.before * (SELECT (began + :seconds - now) / :seconds FROM clock))
        + :block <= :most
    WHEN counts.began = excluded.began - :seconds THEN
      floor(counts.taken * (SELECT (began + :seconds - now) / :seconds FROM clock)) + :block <= :most
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

_BLOCKS = 100
"""Into how many parts a rate is cut, each of which is taken at once."""

_MOST = 10_000
"""Full counts, and begun blocks, that one desk remembers."""

_log = logging.getLogger("gonogo.storage")

Held = TypeVar("Held")
_Place = tuple[str, Rate]


@dataclass(slots=True)
class _Block:
    """What this desk may still give out of a rate `until` its window is over, and what was left beyond."""

    left: int
    beyond: int
    until: float

    def over_at(self) -> float:
        return self.until


def _remember(
    held: dict[_Place, Held], place: _Place, one: Held, over_at: Callable[[Held], float]
) -> None:
    """Nothing new is remembered while all the room is taken by what still counts."""
    if len(held) >= _MOST:
        now = time.monotonic()
        for old in [old for old, each in held.items() if over_at(each) <= now]:
            del held[old]
    if len(held) < _MOST:
        held[place] = one


class SharedLimiter:
    """`gonogo.ports.limiter.Limiter` of all desks of one database.

    A hundredth of a rate is taken at a time, and this desk gives it out until its window is over: what
    is not used of it is lost, so that nobody gets more than the rate, and somebody who changes desks
    at worst a few requests less. Until a full count has room again, this desk refuses from memory: a
    flood costs the database no more than what it is allowed.
    """

    def __init__(self, counts: SharedCounts) -> None:
        self._counts = counts
        self._full: dict[_Place, float] = {}
        self._blocks: dict[_Place, _Block] = {}

    async def take(self, asker: str, rate: Rate) -> Allowance:
        """See the port."""
        place, now = (asker, rate), time.monotonic()
        left = self._full.get(place, 0.0) - now
        if left > 0:
            return Allowance(False, rate, 0, left)
        block = self._blocks.get(place)
        if block is not None and block.left and block.until > now:
            block.left -= 1
            return Allowance(True, rate, block.left + block.beyond, block.until - now)
        return await self._take_anew(place)

    async def _take_anew(self, place: "_Place") -> Allowance:
        most = max(1, place[1].most // _BLOCKS)
        found, rest = await self._count(place, most)
        if not found.allowed and most > 1:
            most = 1  # near the limit there is no whole block left
            found, rest = await self._count(place, most)
        now = time.monotonic()
        if not found.allowed:
            _remember(self._full, place, now + found.wait, float)
        elif most > 1:
            block = _Block(most - 1, found.left, now + rest)
            _remember(self._blocks, place, block, _Block.over_at)
            return replace(found, left=found.left + most - 1)
        return found

    async def _count(self, place: "_Place", block: int) -> tuple[Allowance, float]:
        """What taking so many at once found, and how long their window still lasts, in seconds."""
        asker, rate = place
        values: dict[str, str | int] = {
            "place": place_of("request", rate.seconds, asker),
            "most": rate.most,
            "seconds": rate.seconds,
            "block": block,
        }
        row = await self._counts.row(_TAKE_REQUEST, values)
        if row is None:  # another desk began this count in the same instant, and filled it
            return Allowance(False, rate, 0, 1.0), 1.0
        began = max(row.began, math.floor(row.now / rate.seconds) * rate.seconds)
        taken, before = row.taken, row.before
        if began > row.began:
            taken, before = 0, row.taken if began == row.began + rate.seconds else 0
        rest = began + rate.seconds - row.now
        left = rate.most - taken - math.floor(before * min(1.0, rest / rate.seconds))
        # Below the limit, one more is left when the older counter weighs one less.
        soon = before > 0 and taken < rate.most and rest > rate.seconds / before
        wait = rest % (rate.seconds / before) if soon else rest
        return Allowance(row.allowed, rate, max(0, left) if row.allowed else 0, wait), rest


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
