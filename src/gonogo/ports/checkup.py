"""Looking at the health of one thing."""

from typing import Protocol

from gonogo.domain.health import Finding


class Checkup(Protocol):
    """One check; it answers also when what it looks at is broken."""

    async def look(self) -> tuple[Finding, ...]:
        """What was found, at least one finding."""
        ...
