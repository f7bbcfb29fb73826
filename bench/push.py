"""How long from a stored change until a thousand open pages have it, and what do they cost the desk?

A desk in one process stores looks of the judge in SQLite; pages are bare WebSockets in this process.
The clock starts before the change is given to the store, so the commit is part of the time, and stops
when this process has the message. Both processes read the same clock of the machine.
"""

import argparse
import asyncio
import os
import re
import time
from dataclasses import dataclass, field

import psutil
from bench.findings import arguments, spread, table, write
from bench.watched_desk import MARK, TOKEN, watched_desk

_MARK = re.compile(rb"%s(\d+):(\d+)" % MARK.encode())
_TEXT, _CLOSE, _PING = 1, 8, 9


@dataclass
class Account:
    """What arrived: the milliseconds and the size of each message, and the newest change of each page."""

    milliseconds: list[float] = field(default_factory=list)
    sizes: list[int] = field(default_factory=list)
    newest: dict["Page", int] = field(default_factory=dict)


class Page(asyncio.Protocol):
    """A page without a browser: as little as can be between the socket and the clock, because all of
    the pages share one process, whose own work would be measured as the desk's."""

    def __init__(self, port: int, account: Account) -> None:
        self._port = port
        self._account = account
        self._received = bytearray()
        self._speaks = False
        self.watching = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ask for the upgrade."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        lines = (
            "GET /live HTTP/1.1",
            f"Host: 127.0.0.1:{self._port}",
            f"Authorization: Bearer {TOKEN}",
            "Upgrade: websocket",
            "Connection: Upgrade",
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
            "Sec-WebSocket-Version: 13",
        )
        transport.write("\r\n".join((*lines, "", "")).encode())

    def data_received(self, data: bytes) -> None:
        """Take what is whole."""
        now = time.monotonic_ns()
        received = self._received
        received += data
        if not self._speaks:
            head, found, rest = bytes(received).partition(b"\r\n\r\n")
            if not found:
                return
            if b" 101 " not in head[:20]:
                raise RuntimeError(head.decode(errors="replace"))
            self._received = received = bytearray(rest)
            self._speaks = True
            self._say(_TEXT, b'{"watch": {"board": ""}, "sequence": 0}')
            self.watching.set_result(None)
        while (size := _whole(received)) is not None:
            start, end = size
            self._heard(received[0] & 15, bytes(received[start:end]), now)
            del received[:end]

    def _heard(self, kind: int, message: bytes, now: int) -> None:
        if kind == _PING:
            self._say(_PING + 1, message)
        if kind == _CLOSE:
            raise RuntimeError(f"the desk closed a page: {message[2:].decode()}")
        marks = [(int(number), int(stored)) for number, stored in _MARK.findall(message)]
        number, stored = max(marks, default=(-1, 0))
        if number > self._account.newest.get(self, -1):
            self._account.newest[self] = number
            self._account.sizes.append(len(message))
            self._account.milliseconds.append((now - stored) / 1e6)

    def _say(self, kind: int, message: bytes) -> None:
        """A frame of fewer than 126 bytes, masked with zeros."""
        self._transport.write(bytes((128 | kind, 128 | len(message), 0, 0, 0, 0)) + message)

    def leave(self) -> None:
        """Close the socket."""
        self._transport.abort()


def _whole(received: bytearray) -> tuple[int, int] | None:
    """Where the first frame's content begins and ends, once all of it is there."""
    if len(received) < 2:
        return None
    size, start = received[1] & 127, 2
    if size >= 126:
        width = 2 if size == 126 else 8
        start += width
        if len(received) < start:
            return None
        size = int.from_bytes(received[2:start], "big")
    return (start, start + size) if len(received) >= start + size else None


async def measure(port: int, pages: int, seconds: float) -> Account:
    """Connect, let everything settle, listen for so long."""
    account, loop, connected = Account(), asyncio.get_running_loop(), []
    for _ in range(pages):
        _, page = await loop.create_connection(lambda: Page(port, account), "127.0.0.1", port)
        await page.watching
        connected.append(page)
    await asyncio.sleep(3)
    account.milliseconds.clear()
    account.sizes.clear()
    await asyncio.sleep(seconds)
    for page in connected:
        page.leave()
    return account


def main() -> None:
    """Measure and write down."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pages", type=int, default=1000)
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--every", type=float, default=0.5, help="seconds between two looks")
    parser.add_argument("--services", type=int, default=20)
    parser.add_argument("--under-way", type=int, default=3)
    given = arguments(parser)
    with watched_desk(given.services, given.under_way, given.every) as (port, process):
        desk = psutil.Process(process.pid)
        before, begun = desk.cpu_times(), time.monotonic()
        account = asyncio.run(measure(port, given.pages, given.seconds))
        memory = desk.memory_info().rss / 1e6
        spent = desk.cpu_times()
        busy = (spent.user + spent.system - before.user - before.system) / (
            time.monotonic() - begun
        )
    delays = spread(account.milliseconds)
    behind = max(account.newest.values()) - min(account.newest.values())
    figures = {
        "targets": "p99 at most 150 ms, memory at most 300 MB",
        "milliseconds_from_store_to_page": delays,
        "desk_memory_mb": round(memory, 1),
        "desk_share_of_a_core": round(busy, 2),
        "message_kb": round(max(account.sizes) / 1000, 1),
        "pages_at_the_end": len(account.newest),
        "changes_that_the_last_page_is_behind": behind,
    }
    figures["niceness"] = os.nice(0)  # below 0: others of a shared machine had to wait
    table(("figure", "value"), list(figures.items()))
    write("push", given, figures)


if __name__ == "__main__":
    main()
