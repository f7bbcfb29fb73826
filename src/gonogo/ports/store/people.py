"""People, and how they sign in and stay signed in."""

from datetime import datetime
from typing import Protocol

from gonogo.domain.actor import Actor
from gonogo.domain.audit import AuditDraft
from gonogo.domain.person import Person, Token
from gonogo.domain.session import (
    Credential,
    Flow,
    Invitation,
    KnownBrowser,
    LinkedIdentity,
    Session,
)


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
