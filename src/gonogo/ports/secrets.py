"""Secrets of services: values that only their processes see."""

from collections.abc import Mapping
from typing import Protocol


class Secrets(Protocol):
    """Secrets by service and environment."""

    async def names(self, service: str, environment: str) -> frozenset[str]:
        """Which secrets are set. Raises Unavailable when that cannot be read."""
        ...

    async def values(self, service: str, environment: str) -> Mapping[str, str]:
        """The secrets themselves, as variables of a process. Raises as `names` does."""
        ...
