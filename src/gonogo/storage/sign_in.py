"""Passwords, one-time links, and identities at a provider."""

from datetime import datetime

import sqlalchemy as sa

from gonogo.domain.audit import AuditDraft
from gonogo.domain.errors import Conflict, NotFound
from gonogo.domain.person import Person
from gonogo.domain.session import Credential, Flow, Invitation, KnownBrowser, LinkedIdentity
from gonogo.storage import chain
from gonogo.storage.codec import decode, encode
from gonogo.storage.people import void_invitations
from gonogo.storage.rows import invitation_of, put
from gonogo.storage.sessions import end_all
from gonogo.storage.tables import (
    credentials,
    flows,
    identities,
    invitations,
    known_browsers,
    people,
)

_MOST_BROWSERS = 20


def those_who_sign_in(connection: sa.Connection) -> frozenset[str]:
    """Names of people who are here and can sign in."""
    ways = sa.union(sa.select(credentials.c.person), sa.select(identities.c.person)).subquery()
    rows = connection.execute(
        sa.select(people.c.name)
        .join(ways, ways.c.person == people.c.name)
        .where(people.c.left_at.is_(None))
    )
    return frozenset(row.name for row in rows)


def credential(connection: sa.Connection, person: str) -> Credential | None:
    """The password of somebody who is here."""
    row = connection.execute(
        sa.select(credentials)
        .join(people, people.c.name == credentials.c.person)
        .where(credentials.c.person == person, people.c.left_at.is_(None))
    ).first()
    return None if row is None else Credential(row.person, row.hash, row.changed_at)


def put_credential(
    connection: sa.Connection,
    given: Credential,
    audit: AuditDraft | None,
    now: datetime,
    keep: str | None,
) -> None:
    """Store or replace a password. Raises NotFound when its person is not here."""
    here = sa.select(people.c.name).where(people.c.name == given.person, people.c.left_at.is_(None))
    if connection.execute(here).first() is None:
        raise NotFound(f"nobody is known as {given.person}", hint="gonogo people")
    if audit is None:
        _hash_anew(connection, given)
        return
    values = {"hash": given.hash, "changed_at": given.changed_at}
    put(connection, credentials, {"person": given.person}, values)
    end_all(connection, given.person, keep=keep)
    void_invitations(connection, given.person, now)
    chain.append(connection, audit, now)


def _hash_anew(connection: sa.Connection, given: Credential) -> None:
    """Another hash of the same password; one that was changed meanwhile stays."""
    same = (credentials.c.person == given.person) & (credentials.c.changed_at == given.changed_at)
    connection.execute(sa.update(credentials).where(same).values(hash=given.hash))


def know_browser(connection: sa.Connection, browser: KnownBrowser) -> None:
    """Remember a browser of somebody, and forget their oldest ones."""
    mine = known_browsers.c.person == browser.person
    newest = (
        sa.select(known_browsers.c.number)
        .where(mine)
        .order_by(known_browsers.c.number.desc())
        .limit(_MOST_BROWSERS - 1)
    )
    kept = [row.number for row in connection.execute(newest)]
    connection.execute(sa.delete(known_browsers).where(mine, known_browsers.c.number.not_in(kept)))
    values = {
        "digest": browser.digest,
        "person": browser.person,
        "known_since": browser.known_since,
    }
    connection.execute(sa.insert(known_browsers), values)


def known_browser(connection: sa.Connection, digest: str) -> KnownBrowser | None:
    """The browser with this digest."""
    row = connection.execute(
        sa.select(known_browsers).where(known_browsers.c.digest == digest)
    ).first()
    return None if row is None else KnownBrowser(row.digest, row.person, row.known_since)


def invite(
    connection: sa.Connection, invitation: Invitation, audit: AuditDraft, now: datetime
) -> None:
    """Store a one-time link in the place of an open one for the same person."""
    void_invitations(connection, invitation.person, now)
    connection.execute(
        sa.insert(invitations),
        {
            "digest": invitation.digest,
            "person": invitation.person,
            "purpose": invitation.purpose.value,
            "made_by": invitation.made_by,
            "created_at": invitation.created_at,
            "expires_at": invitation.expires_at,
            "ended_at": invitation.ended_at,
        },
    )
    chain.append(connection, audit, now)


