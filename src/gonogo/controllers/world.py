"""Everything that controllers reach outside themselves, handed in once."""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any, TypeVar

from gonogo.controllers.glance import Glance
from gonogo.controllers.pace import KEEP, Pace
from gonogo.domain.errors import OldPicture, Unavailable
from gonogo.domain.plan import Plan
from gonogo.domain.slot import Layout, RouterReading, Slot
from gonogo.ports.clock import Clock
from gonogo.ports.deployer import Deployer
from gonogo.ports.dossiers import Dossiers
from gonogo.ports.gauges import GaugeSource
from gonogo.ports.metrics import MetricSource
from gonogo.ports.notifier import Notifier
from gonogo.ports.router import Router
from gonogo.ports.scratch import Scratch
from gonogo.ports.smoke import Smoke
from gonogo.ports.store import Store
from gonogo.ports.workshop import Workshop

Found = TypeVar("Found")


WITHDRAWN = (
    "it did harm: its customers were taken off it, and the desk died before it could store why"
)


@dataclass(frozen=True, slots=True)
class Rhythm:
    """How often things are looked at when nothing wakes them.

    `regard` is how long a held release waits at the most before its gates are looked at again.
    `books` is how long customers of a harmful version wait for the database before they are taken
    off it without it. `gauge` is how long one reading of a gauge may take. `supervise` is how often
    it is looked whether every task is alive, `patience` how long one may be silent that has not said
    that something takes longer, `farewell` how long one may take to end when it is told to.
    """

    poll: timedelta = timedelta(milliseconds=100)
    flush: timedelta = timedelta(milliseconds=500)
    keep: timedelta = timedelta(milliseconds=500)
    books: timedelta = timedelta(milliseconds=250)
    regard: timedelta = timedelta(seconds=30)
    claim: timedelta = timedelta(seconds=1)
    lease: timedelta = timedelta(seconds=15)
    gap_patience: timedelta = timedelta(seconds=10)
    gauge: timedelta = timedelta(seconds=3)
    stop_grace: timedelta = timedelta(seconds=10)
    supervise: timedelta = timedelta(seconds=1)
    patience: timedelta = timedelta(seconds=60)
    farewell: timedelta = timedelta(seconds=20)


@dataclass(frozen=True)
class World:
    """The ports, the clock, where fresh ids and ports come from, and who this desk is.

    `counts_elsewhere` gives the source of a plan whose requests are counted by a Prometheus.

    `withdrawn` holds, by instance, why it must not get customers although its row still says so: the
    one case in which the world is changed first, when harm is proven and the database does not answer.

    `site` is where this desk's processes and routers live, where several desks share the store.
    `elsewhere` holds the services whose release another desk drives: their routers follow that one.

    `place(service, environment)` is the lock under which slots are changed and the router follows
    them, so that nobody lays a router out after a picture that has just become old.
    """

    desk: str
    clock: Clock
    store: Store
    deployer: Deployer
    workshop: Workshop
    router: Router
    metrics: MetricSource
    smoke: Smoke
    notifier: Notifier
    dossiers: Dossiers
    scratch: Scratch
    new_id: Callable[[], str]
    free_port: Callable[[], int]
    gauges: GaugeSource
    counts_elsewhere: Callable[[Plan], MetricSource] | None = None
    rhythm: Rhythm = Rhythm()
    withdrawn: dict[str, str] = field(default_factory=dict)
    site: str | None = None
    elsewhere: set[str] = field(default_factory=set)
    pace: Pace = field(default_factory=Pace)
    _glances: list[Glance[Any]] = field(default_factory=list)
    _places: dict[tuple[str, str], asyncio.Lock] = field(
        default_factory=lambda: defaultdict(asyncio.Lock)
    )

    def metrics_of(self, plan: Plan) -> MetricSource:
        """Where this plan's requests are counted. Raises Unavailable where that cannot be asked."""
        if plan.metrics is None:
            return self.metrics
        if self.counts_elsewhere is None:
            raise Unavailable("this desk cannot ask a Prometheus")
        return self.counts_elsewhere(plan)

    def _glance(
        self, read: Callable[[], Awaitable[Found]], lasts: Callable[[], timedelta]
    ) -> Glance[Found]:
        glance = Glance(read, self.store.newest_entry, self.clock, lasts)
        self._glances.append(glance)
        return glance

    async def end_glances(self) -> None:
        """Let no read go on that was begun for several, when all of them have ended."""
        for glance in self._glances:
            await glance.end()

    @cached_property
    def with_words(self) -> Glance[frozenset[str]]:
        """Releases to which somebody said something, as of not long ago."""
        return self._glance(self.store.with_words, lambda: self.rhythm.claim / 2)

    @cached_property
    def registered(self) -> Glance[Mapping[str, tuple[str, datetime]]]:
        """What is registered, as of not long ago."""
        return self._glance(self.store.registered, timedelta)

    @cached_property
    def under_way(self) -> Glance[Mapping[str, str]]:
        """Releases that have not ended and their services, as of not long ago."""
        return self._glance(self.store.services_under_way, lambda: self.rhythm.keep / 2)

    @cached_property
    def picture(self) -> Glance[Mapping[tuple[str, str], tuple[Slot, ...]]]:
        """The slots of every place, as of not long ago: to see what to look at, not to act upon."""
        return self._glance(
            self._slots_by_place, lambda: self.pace.of_places(self.rhythm.keep / 2, KEEP)
        )

    async def _slots_by_place(self) -> Mapping[tuple[str, str], tuple[Slot, ...]]:
        found: defaultdict[tuple[str, str], list[Slot]] = defaultdict(list)
        for slot in await self.store.all_slots():
            found[slot.service, slot.environment].append(slot)
        return {place: tuple(slots) for place, slots in found.items()}

    async def lay_out(self, layout: Layout, released: str | None) -> RouterReading:
        """Let the router follow the rows; `released` is the instance of a release under way, if any.

        Where customers were taken off it and whoever did that died before it was stored, the router
        follows a picture that the rows will never reach: that it was withdrawn is all that is known
        then, and enough to take it back. Raises what `Router.apply` raises.
        """
        try:
            return await self.router.apply(layout)
        except OldPicture as newer:
            if (
                released is not None
                and newer.followed == layout.picture + 1
                and not layout.picture % 2
            ):
                self.withdrawn.setdefault(released, WITHDRAWN)
            raise

    def place(self, service: str, environment: str) -> asyncio.Lock:
        """The lock of one service in one environment."""
        return self._places[service, environment]

    def renew_places(self, service: str) -> None:
        """Fresh locks, after a task was given up that may hold one of them for ever."""
        for place in [place for place in self._places if place[0] == service]:
            del self._places[place]
