"""Routers as units: supervised, adopted, and handed over without a refused customer."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import psutil
import pytest
from tests.layouts import HEADER, SECRET, layout, target
from tests.servers import Answer, VersionServer, ask, free_port

from gonogo.adapters.haproxy.router import HaproxyRouter
from gonogo.adapters.systemd.router import SystemdRouters
from gonogo.domain.errors import ActionFailed, Unavailable
from gonogo.domain.ground import SystemdUnits
from gonogo.domain.slot import Layout


def supervised(*arguments: object, **changes: object) -> Layout:
    return replace(layout(*arguments, **changes), ground=SystemdUnits())


@pytest.fixture
def version() -> Iterator[VersionServer]:
    with ExitStack() as stack:
        yield stack.enter_context(VersionServer("one"))


@pytest.fixture
async def router(folder, tmp_path: Path) -> AsyncIterator[HaproxyRouter]:
    router = HaproxyRouter(tmp_path / "r", supervisor=SystemdRouters(folder()))
    yield router
    await router.stop("orders", "production")


async def asking(port: int, enough: asyncio.Event) -> list[Answer]:
    """Customers, one after the other, until there were enough."""
    answers = [await ask(port)]
    while not enough.is_set():
        answers.append(await ask(port))
    return answers


def unit_files(twin) -> list[str]:
    return sorted(path.name for path in twin.folder.rglob("gonogo-*"))


async def test_a_router_that_dies_while_no_desk_is_there_is_started_again_as_it_was(
    router, version, until
):
    port = free_port()
    before = await router.apply(
        supervised(port, target(version.address, 0.5), target(version.address, 0.5))
    )
    main = psutil.Process(before.pid).parent()
    os.kill(main.pid, signal.SIGKILL)
    os.kill(before.pid, signal.SIGKILL)

    async def serves() -> bool:
        try:
            return await ask(port) == Answer(200, "one")
        except OSError:
            return False

    await until(serves)
    after = await router.read("orders", "production")
    assert after.pid != before.pid
    assert {name: slot.share for name, slot in after.slots.items()} == {"a": 0.5, "b": 0.5, "c": 0}


async def test_a_change_that_needs_a_new_process_refuses_nobody_and_keeps_the_main_one(
    router, version, twin
):
    port = free_port()
    targets = (target(version.address, 1.0), target(version.address, testers=True))
    before = await router.apply(supervised(port, *targets))
    main = psutil.Process(before.pid).parent()
    enough = asyncio.Event()
    customers = asyncio.create_task(asking(port, enough))
    after = await router.apply(supervised(port, *targets, tester_header="x-other"))
    await asyncio.sleep(0.05)
    enough.set()
    assert set(await customers) == {Answer(200, "one")}
    assert after.pid != before.pid
    assert psutil.Process(after.pid).parent() == main
    assert [call[0] for call in twin.calls].count("start") == 1


async def test_one_that_ran_detached_is_taken_over_without_a_refused_customer(
    router, version, until
):
    port = free_port()
    before = await router.apply(layout(port, target(version.address, 1.0)))
    assert psutil.Process(before.pid).ppid() != os.getpid()
    enough = asyncio.Event()
    customers = asyncio.create_task(asking(port, enough))
    after = await router.apply(supervised(port, target(version.address, 1.0)))

    async def ended() -> bool:
        try:
            return psutil.Process(before.pid).status() == psutil.STATUS_ZOMBIE
        except psutil.NoSuchProcess:
            return True

    await until(ended)
    enough.set()
    assert set(await customers) == {Answer(200, "one")}
    assert after.pid != before.pid
    os.kill(after.pid, signal.SIGKILL)  # what was said once must not be said again
    again = None

    async def back() -> bool:
        nonlocal again
        try:
            again = await router.read("orders", "production")
        except Unavailable:
            return False
        return again is not None and again.pid != after.pid

    await until(back)
    assert await ask(port) == Answer(200, "one")


@pytest.mark.slow
async def test_another_desk_adopts_the_router_of_a_unit(router, version, folder, tmp_path):
    port = free_port()
    before = await router.apply(supervised(port, target(version.address, 1.0)))
    desk = HaproxyRouter(tmp_path / "r", supervisor=SystemdRouters(folder()))
    after = await desk.apply(supervised(port, target(version.address, 1.0)))
    assert after == before


@pytest.mark.slow
async def test_a_router_stays_supervised_until_it_is_stopped(router, version, twin):
    port = free_port()
    await router.apply(supervised(port, target(version.address, 1.0)))
    await router.apply(layout(port, target(version.address, 1.0), tester_header="x-other"))
    assert any("router" in name for name in unit_files(twin))
    await router.stop("orders", "production")
    assert unit_files(twin) == []
    reading = await router.apply(layout(port, target(version.address, 1.0)))
    assert reading.slots["a"].in_rotation
    assert unit_files(twin) == []


@pytest.mark.slow
async def test_a_router_comes_back_with_the_machine(router, version, twin):
    port = free_port()
    await router.apply(supervised(port, target(version.address, 1.0)))
    await asyncio.to_thread(twin.boot)
    reading = await router.apply(supervised(port, target(version.address, 1.0)))
    assert reading.slots["a"].in_rotation
    assert await ask(port, headers={HEADER: SECRET}) == Answer(200, "one")
    assert [call[0] for call in twin.calls].count("start") == 1


@pytest.mark.slow
async def test_a_newer_program_elsewhere_is_what_would_be_started_again(
    router, version, twin, tmp_path, monkeypatch
):
    wanted = supervised(free_port(), target(version.address, 1.0))
    before = await router.apply(wanted)
    elsewhere = tmp_path / "newer" / "haproxy"
    monkeypatch.setattr("gonogo.adapters.haproxy.process.binary", lambda: str(elsewhere))
    assert await router.apply(wanted) == before
    (unit,) = twin.folder.glob("gonogo-*-router.service")
    assert f'"{elsewhere}"' in unit.read_text()


async def test_a_systemd_that_does_not_answer_stops_no_router(router, version, twin):
    port = free_port()
    before = await router.apply(supervised(port, target(version.address, 1.0)))
    twin.fault = lambda words: (1, "", "Failed to connect to bus: No such file or directory\n")
    # What needs no other process goes on without it.
    assert (await router.apply(supervised(port, target(version.address, 1.0)))).pid == before.pid
    with pytest.raises(Unavailable, match="systemd does not answer"):
        await router.apply(supervised(free_port(), target(version.address, 1.0)))
    with pytest.raises(Unavailable, match="systemd does not answer"):
        await router.stop("orders", "production")
    assert await ask(port) == Answer(200, "one")
    twin.fault = lambda words: None


@pytest.mark.slow
async def test_a_router_that_does_not_come_up_is_told_with_its_own_words(
    router, version, tmp_path, monkeypatch
):
    program = tmp_path / "haproxy"
    program.write_text("#!/bin/sh\necho cannot go on; exit 1\n")
    program.chmod(0o755)
    monkeypatch.setattr("gonogo.adapters.haproxy.process.binary", lambda: str(program))
    with pytest.raises(ActionFailed, match="HAProxy ended at once") as caught:
        await router.apply(supervised(free_port(), target(version.address, 1.0)))
    assert "cannot go on" in caught.value.detail


async def test_a_takeover_that_fails_leaves_the_old_router_as_it_was(
    router, version, twin, tmp_path, monkeypatch
):
    port = free_port()
    before = await router.apply(layout(port, target(version.address, 1.0)))
    program = tmp_path / "haproxy"
    program.write_text("#!/bin/sh\nexit 1\n")
    program.chmod(0o755)
    with monkeypatch.context() as patched:
        patched.setattr("gonogo.adapters.haproxy.process.binary", lambda: str(program))
        with pytest.raises(ActionFailed, match="HAProxy ended at once"):
            await router.apply(supervised(port, target(version.address, 1.0)))
    assert unit_files(twin) == []
    assert (await router.read("orders", "production")).pid == before.pid
    assert await ask(port) == Answer(200, "one")
    after = await router.apply(supervised(port, target(version.address, 1.0)))
    assert after.pid != before.pid
