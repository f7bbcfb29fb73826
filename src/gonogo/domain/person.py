"""People whom the desk knows, and the tokens by which it knows them."""

from dataclasses import dataclass
from datetime import datetime

from gonogo.domain.actor import Actor, Role, Scope


@dataclass(frozen=True, slots=True)
class Person:
    """A person or a CI job. `emails` (lower case) are those of their commits.

    One who has left keeps their row, so that what they did stays theirs; nobody gets the name again.
    """

    name: str
    roles: tuple[Role, ...]
    emails: tuple[str, ...]
    added_by: str
    added_at: datetime
    left_at: datetime | None = None

    @property
    def actor(self) -> Actor:
        """As whom they act."""
        return Actor(self.name, frozenset(self.roles), frozenset(self.emails))


@dataclass(frozen=True, slots=True)
class Token:
    """A secret that stands for a person until it expires or is revoked; only its digest is kept.

    With `scopes` it allows those kinds of deeds alone, and only where the person's roles allow them too;
    without (None) it allows all that the person may do.
    """

    id: str
    person: str
    digest: str
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None = None
    scopes: tuple[Scope, ...] | None = None
