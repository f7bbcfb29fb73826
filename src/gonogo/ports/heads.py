"""Where signed heads of the audit chain are put for others to hold."""

from typing import Protocol


class Heads(Protocol):
    """One place of publication. What was published is never changed."""

    async def publish(self, sequence: int, envelope: str) -> str:
        """Publish a signed head (one line of text); returns where it stands now, for people.

        Raises InvalidInput when the place cannot be used, ActionFailed when it was tried in vain.
        """
        ...

    async def published(self) -> tuple[str, ...]:
        """Every published head, the oldest first. Raises InvalidInput when the place cannot be read."""
        ...
