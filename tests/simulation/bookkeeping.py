"""The real store over a database in memory, one for all runs, and what of its answers cannot have changed."""

import asyncio
import sqlite3
from collections import defaultdict
from collections.abc import AsyncIterator, Callable
from datetime import datetime
from functools import cache
from typing import Any

from tests.simulation.virtual import VirtualClock

from gonogo.domain.audit import AuditEntry
from gonogo.domain.message import Message
from gonogo.domain.paper import Paper
from gonogo.domain.release import Release
from gonogo.ports.clock import Clock
from gonogo.ports.store import Change
from gonogo.storage.creation import create_all
from gonogo.storage.engine import make_engine
from gonogo.storage.runner import Inline
from gonogo.storage.store import SqlStore


class _Borrowed:
    """The clock of the run that is on."""

    clock: Clock

    def now(self) -> datetime:
        return self.clock.now()


@cache
def _database() -> tuple[SqlStore, _Borrowed, sqlite3.Connection, bytes]:
    """One store for all runs, and the bytes of an empty database to begin with."""
    engine = make_engine("sqlite://")
    with engine.begin() as connection:
        create_all(connection)
        raw = connection.connection.driver_connection
    assert isinstance(raw, sqlite3.Connection)
    clock = _Borrowed()
    return SqlStore(engine, clock, run=Inline()), clock, raw, raw.serialize()


def fresh_store(clock: VirtualClock) -> "QuickStore":
    """A store over an empty database. Only one is in use at a time."""
    store, borrowed, raw, empty = _database()
    raw.deserialize(empty)
    borrowed.clock = clock
    return QuickStore(store)


_ALL = frozenset(
    {
        "registration",
        "registrations",
        "slots",
        "all_slots",
        "release",
        "releases",
        "instructions",
        "journal",
        "judge_memory",
        "papers",
        "paper",
        "registered",
        "services_under_way",
        "newest_entry",
    }
)
"""Reads whose answers are kept."""

_READS = frozenset({"matching", "search", "with_words", "looks", "looks_after", "last_look"})
"""Reads that go to the database every time. Whatever is not named here may change anything."""

_CHANGES: dict[str, frozenset[str]] = {
    "register": _ALL,
    "open": frozenset({"release", "releases", "services_under_way", "newest_entry"}),
    "instruct": frozenset({"instructions", "newest_entry"}),
    "file": frozenset({"papers", "paper", "newest_entry"}),
    "claim": frozenset(),
    "adopt": _ALL,
    "rearrange": _ALL,
    "sent": frozenset(),
    "postpone": frozenset(),
    "append": frozenset({"newest_entry"}),
}
"""What each write may change of that; of a `record` its parts say more."""


class QuickStore:
    """The real store; what was read since it last changed is not read again.

    Desks that wait ask the same questions for minutes. Everybody here shares one connection and all
    values are frozen, so an answer cannot have changed until somebody writes to what it was read from.
    """

    def __init__(self, store: SqlStore) -> None:
        self._store = store
        self._read: defaultdict[str, dict[Any, Any]] = defaultdict(dict)
        self._unsent: set[str] = set()
        self.filed: list[tuple[float, Paper]] = []
        """Every paper as it was taken, with the loop's time."""

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._store, name)
        if name in _ALL:
            made = self._asking(name, method)
        elif name in _READS:
            made = method
        else:
            made = self._changing(name, method)
        setattr(self, name, made)
        return made

    @property
    def unsent_messages(self) -> int:
        """How many messages wait to be sent."""
        return len(self._unsent)

    def _asking(self, name: str, method: Callable[..., Any]) -> Callable[..., Any]:
        known = self._read[name]

        async def ask(*arguments: Any, **options: Any) -> Any:
            key = (arguments, *options.items()) if options else arguments
            found = known.get(key, known)
            if found is known:  # None is an answer too
                found = known[key] = await method(*arguments, **options)
            return found

        return ask

    def _changing(self, name: str, method: Callable[..., Any]) -> Callable[..., Any]:
        changed = _CHANGES.get(name, _ALL)

        async def change(*arguments: Any, **options: Any) -> Any:
            for read in changed:
                self._read[read].clear()
            result = await method(*arguments, **options)
            if name == "open":
                self._unsent.update(message.id for message in arguments[2])
            elif name == "rearrange":
                self._unsent.update(message.id for message in (*arguments, (), ())[2])
            elif name == "sent":
                self._unsent.discard(arguments[0])
            elif name == "file":
                self._keep(arguments[0])
            return result

        return change

    async def record(self, change: Change) -> Release:
        """See the port."""
        result = await self._store.record(change)
        read = self._read
        read["releases"].clear()
        read["services_under_way"].clear()
        read["release"][change.release.id,] = result
        parts = (
            ("newest_entry", change.audit is not None),
            ("slots", change.slots),
            ("all_slots", change.slots),
            ("journal", change.journal is not None),
            ("judge_memory", change.judge is not None),
            ("instructions", change.handled),
        )
        for name, is_changed in parts:
            if is_changed:
                read[name].clear()
        self._unsent.update(message.id for message in change.messages)
        return result

    def _keep(self, papers: tuple[Paper, ...]) -> None:
        known = {paper.id for _, paper in self.filed}
        at = asyncio.get_running_loop().time()
        self.filed += [(at, paper) for paper in papers if paper.id not in known]

    async def waiting(self, now: datetime, limit: int = 20) -> tuple[Message, ...]:
        """See the port."""
        return await self._store.waiting(now, limit) if self._unsent else ()

    def entries(self, **options: Any) -> AsyncIterator[AuditEntry]:
        """See the port."""
        return self._store.entries(**options)
