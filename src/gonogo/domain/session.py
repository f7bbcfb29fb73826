"""How people sign in: passwords, sessions, one-time links, and identities kept elsewhere.

Of every secret only a digest is kept: who reads the desk's database can sign in as nobody.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Credential:
    """The password of a person, as the hash that says by itself how it was made."""

    person: str
    hash: str
    changed_at: datetime


@dataclass(frozen=True, slots=True)
class Session:
    """One browser that somebody signed in with.

    `digest` is that of the secret that the browser has now. A new secret is handed out as
    `successor` and takes the place of the present one when the browser comes back with it, so that an
    answer that got lost signs nobody out; the one before is `previous` then, good for a moment longer
    for requests that were on their way. `turned_at` is when either of this happened last.

    `csrf` is what the session's forms carry; it opens nothing by itself and stays for the whole
    session, so that a form that was filled in slowly can still be sent.
    """

    id: str
    person: str
    digest: str
    csrf: str
    created_at: datetime
    seen_at: datetime
    turned_at: datetime
    expires_at: datetime
    successor: str | None = None
    previous: str | None = None
    client: str = ""
    address: str = ""


@dataclass(frozen=True, slots=True)
class KnownBrowser:
    """A browser that somebody signed in with before. It opens nothing; its tries are counted apart, so that
    whoever else guesses from the same address cannot keep its owner out."""

    digest: str
    person: str
    known_since: datetime


class Purpose(StrEnum):
    """What a one-time link is for.

    FIRST_ADMIN makes the first person, who chooses a name; JOIN lets somebody known choose their first
    password, RESET another one.
    """

    FIRST_ADMIN = "first_admin"
    JOIN = "join"
    RESET = "reset"


@dataclass(frozen=True, slots=True)
class Invitation:
    """A one-time link. `person` is empty for the one that makes the first admin.

    One that was used or made void (by a newer one for the same person) has `ended_at`.
    """

    digest: str
    person: str
    purpose: Purpose
    made_by: str
    created_at: datetime
    expires_at: datetime
    ended_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class LinkedIdentity:
    """Somebody's account at an OpenID provider: `subject` is their name there, which never changes."""

    issuer: str
    subject: str
    person: str
    linked_at: datetime


@dataclass(frozen=True, slots=True)
class Flow:
    """A sign-in that went to a provider and has not come back: good once, until it expires."""

    digest: str
    next: str
    expires_at: datetime
