"""What is remembered. Every write is one transaction with its audit entry and its messages."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from gonogo.domain.actor import Actor
from gonogo.domain.adoption import Adoption
from gonogo.domain.audit import AuditDraft, AuditEntry, AuditSearch
from gonogo.domain.desk import DeskSeen
from gonogo.domain.journal import JournalEntry
from gonogo.domain.look import Look
from gonogo.domain.message import Message
from gonogo.domain.paper import Paper, PaperKind
from gonogo.domain.person import Person, Token
from gonogo.domain.registration import Registration
from gonogo.domain.release import Instruction, Release
from gonogo.domain.release_line import ReleaseLine, ReleaseSearch
from gonogo.domain.session import (
    Credential,
    Flow,
    Invitation,
    KnownBrowser,
    LinkedIdentity,
    Session,
)
from gonogo.domain.slot import Slot
from gonogo.ports.answers import AnswerStore


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


@dataclass(frozen=True, slots=True)
class UnderWay:
    """A release that has not ended, with its newest look and the newest decision of its gates."""

    release: Release
    look: Look | None
    decision: AuditEntry | None


@dataclass(frozen=True, slots=True)
class ServiceState:
    """A service, the slots in which something should run, and its newest release that has ended.

    `papers` are the flags set on the service, and what takes flags back, in the order they were filed.
    """

    registration: Registration
    slots: tuple[Slot, ...]
    last: Release | None
    papers: tuple[Paper, ...]


class ServiceStore(Protocol):
    """Services and what runs of them."""

    async def register(self, registration: Registration, audit: AuditDraft) -> None:
        """Store or replace what is registered under this service's name; its slots exist afterwards."""
        ...

    async def registration(self, service: str) -> Registration | None:
        """What is registered under this name."""
        ...

    async def registrations(self) -> tuple[Registration, ...]:
        """All services, by name."""
        ...

    async def slots(self, service: str, environment: str) -> tuple[Slot, ...]:
        """The slots of one environment by name; empty ones where nothing was stored yet."""
        ...

    async def all_slots(self) -> tuple[Slot, ...]:
        """Every stored slot of every service, by service, environment and name."""
        ...


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

    async def adoptions(self, service: str | None = None) -> tuple[Adoption, ...]:
        """Everything that was ever adopted, the last first; of one service where one is named."""
        ...


class GlanceStore(Protocol):
    """Little of everything, for a desk that looks again and again."""

    async def newest_entry(self) -> int:
        """The number of the newest audit entry, 0 when there is none."""
        ...

    async def services_under_way(self) -> Mapping[str, str]:
        """The service of every release that has not ended, by the release's id, oldest first."""
        ...

    async def registered(self) -> Mapping[str, tuple[str, datetime]]:
        """By service the digest of its registered spec, and when it was registered."""
        ...

    async def with_words(self) -> frozenset[str]:
        """Releases under way to which people said something that no change has answered yet."""
        ...


class BoardStore(Protocol):
    """Everything at once, for whoever watches all services."""

    async def under_way(self, decided: str) -> tuple[UnderWay, ...]:
        """Every release that has not ended, newest first; actions of decisions begin with `decided`."""
        ...

    async def service_states(self) -> tuple[ServiceState, ...]:
        """All services, by name."""
        ...


class PaperStore(Protocol):
    """What was filed about services and their versions. Papers are only ever added."""

    async def file(self, papers: tuple[Paper, ...], audit: AuditDraft) -> None:
        """Store papers, all or none, with one audit entry. A paper whose id is known is left as it is."""
        ...

    async def papers(self, service: str, commit: str | None = None) -> tuple[Paper, ...]:
        """Papers of the service as a whole, and those of one commit, in the order they were filed."""
        ...

    async def paper(self, paper_id: str) -> Paper | None:
        """One paper."""
        ...

    async def filed(
        self,
        service: str,
        *,
        commit: str | None = None,
        kind: PaperKind | None = None,
        before: str | None = None,
        limit: int = 100,
    ) -> tuple[Paper, ...]:
        """Papers of a service, of all its versions or of one commit, the last filed first.

        `before` is a paper's id: only what was filed before it; nothing when it is unknown.
        """
        ...


class PeopleStore(Protocol):
    """People and their tokens."""

    async def put_person(self, person: Person, audit: AuditDraft) -> None:
        """Store or replace a person. With one who has left all go by which they could sign in: their
        password, sessions, links and identities."""
        ...

    async def people(self) -> tuple[Person, ...]:
        """Everybody, by name, also those who left."""
        ...

    async def put_token(self, token: Token, audit: AuditDraft) -> None:
        """Store or replace a token."""
        ...

    async def tokens(self) -> tuple[Token, ...]:
        """All tokens, the oldest first."""
        ...

    async def bearer(self, digest: str, now: datetime) -> Actor | None:
        """As whom a token with this digest acts now: nobody when it is unknown, expired or revoked, or
        when the person has left."""
        ...


