"""The store: every method of `gonogo.ports.store`, each one transaction.

Guarantees: a write is on the disk when it returns, and whole or not there at all, whatever kills the
process; writers take turns, so what a write checked is still true when it commits; what cannot be
stored now is `Unavailable` and leaves the store usable. A caller that is cancelled while it waits
does not undo work that has begun: like after a crash, it has to read what is true.

Reads do not wait for writes: a write may wait seconds for another program's lock, and who watches a
canary must be able to read meanwhile. Assumes that one thread at a time writes to an SQLite file
(`Threads(1)` or `Inline`). Long reads go page by page, so that others wait for a page at the most.
"""

import uuid
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, TypeVar

import sqlalchemy as sa

from gonogo.domain.answer import KeptAnswer
from gonogo.domain.audit import AuditDraft, AuditEntry, AuditSearch
from gonogo.domain.errors import Unavailable
from gonogo.domain.journal import JournalEntry
from gonogo.domain.look import Look
from gonogo.domain.message import Message
from gonogo.domain.paper import Paper, PaperKind
from gonogo.domain.registration import Registration
from gonogo.domain.release import Instruction, Release
from gonogo.domain.release_line import ReleaseLine, ReleaseSearch
from gonogo.domain.slot import Slot
from gonogo.ports.clock import Clock
from gonogo.ports.notices import Notice
from gonogo.ports.store import Change, Lease, ServiceState, Store, UnderWay
from gonogo.storage import (
    answers,
    board,
    chain,
    history,
    release_lines,
    releases,
    services,
)
from gonogo.storage import papers as filing
from gonogo.storage.about import About
from gonogo.storage.adopting import Adopting
from gonogo.storage.among_desks import AmongDesks
from gonogo.storage.checkup import DatabaseCheckup
from gonogo.storage.creation import create_all
from gonogo.storage.engine import DEFAULT_PATIENCE, make_engine, reading
from gonogo.storage.glances import Glances
from gonogo.storage.kept import Kept
from gonogo.storage.notices import Announcements
from gonogo.storage.postgresql import THREADS
from gonogo.storage.presence import CHANNEL, payload
from gonogo.storage.runner import Inline, Runner, Threads
from gonogo.storage.schema import upgrade_with
from gonogo.storage.sending import Sending
from gonogo.storage.statements import Prepared
from gonogo.storage.tables import UtcTime
from gonogo.storage.ways_in import WaysIn

Result = TypeVar("Result")

_SERVERS_NOW = Prepared(sa.select(sa.type_coerce(sa.func.clock_timestamp(), UtcTime).label("now")))
_TELL_OTHERS = Prepared(
    sa.select(sa.func.pg_notify(CHANNEL, sa.bindparam("told", type_=sa.Text)).label("told"))
)

_PAGE = 200
"""Rows of one page of a long read: a few milliseconds."""


def open_store(
    url: str,
    clock: Clock,
    *,
    patience: timedelta = DEFAULT_PATIENCE,
    site: str | None = None,
    shared_time: bool = False,
) -> "SqlStore":
    """The store behind a database URL, brought to the newest schema.

    `patience` is how long a lock of another program is waited for; what is registered through this
    store lives on `site`, where several desks share it. With `shared_time` what desks take from each
    other runs out by the database's clock. Raises Unavailable, Conflict or NeedsPerson as
    `schema.upgrade` does.
    """
    engine = make_engine(url, patience=patience)
    try:
        upgrade_with(engine)
    except BaseException:
        engine.dispose()
        raise
    count = 1 if engine.dialect.name == "sqlite" else THREADS
    runs, reads = Threads(count), Threads(count)
    return SqlStore(engine, clock, run=runs, read=reads, site=site, shared_time=shared_time)


def memory_store(clock: Clock) -> "SqlStore":
    """A store that lives in memory and runs in its caller: no thread, no file, no waiting."""
    engine = make_engine("sqlite://")
    with engine.begin() as connection:
        create_all(connection)
    return SqlStore(engine, clock, run=Inline())


