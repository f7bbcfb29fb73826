"""Versions are the tags of a git repository on this machine."""

import difflib
from pathlib import Path

from gonogo.adapters.local.git import (
    GitAnswer,
    GitMissing,
    git,
    git_directory,
    is_commit,
    is_tag_name,
    no_git,
)
from gonogo.domain.errors import InvalidInput, NotFound


class GitSource:
    """Resolves tags. Reads the repository, never changes it."""

    async def resolve(self, repository: str, version: str) -> str:
        """The full name of the commit that this tag points to.

        Raises InvalidInput for a name that no tag can have, a path that is not the top of a git
        repository, or a machine without git; NotFound with the nearest tags as a hint.
        """
        if not is_tag_name(version):
            raise InvalidInput(
                f'"{version}" cannot be the name of a git tag', hint=f"git -C {repository} tag"
            )
        place = await _opened(repository)
        found = await _run(
            place, "rev-parse", "--verify", "--quiet", f"refs/tags/{version}^{{commit}}"
        )
        if found.code == 0:
            return found.output.strip()
        tags = (
            await _run(place, "for-each-ref", "--format=%(refname:strip=2)", "refs/tags")
        ).output
        raise _unknown(repository, version, tags.split())

    async def tags(self, repository: str) -> tuple[str, ...]:
        """Every tag, the newest first. Raises InvalidInput as `resolve` does."""
        place = await _opened(repository)
        newest = ("--sort=-version:refname", "--sort=-creatordate")
        wanted = (*newest, "--format=%(refname:strip=2)", "refs/tags")
        return tuple((await _run(place, "for-each-ref", *wanted)).output.split())

    async def tree(self, repository: str, commit: str) -> str:
        """The commit's tree. Raises NotFound for an unknown commit, InvalidInput as `resolve` does."""
        if not is_commit(commit):
            raise InvalidInput(f'"{commit}" is not the full name of a commit')
        place = await _opened(repository)
        found = await _run(place, "rev-parse", "--verify", "--quiet", f"{commit}^{{tree}}")
        if found.code != 0:
            raise NotFound(
                f"{repository} has no commit {commit}", hint=f"git -C {repository} fetch --tags"
            )
        return found.output.strip()


async def _opened(repository: str) -> Path:
    place = Path(repository)
    try:
        await git_directory(place)
    except GitMissing:
        raise no_git(place) from None
    return place


async def _run(place: Path, *arguments: str) -> GitAnswer:
    try:
        return await git(place, *arguments)
    except GitMissing:
        raise no_git(place) from None


def _unknown(repository: str, version: str, tags: list[str]) -> NotFound:
    if version in tags:
        return NotFound(
            f'the tag "{version}" of {repository} does not name a commit',
            hint=f"git -C {repository} show {version}",
        )
    if not tags:
        return NotFound(
            f'{repository} has no tag "{version}": it has no tags at all',
            hint=f"git -C {repository} tag {version}",
        )
    near = difflib.get_close_matches(version, tags, n=3, cutoff=0.4)
    said = f"; nearest: {', '.join(near)}" if near else f"; it has {len(tags)} others"
    return NotFound(
        f'{repository} has no tag "{version}"{said}', hint=f"git -C {repository} tag --list"
    )
