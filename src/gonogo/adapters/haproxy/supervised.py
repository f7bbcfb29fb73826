"""HAProxy under a supervisor, which starts it again when it dies while no desk is there.

It runs in master-worker mode: the process that the supervisor knows stays the same when a new worker
takes the sockets over, so that a change of the port or of this program refuses no connection and is no
death to the supervisor. A HAProxy that runs detached is taken over in the same way, once.

Guarantees: when a start returns, the HAProxy with the wanted description answers. One that does not
come up is ended; what it was to take over goes on, and is looked after by whoever did so before.
"""

import asyncio
import contextlib
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from gonogo.adapters.haproxy import process, runtime
from gonogo.adapters.haproxy.config import CONFIG_FILE, PID_FILE, SOCKET_FILE
from gonogo.adapters.haproxy.runtime import State
from gonogo.domain.errors import ActionFailed, Unavailable

_UP_WITHIN = 15.0
_SOON_SECONDS = 1.0
_LOOK_SECONDS = 0.5
_PAUSE_SECONDS = 0.02


class Supervisor(Protocol):
    """Whoever looks after the HAProxy of each directory."""

    def knows(self, directory: Path) -> bool:
        """Whether it looks after this one, be it running or not."""
        ...

    async def runs(self, directory: Path) -> bool:
        """Whether the main process is there. Raises Unavailable."""
        ...

    async def start(
        self, directory: Path, command: Sequence[str], log: Path, *, once: Sequence[str]
    ) -> None:
        """See that this command runs, with the configuration that is there now, and writes to `log`.

        Where it runs already and there is something to say `once`, it is told to reload (SIGUSR2);
        otherwise those words are added to the command, this time only. Raises ActionFailed and
        Unavailable.
        """
        ...

    async def keep(self, directory: Path, command: Sequence[str], log: Path) -> None:
        """See that this command would be started again, without touching what runs. Raises likewise."""
        ...

    async def end(self, directory: Path, *, forget: bool) -> None:
        """See that it does not run; with `forget` look after it no more. Raises as `start` does."""
        ...


async def start(
    supervisor: Supervisor, directory: Path, bind: str, port: int, wanted: str, *, over: int | None
) -> State:
    """See that a HAProxy described as `wanted` runs; `over` is the process id of one to take over.

    Raises InvalidInput when the port is taken, ActionFailed when it does not come up.
    """
    command = _command(directory)
    ran = await supervisor.runs(directory)
    if over is None and ran:
        return await _up(supervisor, directory, wanted, over, 0)  # another desk was faster
    await asyncio.to_thread(process.refuse_taken_port, bind, port, over)
    begin = process.begin_log(directory)
    once = () if over is None else ("-x", SOCKET_FILE, "-sf", str(over))
    await supervisor.start(directory, command, directory / process.LOG_FILE, once=once)
    try:
        return await _up(supervisor, directory, wanted, over, begin)
    except ActionFailed:
        if not ran:
            await supervisor.end(directory, forget=True)
        raise


async def keep(supervisor: Supervisor, directory: Path) -> None:
    """See that the HAProxy of this program is what would be started again, where that can be seen to."""
    # What runs is as it should be; that this could not be seen to must not make its change fail.
    with contextlib.suppress(Unavailable, ActionFailed):
        await supervisor.keep(directory, _command(directory), directory / process.LOG_FILE)


async def coming_up(supervisor: Supervisor, directory: Path) -> State | None:
    """The HAProxy that the supervisor has just started, if it answers soon; None where there is none.

    Raises Unavailable when the supervisor does not answer.
    """
    until = asyncio.get_running_loop().time() + _SOON_SECONDS
    while await supervisor.runs(directory):
        try:
            return await runtime.state(directory)
        except runtime.NotRunning:
            if asyncio.get_running_loop().time() >= until:
                return None
        await asyncio.sleep(_PAUSE_SECONDS)
    return None


def _command(directory: Path) -> tuple[str, ...]:
    program = process.binary()
    return (program, "-W", "-db", "-C", str(directory), "-f", CONFIG_FILE, "-p", PID_FILE)


async def _up(
    supervisor: Supervisor, directory: Path, wanted: str, over: int | None, begin: int
) -> State:
    loop = asyncio.get_running_loop()
    until = loop.time() + _UP_WITHIN
    look_at = loop.time() + _LOOK_SECONDS
    while True:
        try:
            found = await runtime.state(directory)
            if found.pid != over and found.description == wanted:
                return found
        except Unavailable:
            pass  # between two workers nobody may answer for a moment
        now = loop.time()
        ended = False
        if now >= look_at:
            look_at = now + _LOOK_SECONDS
            ended = not await supervisor.runs(directory)
        if ended or now >= until:
            said = _said(directory, begin)
            how = "ended at once" if ended else f"did not come up within {_UP_WITHIN:g} s"
            raise ActionFailed(
                f"HAProxy {how} when it was started in {directory}",
                detail=said[-2000:],
                hint=f"read {directory / process.LOG_FILE}",
            )
        await asyncio.sleep(_PAUSE_SECONDS)


def _said(directory: Path, begin: int) -> str:
    with (directory / process.LOG_FILE).open("rb") as log:
        log.seek(begin)
        return log.read().decode(errors="replace")
