"""Running git: no shell, no prompt, nothing of the desk's environment, and nothing left behind."""

import asyncio
import contextlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from gonogo.adapters.local.environment import child_environment

_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_NOT_IN_A_REFERENCE = re.compile(r"[\x00-\x20\x7f~^:?*\[\\]|\.\.|@\{|//")


class GitMissing(Exception):
    """There is no git on PATH."""


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
    environment = child_environment(
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
    try:
        child = await asyncio.create_subprocess_exec(
            "git",
            "-C",
            str(repository.resolve()),
            *arguments,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env=environment,
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
