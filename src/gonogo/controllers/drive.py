"""One release under way: its row, its lease, and the one door through which it is changed.

Everything that a stage does goes through a `Drive`: it records before it acts, it checks the lease
before it acts on the world, and it waits in a way that a person's word can end. A drive may be
thrown away at any instant; whoever makes the next one reads where the release stands and goes on.
"""

import asyncio
import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from gonogo.controllers.heartbeat import beat, deed
from gonogo.controllers.world import World
from gonogo.domain.actor import DESK
from gonogo.domain.audit import AuditDraft
from gonogo.domain.errors import StaleLease
from gonogo.domain.journal import JournalEntry
from gonogo.domain.look import Look
from gonogo.domain.message import Message
from gonogo.domain.plan import Environment, Plan
from gonogo.domain.registration import Registration
from gonogo.domain.release import Instruction, Release, Stage, move
from gonogo.domain.slot import Slot
from gonogo.ports.store import Change, Lease

_LATE = timedelta(seconds=30)
"""How much later than asked for a busy desk may come back from waiting."""


class Interrupted(Exception):
    """A person said something while a stage was waiting."""

    def __init__(self, instruction: Instruction) -> None:
        super().__init__(instruction.kind.value)
        self.instruction = instruction


@dataclass(frozen=True, slots=True)
class Seen:
    """A look and the judge's memory after it: stored together or not at all."""

    look: Look
    memory: bytes


