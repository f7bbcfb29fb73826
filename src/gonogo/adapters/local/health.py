"""Whether an instance answers, and whether it is the one that answers.

A stranger on the port could answer 200 for a version that never came up. So the listening socket
must belong to the instance's own processes wherever the system lets that be seen. Looking costs more
than asking, so it is repeated every few seconds only while the answers stay good.
"""

import asyncio
import contextlib
import errno
import socket

import psutil

from gonogo.adapters.health_answer import TIMEOUT_SECONDS, HealthAnswer
from gonogo.adapters.local.process import Identity, group
from gonogo.domain.address import LOOPBACK, host_port

_OWNER_SECONDS = 5.0


class HealthProbe:
    """Asks for health; remembers for a few seconds whose socket it was that answered."""

    def __init__(self, timeout_seconds: float = TIMEOUT_SECONDS) -> None:
        self._answer = HealthAnswer(timeout_seconds)
        self._ours_until: dict[Identity, float] = {}

    async def trouble(self, leader: Identity, port: int, path: str) -> str | None:
        """None when the instance answers 2xx by itself, else one sentence on what is wrong."""
        trouble = await self._answer.trouble(host_port(LOOPBACK, port), path)
        if trouble is not None:
            self._ours_until.pop(leader, None)
            return trouble
        now = asyncio.get_running_loop().time()
        if now < self._ours_until.get(leader, now):
            return None
        trouble = await asyncio.to_thread(_stranger, leader, port)
        if trouble is None:
            self._ours_until[leader] = now + _OWNER_SECONDS
        return trouble


def holder(port: int) -> str | None:
    """Who keeps this port from being listened on, in words; None when it is free."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind((LOOPBACK, port))
        except OSError as error:
            return _describe(port) if error.errno == errno.EADDRINUSE else None
    return None


def _stranger(leader: Identity, port: int) -> str | None:
    members = group(leader)
    if not members:
        return "it has just ended"
    unseen = False
    for process in members:
        try:
            found = process.net_connections(kind="tcp")
            if any(_listens(connection.status, connection.laddr, port) for connection in found):
                return None
        except psutil.AccessDenied:
            unseen = True
        except psutil.NoSuchProcess:
            continue
    if unseen:
        return None
    return f"port {port} is answered by {_describe(port)}, which is not part of this instance"


def _listens(status: str, address: tuple[object, ...], port: int) -> bool:
    return status == psutil.CONN_LISTEN and len(address) > 1 and address[1] == port


def _describe(port: int) -> str:
    with contextlib.suppress(psutil.Error):
        for connection in psutil.net_connections(kind="tcp"):
            listens = _listens(connection.status, connection.laddr, port)
            if listens and connection.pid is not None:
                return _named(connection.pid)
    return "another process"


def _named(pid: int) -> str:
    try:
        words = psutil.Process(pid).cmdline()
    except psutil.Error:
        words = []
    return f"process {pid} ({' '.join(words)[:80]})" if words else f"process {pid}"
