"""Releases, who drives them, and what was adopted without one."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from gonogo.domain.adoption import Adoption
from gonogo.domain.audit import AuditDraft
from gonogo.domain.journal import JournalEntry
from gonogo.domain.look import Look
from gonogo.domain.message import Message
from gonogo.domain.release import Instruction, Release
from gonogo.domain.release_line import ReleaseLine, ReleaseSearch
from gonogo.domain.slot import Slot


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to drive one release. `fence` grows with every new holder; a stale one cannot write."""

    release: str
    desk: str
    fence: int
    until: datetime


@dataclass(frozen=True, slots=True)
class Change:
    """One step of a release, stored whole or not at all.

    `release` is the row as it should become; its `revision` must be the stored one. `slots` replace
    the rows of the same service, environment and name. `judge` is the judge's memory after having
    eaten the increments of `look`; both are stored together or not at all. `handled` are ids of
    instructions that this change answers.
    """

    release: Release
    lease: Lease
    audit: AuditDraft | None = None
    slots: tuple[Slot, ...] = ()
    messages: tuple[Message, ...] = ()
    journal: JournalEntry | None = None
    look: Look | None = None
    judge: bytes | None = None
    handled: tuple[str, ...] = ()


class ReleaseStore(Protocol):
    """Releases and their history."""

    async def open(
        self, release: Release, audit: AuditDraft, messages: tuple[Message, ...]
    ) -> Release:
        """Store a new release; the stored one, unchanged, when its id is known already.

        Raises Conflict naming the other release when one of this service is under way.
        """
        ...

    async def record(self, change: Change) -> Release:
        """Store a change; returns the release with its new revision.

        Raises StaleLease when the lease is not the newest or the revision is not the stored one.
        """
        ...

    async def release(self, release_id: str) -> Release | None:
        """One release."""
        ...

    async def releases(
        self,
        service: str | None = None,
        *,
        under_way: bool = False,
        limit: int = 100,
        before: str | None = None,
    ) -> tuple[Release, ...]:
        """Releases, newest first; only those that have not ended when `under_way`.

        `before` is a release's id: only what was opened before it; nothing when it is unknown.
        """
        ...

    async def lines(self, search: ReleaseSearch) -> tuple[ReleaseLine, ...]:
        """Releases that fit, as lines, the last opened first, at most `search.limit`."""
        ...

    async def matching(self, reference: str, limit: int) -> tuple[Release, ...]:
        """The releases that `reference` may mean: the one with this id; else the newest with this
        service, version or `service version`; else up to `limit` whose id begins with it, newest
        first."""
        ...

    async def instruct(
        self, instruction: Instruction, audit: AuditDraft, *, seen: int | None = None
    ) -> None:
        """Store a person's word. The same id twice is stored once.

        `seen` is the last audit entry that whoever says it has seen of the release. Raises Conflict,
        saying who said what, when a person said something to the release after it.
        """
        ...

    async def instructions(self, release_id: str) -> tuple[Instruction, ...]:
        """What people said and no change has answered yet, in order."""
        ...

    async def journal(self, release_id: str) -> tuple[JournalEntry, ...]:
        """The newest entry of every step of a release, in the order the steps were begun."""
        ...

    async def judge_memory(self, release_id: str) -> bytes | None:
        """What the judge remembered at the last recorded look."""
        ...

    async def looks(self, release_id: str) -> tuple[Look, ...]:
        """Every recorded look, in order."""
        ...

    async def looks_after(self, release_id: str, after: int) -> tuple[tuple[int, Look], ...]:
        """Recorded looks after a number, in order, each with its own; 0 is before the first."""
        ...

    async def last_look(self, release_id: str) -> Look | None:
        """The newest recorded look."""
        ...


class LeaseStore(Protocol):
    """Who drives what."""

    async def claim(
        self,
        release_id: str,
        desk: str,
        now: datetime,
        until: datetime,
        *,
        anew: bool = False,
    ) -> Lease | None:
        """Take the lease when it is free, ours, or has run out at `now`; None when another holds it.

        Where several desks share the store, their clocks are not held against each other: a lease runs
        out by the store's, `until - now` after it was taken. The one that comes back says `until` by
        the clock of whoever took it.

        A claim by a new holder raises the fence; renewing one's own keeps it. With `anew` it is raised
        all the same: whoever held it before, in this desk too, cannot write any more.
        """
        ...


class AdoptionStore(Protocol):
    """What ran before gonogo came, and slots that change while no release is under way."""

    async def adopt(
        self, adoption: Adoption, release: Release, slots: Sequence[Slot], audit: AuditDraft
    ) -> None:
        """Store an adopted version, its release and the slots that hold it, all or nothing.

        Raises Conflict as `rearrange` does.
        """
        ...

    async def rearrange(
        self, slots: Sequence[Slot], audit: AuditDraft, messages: Sequence[Message] = ()
    ) -> None:
        """Replace rows of one service outside of its releases, with what to tell.

        Raises Conflict while a release of the service is under way, and when one of the rows has
        another revision than these, which were made from what was read.
        """
        ...

    async def undo_adoptions(
        self, service: str, environment: str, slots: Sequence[Slot], audit: AuditDraft
    ) -> None:
        """Forget what was adopted in an environment, with its slots as they are then, all or nothing.

        Its releases stay in the history. Raises Conflict as `rearrange` does.
        """
        ...

    async def adoptions(self, service: str | None = None) -> tuple[Adoption, ...]:
        """Everything that was adopted and not undone, the last first; of one service where one is named."""
        ...
