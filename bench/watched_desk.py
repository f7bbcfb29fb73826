"""A desk whose pages are watched: the real pages over a real SQLite file, with nothing behind them.

Services and releases are rows that the bench wrote; nothing runs and nothing is judged, so that what
is measured is the way from a stored change to the pages. `python -m bench.watched_desk` serves until
its standard input ends, and stores a look of the judge every so often.
"""

import argparse
import asyncio
import contextlib
import json
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from subprocess import PIPE, Popen
from typing import IO

from bench.desk import ROOT, environment, free_port

from gonogo.adapters.memory.deployer import MemoryDeployer
from gonogo.adapters.memory.router import MemoryRouter
from gonogo.adapters.memory.source import MemorySource
from gonogo.adapters.system_clock import SystemClock
from gonogo.domain.actor import Actor, Role
from gonogo.domain.audit import AuditDraft
from gonogo.domain.look import Look
from gonogo.domain.plan import Environment, Health, HttpSmoke, Plan, Rollout, Step
from gonogo.domain.registration import Registration
from gonogo.domain.release import Release, Stage
from gonogo.domain.slot import Slot, SlotRole
from gonogo.domain.traffic import BadStatus, Counts, Increment, Kpi
from gonogo.domain.verdict import Evidence, Judgement, KpiAssessment, Test, Verdict
from gonogo.ports.store import Change, Lease
from gonogo.storage.store import SqlStore, open_store
from gonogo.usecases.context import Context

OWNER = Actor("bench", frozenset({Role.OWNER}))
TOKEN = "the-token-of-the-bench"
MARK = "event-"
"""What a look's sentence begins with; its number and the clock when it was to be stored follow."""

_DAY = timedelta(days=1)


def plan(service: str, port: int) -> Plan:
    """A small plan."""
    steps = (Step(0.05, timedelta(minutes=5), 200), Step(0.5, timedelta(minutes=5), 1000))
    return Plan(
        service=service,
        digest=f"{port:064x}",
        run="serve --port {port}",
        health=Health("/health"),
        environments=(Environment("staging", port), Environment("production", port + 1)),
        smoke=(HttpSmoke("home", "GET", "/"),),
        kpis=(Kpi("errors", BadStatus(((500, 599),)), limit=0.05, ratio=1.5),),
        rollout=Rollout(steps=steps),
        watch=timedelta(minutes=10),
    )


async def fill(store: SqlStore, services: int, under_way: int) -> list[tuple[Release, Lease]]:
    """So many services, each with a version that serves; releases under way of the first of them."""
    now = datetime.now(UTC)
    going = []
    for number in range(services):
        name = f"service-{number:03}"
        known = plan(name, 10_000 + 2 * number)
        entry = AuditDraft(OWNER.name, "person:service:register", name)
        await store.register(Registration(name, "/none", "", known, "bench", now, "s"), entry)
        await _released(store, name, known, now)
        if number < under_way:
            going.append(await _canary(store, name, known, now))
    return going


async def _released(store: SqlStore, name: str, known: Plan, now: datetime) -> None:
    begun = Release(
        id=f"{name}-1", service=name, version="v1.0.0", commit="a" * 40, previous=None, plan=known,
        actor="bench", created_at=now - _DAY, stage=Stage.WATCHING, stage_since=now - _DAY, reason="",
    )  # fmt: skip
    slots = [
        Slot(name, each.name, "a", SlotRole.BASELINE, "v1.0.0", "a" * 40, f"{name}-{each.name}", each.port)
        for each in known.environments
    ]  # fmt: skip
    lease, begun = await _opened(store, begun, now)
    ended = replace(begun, stage=Stage.RELEASED, reason="it was watched and nothing was found")
    entry = AuditDraft("desk", "desk:release:released", begun.id)
    await store.record(Change(ended, lease, entry, tuple(slots)))


async def _canary(store: SqlStore, name: str, known: Plan, now: datetime) -> tuple[Release, Lease]:
    begun = Release(
        id=f"{name}-2", service=name, version="v1.1.0", commit="b" * 40, previous="v1.0.0", plan=known,
        actor="bench", created_at=now, stage=Stage.CANARY, stage_since=now, reason="the canary is judged",
        step=0, step_since=now, exposed=True,
    )  # fmt: skip
    lease, begun = await _opened(store, begun, now)
    place = known.production
    slot = Slot(name, place.name, "b", SlotRole.CANARY, "v1.1.0", "b" * 40, f"{name}-2", 1)
    beside = replace(slot, share=0.05)
    entry = AuditDraft("desk", "desk:release:canary", begun.id)
    return await store.record(Change(begun, lease, entry, (beside,))), lease


