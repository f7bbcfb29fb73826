"""Signed heads as lines of a file, or as annotated tags of a git repository."""

import asyncio
import os
from pathlib import Path

from gonogo.adapters.local.git import GitAnswer, GitMissing, git, is_tag_name
from gonogo.domain.errors import ActionFailed, InvalidInput

_TAGS = "gonogo-audit"
_PUSH_SECONDS = 120.0
_IDENTITY = {"GIT_COMMITTER_NAME": "gonogo", "GIT_COMMITTER_EMAIL": "gonogo@localhost"}
_QUIET = ("-c", "tag.gpgSign=false", "-c", "core.hooksPath=/dev/null")
"""A tag is signed by its message already, and nobody's hooks belong to the desk."""


class FileHeads:
    """One envelope a line, added at the end."""

    def __init__(self, file: Path) -> None:
        self._file = file

    async def publish(self, sequence: int, envelope: str) -> str:
        """See the port; on the disk when this returns."""
        await asyncio.to_thread(self._append, envelope)
        return str(self._file)

    def _append(self, envelope: str) -> None:
        try:
            descriptor = os.open(self._file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
            with os.fdopen(descriptor, "ab") as stream:
                stream.write(f"{envelope}\n".encode())
                stream.flush()
                os.fsync(stream.fileno())
        except OSError as error:
            raise InvalidInput(f"{self._file} cannot be written: {error.strerror}") from error

    async def published(self) -> tuple[str, ...]:
        """See the port."""
        try:
            content = await asyncio.to_thread(self._file.read_bytes)
            return tuple(line for line in content.decode().split("\n") if line)
        except OSError as error:
            raise InvalidInput(f"{self._file} cannot be read: {error.strerror}") from error
        except UnicodeDecodeError as error:
            raise InvalidInput(f"{self._file} holds no heads: it is no text") from error


class GitHeads:
    """Annotated tags `gonogo-audit/SEQUENCE` on what is checked out; each message is one envelope."""

    def __init__(self, repository: Path, remote: str | None = None) -> None:
        self._repository = repository
        self._remote = remote

    async def publish(self, sequence: int, envelope: str) -> str:
        """See the port. A tag that is there already stays as it is, and is pushed again."""
        if self._remote is not None and not is_tag_name(self._remote):
            raise InvalidInput(f'"{self._remote}" cannot be the name of a remote')
        name = f"{_TAGS}/{sequence}"
        known = await self._run("rev-parse", "--verify", "--quiet", f"refs/tags/{name}")
        if known.code != 0:
            words = ("tag", "--annotate", "--cleanup=verbatim", f"--message={envelope}", name)
            await self._do(*_QUIET, *words, "HEAD")
        if self._remote is None:
            return f"tag {name} of {self._repository}"
        push = self._do(
            *_QUIET, "push", "--quiet", "--no-verify", self._remote, f"refs/tags/{name}"
        )
        try:
            await asyncio.wait_for(push, _PUSH_SECONDS)
        except TimeoutError:
            raise ActionFailed(
                f"{self._remote} did not take tag {name} within {_PUSH_SECONDS:g} s"
            ) from None
        return f"tag {name} of {self._repository}, pushed to {self._remote}"

    async def published(self) -> tuple[str, ...]:
        """See the port."""
        found = await self._run(
            "for-each-ref",
            "--sort=version:refname",
            "--format=%(contents:subject)",
            f"refs/tags/{_TAGS}/",
        )
        if found.code != 0:
            raise InvalidInput(f"{self._repository} cannot be read: {found.complaint}")
        return tuple(line for line in found.output.split("\n") if line)

    async def _do(self, *arguments: str) -> None:
        done = await self._run(*arguments)
        if done.code != 0:
            raise ActionFailed(
                f"git could not publish in {self._repository}: {done.complaint}",
                hint=f"git -C {self._repository} status",
            )

    async def _run(self, *arguments: str) -> GitAnswer:
        if not self._repository.is_dir():
            raise InvalidInput(f"the repository {self._repository} is not a folder of this machine")
        try:
            return await git(self._repository, *arguments, variables=_IDENTITY)
        except GitMissing:
            raise InvalidInput("git is not on PATH", hint="apt install git") from None
