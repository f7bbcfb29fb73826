"""Where versions come from."""

from typing import Protocol


class Source(Protocol):
    """Names of versions and what they stand for."""

    async def resolve(self, repository: str, version: str) -> str:
        """The commit that this version (a tag) names.

        Raises NotFound naming the nearest tags when there is none, InvalidInput when the repository
        cannot be read.
        """
        ...

    async def tags(self, repository: str) -> tuple[str, ...]:
        """All versions, newest first. Raises InvalidInput when the repository cannot be read."""
        ...

    async def tree(self, repository: str, commit: str) -> str:
        """The id of the commit's tree: what its files are, whatever it is called.

        Raises NotFound when the repository has no such commit, InvalidInput when it cannot be read.
        """
        ...
