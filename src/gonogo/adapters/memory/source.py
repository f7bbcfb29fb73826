"""Versions from a table."""

import difflib
from collections.abc import Mapping

from gonogo.domain.errors import InvalidInput, NotFound


class MemorySource:
    """The twin of a git repository: `tags` maps a repository to its versions and their commits."""

    def __init__(self, tags: Mapping[str, Mapping[str, str]]) -> None:
        self.tags_of = {repository: dict(versions) for repository, versions in tags.items()}

    async def resolve(self, repository: str, version: str) -> str:
        """The commit of this version. Raises NotFound or InvalidInput like a real source."""
        if not version or version.startswith("-") or any(mark.isspace() for mark in version):
            raise InvalidInput(f'"{version}" cannot be the name of a git tag')
        if repository not in self.tags_of:
            raise InvalidInput(f"the repository {repository} is not a folder of this machine")
        versions = self.tags_of[repository]
        if version not in versions:
            near = difflib.get_close_matches(version, versions, n=3, cutoff=0.4)
            said = f"; nearest: {', '.join(near)}" if near else ""
            raise NotFound(f'{repository} has no tag "{version}"{said}')
        return versions[version]

    async def tags(self, repository: str) -> tuple[str, ...]:
        """All versions, newest first."""
        if repository not in self.tags_of:
            raise InvalidInput(f"the repository {repository} is not a folder of this machine")
        return tuple(reversed(self.tags_of[repository]))
