"""How often a desk looks after each of many.

What is done again and again for every release and every place costs processor time each time. A desk
with few does it as often as is useful; one with very many would do nothing else, and the events that
it has to judge would wait. So each such thing has a price, and together they get a fixed share of one
core: with more releases the looks of each come further apart. What must be at once is hardly paced: the
judge eats a batch as it comes, where hundreds are watched a tenth of a second after the last one, and
stops a harmful release with the batch that proves it.
"""

from datetime import timedelta

EAT = timedelta(microseconds=600)
"""Letting the judge see a batch. What comes in meanwhile is in the next one, and costs little more."""

ASSESS = timedelta(milliseconds=8)
"""Apart by so much for each release that is watched: weighing whether a step may end."""

PROBE = timedelta(milliseconds=2)
"""Asking whether the process of the version still runs."""

BOOKS = timedelta(milliseconds=12)
"""Storing what was seen; a desk that dies has not seen what it had not stored."""

KEEP = timedelta(microseconds=1500)
"""For each place (a service in an environment): looking after its processes and its router."""

SEARCH = timedelta(microseconds=200)
"""For each place: looking whether there is a release to drive, or a place to look after."""


class Pace:
    """How many there are to look after now: releases that are watched, places that are kept."""

    def __init__(self) -> None:
        self.watched = 0
        self.kept = 0

    def of_releases(self, usual: timedelta, price: timedelta) -> timedelta:
        """How far apart something is done for one release."""
        return max(usual, price * self.watched)

    def of_places(self, usual: timedelta, price: timedelta) -> timedelta:
        """How far apart something is done for one place."""
        return max(usual, price * self.kept)
