"""Versions from a table."""

import difflib
import re
from collections.abc import Mapping
from hashlib import sha1

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

    async def tree(self, repository: str, commit: str) -> str:
        """A tree that follows from the commit. Raises NotFound or InvalidInput like a real source."""
        if not re.fullmatch(r"[0-9a-f]{40}|[0-9a-f]{64}", commit):
            raise InvalidInput(f'"{commit}" is not the full name of a commit')
        if repository not in self.tags_of:
            raise InvalidInput(f"the repository {repository} is not a folder of this machine")
        if commit not in self.tags_of[repository].values():
            raise NotFound(f"{repository} has no commit {commit}")
        return sha1(commit.encode(), usedforsecurity=False).hexdigest()
