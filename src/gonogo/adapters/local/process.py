"""Processes of this machine: starting one, knowing it again, finding its family, ending it.

Why it is so: a desk can be killed at any instant, and the next one must neither lose a process nor
take a stranger for one. A process is therefore known by three facts: its number, the moment it began
counted from the machine's start (a number can be used again, and the clock can be set), and the boot
it began in. What cannot be known by its number, because the desk died before it wrote the number
down or because it left its group, is found by the tag in its environment.

Guarantees: a signal goes only to a process whose identity was checked just before. `end` returns only
when nothing of the family is left, or raises. Children of this program are reaped, whichever object
started them.

Assumes: the processes run under the desk's user, and /proc (or what psutil uses instead) is readable.
A process that clears its environment and leaves its session is not found once its leader has ended.
"""

import asyncio
import contextlib
import os
import signal
import subprocess
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import psutil

from gonogo.domain.errors import ActionFailed

Tag = Mapping[str, str]
Find = Callable[[], list[psutil.Process]]

_SAME_START_SECONDS = 0.011
_PAUSE_SECONDS = 0.02
_KILL_SECONDS = 5.0
_LAST_WORD_SECONDS = 2.0
_ENDED = frozenset({psutil.STATUS_ZOMBIE, psutil.STATUS_DEAD})

# The launcher is there so that the lock it inherits as its input is given up only when its
# environment, and with it the tag, can be seen by others.
_LAUNCHER = 'exec </dev/null; exec /bin/sh -c "$1"'


@dataclass(frozen=True, slots=True)
class Identity:
    """One process of one boot; `started` is in seconds since that boot."""

    pid: int
    started: float
    boot: str


_children: dict[int, tuple[Identity, subprocess.Popen[bytes]]] = {}


@cache
def boot() -> str:
    """What names this boot of the machine, where the system says so."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()
    except OSError:
        return ""


def identify(process: psutil.Process) -> Identity:
    """Who this is. Raises psutil.NoSuchProcess."""
    for _ in range(5):
        before = psutil.boot_time()
        started = process.create_time() - before
        # Setting the clock moves both numbers; between two reads it would move only one.
        if psutil.boot_time() == before:
            break
    return Identity(process.pid, round(started, 2), boot())


def this_process() -> Identity:
    """Who this program is."""
    return identify(psutil.Process())


def spawn(
    line: str,
    folder: Path,
    environment: Mapping[str, str],
    output: int,
    held: int,
    answer: int | None = None,
) -> Identity:
    """Run a shell line in a session of its own.

    `output`, `held` and `answer` are descriptors: where it writes, the lock that it shares until its
    tag can be seen, and where its standard output goes when not to the rest. Raises OSError when it
    cannot be started.
    """
    child = subprocess.Popen(
        ["/bin/sh", "-c", _LAUNCHER, "gonogo", line],
        cwd=folder,
        env=dict(environment),
        stdin=held,
        stdout=output if answer is None else answer,
        stderr=output,
        start_new_session=True,
    )
    identity = identify(psutil.Process(child.pid))
    _children[child.pid] = (identity, child)
    return identity


def exit_code(identity: Identity) -> int | None:
    """How it ended, if it was a child of this program and has ended; negative for a signal."""
    known = _children.get(identity.pid)
    return known[1].poll() if known is not None and known[0] == identity else None


async def last_word(identity: Identity) -> int | None:
    """How one that is seen as ended did end, as `exit_code` says it.

    The first thread of a process is seen as ended a moment before the others are, and only then is there
    a code; so a child of this program is given that moment, which is long on a busy machine.
    """
    until = asyncio.get_running_loop().time() + _LAST_WORD_SECONDS
    while (code := exit_code(identity)) is None and identity.pid in _children:
        if asyncio.get_running_loop().time() >= until:
            return None
        await asyncio.sleep(_PAUSE_SECONDS)
    return code


def lives(identity: Identity) -> bool:
    """Whether this very process is there and has not ended."""
    if identity.boot != boot() or exit_code(identity) is not None:
        return False
    try:
        process = psutil.Process(identity.pid)
        return _is(process, identity) and process.status() not in _ENDED
    except psutil.NoSuchProcess:
        return False


def _is(process: psutil.Process, identity: Identity) -> bool:
    return abs(identify(process).started - identity.started) <= _SAME_START_SECONDS


def tagged(tag: Tag) -> list[psutil.Process]:
    """Every process, but this one, that carries all of the tag in its environment."""
    wanted = tag.items()
    return [
        process
        for process in psutil.process_iter(["environ"])
        if process.pid != os.getpid() and wanted <= (process.info["environ"] or {}).items()
    ]


def environment_of(process: psutil.Process) -> dict[str, str]:
    """What it was started with, or nothing when that cannot be read."""
    try:
        return dict(process.environ())
    except psutil.Error:
        return {}


def find_leader(tag: Tag) -> Identity | None:
    """The process that leads a session and carries this tag; the oldest, should there be several."""
    found = []
    for process in tagged(tag):
        with contextlib.suppress(psutil.Error, ProcessLookupError, PermissionError):
            if os.getsid(process.pid) == process.pid and process.status() not in _ENDED:
                found.append(identify(process))
    return min(found, key=lambda identity: identity.started, default=None)


def group(leader: Identity) -> list[psutil.Process]:
    """The leader, if it lives, with its descendants and all of its group and session."""
    if not lives(leader):
        return []
    found = {}
    with contextlib.suppress(psutil.Error):
        top = psutil.Process(leader.pid)
        found[top.pid] = top
        found |= {child.pid: child for child in top.children(recursive=True)}
    found |= {process.pid: process for process in _of_session(leader.pid)}
    found.pop(os.getpid(), None)
    return list(found.values())


def resident_bytes(leader: Identity) -> int | None:
    """Resident memory of the leader's group, added up; None when it has ended."""
    found = []
    for process in group(leader):
        with contextlib.suppress(psutil.Error):  # it has just ended, and has no memory any more
            found.append(int(process.memory_info().rss))
    return sum(found) or None


