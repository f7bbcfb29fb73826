"""Customers of the small service: an open loop that asks at a steady rate, whatever the answers."""

import asyncio
import threading
import time
from collections import Counter
from dataclasses import dataclass, field

_PATIENCE_SECONDS = 15.0


@dataclass
class Customers:
    """Three GETs, then a POST, over and over, each on a connection of its own.

    `lost` holds what the application did not answer itself: connection errors, and errors without
    its X-Version header. `answers` counts (version, status).
    """

    port: int
    rate: float = 60.0
    asked: int = 0
    answers: Counter[tuple[str, int]] = field(default_factory=Counter)
    lost: list[str] = field(default_factory=list)

    def __enter__(self) -> "Customers":
        self._end = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._come()), daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self._thread.join(30)

    def of(self, version: str) -> int:
        """How many answers this version gave."""
        return sum(count for (by, _), count in self.answers.items() if by == version)

    async def _come(self) -> None:
        begun, tasks = time.monotonic(), set()
        while not self._end.is_set():
            due = int((time.monotonic() - begun) * self.rate)
            while self.asked < due:
                self.asked += 1
                task = asyncio.ensure_future(self._ask("POST" if self.asked % 4 == 0 else "GET"))
                tasks.add(task)
                task.add_done_callback(tasks.discard)
            await asyncio.sleep(0.005)
        await asyncio.gather(*tasks)

    async def _ask(self, method: str) -> None:
        try:
            async with asyncio.timeout(_PATIENCE_SECONDS):
                status, version = await self._answer(method)
        except (OSError, ValueError, IndexError) as error:
            self.lost.append(f"{method}: {type(error).__name__} {error}")
            return
        if version:
            self.answers[version, status] += 1
        else:
            self.lost.append(f"{method}: {status} that is not the application's")

    async def _answer(self, method: str) -> tuple[int, str]:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            writer.write(
                f"{method} /orders HTTP/1.1\r\nHost: small\r\nConnection: close\r\n"
                f"Content-Length: 0\r\n\r\n".encode()
            )
            head = (await reader.read()).decode("latin-1").partition("\r\n\r\n")[0]
        finally:
            writer.close()
        first, *lines = head.split("\r\n")
        headers = dict(line.lower().split(": ", 1) for line in lines)
        return int(first.split(" ")[1]), headers.get("x-version", "")
