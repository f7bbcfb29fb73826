"""Secrets that live in memory."""

from collections.abc import Mapping


class MemorySecrets:
    """The twin of the secrets' files, by service and environment."""

    def __init__(self, secrets: Mapping[tuple[str, str], Mapping[str, str]] | None = None) -> None:
        self.secrets = dict(secrets or {})

    async def names(self, service: str, environment: str) -> frozenset[str]:
        """Which secrets are set to something."""
        found = await self.values(service, environment)
        return frozenset(name for name, value in found.items() if value)

    async def values(self, service: str, environment: str) -> Mapping[str, str]:
        """The secrets; none where none were given."""
        return self.secrets.get((service, environment), {})