def _of_session(session: int) -> Iterator[psutil.Process]:
    for pid in psutil.pids():
        with contextlib.suppress(psutil.Error, ProcessLookupError, PermissionError):
            if session in {os.getsid(pid), os.getpgid(pid)}:
                yield psutil.Process(pid)


def family(leader: Identity | None, tag: Tag) -> list[psutil.Process]:
    """Everything that runs of this leader or carries this tag."""
    found = {process.pid: process for process in tagged(tag)}
    if leader is not None:
        found |= {process.pid: process for process in group(leader)}
        # A number is not given away while a group of that number lives: one member that carries
        # the tag proves that the group is still ours, though its leader has ended.
        if any(_group_of(pid) == leader.pid for pid in found):
            found |= {process.pid: process for process in _of_session(leader.pid)}
    found.pop(os.getpid(), None)
    return [process for process in found.values() if _breathes(process)]


def _group_of(pid: int) -> int | None:
    try:
        return os.getpgid(pid)
    except (ProcessLookupError, PermissionError):
        return None


def _breathes(process: psutil.Process) -> bool:
    known = _children.get(process.pid)
    if known is not None:
        known[1].poll()
    try:
        return process.is_running() and process.status() not in _ENDED
    except psutil.NoSuchProcess:
        return False


def remnants(leader: Identity, tag: Tag) -> list[psutil.Process]:
    """What still runs in the group of a leader that has ended; not what left the group."""
    return [
        process
        for process in tagged(tag)
        if _group_of(process.pid) == leader.pid and _breathes(process)
    ]


async def end(find: Find, grace_seconds: float) -> None:
    """Ask all that `find` finds to end, wait for up to `grace_seconds`, then kill.

    Returns when nothing is found any more. Raises ActionFailed naming what is left when even that
    did not help.
    """
    if not await _sweep(find, signal.SIGTERM, grace_seconds):
        return
    rest = await _sweep(find, signal.SIGKILL, _KILL_SECONDS)
    if rest:
        names = ",".join(str(process.pid) for process in rest)
        raise ActionFailed(
            f"process {names} still runs {_KILL_SECONDS:g} s after it was killed",
            hint=f"look with: ps -o pid,user,stat,wchan,args -p {names}",
        )


async def _sweep(find: Find, number: signal.Signals, within_seconds: float) -> list[psutil.Process]:
    """Signal everyone once, newcomers too; returns who is left at the end."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + within_seconds
    told: set[psutil.Process] = set()
    while rest := await asyncio.to_thread(find):
        signal_all(set(rest) - told, number)
        told.update(rest)
        while any(map(_breathes, rest)):
            if loop.time() >= deadline:
                return rest
            await asyncio.sleep(_PAUSE_SECONDS)
    return []


def signal_all(processes: Iterable[psutil.Process], number: signal.Signals) -> None:
    """Signal each one that is still the process it was when it was found, the oldest first.

    A parent that is told after its child sees the child end, and says or does something about it.
    """
    for process in sorted(processes, key=_age):
        # It may have ended by itself; one that may not be signalled is reported as still running.
        with contextlib.suppress(psutil.Error):
            process.send_signal(number)


def _age(process: psutil.Process) -> tuple[float, int]:
    """By when it was started; by number where the clock's ticks do not tell two apart."""
    with contextlib.suppress(psutil.Error):
        return process.create_time(), process.pid
    return 0.0, process.pid
