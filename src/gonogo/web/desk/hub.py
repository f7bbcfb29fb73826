"""The hub: renders a region once for all who watch it, and hands the same text to each of them.

Why it is so: a thousand open pages must cost little more than one. What is stored marks the regions
that it may have changed; each marked region is read once, and rendered once per way to read. Nothing
is rendered while nobody watches.

Guarantees: what is shown last is what is stored last, however many changes were skipped on the way
(regions are state, not events, so a page that was away asks with digests of what it has and gets what
differs). A region is read at most about five times a second, after a burst of three. A page that
takes its messages slowly holds the newest message of each region at most, and nobody waits for it:
handing out goes in small groups between which the event loop does other work, because the judge
lives in the same loop. A region that cannot be read is tried again and, meanwhile, is said to be in
trouble: silence never looks like health.

Assumes one event loop, and that `Context.notices` tells of a change after its commit. Where nobody
tells, all that is watched is read again every few seconds.
"""

import asyncio
import contextlib
import json
import logging
import math
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from websockets.frames import Frame, Opcode

from gonogo.domain.errors import GonogoError, NotFound
from gonogo.language.reader import Reader
from gonogo.usecases.context import Context
from gonogo.web.desk.region import REGIONS, Region, Stored, digest, plain_data
from gonogo.web.desk.site import render_region

log = logging.getLogger("gonogo.live")

GROUP = 40
"""Pages that are handed a message before the event loop does other work."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How often, in seconds: `gap` lies between two readings of a region once a burst is used up;
    `again` is waited after trouble; `unasked` between looks that nobody asked for; `blind` the same
    where nobody tells what is stored."""

    gap: float = 0.2
    burst: int = 3
    again: float = 1.0
    unasked: float = 30.0
    blind: float = 3.0


