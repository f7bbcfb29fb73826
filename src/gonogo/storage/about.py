"""What a write is about, for whoever is told of it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class About:
    """What a write concerns, and whether controllers of other desks should look at once."""

    release: str | None = None
    service: str | None = None
    wakes: bool = False
