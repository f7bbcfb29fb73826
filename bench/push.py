"""How long from a stored change until a thousand open pages have it, and what do they cost the desk?

A desk in one process stores looks of the judge in SQLite; pages are WebSocket clients in this process.
The clock starts before the change is given to the store, so the commit is part of the time, and stops
when this process has the message. Both processes read the same clock of the machine.
"""

import argparse
import asyncio
import json
import time
from dataclasses import dataclass, field

import psutil
from bench.findings import arguments, spread, table, write
from bench.watched_desk import MARK, TOKEN, watched_desk
from websockets.asyncio.client import ClientConnection, connect


@dataclass
class Account:
    """What arrived: the milliseconds and the size of each message, and the newest change of each page."""

    milliseconds: list[float] = field(default_factory=list)
    sizes: list[int] = field(default_factory=list)
    newest: dict[ClientConnection, int] = field(default_factory=dict)


async def _page(port: int, ready: asyncio.Semaphore) -> ClientConnection:
    async with ready:
        page = await connect(
            f"ws://127.0.0.1:{port}/live",
            additional_headers={"Authorization": f"Bearer {TOKEN}"},
            compression=None,
            max_size=None,
        )
        await page.send(json.dumps({"watch": {"board": ""}, "sequence": 0}))
    return page


async def _listen(page: ClientConnection, account: Account) -> None:
    async for message in page:
        now = time.monotonic_ns()
        number, stored = max(_marks(str(message)), default=(-1, 0))
        if number > account.newest.get(page, -1):
            account.newest[page] = number
            account.sizes.append(len(message))
            account.milliseconds.append((now - stored) / 1e6)


def _marks(message: str) -> list[tuple[int, int]]:
    found = []
    for part in message.split(MARK)[1:]:
        number, _, rest = part.partition(":")
        found.append((int(number), int(rest.split(" ", 1)[0])))
    return found


async def measure(port: int, pages: int, seconds: float) -> Account:
    """Connect, let everything settle, listen for so long."""
    account, few = Account(), asyncio.Semaphore(20)
    connected = await asyncio.gather(*(_page(port, few) for _ in range(pages)))
    listening = [asyncio.ensure_future(_listen(page, account)) for page in connected]
    await asyncio.sleep(3)
    account.milliseconds.clear()
    account.sizes.clear()
    await asyncio.sleep(seconds)
    for each in listening:
        each.cancel()
    await asyncio.gather(*listening, return_exceptions=True)
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
    table(("figure", "value"), list(figures.items()))
    write("push", given, figures)


if __name__ == "__main__":
    main()