class Message:
    """A text that many pages are sent, with the bytes of its WebSocket frame, made once for all of them."""

    __slots__ = ("frame", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self.frame = Frame(Opcode.TEXT, text.encode(errors="replace")).serialize(mask=False)


@dataclass(frozen=True, slots=True)
class Shown:
    """A region as it is now for one way to read: a short digest, and the message that says so."""

    seen: str
    message: Message


class Page:
    """One connected page: what it has seen of what it watches, and what waits to be sent to it.

    `waiting` holds the newest message of each region, so it never grows beyond what is watched.
    """

    __slots__ = ("_something", "reader", "seen", "waiting", "who")

    def __init__(self, reader: Reader, who: str = "") -> None:
        self.reader = reader
        self.who = who
        self.seen: dict[str, str] = {}
        self.waiting: dict[str, Message] = {}
        self._something = asyncio.Event()

    def offer(self, key: str, shown: Shown) -> None:
        """Have this sent, unless the page has it or does not watch it any more."""
        if self.seen.get(key, shown.seen) != shown.seen:
            self.seen[key] = shown.seen
            self.put(key, shown.message)

    def put(self, key: str, message: Message) -> None:
        """Have a message sent, in place of one with the same key that still waits."""
        self.waiting[key] = message
        self._something.set()

    async def next(self) -> Message:
        """The oldest message that waits; waits for one."""
        while not self.waiting:
            self._something.clear()
            await self._something.wait()
        return self.waiting.pop(next(iter(self.waiting)))


@dataclass(eq=False)
class _Feed:
    """One watched region: its newest values, its renderings, and who watches."""

    key: str
    region: Region
    argument: str
    pages: set[Page] = field(default_factory=set)
    stale: asyncio.Event = field(default_factory=asyncio.Event)
    values: Mapping[str, object] | None = None
    shown: dict[Reader, Shown] = field(default_factory=dict)
    gone: bool = False
    in_trouble: bool = False
    task: "asyncio.Task[None] | None" = None
    next_read: float = -math.inf

    def delay(self, now: float, pace: Pace) -> float:
        """Seconds until it may be read; counts a reading."""
        self.next_read = max(self.next_read, now - (pace.burst - 1) * pace.gap)
        waits = max(0.0, self.next_read - now)
        self.next_read += pace.gap
        return waits


class Hub:
    """All that is watched. It works while somebody watches and ends its tasks when nobody does."""

    def __init__(self, context: Context, pace: Pace | None = None) -> None:
        self._context = context
        self._pace = pace or Pace()
        self._feeds: dict[str, _Feed] = {}
        self._pages: set[Page] = set()
        self._listening: list[asyncio.Task[None]] = []
        self._polled: dict[str, tuple[float, Mapping[str, object]]] = {}
        self._told = True
        self.sequence = 0

    @property
    def pages(self) -> int:
        """How many pages are connected."""
        return len(self._pages)

    def pages_of(self, who: str) -> int:
        """How many of them are somebody's."""
        return sum(page.who == who for page in self._pages)

    @property
    def in_trouble(self) -> bool:
        """Whether something that is watched cannot be read now."""
        return any(feed.in_trouble for feed in self._feeds.values())

    def enter(self, page: Page) -> None:
        """A page came. The first one has the hub begin to listen."""
        self._pages.add(page)
        if not self._listening:
            self._listening = [
                asyncio.ensure_future(self._listen()),
                asyncio.ensure_future(self._look_unasked()),
            ]

    def leave(self, page: Page) -> None:
        """A page went. The last one takes the hub's tasks with it."""
        self.watch(page, {})
        self._pages.discard(page)
        if not self._pages:
            for task in self._listening:
                task.cancel()
            self._listening = []

    def watch(self, page: Page, wanted: Mapping[str, str]) -> None:
        """From now on this page watches these regions (by `name` or `name:argument`, all of them known)
        and has seen these digests; what differs is sent."""
        for key in set(page.seen) - set(wanted):
            self._forget(page, key)
        for key, seen in wanted.items():
            page.seen[key] = seen
            feed = self._feeds.get(key) or self._open(key)
            feed.pages.add(page)
            if feed.gone:
                page.put(key, _gone(key))
            elif feed.values is not None:
                page.offer(key, self._shown(feed, page.reader))

    def _forget(self, page: Page, key: str) -> None:
        page.seen.pop(key, None)
        page.waiting.pop(key, None)
        feed = self._feeds[key]
        feed.pages.discard(page)
        if not feed.pages:
            del self._feeds[key]
            if feed.task is not None:
                feed.task.cancel()

    def _open(self, key: str) -> _Feed:
        name, _, argument = key.partition(":")
        feed = _Feed(key, REGIONS[name], argument)
        feed.stale.set()
        self._feeds[key] = feed
        feed.task = asyncio.ensure_future(self._keep(feed))
        return feed

    async def now(self, key: str, reader: Reader) -> Shown:
        """A region as it is now, for who asks instead of watching. Raises what reading it raises."""
        feed = self._feeds.get(key)
        if feed is not None and feed.values is not None and not feed.stale.is_set():
            return self._shown(feed, reader)
        name, _, argument = key.partition(":")
        at = asyncio.get_running_loop().time()
        read_at, values = self._polled.get(key, (-math.inf, None))
        if values is None or at - read_at > self._pace.gap:
            values = await REGIONS[name].read(self._context, argument)
            self._polled = {
                each: found for each, found in self._polled.items() if at - found[0] < 1
            } | {key: (at, values)}
        return shown(reader, key, values, self.sequence)

    def _shown(self, feed: _Feed, reader: Reader) -> Shown:
        if reader not in feed.shown:
            feed.shown[reader] = shown(reader, feed.key, feed.values or {}, self.sequence)
        return feed.shown[reader]

    async def _listen(self) -> None:
        """Mark what may have changed, whenever something was stored."""
        while True:
            self._told = self._context.notices is not None
            if self._context.notices is None:
                return
            try:
                async with self._context.notices.subscribe() as stream:
                    self._mark(self._feeds.values())
                    async for notice in stream:
                        stored = Stored(notice.sequence, notice.release, notice.service)
                        self.sequence = max(self.sequence, stored.sequence)
                        self._mark(self._concerned(stored))
            except (
                Exception
            ):  # an edge: without notices pages still live by looks that nobody asked for
                log.exception("nobody tells the live pages what is stored; trying again")
            self._told = False
            await asyncio.sleep(self._pace.again)

    async def _look_unasked(self) -> None:
        """Read again now and then: what follows from the time alone is told by nobody."""
        while True:
            await asyncio.sleep(self._pace.unasked if self._told else self._pace.blind)
            self._mark(self._feeds.values())

    def _concerned(self, stored: Stored) -> Iterable[_Feed]:
        if stored.release is None and stored.service is None:
            return self._feeds.values()
        return (
            feed for feed in self._feeds.values() if feed.region.concerns(stored, feed.argument)
        )

    def _mark(self, feeds: Iterable[_Feed]) -> None:
        for feed in feeds:
            feed.stale.set()

    async def _keep(self, feed: _Feed) -> None:
        """Read a region whenever it is marked, and hand out what changed."""
        loop = asyncio.get_running_loop()
        while True:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(feed.stale.wait(), feed.region.every)
            await asyncio.sleep(feed.delay(loop.time(), self._pace))
            feed.stale.clear()
            try:
                await self._renew(feed)
                feed.in_trouble = False
            except Exception as trouble:  # an edge: one region that fails leaves the others alone
                known = isinstance(trouble, GonogoError)
                log.warning("%s cannot be shown: %s", feed.key, trouble, exc_info=not known)
                feed.in_trouble = True
                feed.stale.set()
                await asyncio.sleep(self._pace.again)

    async def _renew(self, feed: _Feed) -> None:
        try:
            values = await feed.region.read(self._context, feed.argument)
        except NotFound:
            feed.gone, feed.values = True, None
            for page in feed.pages:
                page.put(feed.key, _gone(feed.key))
            return
        if not feed.gone and values == feed.values:
            return
        feed.gone, feed.values, feed.shown = False, values, {}
        by_reader: defaultdict[Reader, list[Page]] = defaultdict(list)
        for page in feed.pages:
            by_reader[page.reader].append(page)
        for reader, pages in by_reader.items():
            found = self._shown(feed, reader)
            for first in range(0, len(pages), GROUP):
                for page in pages[first : first + GROUP]:
                    page.offer(feed.key, found)
                await asyncio.sleep(0)


def shown(reader: Reader, key: str, values: Mapping[str, object], sequence: int) -> Shown:
    """A region with these values for one way to read, as it is sent."""
    html = render_region(reader, key.partition(":")[0], values)
    data = plain_data(values.get("data"))
    seen = digest(html, data)
    content = {"sequence": sequence, "region": key, "seen": seen, "html": html, "data": data}
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
    return Shown(seen, Message(text))


def _gone(key: str) -> Message:
    return Message(json.dumps({"region": key, "gone": True}, ensure_ascii=False))
