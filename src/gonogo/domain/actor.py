"""Who did it: every use case and every audit entry names an actor."""

from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """What a person may do. Until people sign in, whoever owns the desk is its owner."""

    OWNER = "owner"
    DESK = "desk"


@dataclass(frozen=True, slots=True)
class Actor:
    """A person, or the desk itself. `name` is what the audit chain shows."""

    name: str
    role: Role


DESK = Actor(name="desk", role=Role.DESK)
