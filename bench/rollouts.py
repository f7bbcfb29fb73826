"""A thousand rollouts at once: how late does the judge look, and what does each of them cost?

The real controllers over a real SQLite file, in real time; the versions, the router and the counts are
the memory twins of their ports, so that what is measured is the desk and nothing else. N services each
serve a first version and have a second one in its canary step, with 10 requests a second each, drawn for
baseline or canary by the router's weights. Each N runs in a process of its own.

**Lag of a look**: from the instant at which a request was due until the drive of its release has decided
upon it: the judge has eaten the batch with the request in it and found no harm, and the drive goes on to
ask whether its version was withdrawn. The clock starts at the instant that was drawn beforehand, not when
the request was handed in: a desk that keeps its own event loop from running waits on the clock too. Every
request counts, but those of releases that are being taken back.

**Lag of a stop**: some of the canaries begin to fail every request. From the oldest request of the batch
upon which the release was taken back (the deciding one is not older) until the router has the layout that
gives the canary nobody. Their services are not counted in the lag of looks.

**Cost**: processor time of the whole process over the measured stretch, per release and minute; what the
customers and the measuring take of it is measured too, and given beside it. Memory is what is resident at
the end of the stretch, the customers included.

    PYTHONPATH=src python -m bench.rollouts --sizes 10,100,300,1000
"""

import argparse
import asyncio
import contextlib
import gc
import json
import os
import random
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from bench.findings import arguments, progress, spread, table, write
from tests.plans import a_plan

from gonogo.adapters.memory.deployer import MemoryDeployer
from gonogo.adapters.memory.gauges import MemoryGauges
from gonogo.adapters.memory.history import MemoryHistory
from gonogo.adapters.memory.metrics import MemoryMetrics
from gonogo.adapters.memory.notifier import MemoryNotifier
from gonogo.adapters.memory.router import MemoryRouter
from gonogo.adapters.memory.scratch import MemoryScratch
from gonogo.adapters.memory.secrets import MemorySecrets
from gonogo.adapters.memory.smoke import MemorySmoke
from gonogo.adapters.memory.source import MemorySource
from gonogo.adapters.memory.workshop import MemoryWorkshop
from gonogo.adapters.system_clock import SystemClock
from gonogo.controllers.desk import Desk
from gonogo.controllers.world import World
from gonogo.domain.actor import Actor, Role
from gonogo.domain.audit import AuditDraft
from gonogo.domain.plan import Environment, Plan, Rollout, Step
from gonogo.domain.registration import Registration
from gonogo.domain.release import Stage
from gonogo.domain.slot import Layout, RouterReading, Target
from gonogo.domain.traffic import BadStatus, Kpi, Request
from gonogo.ports.metrics import Batch, MetricStream
from gonogo.storage.store import SqlStore, open_store
from gonogo.usecases.context import Context
from gonogo.usecases.gates.gathering import DossierReader
from gonogo.usecases.releases.lifecycle import start_release
from gonogo.wiring.serving import prepare_process

OWNER = Actor("owner", frozenset({Role.OWNER}))
REPOSITORY = "/repository"
RATE = 10.0
"""Requests a second of one service."""
SHARE = 0.3
FAULTS = 0.002
CUSTOMERS = 500
_CLIENTS = [f"10.0.{number}" for number in range(CUSTOMERS)]
_AT_ONCE = 16
_TICK = 0.005
_PATIENCE = 900.0
_SETTLE = 10.0


def main() -> None:
    """Measure every size in a process of its own, and write."""
    parser = argparse.ArgumentParser(description="many rollouts at once")
    parser.add_argument("--sizes", default="10,100,300,1000")
    parser.add_argument("--seconds", type=float, default=60.0, help="length of the stretch")
    parser.add_argument("--harmful", type=int, default=20, help="canaries that begin to fail")
    parser.add_argument("--one", type=int, default=0, help=argparse.SUPPRESS)
    options = arguments(parser)
    if options.one:
        print(json.dumps(asyncio.run(measure(options.one, options.seconds, options.harmful))))
        return
    runs = [_in_its_own_process(int(size), options) for size in options.sizes.split(",")]
    table(
        ("rollouts", "look p50, s", "p99, s", "stop p50, s", "worst, s", "MB", "CPU s/rollout-min"),
        [
            (
                run["rollouts"],
                run["look, s"]["p50"],
                run["look, s"]["p99"],
                run["stop, s"]["p50"],
                run["stop, s"]["max"],
                run["resident, MB"],
                run["processor seconds per rollout-minute"],
            )
            for run in runs
        ],
    )
    del options.one
    figures = {
        "target": "lag p99 at most 1 s, at most 300 MB, cost per rollout flat",
        **{f"{run['rollouts']} rollouts": run for run in runs},
    }
    write("rollouts", options, figures)


