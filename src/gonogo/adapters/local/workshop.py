"""Lays out the files of versions and runs commands in them.

Why it is so: files come from `git read-tree` with an index of our own, not from a worktree or an
archive. A worktree is registered in the user's repository and has to be unregistered; an archive
leaves out what `export-ignore` names. This way nothing is written into the repository and every
file of the commit is there. Files appear under their final name in one step, when all are written.

Guarantees: laying out converges after a kill at any instant. A command runs in a session of its own
and never outlives its time limit, its cancellation or, once it is run again, the desk that began it.

Assumes: submodules are not used (their folders stay empty). What a command moves into a session of
its own on purpose is left running when the command ends by itself.
"""

import asyncio
import contextlib
import itertools
import os
import re
import shutil
import signal
import stat
import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import BinaryIO

from gonogo.adapters.local.environment import ALLOWED, child_environment
from gonogo.adapters.local.git import GitAnswer, GitMissing, git, is_commit
from gonogo.adapters.local.lock import exclusive
from gonogo.adapters.local.notes import safe_name
from gonogo.adapters.local.output import Output
from gonogo.adapters.local.process import (
    Identity,
    Tag,
    boot,
    end,
    environment_of,
    exit_code,
    family,
    lives,
    remnants,
    signal_all,
    spawn,
    tagged,
    this_process,
)
from gonogo.adapters.local.secrets import SecretsOf, hide, no_secrets
from gonogo.domain.errors import ActionFailed, InvalidInput
from gonogo.ports.workshop import Job, JobResult

_LOCK_SECONDS = 600.0
_GRACE_SECONDS = 2.0
_PAUSE_SECONDS = 0.02
# The user's own settings for these would leave files out or write into the repository.
_SETTINGS = (
    "core.sparseCheckout=false",
    "core.splitIndex=false",
    "core.fsmonitor=false",
    "core.hooksPath=/dev/null",
    "submodule.recurse=false",
)
_runs = itertools.count(1)


class GitWorkshop:
    """Files at `directory/<service>/<first 12 of commit>`; logs and locks beside them."""

    def __init__(
        self,
        directory: Path,
        *,
        allowed: frozenset[str] = ALLOWED,
        secrets: SecretsOf = no_secrets,
    ) -> None:
        self._secrets = secrets
        self._directory = directory.resolve()
        self._directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._allowed = allowed

    def files(self, service: str, commit: str) -> Path:
        """Where the files of this commit are, or will be. Raises InvalidInput for unsafe names."""
        if not is_commit(commit):
            raise InvalidInput(f'"{commit}" is not the full name of a commit')
        return self._directory / safe_name(service, "service") / commit[:12]

    async def lay_out(self, repository: str, service: str, commit: str) -> None:
        """See that the files of this commit stand ready.

        Raises ActionFailed with git's own words when the repository cannot give them.
        """
        files = self.files(service, commit)
        doing = f"lay out the files of {service} {commit[:12]}"
        lock = files.parent / "locks" / commit[:12]
        async with exclusive(lock, _LOCK_SECONDS, doing) as held:
            making = files.with_name(f".{files.name}.making")
            await asyncio.to_thread(shutil.rmtree, making, ignore_errors=True)
            if files.is_dir():
                return
            (making / "files").mkdir(parents=True, mode=0o700)
            await _check_out(Path(repository), commit, making, held, doing)
            (making / "files").rename(files)
            shutil.rmtree(making, ignore_errors=True)

    async def run(self, job: Job) -> JobResult:
        """Run a command to its end, or to its limit in time: then `exit_code` is None.

        Raises ActionFailed when it cannot be started. When cancelled, the command is ended first.
        """
        files = self.files(job.service, job.commit)
        if not files.is_dir():
            raise ActionFailed(f'"{job.name}" cannot run: its files are not at {files}')
        name = re.sub(r"[^A-Za-z0-9._-]+", "-", job.name)[:80]
        output = Output(files.parent / "logs" / f"{files.name}-{name}.log")
        tag = self._tag(job) | {"GONOGO_RUN": _run_name()}
        loop = asyncio.get_running_loop()
        begun = loop.time()
        secrets = await self._secrets(job.service, job.environment) if job.environment else {}
        with _answer(job) as answer:
            identity = await self._spawn(job, files, output, {**secrets, **tag}, answer)
            everything = partial(family, identity, tag)
            try:
                code = await _ended(identity, output, job, answer)
                left = everything if code is None else partial(remnants, identity, tag)
                await end(left, _GRACE_SECONDS)
            except BaseException:
                # Cancelled, perhaps more than once: the command must not live on whatever comes next.
                signal_all(everything(), signal.SIGKILL)
                await end(everything, 0)
                raise
            answered = _read(answer, job)
        said = hide(output.tail(), secrets, job.variables)
        masked = hide(answered.decode("utf-8", "surrogateescape"), secrets, job.variables)
        return JobResult(
            code,
            said,
            loop.time() - begun,
            str(output.path),
            masked.encode("utf-8", "surrogateescape"),
        )

    async def report(self, service: str, commit: str, path: str) -> BinaryIO:
        """A file that a command left, opened for reading.

        Raises ActionFailed when there is none, when it is no plain file, or when it lies outside.
        """
        files = self.files(service, commit)
        return await asyncio.to_thread(_open_inside, files, path)

    async def _spawn(
        self, job: Job, files: Path, output: Output, tag: Tag, answer: BinaryIO | None
    ) -> Identity:
        lock = files.parent / "locks" / f"{files.name}-run"
        try:
            async with exclusive(lock, _LOCK_SECONDS, f'run "{job.name}"') as held:
                await _end_orphans(self._tag(job))  # two at once would harm each other
                environment = child_environment((job.variables, tag), allowed=self._allowed)
                descriptor = output.open_new()
                try:
                    answers = None if answer is None else answer.fileno()
                    return spawn(job.line, files, environment, descriptor, held, answers)
                finally:
                    os.close(descriptor)
        except (OSError, ValueError) as error:
            raise ActionFailed(f'"{job.name}" cannot be started: {error}') from error

    async def end_left(self, job: Job) -> tuple[str, ...]:
        """End what a desk that is gone left running of this command; returns its name if anything was."""
        return await _end_orphans(self._tag(job))

    async def end_orphans(self) -> tuple[str, ...]:
        """End every command under this directory whose desk is gone; returns their names."""
        return await _end_orphans({"GONOGO_DIRECTORY": str(self._directory)})

    def _tag(self, job: Job) -> dict[str, str]:
        return {
            "GONOGO_DIRECTORY": str(self._directory),
            "GONOGO_SERVICE": job.service,
            "GONOGO_COMMIT": job.commit,
            "GONOGO_JOB": job.name,
        }


