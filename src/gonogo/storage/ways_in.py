"""The part of the store for people and how they sign in; `gonogo.storage.store` says what holds for it."""

from collections.abc import Callable
from datetime import datetime
from typing import TypeVar

import sqlalchemy as sa

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
from gonogo.ports.clock import Clock
from gonogo.storage import people, sessions, sign_in

Result = TypeVar("Result")


class WaysIn:
    """`PeopleStore`, `SignInStore` and `SessionStore` of `gonogo.ports.store`, over what `SqlStore` gives."""

    _clock: Clock

    async def _read(self, work: Callable[[sa.Connection], Result]) -> Result:
        raise NotImplementedError

    async def _write(self, work: Callable[[sa.Connection], Result]) -> Result:
        raise NotImplementedError

    async def put_person(self, person: Person, audit: AuditDraft) -> None:
        """See the port."""
        await self._write(lambda c: people.put_person(c, person, audit, self._clock.now()))

    async def people(self) -> tuple[Person, ...]:
        """See the port."""
        return await self._read(people.everybody)

    async def put_token(self, token: Token, audit: AuditDraft) -> None:
        """See the port."""
        await self._write(lambda c: people.put_token(c, token, audit, self._clock.now()))

    async def tokens(self) -> tuple[Token, ...]:
        """See the port."""
        return await self._read(people.all_tokens)

    async def bearer(self, digest: str, now: datetime) -> Actor | None:
        """See the port."""
        return await self._read(lambda c: people.bearer(c, digest, now))

    async def those_who_sign_in(self) -> frozenset[str]:
        """See the port."""
        return await self._read(sign_in.those_who_sign_in)

    async def credential(self, person: str) -> Credential | None:
        """See the port."""
        return await self._read(lambda c: sign_in.credential(c, person))

    async def put_credential(
        self, credential: Credential, audit: AuditDraft | None, *, keep: str | None = None
    ) -> None:
        """See the port. Raises NotFound when the person is not here."""
        now = self._clock.now()
        await self._write(lambda c: sign_in.put_credential(c, credential, audit, now, keep))

    async def know_browser(self, browser: KnownBrowser) -> None:
        """See the port."""
        await self._write(lambda c: sign_in.know_browser(c, browser))

    async def known_browser(self, digest: str) -> KnownBrowser | None:
        """See the port."""
        return await self._read(lambda c: sign_in.known_browser(c, digest))

    async def invite(self, invitation: Invitation, audit: AuditDraft) -> None:
        """See the port."""
        await self._write(lambda c: sign_in.invite(c, invitation, audit, self._clock.now()))

    async def invitation(self, digest: str) -> Invitation | None:
        """See the port."""
        return await self._read(lambda c: sign_in.find_invitation(c, digest))

    async def accept(
        self, invitation: Invitation, person: Person | None, hash_: str, audit: AuditDraft
    ) -> Credential:
        """See the port. Raises NotFound when the person is not here any more."""
        now = self._clock.now()
        name = invitation.person if person is None else person.name
        given = Credential(name, hash_, now)
        return await self._write(lambda c: sign_in.accept(c, invitation, person, given, audit, now))

    async def identities(self, person: str | None = None) -> tuple[LinkedIdentity, ...]:
        """See the port."""
        return await self._read(lambda c: sign_in.all_identities(c, person))

    async def linked(self, issuer: str, subject: str) -> Person | None:
        """See the port."""
        return await self._read(lambda c: sign_in.linked(c, issuer, subject))

    async def link(
        self, identity: LinkedIdentity, person: Person | None, audit: AuditDraft
    ) -> None:
        """See the port."""
        await self._write(lambda c: sign_in.link(c, identity, person, audit, self._clock.now()))

    async def unlink(self, person: str, audit: AuditDraft) -> int:
        """See the port."""
        return await self._write(lambda c: sign_in.unlink(c, person, audit, self._clock.now()))

    async def put_flow(self, flow: Flow, now: datetime) -> None:
        """See the port."""
        await self._write(lambda c: sign_in.put_flow(c, flow, now))

    async def take_flow(self, digest: str, now: datetime) -> Flow | None:
        """See the port."""
        return await self._write(lambda c: sign_in.take_flow(c, digest, now))

    async def open_session(
        self,
        session: Session,
        audit: AuditDraft,
        now: datetime,
        *,
        replaces: str | None = None,
        password_of: datetime | None = None,
    ) -> None:
        """See the port. Raises NotFound when the person is not here."""
        await self._write(
            lambda c: sessions.open_session(c, session, audit, now, replaces, password_of)
        )

    async def session(self, digest: str) -> tuple[Session, Person] | None:
        """See the port."""
        return await self._read(lambda c: sessions.find(c, digest))

    async def turn_session(self, session: Session, turned_at: datetime, seen_at: datetime) -> bool:
        """See the port."""
        return await self._write(lambda c: sessions.turn(c, session, turned_at, seen_at))

    async def sessions(self, person: str) -> tuple[Session, ...]:
        """See the port."""
        return await self._read(lambda c: sessions.of_person(c, person))

    async def end_sessions(
        self,
        person: str,
        audit: AuditDraft,
        *,
        only: str | None = None,
        keep: str | None = None,
    ) -> int:
        """See the port."""
        now = self._clock.now()
        return await self._write(
            lambda c: sessions.end(c, person, audit, now, only=only, keep=keep)
        )
