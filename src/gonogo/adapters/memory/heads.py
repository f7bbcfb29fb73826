"""Published heads in a list."""


class MemoryHeads:
    """The memory twin of `ports.heads.Heads`."""

    def __init__(self) -> None:
        self.envelopes: list[tuple[int, str]] = []

    async def publish(self, sequence: int, envelope: str) -> str:
        """See the port."""
        self.envelopes.append((sequence, envelope))
        return "memory"

    async def published(self) -> tuple[str, ...]:
        """See the port."""
        return tuple(envelope for _, envelope in self.envelopes)
