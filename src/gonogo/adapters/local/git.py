"""Running git: no shell, no prompt, nothing of the desk's environment, and nothing left behind."""

import asyncio
import contextlib
import os
import re
import signal
import tempfile
from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from gonogo.adapters.local.environment import child_environment
from gonogo.domain.errors import InvalidInput

_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_STEPS_BACK = re.compile(r"(?:[~^][0-9]{0,9})*\Z")
_PIECE_BYTES = 1 << 18
_COMPLAINT_BYTES = 4096
_NOT_IN_A_REFERENCE = re.compile(r"[\x00-\x20\x7f~^:?*\[\\]|\.\.|@\{|//")


class GitMissing(Exception):
    """There is no git on PATH."""


class GitFailed(Exception):
    """Git ended with an exit code that is not 0; `str(error)` is its complaint as one line."""


def no_git(repository: Path | str) -> InvalidInput:
    """What is said where a repository is to be read and GitMissing came of it."""
    return InvalidInput(
        f"git is not on PATH, so the repository {repository} cannot be read",
        hint="install git, for example with: apt install git",
    )


@dataclass(frozen=True, slots=True)
class GitAnswer:
    """What git said: exit code, output, and the last of its complaints as one line."""

    code: int
    output: str
    complaint: str


async def git(
    repository: Path,
    *arguments: str,
    variables: Mapping[str, str] | None = None,
    inherited: tuple[int, ...] = (),
) -> GitAnswer:
    """Run one git command on exactly this repository (none of the folders above it).

    `inherited` are descriptors that git keeps open, a lock for instance. Raises GitMissing.
    """
    try:
        child = await asyncio.create_subprocess_exec(
            "git",
            "-C",
            str(repository.resolve()),
            *arguments,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env=_environment(repository, variables),
            pass_fds=inherited,
        )
    except FileNotFoundError as error:
        raise GitMissing from error
    try:
        output, errors = await child.communicate()
    finally:
        if child.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                child.kill()
            await child.wait()
    complaints = errors.decode(errors="replace").strip().splitlines()
    code = -1 if child.returncode is None else child.returncode
    return GitAnswer(code, output.decode(errors="replace"), complaints[0] if complaints else "")


async def git_directory(repository: Path) -> Path:
    """Where the repository whose top this is keeps its history.

    Raises GitMissing, and InvalidInput for what is no such folder.
    """
    if not repository.is_dir():
        raise InvalidInput(f"the repository {repository} is not a folder of this machine")
    answer = await git(repository, "rev-parse", "--absolute-git-dir")
    if answer.code != 0:
        raise InvalidInput(
            f"{repository} is not the top of a git repository that can be read: {answer.complaint}",
            hint=f"git -C {repository} rev-parse --show-toplevel",
        )
    return Path(answer.output.removesuffix("\n"))


async def git_pieces(
    repository: Path,
    *arguments: str,
    variables: Mapping[str, str] | None = None,
    given: bytes = b"",
) -> AsyncGenerator[bytes]:
    """Run one git command and give its output in pieces as it comes; `given` is its input.

    Git fills its buffer before it writes (GIT_FLUSH), as it would into a file. It is killed when the
    caller stops asking, so close it (contextlib.aclosing). Input and complaints are files, so that no
    pipe can fill while the other end waits. Raises GitMissing at once, GitFailed after the last piece.
    """
    with tempfile.TemporaryFile() as source, tempfile.TemporaryFile() as complaints:
        source.write(given)
        source.seek(0)
        child = await _begin(
            repository, arguments, {"GIT_FLUSH": "0", **(variables or {})}, source, complaints
        )
        if child.stdout is None:
            raise RuntimeError("git was started without a pipe for its output")
        try:
            while piece := await child.stdout.read(_PIECE_BYTES):
                yield piece
            code = await child.wait()
        finally:
            if child.returncode is None:
                # Not child.kill(): of a git that just ended by itself it would take the exit code, for
                # which asyncio waits in vain then.
                with contextlib.suppress(ProcessLookupError):
                    os.kill(child.pid, signal.SIGKILL)
                # What is left must be read: asyncio sees no end of a process whose pipe it has paused.
                while await child.stdout.read(_PIECE_BYTES):
                    pass
                await child.wait()
        if code != 0:
            complaints.seek(0)
            said = complaints.read(_COMPLAINT_BYTES).decode(errors="replace").strip()
            raise GitFailed(said.splitlines()[0] if said else f"exit code {code}")


async def _begin(
    repository: Path,
    arguments: tuple[str, ...],
    variables: Mapping[str, str],
    source: IO[bytes],
    complaints: IO[bytes],
) -> asyncio.subprocess.Process:
    try:
        return await asyncio.create_subprocess_exec(
            "git",
            "-C",
            str(repository.resolve()),
            *arguments,
            stdin=source,
            stdout=asyncio.subprocess.PIPE,
            stderr=complaints,
            env=_environment(repository, variables),
        )
    except FileNotFoundError as error:
        raise GitMissing from error


async def git_bytes(
    repository: Path,
    *arguments: str,
    variables: Mapping[str, str] | None = None,
    given: bytes = b"",
) -> bytes:
    """All that one git command writes. Raises as `git_pieces` does."""
    answer = git_pieces(repository, *arguments, variables=variables, given=given)
    async with contextlib.aclosing(answer):
        return b"".join([piece async for piece in answer])


def _environment(repository: Path, variables: Mapping[str, str] | None) -> dict[str, str]:
    return child_environment(
        (
            {
                "LC_ALL": "C",
                "GIT_TERMINAL_PROMPT": "0",
                "GIT_OPTIONAL_LOCKS": "0",
                "GIT_CEILING_DIRECTORIES": str(repository.resolve().parent),
            },
            variables or {},
        )
    )


def is_commit(name: str) -> bool:
    """Whether this is the full name of a commit."""
    return _COMMIT.fullmatch(name) is not None


def is_tag_name(name: str) -> bool:
    """Whether git would take this as the name of a tag; names like options are refused too."""
    return not (
        not name
        or name.startswith(("-", "/", "."))
        or name.endswith(("/", ".", ".lock"))
        or "/." in name
        or name == "@"
        or _NOT_IN_A_REFERENCE.search(name)
    )


def is_revision(name: str) -> bool:
    """Whether this may name a commit: a commit, tag or branch, with steps back as in HEAD~2 or v1^."""
    steps = _STEPS_BACK.search(name)
    return is_tag_name(name[: steps.start()] if steps else name)
