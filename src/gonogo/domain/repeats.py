"""Which requests of one customer count, so that one customer's trouble is not taken for many.

Why here: the judge takes bad requests as independent, and counts do not say who asked. A customer who
repeats a failing request ten times would look like ten failures, and with sticky sessions all ten lie
on one arm. So it is decided where requests are counted.

- Counted by request: after a bad answer a customer is set aside until a time has passed or it has had
  GOOD_AGAIN good answers. Of a burst the first bad answer counts.
- Counted by customer: the first request of a customer in a stretch of time counts, good or bad.

What is set aside counts neither as bad nor among all requests, on either arm. Whether a request counts
is settled by what was seen before it and by who asks, never by its own outcome or arm. So the arms of
counted requests are still drawn as planned, and a bet on a counted request is as fair as before: leaving
out requests by a rule that looks back only cannot raise the rate of false alarms. A customer belongs to
no arm: were it set aside on one arm alone, the rarer arm would collect those with trouble.

An address with more than a tenth of all good answers stands for many customers (a proxy, a load test)
and is never set aside in a count by request; otherwise an outage seen through a handful of proxies would
go by nearly uncounted. Bad answers do not count towards the tenth, so that no burst makes its customer a
crowd. Where fewer than ten customers share the traffic this guard therefore rests; counting customers
does not.

Memory is bounded. Past MOST_APART customers in trouble at once the longest set aside counts again. A
count by customer remembers in a bit field of fixed size: it never counts one twice in a stretch, and of
200,000 customers in one it leaves out some 2 % as if they had been counted. A new process remembers
nobody, so each customer may count once more than it should.

Assumes that which of a customer's simultaneous requests ends first does not depend on the arm.
"""

from collections import OrderedDict
from collections.abc import Iterable
from datetime import datetime, timedelta

from gonogo.domain.traffic import Kpi, Unit

GOOD_AGAIN = 5
"""Good answers after which a customer's trouble is over."""
MOST_APART = 10_000
CROWD_SHARE = 10
"""An address with more than one in this many good answers is a crowd."""
CROWD_LEAST = 20
_WATCHED = 256  # addresses; counts fall short by at most one in as many (Misra and Gries 1982)
_FORGET_AT = 4096  # good answers, when all counts are halved
_BITS = 21


class Repeats:
    """The customers of one stream of requests, for each of its KPIs."""

    def __init__(self, kpis: Iterable[Kpi]) -> None:
        self._crowds = _Crowds()
        self._rules = {
            kpi.name: _Once(kpi.once_in) if kpi.unit is Unit.CLIENT else _Bursts(kpi.once_in)
            for kpi in kpis
            if kpi.once_in is not None
        }

    def count(self, kpi: str, client: str, at: datetime, *, bad: bool) -> bool:
        """Whether the KPI counts this request; `bad` is only remembered. No address: it counts."""
        rule = self._rules.get(kpi)
        if rule is None or not client:
            return True
        if isinstance(rule, _Once):
            return rule.count(client, at)
        return rule.count(client, at, bad=bad) or self._crowds.holds(client)

    def answered_well(self, client: str) -> None:
        """The customer got an answer that no KPI calls bad."""
        self._crowds.add(client)


class _Bursts:
    """Customers set aside since a bad answer, the longest first."""

    def __init__(self, window: timedelta) -> None:
        self._window = window
        self._apart: OrderedDict[str, tuple[datetime, int]] = OrderedDict()

    def count(self, client: str, at: datetime, *, bad: bool) -> bool:
        held = self._apart.get(client)
        if held is not None:
            since, good = held
            if timedelta() <= at - since < self._window:
                if bad:
                    return False
                if good + 1 < GOOD_AGAIN:
                    self._apart[client] = since, good + 1
                else:
                    del self._apart[client]
                return False
            del self._apart[client]
        if bad:
            self._apart[client] = at, 0
            if len(self._apart) > MOST_APART:
                self._apart.popitem(last=False)
        return True


class _Once:
    """Customers counted in the present stretch, as bits."""

    def __init__(self, window: timedelta) -> None:
        self._seconds = window.total_seconds()
        self._stretch = -1
        self._bits = bytearray()

    def count(self, client: str, at: datetime) -> bool:
        stretch = int(at.timestamp() // self._seconds)
        if stretch != self._stretch:
            self._stretch, self._bits = stretch, bytearray(1 << (_BITS - 3))
        number = hash(client)
        new = False
        for _ in range(3):
            place, bit = (number & ((1 << _BITS) - 1)) >> 3, 1 << (number & 7)
            new = new or not self._bits[place] & bit
            self._bits[place] |= bit
            number >>= _BITS
        return new


class _Crowds:
    """The addresses with the most good answers, lately."""

    def __init__(self) -> None:
        self._good: dict[str, int] = {}
        self._total = 0

    def holds(self, client: str) -> bool:
        return self._total >= CROWD_LEAST and self._good.get(client, 0) * CROWD_SHARE > self._total

    def add(self, client: str) -> None:
        self._total += 1
        if client in self._good or len(self._good) < _WATCHED:
            self._good[client] = self._good.get(client, 0) + 1
        else:
            self._good = {one: left - 1 for one, left in self._good.items() if left > 1}
        if self._total >= _FORGET_AT:
            self._total //= 2
            self._good = {one: left // 2 for one, left in self._good.items() if left > 1}