async def _check_out(repository: Path, commit: str, making: Path, held: int, doing: str) -> None:
    if not repository.is_dir():
        raise ActionFailed(f"cannot {doing}: there is no repository at {repository}")
    folder = await _git(repository, doing, held, "rev-parse", "--absolute-git-dir")
    settings = [word for setting in _SETTINGS for word in ("-c", setting)]
    await _git(
        repository,
        doing,
        held,
        *settings,
        f"--git-dir={folder.output.strip()}",
        f"--work-tree={making / 'files'}",
        "read-tree",
        "--reset",
        "-u",
        f"{commit}^{{commit}}",
        index=making / "index",
    )


def _open_inside(files: Path, path: str) -> BinaryIO:
    wanted = (files / path).resolve()
    if not wanted.is_relative_to(files.resolve()):
        raise ActionFailed(f"{path} lies outside the files of the version")
    try:
        # Not blocking: a named pipe would wait for a writer for ever.
        descriptor = os.open(wanted, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError as error:
        raise ActionFailed(f"{path} cannot be read: {error.strerror}") from error
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise ActionFailed(f"{path} is not a file")
    return os.fdopen(descriptor, "rb")


async def _git(
    repository: Path, doing: str, held: int, *arguments: str, index: Path | None = None
) -> GitAnswer:
    variables = {} if index is None else {"GIT_INDEX_FILE": str(index)}
    try:
        answer = await git(repository, *arguments, variables=variables, inherited=(held,))
    except GitMissing:
        raise ActionFailed(
            f"cannot {doing}: git is not on PATH",
            hint="install git, for example with: apt install git",
        ) from None
    if answer.code != 0:
        raise ActionFailed(
            f"cannot {doing} from {repository}: {answer.complaint or f'git ended with {answer.code}'}",
            detail=answer.complaint,
        )
    return answer


@contextlib.contextmanager
def _answer(job: Job) -> Iterator[BinaryIO | None]:
    """A file without a name that a command's answer goes to, where one is wanted."""
    if not job.answer_bytes:
        yield None
        return
    with tempfile.TemporaryFile() as file:
        yield file


def _read(answer: BinaryIO | None, job: Job) -> bytes:
    if answer is None:
        return b""
    answer.seek(0)
    return answer.read(job.answer_bytes + 1)


async def _ended(
    identity: Identity, output: Output, job: Job, answer: BinaryIO | None
) -> int | None:
    """Its exit code, or None when its time has run out or it answers more than it may."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + job.within.total_seconds()
    while (code := exit_code(identity)) is None and loop.time() < deadline:
        if output.too_long():
            await asyncio.to_thread(output.trim)
        if answer is not None and os.fstat(answer.fileno()).st_size > job.answer_bytes:
            return None
        await asyncio.sleep(_PAUSE_SECONDS)
    return code


async def _end_orphans(tag: Tag) -> tuple[str, ...]:
    names = set()
    for process in await asyncio.to_thread(tagged, tag):
        about = environment_of(process)
        run = about.get("GONOGO_RUN")
        if run is not None and not _desk_lives(run):
            await end(partial(family, None, {**tag, "GONOGO_RUN": run}), _GRACE_SECONDS)
            names.add(about.get("GONOGO_JOB", ""))
    return tuple(sorted(names))


def _run_name() -> str:
    desk = this_process()
    return f"{desk.pid}/{desk.started}/{desk.boot}/{next(_runs)}"


def _desk_lives(run: str) -> bool:
    try:
        pid, started, of_boot, _ = run.split("/")
        return of_boot == boot() and lives(Identity(int(pid), float(started), of_boot))
    except ValueError:
        return False
