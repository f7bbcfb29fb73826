"""What is said of versions that run as processes: ports, health, output, and what there is."""

import asyncio
import os
import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import psutil
import pytest
from tests.adapters.local.started import starts
from tests.processes import alive

from gonogo.adapters.local import deployer as module
from gonogo.adapters.local import notes
from gonogo.adapters.local.deployer import ProcessDeployer
from gonogo.adapters.local.output import Output
from gonogo.domain.errors import ActionFailed, InvalidInput
from gonogo.domain.instance import InstanceState


@pytest.fixture
async def stranger(free_port) -> AsyncIterator[int]:
    """Someone else's server that answers 200 to everything."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        await writer.drain()
        writer.close()

    port = free_port()
    async with await asyncio.start_server(answer, "127.0.0.1", port):
        yield port


async def test_a_port_taken_by_a_stranger_is_named_and_nothing_is_started(
    deployer, make_instance, stranger, files
):
    instance = make_instance(port=stranger)
    with pytest.raises(ActionFailed, match=f"port {stranger} is taken by process {os.getpid()}"):
        await deployer.start(instance)
    assert (await deployer.status(instance)).state is InstanceState.ABSENT
    assert starts(files) == []


async def test_a_strangers_good_answer_does_not_make_an_instance_healthy(
    deployer, make_instance, free_port, until
):
    port = free_port()
    instance = make_instance(line="exec sleep 300", port=port)
    await deployer.start(instance)

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", port):
        status = await deployer.status(instance)
    assert status.state is InstanceState.RUNNING
    assert not status.healthy
    assert f"port {port} is answered by process {os.getpid()}" in status.detail


async def test_a_port_of_another_family_that_is_only_closing_is_free(deployer, make_instance):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        client = socket.create_connection(("127.0.0.1", port))
        accepted, _ = server.accept()
        accepted.close()  # who closes first keeps the address in TIME_WAIT
        client.close()
    await deployer.start(make_instance(port=port))


async def test_a_version_that_exits_at_start_shows_why(deployer, make_instance, ended):
    instance = make_instance("crash")
    await deployer.start(instance)
    await ended(deployer, instance)
    status = await deployer.status(instance)
    assert status.exit_code == 3
    assert "no such table: orders" in status.log_tail
    assert status.detail == "it ended with exit code 3"


async def test_a_server_killed_by_the_system_is_told_from_one_that_gave_up(
    deployer, make_instance, healthy, ended, files
):
    instance = make_instance()
    await deployer.start(instance)
    await healthy(deployer, instance)
    psutil.Process(starts(files)[0]).kill()
    await ended(deployer, instance)
    assert "signal 9" in (await deployer.status(instance)).detail


async def test_a_command_that_does_not_exist_shows_why(deployer, make_instance, ended):
    instance = make_instance(line="no-such-command --serve")
    await deployer.start(instance)
    await ended(deployer, instance)
    status = await deployer.status(instance)
    assert status.exit_code == 127
    assert "no-such-command" in status.log_tail


@pytest.mark.parametrize(("mood", "code"), [("ill", 503), ("redirect", 302)])
async def test_any_answer_but_2xx_is_unhealthy_and_says_which(
    mood, code, deployer, make_instance, until
):
    instance = make_instance(mood)
    await deployer.start(instance)

    async def answers() -> bool:
        status = await deployer.status(instance)
        assert not status.healthy
        return f"answered {code}, expected 2xx" in status.detail

    await until(answers)


async def test_a_server_that_never_answers_is_unhealthy_within_the_limit(
    deployer, make_instance, monkeypatch, until
):
    monkeypatch.setattr(deployer, "_health", module.HealthProbe(timeout_seconds=0.2))
    code = "import socket, sys, time; s = socket.create_server(('127.0.0.1', int(sys.argv[1])))"
    port = make_instance().port
    line = f'{sys.executable} -c "{code}; time.sleep(300)" {port}'
    instance = make_instance(line=line, port=port)
    await deployer.start(instance)

    async def silent() -> bool:
        return "no answer within 0.2 s" in (await deployer.status(instance)).detail

    await until(silent)


async def test_garbage_in_the_output_is_shown_as_safe_text(deployer, make_instance, healthy):
    instance = make_instance("binary")
    await deployer.start(instance)
    await healthy(deployer, instance)
    tail = (await deployer.status(instance)).log_tail
    assert "garbage red\n" in tail
    assert all(character.isprintable() or character == "\n" for character in tail)


async def test_the_tail_is_short_however_long_the_output(deployer, make_instance, ended):
    instance = make_instance(line="seq 100000; printf '%0100000d' 1; echo; echo last")
    await deployer.start(instance)
    await ended(deployer, instance)
    tail = (await deployer.status(instance)).log_tail
    assert tail.endswith("last")
    assert len(tail) <= 8 * 1024


async def test_starting_again_keeps_one_older_output(deployer, make_instance, ended):
    instance = make_instance(line="echo once >> runs; wc -l < runs")
    for _ in range(3):
        await deployer.start(instance)
        await ended(deployer, instance)
    status = await deployer.status(instance)
    older = Path(f"{status.log_path}.1")
    assert status.log_tail.strip() == "3"
    assert older.read_text().strip() == "2"
    assert len(list(older.parent.glob("output*"))) == 2


async def test_output_that_outgrows_its_limit_is_cut_under_a_running_process(
    deployer, make_instance, until, monkeypatch
):
    monkeypatch.setattr(module, "Output", lambda path: Output(path, limit_bytes=100_000))
    instance = make_instance(line="while :; do seq 1000; sleep 0.01; done")
    await deployer.start(instance)

    async def trimmed() -> bool:
        return Path(f"{(await deployer.status(instance)).log_path}.1").exists()

    await until(trimmed)
    path = Path((await deployer.status(instance)).log_path)

    async def writes_on() -> bool:
        return path.stat().st_size > 0

    await until(writes_on)


async def test_everything_is_listed_and_stopped_with_one_word(
    deployer, another, make_instance, healthy
):
    first, second = make_instance(), make_instance()
    for instance in (first, second):
        await deployer.start(instance)
        await healthy(deployer, instance)
    found = await another.stop_all(grace_seconds=5)
    assert [(known.id, known.service, known.version) for known in found] == [
        (first.id, "orders", "v1.2.0"),
        (second.id, "orders", "v1.2.0"),
    ]
    assert all(known.running and not alive(known.pid) for known in found)
    assert await another.instances() == ()


async def test_what_has_lost_its_note_is_listed_all_the_same(
    deployer, make_instance, healthy, tmp_path
):
    instance = make_instance()
    await deployer.start(instance)
    await healthy(deployer, instance)
    (tmp_path / "instances" / instance.id / "note.json").unlink()
    (known,) = await deployer.instances()
    assert (known.id, known.port, known.running) == (instance.id, instance.port, True)


async def test_files_that_are_missing_are_named(make_instance, tmp_path):
    desk = ProcessDeployer(tmp_path / "instances", lambda service, commit: tmp_path / "nowhere")
    with pytest.raises(ActionFailed, match=r"its files are not at .*/nowhere"):
        await desk.start(make_instance())


async def test_a_disk_that_is_full_is_a_sentence_not_a_traceback(
    deployer, make_instance, monkeypatch
):
    def full(self: Output) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Output, "open_new", full)
    with pytest.raises(ActionFailed, match=r"cannot start orders v1\.2\.0 .*No space left"):
        await deployer.start(make_instance())


async def test_an_id_that_is_a_path_is_refused(deployer, make_instance):
    with pytest.raises(InvalidInput, match=r'the instance name "\.\./\.\./etc" cannot be used'):
        await deployer.start(replace(make_instance(), id="../../etc"))


async def test_looking_without_asking_goes_through_no_other_processes(
    deployer, make_instance, healthy, monkeypatch
):
    instance = make_instance()
    await deployer.start(instance)
    await healthy(deployer, instance)

    def dear(*_: object, **__: object) -> None:
        raise AssertionError("a look twice a second cannot afford this")

    for owner, name in ((psutil, "process_iter"), (psutil, "pids"), (subprocess, "Popen")):
        monkeypatch.setattr(owner, name, dear)
    monkeypatch.setattr(asyncio, "to_thread", dear)
    status = await deployer.status(instance, probe=False)
    monkeypatch.undo()
    assert status.state is InstanceState.RUNNING
    assert not status.healthy


async def test_the_dead_of_earlier_times_do_not_pile_up(
    deployer, make_instance, tmp_path, monkeypatch
):
    monkeypatch.setattr(notes, "_KEPT_FOLDERS", 2)
    for _ in range(5):
        instance = make_instance(line="exec sleep 300")
        await deployer.start(instance)
        await deployer.stop(instance.id, grace_seconds=5)
    await deployer.start(make_instance(line="exec sleep 300"))
    assert len(list((tmp_path / "instances").iterdir())) == 3