class SqlStore(WaysIn, Adopting, AmongDesks, Glances, Sending):
    """`gonogo.ports.store.Store` over SQLAlchemy Core. `engine` comes from `make_engine`.

    `run` does the writes, and the reads too unless `read` is given for them. `notices` are told of
    every write after its commit.

    With `shared_time`, for a server that several desks share, leases and messages that a desk has taken
    run out by the server's clock: of the times that a caller names only the length of time counts, so
    that no desk whose clock is off takes what another holds, or leaves what nobody does.
    """

    def __init__(
        self,
        engine: sa.Engine,
        clock: Clock,
        *,
        run: Runner,
        read: Runner | None = None,
        site: str | None = None,
        shared_time: bool = False,
    ) -> None:
        self._engine = engine
        self._shared_time = shared_time
        self._writes = Kept(engine)
        self._reads = Kept(reading(engine))
        self._clock = clock
        self._run = run
        self._run_reads = read or run
        self._site = site
        self._origin = uuid.uuid4().hex
        self.notices = Announcements()
        self._closed = False

    @property
    def checkup(self) -> DatabaseCheckup:
        """What looks after the health of this database."""
        return DatabaseCheckup(self._engine, self._clock)

    async def close(self) -> None:
        """Finish what was begun and let go of the database. Any call afterwards is Unavailable."""
        if not self._closed:
            self._closed = True
            await self._run_reads(self._reads.close)
            await self._run(self._writes.close)
            if self._run_reads is not self._run:
                await self._run(self._run_reads.close)
            await self._run(self._engine.dispose)
            self._run.close()

    async def register(self, registration: Registration, audit: AuditDraft) -> None:
        """See the port."""
        await self._write(
            lambda c: services.register(c, registration, audit, self._clock.now(), self._site),
            About(service=registration.service, wakes=True),
        )

    async def registration(self, service: str) -> Registration | None:
        """See the port."""
        found = await self._read(lambda c: services.find_registrations(c, service))
        return found[0] if found else None

    async def registrations(self) -> tuple[Registration, ...]:
        """See the port."""
        return await self._read(services.find_registrations)

    async def slots(self, service: str, environment: str) -> tuple[Slot, ...]:
        """See the port."""
        return await self._read(lambda c: services.slots(c, service, environment))

    async def all_slots(self) -> tuple[Slot, ...]:
        """See the port."""
        return await self._read(services.all_slots)

    async def open(
        self, release: Release, audit: AuditDraft, messages: tuple[Message, ...]
    ) -> Release:
        """See the port."""

        def work(connection: sa.Connection) -> Release:
            return releases.open_release(connection, release, audit, messages, self._clock.now())

        return await self._write(work, About(release.id, release.service, wakes=True))

    async def record(self, change: Change) -> Release:
        """See the port. Raises NotFound for a release that was never opened."""
        about = About(change.release.id, change.release.service)
        return await self._write(lambda c: releases.record(c, change, self._clock.now()), about)

    async def release(self, release_id: str) -> Release | None:
        """See the port."""
        return await self._read(lambda c: releases.find(c, release_id))

    async def releases(
        self,
        service: str | None = None,
        *,
        under_way: bool = False,
        limit: int = 100,
        before: str | None = None,
    ) -> tuple[Release, ...]:
        """See the port."""
        return await self._read(
            lambda c: releases.newest(c, service, under_way=under_way, limit=limit, before=before)
        )

    async def lines(self, search: ReleaseSearch) -> tuple[ReleaseLine, ...]:
        """See the port."""
        return await self._read(lambda c: release_lines.lines(c, search))

    async def matching(self, reference: str, limit: int) -> tuple[Release, ...]:
        """See the port."""
        return await self._read(lambda c: releases.matching(c, reference, limit))

    async def under_way(self, decided: str) -> tuple[UnderWay, ...]:
        """See the port."""
        return await self._read(lambda c: board.under_way(c, decided))

    async def service_states(self) -> tuple[ServiceState, ...]:
        """See the port."""
        return await self._read(board.service_states)

    async def instruct(
        self, instruction: Instruction, audit: AuditDraft, *, seen: int | None = None
    ) -> None:
        """See the port. Raises NotFound for a release that was never opened."""
        await self._write(
            lambda c: releases.instruct(c, instruction, audit, self._clock.now(), seen),
            About(instruction.release, wakes=True),
        )

    async def instructions(self, release_id: str) -> tuple[Instruction, ...]:
        """See the port."""
        return await self._read(lambda c: releases.unanswered(c, release_id))

    async def journal(self, release_id: str) -> tuple[JournalEntry, ...]:
        """See the port."""
        return await self._read(lambda c: history.steps(c, release_id))

    async def judge_memory(self, release_id: str) -> bytes | None:
        """See the port."""
        return await self._read(lambda c: history.judge_memory(c, release_id))

    async def looks(self, release_id: str) -> tuple[Look, ...]:
        """See the port."""
        return tuple(look for _, look in await self.looks_after(release_id, 0))

    async def looks_after(self, release_id: str, after: int) -> tuple[tuple[int, Look], ...]:
        """See the port."""
        found: list[tuple[int, Look]] = []
        while page := await self._page_of_looks(release_id, after):
            found.extend(page)
            after = page[-1][0]
        return tuple(found)

    async def last_look(self, release_id: str) -> Look | None:
        """See the port."""
        return await self._read(lambda c: history.newest_look(c, release_id))

    async def _page_of_looks(self, release_id: str, after: int) -> tuple[tuple[int, Look], ...]:
        return await self._read(lambda c: history.page_of_looks(c, release_id, after, _PAGE))

    async def file(self, papers: tuple[Paper, ...], audit: AuditDraft) -> None:
        """See the port."""
        services_of = {paper.service for paper in papers}
        await self._write(
            lambda c: filing.file(c, papers, audit, self._clock.now()),
            About(service=services_of.pop() if len(services_of) == 1 else None, wakes=True),
        )

    async def papers(self, service: str, commit: str | None = None) -> tuple[Paper, ...]:
        """See the port."""
        return await self._read(lambda c: filing.find(c, service, commit))

    async def paper(self, paper_id: str) -> Paper | None:
        """See the port."""
        return await self._read(lambda c: filing.find_one(c, paper_id))

    async def filed(
        self,
        service: str,
        *,
        commit: str | None = None,
        kind: PaperKind | None = None,
        before: str | None = None,
        limit: int = 100,
    ) -> tuple[Paper, ...]:
        """See the port."""
        return await self._read(
            lambda c: filing.newest(
                c, service, commit=commit, kind=kind, before=before, limit=limit
            )
        )

    async def claim(
        self,
        release_id: str,
        desk: str,
        now: datetime,
        until: datetime,
        *,
        anew: bool = False,
    ) -> Lease | None:
        """See the port. Raises NotFound for a release that was never opened."""

        def work(connection: sa.Connection) -> Lease | None:
            start = self._shared(connection, now)
            end = start + (until - now)
            lease = releases.claim(connection, release_id, desk, start, end, anew=anew)
            return None if lease is None else replace(lease, until=until)

        return await self._write(work)

    async def entries(
        self, *, subject: str | None = None, after: int = 0
    ) -> AsyncIterator[AuditEntry]:
        """See the port."""
        while page := await self._page_of_entries(subject, after):
            for entry in page:
                yield entry
            after = page[-1].sequence

    async def _page_of_entries(self, subject: str | None, after: int) -> tuple[AuditEntry, ...]:
        return await self._read(lambda c: chain.page(c, subject, after, _PAGE))

    async def search(self, search: AuditSearch) -> tuple[AuditEntry, ...]:
        """See the port."""
        return await self._read(lambda c: chain.search(c, search))

    async def append(self, audit: AuditDraft) -> AuditEntry:
        """See the port."""
        return await self._write(lambda c: chain.append(c, audit, self._clock.now()))

    async def begin_answer(self, answer: KeptAnswer, since: datetime) -> KeptAnswer | None:
        """See the port."""
        return await self._write(lambda c: answers.begin(c, answer, since))

    async def finish_answer(self, answer: KeptAnswer) -> None:
        """See the port."""
        await self._write(lambda c: answers.finish(c, answer))

    async def forget_answer(self, place: str, begun: str) -> None:
        """See the port."""
        await self._write(lambda c: answers.forget(c, place, begun))

    def _shared(self, connection: sa.Connection, now: datetime) -> datetime:
        """What is now, by the clock that all who share the store go by."""
        if not self._shared_time:
            return now
        row = _SERVERS_NOW.first(connection)
        assert row is not None
        found: datetime = row.now
        return found

    async def _read(self, work: Callable[[sa.Connection], Result]) -> Result:
        return await self._on(self._run_reads, lambda: self._reads.transact(work))

    async def _write(
        self, work: Callable[[sa.Connection], Result], about: About | None = None
    ) -> Result:
        """Do it in one transaction; who listens is told when it is about something or was audited."""

        def noted(connection: sa.Connection) -> tuple[Result, Notice | None]:
            connection.info.pop(chain.SEQUENCE, None)
            result = work(connection)
            sequence = connection.info.pop(chain.SEQUENCE, 0)
            if about is None and not sequence:
                return result, None
            concerns = about or About()
            notice = Notice(concerns.release, concerns.service, sequence)
            if connection.dialect.name != "sqlite":
                told = payload(self._origin, notice, wakes=concerns.wakes)
                _TELL_OTHERS.first(connection, {"told": told})
            return result, notice

        def write() -> Result:
            result, notice = self._writes.transact(noted)
            if notice is not None:
                self.notices.tell(notice)
            return result

        return await self._on(self._run, write)

    async def _on(self, run: Runner, work: Callable[[], Result]) -> Result:
        if self._closed:
            raise Unavailable("the store is closed: the desk is going down")
        return await run(work)


if TYPE_CHECKING:
    _fulfils_the_port: type[Store] = SqlStore
