"""The limits on requests and on tries to sign in, counted in the PostgreSQL that desks share.

Windows are those of the limits that one desk counts in its memory. Requests: two counters by the clock,
of which the older weighs as much as is left of its window's shadow. Tries: one counter from the first try.
One statement looks and counts; where it refused, it reads the row that it found full.
"""

import logging
import math
from datetime import timedelta
from typing import TYPE_CHECKING

import sqlalchemy as sa

from gonogo.domain.errors import Unavailable
from gonogo.domain.rate import Allowance, Rate
from gonogo.ports import throttle as tries
from gonogo.storage.counts import SharedCounts, place_of

if TYPE_CHECKING:
    from gonogo.ports.limiter import Limiter

_NOW = "CAST(extract(epoch FROM statement_timestamp()) AS double precision)"
_FOUND = (
    f" SELECT true AS allowed, began, taken, before, {_NOW} AS now FROM took UNION ALL"
    f" SELECT false, began, taken, before, {_NOW} FROM counts"
    " WHERE place = :place AND NOT EXISTS (SELECT FROM took)"  # noqa: S608 - made of constants of this file
)

# A desk whose statement waited for another's row may have begun in the window before: it counts in the
# newer one.
_SAME = "counts.began >= excluded.began"
_TAKEN = f"CASE WHEN {_SAME} THEN counts.taken ELSE 0 END"
_BEFORE = (
    f"CASE WHEN {_SAME} THEN counts.before"
    " WHEN counts.began = excluded.began - :seconds THEN counts.taken ELSE 0 END"
)
_WEIGHT = f"least(1, (excluded.began + :seconds - {_NOW}) / :seconds)"
_TAKE_REQUEST = sa.text(
    "WITH took AS (INSERT INTO counts (place, began, taken, before, over_at) VALUES (:place,"
    f" floor({_NOW} / :seconds) * :seconds, 1, 0, (floor({_NOW} / :seconds) + 2) * :seconds)"
    " ON CONFLICT (place) DO UPDATE SET began = greatest(counts.began, excluded.began),"
    f" taken = {_TAKEN} + 1, before = {_BEFORE},"
    " over_at = greatest(counts.over_at, excluded.over_at)"
    f" WHERE floor({_BEFORE} * {_WEIGHT}) + {_TAKEN} < :most"
    f" RETURNING began, taken, before){_FOUND}"  # noqa: S608 - made of constants of this file
)

_OVER = "counts.over_at <= excluded.began"
_TAKE_TRY = sa.text(
    "WITH took AS (INSERT INTO counts (place, began, taken, before, over_at)"
    f" VALUES (:place, {_NOW}, 1, 0, {_NOW} + :seconds)"
    " ON CONFLICT (place) DO UPDATE SET"
    f" began = CASE WHEN {_OVER} THEN excluded.began ELSE counts.began END,"
    f" taken = CASE WHEN {_OVER} THEN 1 ELSE counts.taken + 1 END,"
    f" over_at = CASE WHEN {_OVER} THEN excluded.over_at ELSE counts.over_at END"
    f" WHERE {_OVER} OR counts.taken < :most"
    f" RETURNING began, taken, before){_FOUND}"  # noqa: S608 - made of constants of this file
)
_FULL = sa.text(
    f"SELECT began, {_NOW} AS now FROM counts"
    f" WHERE place = :place AND taken >= :most AND over_at > {_NOW}"  # noqa: S608 - made of constants of this file
)
_FORGIVE = sa.text("DELETE FROM counts WHERE place = :place")

_log = logging.getLogger("gonogo.storage")


class SharedLimiter:
    """`gonogo.ports.limiter.Limiter` of all desks of one database."""

    def __init__(self, counts: SharedCounts) -> None:
        self._counts = counts

    async def take(self, asker: str, rate: Rate) -> Allowance:
        """See the port."""
        place = place_of("request", rate.seconds, asker)
        values = {"place": place, "most": rate.most, "seconds": rate.seconds}
        row = await self._counts.row(_TAKE_REQUEST, values)
        if row is None:  # another desk began this count in the same instant, and filled it
            return Allowance(False, rate, 0, float(rate.seconds))
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