def _in_its_own_process(size: int, options: argparse.Namespace) -> dict[str, Any]:
    words = [sys.executable, "-m", "bench.rollouts", "--one", str(size)]
    words += ["--seconds", str(options.seconds), "--harmful", str(min(options.harmful, size // 2))]
    progress(f"{size} rollouts")
    done = subprocess.run(words, stdout=subprocess.PIPE, text=True, check=True)
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


@dataclass
class Measured(MemoryMetrics):
    """The memory source; it knows of each request when it was due and when it was dealt with."""

    lags: list[float] = field(default_factory=list)
    measuring: bool = False
    due: dict[str, deque[float]] = field(default_factory=dict)
    eating: dict[str, list[float]] = field(default_factory=dict)
    left_out: set[str] = field(default_factory=set)

    @asynccontextmanager
    async def subscribe(
        self, service: str, environment: str, kpis: tuple[Kpi, ...]
    ) -> AsyncIterator[MetricStream]:
        """As the source does, with an eye on every batch."""
        async with super().subscribe(service, environment, kpis) as stream:
            self.due[service] = deque()
            self.eating[service] = []
            yield _Eyed(self, service, stream)

    def hand_in(self, service: str, request: Request, due: float) -> None:
        """A request that was due at `due`, in the loop's time."""
        waiting = self.due.get(service)
        if waiting is not None:
            waiting.append(due)
            self.push(service, "production", request)


class _Eyed:
    def __init__(self, source: Measured, service: str, stream: MetricStream) -> None:
        self._source, self._service, self._stream = source, service, stream

    async def next(self, within: timedelta) -> Batch:
        source = self._source
        source.eating[self._service].clear()
        batch = await self._stream.next(within)
        if batch.requests:
            source.eating[self._service].extend(source.due[self._service])
            source.due[self._service].clear()
        return batch


class Decided(dict[str, str]):
    """Versions that were withdrawn: none. A drive looks here when it has found no harm in a batch."""

    def __init__(self, metrics: Measured) -> None:
        super().__init__()
        self._metrics = metrics
        self.services: dict[str, str] = {}

    def get(self, instance: str, default: Any = None) -> Any:  # noqa: ANN401 - as a dict's
        """As a dict does; whoever asks has dealt with what it was eating."""
        metrics = self._metrics
        service = self.services.get(instance, "")
        if metrics.measuring and service and service not in metrics.left_out:
            now = asyncio.get_running_loop().time()
            eaten = metrics.eating[service]
            metrics.lags.extend(now - due for due in eaten)
            eaten.clear()
        return super().get(instance, default)


class Stopping(MemoryRouter):
    """The memory router; it notes when a harmful canary has nobody left."""

    def __init__(self, metrics: Measured) -> None:
        super().__init__()
        self.metrics = metrics
        self.shares: dict[str, list[Target]] = {}
        self.harmful: dict[str, float] = {}
        self.stopped: dict[str, float] = {}

    async def apply(self, layout: Layout) -> RouterReading:
        """As the router does."""
        reading = await super().apply(layout)
        self.applied.clear()  # not all that ever was: memory is measured
        service = layout.service
        if layout.environment == "production":
            self.shares[service] = [target for target in layout.targets if target.share > 0]
        if service in self.harmful and service not in self.stopped:
            serving = [target for target in layout.targets if target.share > 0]
            if len(serving) == 1:
                oldest = min(self.metrics.eating[service], default=self.harmful[service])
                self.stopped[service] = asyncio.get_running_loop().time() - oldest
        return reading


class Ground:
    """The desk, its world, and the customers of N services."""

    def __init__(self, store: SqlStore, file: Path, count: int) -> None:
        self.file = file
        self.clock = SystemClock()
        self.store = store
        self.metrics = Measured(self.clock)
        self.router = Stopping(self.metrics)
        self.decided = Decided(self.metrics)
        self.deployer = MemoryDeployer()
        self.services = [f"service-{number:04d}" for number in range(count)]
        self.chance = random.Random(count)
        self.canaries: dict[str, str] = {}
        self.customer_seconds = 0.0
        self._serial = 0
        history, secrets = MemoryHistory(REPOSITORY), MemorySecrets()
        commits = {
            version: history.commit(REPOSITORY, "main", {"app.py": version}, subject=version)
            for version in ("v1", "v2")
        }
        self.world = World(
            desk="desk",
            clock=self.clock,
            store=store,
            deployer=self.deployer,
            workshop=MemoryWorkshop(),
            router=self.router,
            metrics=self.metrics,
            smoke=MemorySmoke(),
            notifier=MemoryNotifier(),
            dossiers=DossierReader(history, secrets),
            scratch=MemoryScratch(),
            new_id=self._id,
            free_port=self._number,
            gauges=MemoryGauges(self.clock),
            withdrawn=self.decided,
        )
        self.desk = Desk(self.world)
        self.context = Context(
            store=store,
            source=MemorySource({REPOSITORY: commits}),
            deployer=self.deployer,
            router=self.router,
            clock=self.clock,
            new_id=self._id,
            wake=lambda release: self.desk.wake(release),
            history=history,
        )

    def _number(self) -> int:
        self._serial += 1
        return 9000 + self._serial

    def _id(self) -> str:
        return f"r{self._number():06d}"

    async def register(self, *, first: bool) -> None:
        """Register every service, for its first version or for a long rollout."""
        for number, service in enumerate(self.services):
            plan = _plan(service, number, first=first)
            registration = Registration(
                service, REPOSITORY, "", plan, "owner", self.clock.now(), "secret"
            )
            await self.store.register(registration, AuditDraft("owner", "register", service))

    async def release(self, version: str) -> None:
        """Start a release of every service, several at a time."""
        for first in range(0, len(self.services), _AT_ONCE):
            some = self.services[first : first + _AT_ONCE]
            starts = (start_release(self.context, OWNER, service=s, version=version) for s in some)
            await asyncio.gather(*starts)

    async def until(self, stage: Stage) -> None:
        """Wait until the newest release of every service is in this stage, its customers on it."""
        loop = asyncio.get_running_loop()
        deadline, left = loop.time() + _PATIENCE, list(self.services)
        while left:
            if loop.time() > deadline:
                raise TimeoutError(f"{len(left)} releases are not {stage.value}: {left[:3]}")
            await asyncio.sleep(0.2)
            while left:
                found = (await self.store.releases(left[-1], limit=1))[0]
                if found.stage is not stage or (stage is Stage.CANARY and not found.exposed):
                    break
                left.pop()

    async def customers(self) -> None:
        """Requests at their times, whether or not the desk keeps up."""
        loop, count = asyncio.get_running_loop(), len(self.services)
        gap = 1.0 / (RATE * count)
        begun, number = loop.time(), 0
        while True:
            since = time.thread_time()
            now = loop.time()
            while begun + number * gap <= now:
                self._request(self.services[number % count], begun + number * gap)
                number += 1
            self.customer_seconds += time.thread_time() - since
            await asyncio.sleep(_TICK)

    def _request(self, service: str, due: float) -> None:
        shares = self.router.shares.get(service)
        if not shares:
            return
        first = shares[0]
        address = (first if self.chance.random() < first.share else shares[-1]).address
        bad = self.chance.random() < FAULTS
        if service in self.router.harmful and address == self.canaries[service]:
            bad = True
        client = _CLIENTS[int(self.chance.random() * CUSTOMERS)]
        status = 500 if bad else 200
        request = Request(self.clock.now(), address, status, 0.02, "GET", "/", client)
        self.metrics.hand_in(service, request, due)

    async def harm(self, services: list[str], over: float) -> None:
        """Let the canaries of these services fail, one after another."""
        for service in services:
            self.router.harmful[service] = asyncio.get_running_loop().time()
            await asyncio.sleep(over / len(services))

    async def find_canaries(self) -> None:
        """Where each service's canary answers."""
        for service in self.services:
            for slot in await self.store.slots(service, "production"):
                if slot.version == "v2" and slot.address is not None:
                    self.canaries[service] = slot.address
                    self.decided.services[slot.instance or ""] = service


def _plan(service: str, number: int, *, first: bool) -> Plan:
    """Its first version goes to everybody at once; its second stays in its only step."""
    steps = (Step(SHARE, timedelta(hours=12), 50),)
    return a_plan(
        service=service,
        digest=f"{number:063d}{'1' if first else '2'}",
        environments=(
            Environment("staging", 20_000 + number),
            Environment("production", 30_000 + number),
        ),
        kpis=(Kpi("errors", BadStatus(((500, 599),)), limit=0.05, ratio=1.5),),
        rollout=Rollout(steps=steps, patience=timedelta(hours=1), warm=timedelta()),
        watch=timedelta(),
    )


async def measure(count: int, seconds: float, harmful: int) -> dict[str, Any]:
    """The figures of one size."""
    prepare_process()  # as `gonogo serve` does
    with tempfile.TemporaryDirectory(prefix="gg-") as folder:
        file = Path(folder) / "desk.sqlite3"
        store = open_store(f"sqlite:///{file}", SystemClock())
        ground = Ground(store, file, count)
        desk = asyncio.ensure_future(ground.desk.run())
        customers: asyncio.Task[None] | None = None
        try:
            begun = time.monotonic()
            await ground.register(first=True)
            await ground.release("v1")
            await ground.until(Stage.RELEASED)
            progress(f"  first versions serve after {time.monotonic() - begun:.0f} s")
            await ground.register(first=False)
            await ground.release("v2")
            await ground.until(Stage.CANARY)
            await ground.find_canaries()
            progress(f"  all canaries serve after {time.monotonic() - begun:.0f} s")
            customers = asyncio.ensure_future(ground.customers())
            await asyncio.sleep(_SETTLE)
            return await _stretch(ground, seconds, harmful)
        finally:
            for task in (customers, desk):
                if task is not None:
                    task.cancel()
                    await asyncio.gather(task, return_exceptions=True)
            await store.close()


async def _stretch(ground: Ground, seconds: float, harmful: int) -> dict[str, Any]:
    """Measure for so long; the canaries that fail begin over the first two thirds of it."""
    metrics, router = ground.metrics, ground.router
    chosen = ground.chance.sample(ground.services, harmful)
    metrics.left_out.update(chosen)
    gc.collect()
    metrics.measuring = True
    clock, work, theirs = time.monotonic(), time.process_time(), ground.customer_seconds
    looks = _looks(ground.file)
    await asyncio.gather(asyncio.sleep(seconds), ground.harm(chosen, seconds * 2 / 3))
    took, work = time.monotonic() - clock, time.process_time() - work
    theirs = ground.customer_seconds - theirs
    metrics.measuring = False
    minutes = len(ground.services) * took / 60
    stops = [router.stopped.get(service, float("inf")) for service in chosen]
    return {
        "rollouts": len(ground.services),
        "look, s": spread(metrics.lags, 3),
        "stop, s": spread(stops, 3),
        "not stopped": sum(stop == float("inf") for stop in stops),
        "resident, MB": round(_resident() / 1e6),
        "processor seconds per rollout-minute": round((work - theirs) / minutes, 4),
        "customers' processor seconds per rollout-minute": round(theirs / minutes, 4),
        "cores used": round(work / took, 2),
        "looks stored per second": round((_looks(ground.file) - looks) / took, 1),
        "requests per second": round(len(metrics.lags) / took),
    }


def _looks(file: Path) -> int:
    """How many looks were ever stored."""
    with contextlib.closing(sqlite3.connect(file)) as connection:
        return int(connection.execute("SELECT count(*) FROM looks").fetchone()[0])


def _resident() -> int:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


if __name__ == "__main__":
    main()
