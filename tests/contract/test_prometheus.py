"""Counts from a real Prometheus, where one is installed."""

import asyncio
import shutil
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from tests.servers import free_port

from gonogo.adapters.prometheus import PrometheusMetrics
from gonogo.adapters.system_clock import SystemClock
from gonogo.domain.errors import Unavailable
from gonogo.domain.prometheus import Buckets, CounterPair, PrometheusCounts
from gonogo.domain.traffic import BadStatus, Counts, Kpi, SlowerThan

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(shutil.which("prometheus") is None, reason="prometheus is not installed"),
]
ERRORS = Kpi("errors", BadStatus(((500, 599),)), limit=0.05)
SLOW = Kpi("slow", SlowerThan(timedelta(milliseconds=250)), limit=0.05)


@dataclass
class Instance:
    """A process with counters: `shown` is (good, bad, fast), put in one go."""

    shown: tuple[int, int, int] = (0, 0, 0)
    scraped: threading.Event = field(default_factory=threading.Event)

    def text(self) -> str:
        good, bad, fast = self.shown
        lines = [
            "# TYPE requests_total counter",
            f'requests_total{{status="200"}} {good}',
            "# TYPE seconds histogram",
            f'seconds_bucket{{le="0.25"}} {fast}',
            f'seconds_bucket{{le="+Inf"}} {good + bad}',
            f"seconds_count {good + bad}",
            "seconds_sum 1",
        ]
        if bad:
            lines.insert(2, f'requests_total{{status="503"}} {bad}')
        return "\n".join(lines) + "\n"


@dataclass
class World:
    """A Prometheus that scrapes one instance every half second."""

    url: str
    target: str
    instance: Instance

    async def scraped(self) -> None:
        """Until it has scraped what the instance shows now, and some more."""
        for _ in range(2):
            self.instance.scraped.clear()
            await asyncio.to_thread(self.instance.scraped.wait, 10)


@pytest.fixture
def instance() -> Iterator[tuple[Instance, str]]:
    made = Instance()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = made.text().encode()
            with suppress(ConnectionError):
                self.send_response(200)
                self.send_header("Content-Type", "text/plain; version=0.0.4")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)
            made.scraped.set()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield made, f"127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
async def world(tmp_path: Path, instance: tuple[Instance, str]) -> AsyncIterator[World]:
    made, target = instance
    settings = tmp_path / "prometheus.yml"
    settings.write_text(
        "global: {scrape_interval: 500ms, scrape_timeout: 400ms}\n"
        f"scrape_configs: [{{job_name: shop, static_configs: [{{targets: ['{target}']}}]}}]\n"
    )
    port = free_port()
    process = await asyncio.create_subprocess_exec(
        "prometheus",
        f"--config.file={settings}",
        f"--storage.tsdb.path={tmp_path / 'data'}",
        f"--web.listen-address=127.0.0.1:{port}",
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        if not await asyncio.to_thread(made.scraped.wait, 30):
            pytest.fail("prometheus did not scrape within 30 s")
        yield World(f"http://127.0.0.1:{port}", target, made)
    finally:
        process.terminate()
        await process.wait()


def source(world: World, **changes: object) -> PrometheusMetrics:
    values: dict[str, object] = {
        "counts": {
            "errors": CounterPair(
                'requests_total{job="shop"}', 'requests_total{job="shop",status=~"5.."}'
            ),
            "slow": Buckets('seconds_bucket{job="shop"}'),
        },
        "summed": ("status",),
        "every": timedelta(milliseconds=200),
        "stale": timedelta(seconds=30),
    } | changes
    return PrometheusMetrics(PrometheusCounts(world.url, **values), SystemClock())  # type: ignore[arg-type]


async def test_every_request_is_counted_once_also_over_a_restart(world: World) -> None:
    world.instance.shown = (5000, 0, 0)
    await world.scraped()
    async with source(world).subscribe("shop", "production", (ERRORS, SLOW)) as stream:
        sums = {"errors": Counts(), "slow": Counts()}

        async def until(total: int) -> None:
            while min(found.total for found in sums.values()) < total:
                batch = await stream.next(timedelta(seconds=10))
                assert batch.gap is None
                for (address, kpi), counts in batch.counts.items():
                    assert address == world.target
                    sums[kpi] += counts

        world.instance.shown = (5100, 7, 90)
        await until(107)
        world.instance.shown = (40, 0, 30)
        await until(147)
    assert sums["errors"] == Counts(7, 147)
    assert sums["slow"].total == 147


async def test_the_past_is_what_was_counted_live(world: World) -> None:
    clock = SystemClock()
    await world.scraped()
    start = clock.now()
    for number in range(1, 5):
        world.instance.shown = (100 * number, 3 * number, 0)
        await world.scraped()
    total = Counts()
    async for batch in source(world).past((ERRORS,), start - timedelta(seconds=1), clock.now()):
        for counts in batch.counts.values():
            total += counts
    assert total == Counts(12, 412)


async def test_what_it_refuses_is_told(world: World) -> None:
    counts = {"errors": CounterPair("requests_total[5m]", "requests_total")}
    async with source(world, counts=counts).subscribe("shop", "production", (ERRORS,)) as stream:
        with pytest.raises(Unavailable, match="refused the query"):
            await stream.next(timedelta(seconds=5))
