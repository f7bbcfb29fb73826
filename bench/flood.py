"""What do others notice while one address sends as many tries of signing in as it can?

Two processes send wrong passwords from one address as fast as they are answered: first over connections
that stay open, then over a new connection for each. Meanwhile people at other addresses sign in and read
the board. The desk is a real `gonogo serve` over SQLite; it, both senders and the readers share the machine,
so that the rate is what this machine can send and answer at once, not what a network could bring.
"""

import argparse
import asyncio
import json
import multiprocessing
import os
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from multiprocessing.queues import Queue
from typing import Any

import httpx2
import psutil
from bench.desk import Desk, desk
from bench.findings import arguments, progress, spread, table, write

FLOODS_FROM = "127.0.0.2"
PASSWORD = "seven green herons over quiet water"
_PATH = "/api/v1/sign-in"
_BODY = json.dumps({"name": "quinn", "password": "a guess that is wrong"}).encode()
_HEAD = (
    f"POST {_PATH} HTTP/1.1\r\nHost: {{host}}\r\nContent-Type: application/json\r\n"
    f"Content-Length: {len(_BODY)}\r\nConnection: {{connection}}\r\n\r\n"
)


def send(
    port: int, seconds: float, connections: int, keep: bool, result: "Queue[dict[str, int]]"
) -> None:
    """One of the senders, in a process of its own; puts how often each status came."""
    result.put(asyncio.run(_send(port, seconds, connections, keep=keep)))


async def _send(port: int, seconds: float, connections: int, *, keep: bool) -> dict[str, int]:
    seen: Counter[str] = Counter()
    ends = time.monotonic() + seconds
    connection = "keep-alive" if keep else "close"
    request = _HEAD.format(host=f"127.0.0.1:{port}", connection=connection).encode() + _BODY
    one = _over_one_connection if keep else _over_new_connections
    await asyncio.gather(*(one(port, request, ends, seen) for _ in range(connections)))
    return dict(seen)


async def _connect(port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    return await asyncio.open_connection("127.0.0.1", port, local_addr=(FLOODS_FROM, 0))


async def _over_one_connection(port: int, request: bytes, ends: float, seen: Counter[str]) -> None:
    writer: asyncio.StreamWriter | None = None
    while time.monotonic() < ends:
        try:
            if writer is None:
                reader, writer = await _connect(port)
            writer.write(request)
            head = await reader.readuntil(b"\r\n\r\n")
            length = head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0]
            await reader.readexactly(int(length or 0))
            seen[head[9:12].decode()] += 1
        except (OSError, EOFError, ValueError):
            seen["broken off"] += 1
            if writer is not None:
                writer.close()
            writer = None
    if writer is not None:
        writer.close()


async def _over_new_connections(port: int, request: bytes, ends: float, seen: Counter[str]) -> None:
    while time.monotonic() < ends:
        try:
            reader, writer = await _connect(port)
            writer.write(request)
            answer = await reader.read()
            seen[answer[9:12].decode() or "broken off"] += 1
            writer.close()
        except OSError:
            seen["broken off"] += 1
            await asyncio.sleep(0.01)


@dataclass
class Others:
    """What people at other addresses met: milliseconds, and how often each status came."""

    times: dict[str, list[float]] = field(default_factory=dict)
    statuses: Counter[str] = field(default_factory=Counter)

    async def one(self, name: str, work: Callable[[], Awaitable[httpx2.Response]]) -> None:
        """Do it once and note what came of it."""
        begun = time.perf_counter()
        try:
            status = str((await work()).status_code)
        except httpx2.HTTPError as error:
            status = type(error).__name__
        self.times.setdefault(name, []).append((time.perf_counter() - begun) * 1000)
        self.statuses[f"{name} {status}"] += 1


def _client(port: int, number: int) -> httpx2.AsyncClient:
    """Somebody at an address of their own."""
    # The desk closes a connection that is idle for 5 s; one that is older is not used again.
    limits = httpx2.Limits(keepalive_expiry=2)
    own = f"127.0.1.{number % 200 + 1}"
    transport = httpx2.AsyncHTTPTransport(local_address=own, limits=limits)
    return httpx2.AsyncClient(
        transport=transport, base_url=f"http://127.0.0.1:{port}", timeout=30.0
    )