class Drive:
    """The right and the means to move one release."""

    def __init__(
        self, world: World, registration: Registration, release: Release, lease: Lease
    ) -> None:
        self.world = world
        self.registration = registration
        self.release = release
        self.lease = lease
        self.woken = asyncio.Event()
        self.trouble: str | None = None
        self.decided: tuple[Any, ...] | None = None
        self.waiting: tuple[object, str] | None = None
        self._said: dict[str, object] = {}
        self._rows: dict[str, tuple[Slot, ...]] = {}
        self._writing = asyncio.Lock()
        self._writes: set[asyncio.Future[None]] = set()
        self._doubtful = False
        self._deaf = 0
        self._asked = world.clock.now()
        self._held_until = _monotonic() + (lease.until - world.clock.now()).total_seconds()

    @property
    def plan(self) -> Plan:
        """The plan that was fixed when the release began."""
        return self.release.plan

    def is_news(self, about: str, what: object) -> bool:
        """Whether this drive says something else of a matter than the last time it spoke of it.

        What is tried again every second must not be told every second.
        """
        if about in self._said and self._said[about] == what:
            return False
        self._said[about] = what
        return True

    async def slots(self, environment: Environment) -> tuple[Slot, ...]:
        """The rows of this service in one environment."""
        beat()
        found = await self.world.store.slots(self.release.service, environment.name)
        self._rows[environment.name] = found
        return found

    def known_slots(self, environment: Environment) -> tuple[Slot, ...]:
        """The rows as they were read last, for when they cannot be read (others may have changed them)."""
        return self._rows.get(environment.name, ())

    async def record(
        self,
        action: str,
        data: Mapping[str, Any] | Callable[[Release], Mapping[str, Any]] | None = None,
        *,
        change: Callable[[Release], Release] = lambda release: release,
        slots: Sequence[Slot] = (),
        journal: JournalEntry | None = None,
        message: str | None = None,
        answered: Instruction | None = None,
        seen: Seen | None = None,
        actor: str = DESK.name,
    ) -> None:
        """Store one change with its audit entry and, where there is a `message`, what to tell.

        `data` and `change` may ask for the row as it is when their turn to write has come: a write
        that was begun before may still be on its way.
        """

        def wanted() -> Change:
            release = change(self.release)
            content = data(self.release) if callable(data) else data
            messages: tuple[Message, ...] = ()
            if message is not None:
                identity = f"{release.id}.{release.revision + 1}"
                text = f"{release.service} {release.version} {message}"
                now = self.world.clock.now()
                messages = (Message(identity, release.id, action, text, now),)
            return Change(
                release=release,
                lease=self.lease,
                audit=AuditDraft(actor, action, release.id, dict(content or {})),
                slots=tuple(slots),
                messages=messages,
                journal=journal,
                look=seen.look if seen else None,
                judge=seen.memory if seen else None,
                handled=() if answered is None else (answered.id,),
            )

        await self._store(wanted)

    async def remember(self, seen: Seen) -> None:
        """Store what the judge saw together with what it remembers of it."""
        await self._store(
            lambda: Change(self.release, self.lease, look=seen.look, judge=seen.memory)
        )

    async def _store(self, wanted: Callable[[], Change]) -> None:
        """Store one change after another; the row that comes back is the one the next starts from.

        A write that has begun ends even when its caller is cancelled meanwhile, and one whose answer
        was lost is looked up before the next: a write that starts from an old row would look like a
        second driver's.
        """
        writing = asyncio.ensure_future(self._write(wanted))
        self._writes.add(writing)
        writing.add_done_callback(self._writes.discard)
        try:
            await asyncio.shield(writing)
        except asyncio.CancelledError:
            writing.add_done_callback(_end_quietly)
            raise

    async def _write(self, wanted: Callable[[], Change]) -> None:
        async with self._writing:
            beat()
            await self._reread()
            change = wanted()
            self._doubtful = True
            self.release = await self.world.store.record(change)
            self._doubtful = False

    async def end(self) -> None:
        """Let writes that were begun come to their end, for a while; what never ends is given up."""
        if self._writes:
            patience = self.world.rhythm.farewell.total_seconds() / 2
            _, left = await asyncio.wait(self._writes, timeout=patience)
            for write in left:
                write.cancel()
            await asyncio.gather(*left, return_exceptions=True)

    async def be_sure(self) -> None:
        """After a write whose end nobody saw: raises StaleLease when it was stored after all.

        What this drive remembers is then older than the row, so a new one has to begin from there.
        """
        async with self._writing:
            known = self.release.revision
            await self._reread()
        if self.release.revision != known:
            raise StaleLease(f"release {self.release.id} was stored, and the answer was lost")

    async def _reread(self) -> None:
        if not self._doubtful:
            return
        stored = await self.world.store.release(self.release.id)
        if stored is not None:
            self.release = stored
        self._doubtful = False

    async def go(
        self,
        stage: Stage,
        reason: str,
        *,
        action: str | None = None,
        data: Mapping[str, Any] | None = None,
        slots: Sequence[Slot] = (),
        answered: Instruction | None = None,
        seen: Seen | None = None,
        **fields: Any,  # noqa: ANN401 - the columns of a release, checked by replace()
    ) -> None:
        """Move to another stage: the row, the audit entry, the slots and the message in one."""
        now = self.world.clock.now()

        def told(before: Release) -> Mapping[str, Any]:
            way = {"from": before.stage.value, "to": stage.value, "reason": reason}
            return {**way, **(data or {})}

        await self.record(
            action or f"desk:release:{stage.value}",
            told,
            change=lambda release: replace(move(release, stage, now, reason), **fields),
            slots=slots,
            message=f"{stage.value.replace('_', ' ')}: {reason}",
            answered=answered,
            seen=seen,
        )

    async def renew(self) -> None:
        """Hold the lease for longer. Raises StaleLease when another desk has it."""
        beat()
        now, began = self.world.clock.now(), _monotonic()
        lease = await self.world.store.claim(
            self.release.id, self.world.desk, now, now + self.world.rhythm.lease
        )
        if lease is None or lease.fence != self.lease.fence:
            raise StaleLease(f"another desk drives release {self.release.id} now")
        self.lease = lease
        self._held_until = began + self.world.rhythm.lease.total_seconds()

    async def may_act(self) -> None:
        """Called before every act on the world: the lease must hold with margin."""
        beat()
        # Also by a clock that nobody sets back: a lease must not grow longer by that.
        left = timedelta(seconds=self._held_until - _monotonic())
        if min(left, self.lease.until - self.world.clock.now()) < self.world.rhythm.lease / 3:
            await self.renew()

    async def instruction(self) -> Instruction | None:
        """What a person said and nobody has answered yet."""
        waiting = await self.world.store.instructions(self.release.id)
        return waiting[0] if waiting else None

    @contextlib.contextmanager
    def undisturbed(self) -> Iterator[None]:
        """What is begun in here is finished before the next word is heard, also the one it obeys."""
        self._deaf += 1
        try:
            yield
        finally:
            self._deaf -= 1

    async def heed(self) -> None:
        """Raise Interrupted when a person has said something.

        The store is asked when somebody woke this drive, and once in a while in case the word came
        in through another desk.
        """
        beat()
        if self._deaf:
            return
        now = self.world.clock.now()
        if not self.woken.is_set():
            if now - self._asked < self.world.rhythm.claim:
                return
            self._asked = now
            if self.release.id not in await self.world.with_words.get():
                return
        self.woken.clear()
        self._asked = now
        instruction = await self.instruction()
        if instruction is not None:
            self.woken.set()
            raise Interrupted(instruction)

    async def wait(self, duration: timedelta) -> None:
        """Wait, but not past a person's word: raises Interrupted as soon as there is one."""
        if self._deaf:
            with deed("waits", duration + _LATE):
                await asyncio.sleep(duration.total_seconds())
            return
        await self.heed()
        await self.pass_time(duration)
        await self.heed()

    async def pass_time(self, duration: timedelta) -> None:
        """Wait, at most until something is stored for this release; what it is, is not looked at."""
        with contextlib.suppress(TimeoutError), deed("waits", duration + _LATE):
            async with asyncio.timeout(duration.total_seconds()):
                await self.woken.wait()


def _monotonic() -> float:
    return asyncio.get_running_loop().time()


def _end_quietly(writing: "asyncio.Future[None]") -> None:
    """Nobody waits for this write any more; whoever comes next reads what became of it."""
    if not writing.cancelled():
        writing.exception()