def find_invitation(connection: sa.Connection, digest: str) -> Invitation | None:
    """One link, whatever its state."""
    row = connection.execute(sa.select(invitations).where(invitations.c.digest == digest)).first()
    return None if row is None else invitation_of(row)


def accept(
    connection: sa.Connection,
    invitation: Invitation,
    person: Person | None,
    given: Credential,
    audit: AuditDraft,
    now: datetime,
) -> Credential:
    """Use a link up. Raises Conflict for one that ended before."""
    used = connection.execute(
        sa.update(invitations)
        .where(invitations.c.digest == invitation.digest, invitations.c.ended_at.is_(None))
        .values(ended_at=now)
    )
    if not used.rowcount:
        raise Conflict("this link was used already, or a newer one has taken its place")
    if person is not None:
        _add(connection, person)
    put_credential(connection, given, audit, now, None)
    return given


def _add(connection: sa.Connection, person: Person) -> None:
    known = connection.execute(sa.select(people.c.name).where(people.c.name == person.name))
    if known.first() is not None:
        raise Conflict(f'"{person.name}" is known already', hint="choose another name")
    values = {"name": person.name, "person": encode(person), "left_at": person.left_at}
    connection.execute(sa.insert(people), values)


def all_identities(connection: sa.Connection, person: str | None) -> tuple[LinkedIdentity, ...]:
    """Linked identities of a person, or all."""
    query = sa.select(identities).order_by(identities.c.issuer, identities.c.subject)
    if person is not None:
        query = query.where(identities.c.person == person)
    return tuple(
        LinkedIdentity(row.issuer, row.subject, row.person, row.linked_at)
        for row in connection.execute(query)
    )


def linked(connection: sa.Connection, issuer: str, subject: str) -> Person | None:
    """Whose identity this is."""
    row = connection.execute(
        sa.select(people.c.person)
        .join(identities, identities.c.person == people.c.name)
        .where(
            identities.c.issuer == issuer,
            identities.c.subject == subject,
            people.c.left_at.is_(None),
        )
    ).first()
    return None if row is None else decode(Person, row.person)


def link(
    connection: sa.Connection,
    identity: LinkedIdentity,
    person: Person | None,
    audit: AuditDraft,
    now: datetime,
) -> None:
    """Link an identity to somebody, who is added when given. Raises Conflict for one that is linked."""
    known = connection.execute(
        sa.select(identities.c.person).where(
            identities.c.issuer == identity.issuer, identities.c.subject == identity.subject
        )
    ).first()
    if known is not None:
        raise Conflict(f"this identity is {known.person}'s already")
    if person is not None:
        _add(connection, person)
    connection.execute(
        sa.insert(identities),
        {
            "issuer": identity.issuer,
            "subject": identity.subject,
            "person": identity.person,
            "linked_at": identity.linked_at,
        },
    )
    chain.append(connection, audit, now)


def unlink(connection: sa.Connection, person: str, audit: AuditDraft, now: datetime) -> int:
    """Forget a person's identities; how many there were."""
    gone = connection.execute(sa.delete(identities).where(identities.c.person == person)).rowcount
    if gone:
        chain.append(connection, audit, now)
    return gone


def put_flow(connection: sa.Connection, flow: Flow, now: datetime) -> None:
    """Remember a sign-in that goes to a provider."""
    connection.execute(sa.delete(flows).where(flows.c.expires_at <= now))
    values = {"digest": flow.digest, "next": flow.next, "expires_at": flow.expires_at}
    connection.execute(sa.insert(flows), values)


def take_flow(connection: sa.Connection, digest: str, now: datetime) -> Flow | None:
    """The flow, once."""
    row = connection.execute(sa.select(flows).where(flows.c.digest == digest)).first()
    gone = connection.execute(sa.delete(flows).where(flows.c.digest == digest))
    if row is None or not gone.rowcount or row.expires_at <= now:
        return None
    return Flow(row.digest, row.next, row.expires_at)
