"""A small HTTP server that plays one version of a service, with switches for how it misbehaves."""

import asyncio
import contextlib
import os
import random
import socket
import threading
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field

from gonogo.domain.address import host_port

Connected = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
_REASONS = {200: "OK", 201: "Created", 404: "Not Found", 500: "Internal Server Error"}


@dataclass
class Seen:
    """One request as the version got it."""

    method: str
    path: str
    headers: dict[str, str]


class _Accepted(asyncio.StreamReaderProtocol):
    """A connection that is among the `opened` ones from its first moment to its last."""

    def __init__(self, opened: set[asyncio.BaseTransport], connected: Connected) -> None:
        super().__init__(asyncio.StreamReader(), connected)
        self._all = opened

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._mine = transport
        self._all.add(transport)
        super().connection_made(transport)  # type: ignore[arg-type]

    def connection_lost(self, error: Exception | None) -> None:
        self._all.discard(self._mine)
        super().connection_lost(error)


@dataclass
class VersionServer:
    """One version listening on a loopback port (of `host`) in a thread of its own.

    Switches may be changed at any time: `status` of the answers, `delay` in seconds before them, `held`
    to keep them back until it is false again,
    `close` to close every connection without an answer, `truncate` to close it in the middle of one.
    `close_after` answers that many requests of a connection and closes it on the next one. The body
    of an answer is `name`. `seen` holds every request that came in, health checks left out.
    """

    name: str
    port: int = 0
    status: int = 200
    delay: float = 0.0
    held: bool = False
    close: bool = False
    truncate: bool = False
    close_after: int | None = None
    seen: list[Seen] = field(default_factory=list)
    host: str = "127.0.0.1"

    @property
    def address(self) -> str:
        """`host:port`."""
        return host_port(self.host, self.port)

    def start(self) -> "VersionServer":
        """Listen; the port is chosen by the system unless one was given."""
        ready = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(ready,), daemon=True)
        self._thread.start()
        if not ready.wait(30):
            raise RuntimeError(f"the server {self.name} did not start")
        return self

    def stop(self) -> None:
        """Close the port and every connection, as a killed process would."""
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._end.set)
            self._thread.join(30)

    def __enter__(self) -> "VersionServer":
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _run(self, ready: threading.Event) -> None:
        asyncio.run(self._serve(ready))

    async def _serve(self, ready: threading.Event) -> None:
        self._loop = asyncio.get_running_loop()
        self._end = asyncio.Event()
        opened: set[asyncio.BaseTransport] = set()
        server = await self._loop.create_server(
            lambda: _Accepted(opened, self._connection), self.host, self.port, backlog=512
        )
        self.port = server.sockets[0].getsockname()[1]
        ready.set()
        await self._end.wait()
        # What was accepted a moment ago may have no task yet that would close it, and asyncio forgets
        # what it was about to hand to a server that has closed: so nothing more is accepted first.
        for listening in server.sockets:
            self._loop.remove_reader(listening.fileno())
        for _ in range(10):
            await asyncio.sleep(0)
            for transport in opened:
                transport.abort()  # type: ignore[attr-defined]
        server.close()

    async def _connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        answered = 0
        try:
            while await self._answer(reader, writer, answered):
                answered += 1
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    async def _answer(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, answered: int
    ) -> bool:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        first, *lines = head.rstrip("\r\n").split("\r\n")
        method, path, _ = first.split(" ")
        headers = {
            key.strip().lower(): value.strip()
            for key, _, value in (line.partition(":") for line in lines)
        }
        await reader.readexactly(int(headers.get("content-length", "0")))
        self.seen.append(Seen(method, path, headers))
        if self.delay:
            await asyncio.sleep(self.delay)
        while self.held:  # noqa: ASYNC110 - it is set in another thread
            await asyncio.sleep(0.005)
        if self.close or (self.close_after is not None and answered >= self.close_after):
            return False
        body = self.name.encode()
        length = len(body) + (100 if self.truncate else 0)
        reason = _REASONS.get(self.status, "Answer")
        writer.write(
            f"HTTP/1.1 {self.status} {reason}\r\ncontent-length: {length}\r\n"
            "content-type: text/plain\r\n\r\n".encode()
            + (b"" if method == "HEAD" else body)
        )
        await writer.drain()
        return not self.truncate and headers.get("connection", "").lower() != "close"


@contextlib.contextmanager
def version_servers(*names: str) -> Iterator[tuple[VersionServer, ...]]:
    """Several versions at once."""
    with contextlib.ExitStack() as stack:
        yield tuple(stack.enter_context(VersionServer(name)) for name in names)


_given: set[int] = set()
_worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
_size = 10_000 // max(_worker + 1, int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1")))
_OURS = range(10_000 + _worker * _size, 10_000 + (_worker + 1) * _size)


def free_port() -> int:
    """A port nobody has now, below the range that outgoing connections are given from.

    A port of that range may be anybody's by the time it is used: tests beside this one connect a lot. So may
    one from 20,000 on, where desks look for ports of their versions. None is given twice, and none that a
    test process beside this one may give: services keep theirs also while nothing listens on it.
    """
    for _ in range(1000):
        port = random.choice(_OURS)
        if port in _given:
            continue
        with contextlib.suppress(OSError), socket.create_server(("127.0.0.1", port)):
            _given.add(port)
            return port
    raise AssertionError("no free port was found")


@dataclass(frozen=True)
class Answer:
    """What a customer got: `status` is None when the connection ended without an answer."""

    status: int | None
    body: str = ""


async def ask(
    port: int,
    path: str = "/",
    *,
    method: str = "GET",
    headers: dict[str, str] | None = None,
    body: str = "",
    source: str = "127.0.0.1",
) -> Answer:
    """One request over a connection of its own, coming from the loopback address `source`."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port, local_addr=(source, 0))
    lines = [f"{method} {path} HTTP/1.1", "host: service", "connection: close"]
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    if body:
        lines.append(f"content-length: {len(body)}")
    try:
        writer.write(("\r\n".join(lines) + "\r\n\r\n" + body).encode("latin-1"))
        answer = (await reader.read()).decode("latin-1")
    except ConnectionError:
        return Answer(None)
    finally:
        writer.close()
    if not answer:
        return Answer(None)
    head, _, rest = answer.partition("\r\n\r\n")
    return Answer(int(head.split(" ")[1]), rest)
