"""Who did it: every use case and every audit entry names an actor, and roles say what one may do."""

from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """What a person, or a program that speaks for people, may do.

    OWNER owns the desk's process. CI supplies evidence. DESK is gonogo itself.
    """

    OWNER = "owner"
    DESK = "desk"
    ADMIN = "admin"
    DEVOPS = "devops"
    QA = "qa"
    TECH_LEAD = "tech_lead"
    SECURITY = "security"
    PRODUCT = "product"
    DEVELOPER = "developer"
    VIEWER = "viewer"
    CI = "ci"

    @property
    def words(self) -> str:
        """As people write it."""
        return (
            "QA" if self is Role.QA else "CI" if self is Role.CI else self.value.replace("_", " ")
        )


PEOPLE_ROLES = tuple(role for role in Role if role not in {Role.OWNER, Role.DESK})
"""Roles that can be given to somebody."""


class Scope(StrEnum):
    """What a token can be narrowed to: kinds of deeds."""

    READ = "read"
    EVIDENCE = "evidence"
    RELEASE = "release"
    HANDOFF = "handoff"
    REGISTER = "register"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True)
class Actor:
    """A person, a CI job, or the desk itself. `name` is what the audit chain shows.

    `emails` (lower case) tell whether a commit is theirs. `scopes` narrow what the roles allow, for
    somebody who came with a narrowed token; None narrows nothing.
    """

    name: str
    roles: frozenset[Role]
    emails: frozenset[str] = frozenset()
    scopes: frozenset[Scope] | None = None


DESK = Actor(name="desk", roles=frozenset({Role.DESK}))