class SignInStore(Protocol):
    """Passwords, one-time links, and identities at a provider."""

    async def those_who_sign_in(self) -> frozenset[str]:
        """Names of people who are here and have a password or a linked identity."""
        ...

    async def credential(self, person: str) -> Credential | None:
        """Somebody's password; None where they have none or have left."""
        ...

    async def put_credential(
        self, credential: Credential, audit: AuditDraft | None, *, keep: str | None = None
    ) -> None:
        """Store or replace a password. With an audit entry it is another password: all sessions of the
        person but `keep` end, and their open links are void. Without one it is the same password, hashed
        anew: nothing else changes, and nothing at all where it was changed since `changed_at`."""
        ...

    async def know_browser(self, browser: KnownBrowser) -> None:
        """Remember a browser; of each person the newest twenty are remembered."""
        ...

    async def known_browser(self, digest: str) -> KnownBrowser | None:
        """The browser with this digest, if somebody signed in with it who is here."""
        ...

    async def invite(self, invitation: Invitation, audit: AuditDraft) -> None:
        """Store a one-time link; an open one for the same person is void from now on."""
        ...

    async def invitation(self, digest: str) -> Invitation | None:
        """One link, whatever its state."""
        ...

    async def accept(
        self, invitation: Invitation, person: Person | None, hash_: str, audit: AuditDraft
    ) -> Credential:
        """Use a link up: make the person it makes, if any, and give them this password, ending all their
        sessions. Raises Conflict when it was used or made void meanwhile, or the name is taken."""
        ...

    async def identities(self, person: str | None = None) -> tuple[LinkedIdentity, ...]:
        """Linked identities of a person, or all."""
        ...

    async def linked(self, issuer: str, subject: str) -> Person | None:
        """Whose identity this is; nobody when it is unknown or the person has left."""
        ...

    async def link(
        self, identity: LinkedIdentity, person: Person | None, audit: AuditDraft
    ) -> None:
        """Link an identity to somebody, who is added when given. Raises Conflict when it is linked."""
        ...

    async def unlink(self, person: str, audit: AuditDraft) -> int:
        """Forget a person's identities; how many there were. Nothing is written down when none was."""
        ...

    async def put_flow(self, flow: Flow, now: datetime) -> None:
        """Remember a sign-in that goes to a provider; those that have run out are forgotten."""
        ...

    async def take_flow(self, digest: str, now: datetime) -> Flow | None:
        """The flow, which is gone afterwards; None when it is unknown, used or expired."""
        ...


class SessionStore(Protocol):
    """Sessions."""

    async def open_session(
        self,
        session: Session,
        audit: AuditDraft,
        now: datetime,
        *,
        replaces: str | None = None,
        password_of: datetime | None = None,
    ) -> None:
        """Store a new session; the one with the id `replaces` ends, and those that have run out go.

        `password_of` is when the password was set that it is opened with. Raises Conflict when it was
        changed since then.
        """
        ...

    async def session(self, digest: str) -> tuple[Session, Person] | None:
        """The session that has this digest as its present, succeeding or previous one, and whose it is;
        None when there is none or the person has left."""
        ...

    async def turn_session(self, session: Session, turned_at: datetime, seen_at: datetime) -> bool:
        """Store a session whose digests or times changed, unless somebody else did since then
        (`turned_at` and `seen_at` are those it had); whether it was stored."""
        ...

    async def sessions(self, person: str) -> tuple[Session, ...]:
        """Sessions of a person, the newest first."""
        ...

    async def end_sessions(
        self,
        person: str,
        audit: AuditDraft,
        *,
        only: str | None = None,
        keep: str | None = None,
    ) -> int:
        """End all sessions of a person: the one with the id `only`, or all but `keep`. How many ended;
        nothing is written down when none did."""
        ...


class DeskStore(Protocol):
    """The desks that share the store; there is nothing to tell of where only one can."""

    async def first_to_be_free(self, desk: str, now: datetime) -> timedelta | None:
        """How long the first lease lasts that another desk holds of a release under way.

        None when no other desk holds any that still lasts.
        """
        ...

    async def desks(self) -> tuple[DeskSeen, ...]:
        """Every desk that has not ended properly, by name."""
        ...

    async def places(self) -> Mapping[tuple[str, str], str]:
        """The site on which the environment (service, environment) lives."""
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


class AuditStore(Protocol):
    """The audit chain."""

    def entries(self, *, subject: str | None = None, after: int = 0) -> AsyncIterator[AuditEntry]:
        """Entries in order, streamed; of one subject, or of all."""
        ...

    async def search(self, search: AuditSearch) -> tuple[AuditEntry, ...]:
        """The entries that fit, in the order asked for, at most `search.limit`."""
        ...

    async def append(self, audit: AuditDraft) -> AuditEntry:
        """Write down something that changes no other row."""
        ...


@dataclass(frozen=True, slots=True)
class Delivery:
    """What became of a message: when it was sent (None: not yet) and where to, how often that was tried
    in vain or not, why it was put off the last time, and when it is due.

    `sent_to` is empty where nobody wrote it down. A message with trouble and no attempts is held back.
    """

    message: Message
    sent_at: datetime | None
    attempts: int
    due_at: datetime
    trouble: str = ""
    sent_to: str = ""


class Outbox(Protocol):
    """Messages that wait to be sent."""

    async def deliveries(self, release_id: str, limit: int = 200) -> tuple[Delivery, ...]:
        """The newest messages about a release, in the order they were queued."""
        ...

    async def waiting(self, now: datetime, limit: int = 20) -> tuple[Message, ...]:
        """Messages due by now, oldest first.

        Where several desks share the store, no two are given the same message within a minute.
        """
        ...

    async def unsent(self, limit: int = 100) -> tuple[Message, ...]:
        """Messages that were not delivered yet, due or put off, oldest first: to look at, not to send."""
        ...

    async def sent(self, message_id: str, at: datetime, to: str) -> None:
        """It was delivered there."""
        ...

    async def postpone(
        self, message_id: str, until: datetime, why: str, *, tried: bool = True
    ) -> None:
        """It was not delivered, or not even tried; it is due again at `until`."""
        ...


class Store(
    ServiceStore,
    ReleaseStore,
    GlanceStore,
    AdoptionStore,
    BoardStore,
    PaperStore,
    PeopleStore,
    SignInStore,
    SessionStore,
    LeaseStore,
    DeskStore,
    AuditStore,
    Outbox,
    AnswerStore,
    Protocol,
):
    """All of it, as one database gives it."""