async def _opened(store: SqlStore, begun: Release, now: datetime) -> tuple[Lease, Release]:
    entry = AuditDraft(OWNER.name, "person:release:start", begun.id)
    stored = await store.open(begun, entry, ())
    lease = await store.claim(stored.id, "bench", now, now + 10 * _DAY)
    assert lease is not None
    return lease, stored


def look(release: Release, number: int) -> Look:
    """A look whose sentence tells its number and the time, as all processes of this machine count it."""
    counts = Counts(number % 7, 1000 + number)
    evidence = Evidence(Test.RELATIVE, (number % 40) / 20, 2.0, 2.0, 0.01, 0.05)
    sentence = f"{MARK}{number}:{time.monotonic_ns()} errors are within their tolerance so far"
    kpi = KpiAssessment(
        "errors", Verdict.UNPROVEN, counts, counts, (evidence,), None, None, 400, sentence
    )
    return Look(
        release.id,
        datetime.now(UTC),
        0,
        0.05,
        (Increment("errors", counts, counts),),
        Judgement(Verdict.UNPROVEN, (kpi,), sentence),
    )


async def serve(folder: Path, port: int, services: int, under_way: int, every: float) -> None:
    """Serve until standard input ends; every so many seconds a look is stored (0: never)."""
    import uvicorn

    from gonogo.api.application import build_application
    from gonogo.api.door import Door, page_guard, reader
    from gonogo.api.reach import allowed_origin
    from gonogo.web.desk.application import add_desk
    from gonogo.web.desk.live import LARGEST_FRAME
    from gonogo.web.desk.visitor import seen_by
    from gonogo.wiring.serving import allow_many_pages
    from gonogo.wiring.websockets import DeskWebSockets

    allow_many_pages()
    clock = SystemClock()
    store = open_store(f"sqlite:///{folder / 'desk.sqlite3'}", clock)
    going = await fill(store, services, under_way)
    context = Context(
        store=store, source=MemorySource({}), deployer=MemoryDeployer(), router=MemoryRouter(),
        clock=clock, new_id=lambda: "", wake=lambda _: None, notices=store.notices,
    )  # fmt: skip
    application = build_application(context, OWNER, TOKEN, lambda: None)
    guard = reader(page_guard(Door(context, OWNER, TOKEN)))
    add_desk(application, context, seen_by(guard), allowed_origin)
    server = uvicorn.Server(
        uvicorn.Config(
            application, port=port, log_level="warning", lifespan="off", ws=DeskWebSockets,
            ws_per_message_deflate=False, ws_max_size=LARGEST_FRAME, timeout_graceful_shutdown=2,
        )
    )  # fmt: skip
    serving = asyncio.ensure_future(server.serve())
    storing = asyncio.ensure_future(_store_looks(store, going, every)) if every else None
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    if storing is not None:
        storing.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await storing
    server.should_exit = True
    await serving
    await store.close()


async def _store_looks(store: SqlStore, going: list[tuple[Release, Lease]], every: float) -> None:
    for number in range(1_000_000):
        release, lease = going[number % len(going)]
        stored = await store.record(Change(release, lease, look=look(release, number), judge=b"-"))
        going[number % len(going)] = (stored, lease)
        await asyncio.sleep(every)


@contextmanager
def watched_desk(
    services: int, under_way: int, every: float = 0.0
) -> Iterator[tuple[int, "Popen[str]"]]:
    """Such a desk in a process of its own, stopped at the end: its port, and the process."""
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="gg-") as folder:
        arguments = ["--folder", folder, "--port", port, "--services", services]
        arguments += ["--under-way", under_way, "--every", every]
        command = [sys.executable, "-m", "bench.watched_desk", *map(str, arguments)]
        process = Popen(command, stdin=PIPE, text=True, cwd=ROOT, env=environment(Path(folder)))
        try:
            _wait(port, process)
            yield port, process
        finally:
            stdin: IO[str] | None = process.stdin
            if stdin is not None:
                stdin.close()
            try:
                process.wait(20)
            except TimeoutError:
                process.kill()


def _wait(port: int, process: "Popen[str]") -> None:
    import httpx2

    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(httpx2.TransportError):
            found = httpx2.get(f"http://127.0.0.1:{port}/api/v1/health")
            json.loads(found.text)
            return
        time.sleep(0.1)
    raise RuntimeError("the watched desk did not start")


def main() -> None:
    """Serve."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--services", type=int, default=20)
    parser.add_argument("--under-way", type=int, default=3)
    parser.add_argument("--every", type=float, default=0.0)
    given = parser.parse_args()
    asyncio.run(serve(given.folder, given.port, given.services, given.under_way, given.every))


if __name__ == "__main__":
    main()