async def meanwhile(port: int, token: str, seconds: float) -> Others:
    """Sign in once a second and read the board five times a second, each from an address of its own."""
    others, tasks, begun = Others(), set(), time.monotonic()

    async def sign_in(number: int) -> None:
        async with _client(port, number) as client:
            body = {"name": "olga", "password": PASSWORD}
            await others.one("sign in", lambda: client.post(_PATH, json=body))

    async def read(client: httpx2.AsyncClient) -> None:
        headers = {"Authorization": f"Bearer {token}"}
        await others.one("read the board", lambda: client.get("/", headers=headers))

    async with _client(port, 199) as reader:
        for number in range(int(seconds * 5)):
            await asyncio.sleep(max(0.0, begun + number / 5 - time.monotonic()))
            tasks.add(asyncio.ensure_future(read(reader)))
            if number % 5 == 0:
                tasks.add(asyncio.ensure_future(sign_in(number // 5)))
        await asyncio.gather(*tasks)
    return others


def flooded(
    opened: Desk, port: int, token: str, given: argparse.Namespace, keep: bool | None
) -> dict[str, Any]:
    """One stretch: with the flood over kept or new connections, or without any (None)."""
    results: Queue[dict[str, int]] = multiprocessing.Queue()
    senders = [
        multiprocessing.Process(
            target=send, args=(port, given.seconds, given.connections, keep, results)
        )
        for _ in range(given.senders if keep is not None else 0)
    ]
    for sender in senders:
        sender.start()
    before, spent = opened.rss_mb(), _cpu_seconds(opened)
    others = asyncio.run(meanwhile(port, token, given.seconds))
    after = opened.rss_mb()
    spent = _cpu_seconds(opened) - spent
    sent: Counter[str] = Counter()
    for sender in senders:
        sent.update(results.get(timeout=60))
        sender.join()
    return {
        "sent_per_second": round(sum(sent.values()) / given.seconds, 1),
        "answers_to_the_flood": dict(sent),
        "desk_cpu_seconds": round(spent, 2),
        "desk_cpu_ms_of_one": round(spent * 1000 / max(1, sum(sent.values())), 3) if sent else None,
        "others": {name: spread(times) for name, times in others.times.items()},
        "answers_to_others": dict(others.statuses),
        "memory_mb": {"before": before, "after": after},
    }


def _cpu_seconds(opened: Desk) -> float:
    """Processor time of the desk's process, which the load of other programs does not change."""
    spent = psutil.Process(opened.pid).cpu_times()
    return spent.user + spent.system


def _somebody(opened: Desk) -> None:
    """Somebody who can sign in."""
    opened.client.post("/people", {"name": "olga", "roles": ["viewer"]})
    link = opened.client.post("/people/olga/invitations", {})["link"]
    body = {"invitation": link.partition("invitation=")[2], "password": PASSWORD}
    opened.client.post("/invitations/accepted", body)


def main() -> None:
    """Measure and write down."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--senders", type=int, default=2, help="processes")
    parser.add_argument("--connections", type=int, default=50, help="of each sender")
    given = arguments(parser)
    figures: dict[str, Any] = {"target": "others sign in and read; no 5xx; memory bounded"}
    with desk() as opened:
        told = json.loads((opened.home / opened.announced).read_text(encoding="utf-8"))
        port = int(told["url"].rpartition(":")[2])
        token = (opened.home / "token").read_text(encoding="utf-8").strip()
        _somebody(opened)
        for name, keep in (("quiet", None), ("connections kept", True), ("connections new", False)):
            progress(name)
            figures[name] = flooded(opened, port, token, given, keep)
    rows = [
        (
            name,
            found["sent_per_second"],
            found["desk_cpu_ms_of_one"],
            *(found["others"][each]["p95"] for each in ("sign in", "read the board")),
            found["answers_to_others"],
            found["memory_mb"]["after"],
        )
        for name, found in figures.items()
        if isinstance(found, dict)
    ]
    head = (
        "flood",
        "tries/s",
        "CPU of one, ms",
        "sign in p95, ms",
        "board p95, ms",
        "others",
        "memory, MB",
    )
    table(head, rows)
    figures["niceness"] = os.nice(0)
    write("flood", given, figures)


if __name__ == "__main__":
    main()
