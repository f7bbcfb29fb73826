"""The service that the benches release: it answers fast and keeps its own account of every answer.

It is copied into a repository of its own, next to a file `behaviour` that makes one version differ
from another: `good`, `failing` (500 for every customer) or `closing` (no answer, the connection is
closed). A number after `good` is the share of requests that it fails, as real services do.

Each customer's request is written down with the time at which the answer was handed to the system:
no measurement that starts there can leave out anything that came later. Health and smoke have paths
of their own and work in every version.

    python stub.py --port 8000 --version v1 --account FOLDER
"""

import argparse
import asyncio
import contextlib
import os
import random
import signal
import time
from pathlib import Path

REASONS = {200: b"OK", 404: b"Not Found", 500: b"Internal Server Error"}


class Service(asyncio.Protocol):
    """One connection; requests may follow each other on it."""

    def __init__(self, version: str, behaviour: str, share: float, account: int) -> None:
        self._version = version.encode()
        self._behaviour = behaviour
        self._share = share
        self._account = account
        self._received = b""
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A load balancer or a probe came."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Answer every request that is complete."""
        self._received += data
        while b"\r\n\r\n" in self._received:
            head, _, rest = self._received.partition(b"\r\n\r\n")
            length = 0
            for line in head.split(b"\r\n")[1:]:
                name, _, value = line.partition(b":")
                if name.lower() == b"content-length":
                    length = int(value)
            if len(rest) < length:
                return
            self._received = rest[length:]
            self._answer(head.split(b" ", 2)[1].split(b"?")[0], b"HEAD" in head[:5])

    def _answer(self, path: bytes, bodiless: bool) -> None:
        if path in {b"/health", b"/smoke"}:
            self._send(200, bodiless)
        elif path != b"/work":
            self._send(404, bodiless)
        elif self._behaviour == "closing":
            self._note("closed")
            self._transport.close()
        else:
            failing = self._behaviour == "failing" or random.random() < self._share
            status = 500 if failing else 200
            self._note(str(status))
            self._send(status, bodiless)

    def _send(self, status: int, bodiless: bool) -> None:
        body = b'{"version": "%s"}\n' % self._version
        head = b"HTTP/1.1 %d %s\r\nContent-Type: application/json\r\n" % (status, REASONS[status])
        head += b"X-Service-Version: %s\r\nContent-Length: %d\r\n\r\n" % (self._version, len(body))
        self._transport.write(head if bodiless else head + body)

    def _note(self, what: str) -> None:
        os.write(self._account, f"{time.time():.6f} {what}\n".encode())


async def serve(port: int, version: str, behaviour: str, share: float, account: int) -> None:
    """Serve until SIGTERM or SIGINT."""
    loop = asyncio.get_running_loop()
    ended = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ended.set)
    server = await loop.create_server(
        lambda: Service(version, behaviour, share, account), "127.0.0.1", port, backlog=1024
    )
    async with server:
        await ended.wait()


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--version", required=True)
    parser.add_argument("--account", type=Path, required=True)
    options = parser.parse_args()
    behaviour, *share = Path(__file__).with_name("behaviour").read_text().split()
    path = options.account / options.version
    account = os.open(path, os.O_CREAT | os.O_APPEND | os.O_WRONLY, 0o600)
    with contextlib.suppress(KeyboardInterrupt):
        failing = float(share[0]) if share else 0.0
        asyncio.run(serve(options.port, options.version, behaviour, failing, account))


if __name__ == "__main__":
    main()
