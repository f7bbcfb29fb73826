"""What is special about versions as units: who supervises them, what they read, when nobody answers."""

import asyncio
import os
import signal
import stat
import subprocess
import threading
import time
from pathlib import Path

import pytest
from tests.processes import alive
from tests.systemd_twin import NO_BUS, SystemdTwin

from gonogo.adapters.systemd import look
from gonogo.domain.errors import Unavailable
from gonogo.domain.instance import InstanceState

RUNNING, EXITED, ABSENT = InstanceState.RUNNING, InstanceState.EXITED, InstanceState.ABSENT
SECRET = 'it\'s "quoted" $HOME `id` \\n\nsecond %i line\t#;é'


def hangs(words: list[str]) -> None:
    time.sleep(3)


def systemctl(twin: SystemdTwin, *words: str) -> str:
    return subprocess.run([twin.program, *words], capture_output=True, text=True, check=True).stdout


def text_of(path: Path) -> str:
    return path.read_text() if path.exists() else ""


async def test_a_version_gets_its_variables_as_they_are_and_nobody_else_reads_them(
    desk, make, twin, until, tmp_path, monkeypatch
):
    monkeypatch.setenv("GONOGO_DATABASE_URL", "postgresql://desk:private@127.0.0.1/desk")
    instance = make('printf %s "$TOKEN" > token; env > all; exec sleep 300', variables={"A": "1"})
    deployer = desk(secrets={"TOKEN": SECRET})
    await deployer.start(instance)
    seen = tmp_path / instance.commit

    async def said() -> bool:
        return "PORT=" in text_of(seen / "all")

    await until(said)
    assert (seen / "token").read_text() == SECRET
    assert "A=1\n" in (seen / "all").read_text()
    assert "private" not in (seen / "all").read_text()
    holders = [
        path for path in tmp_path.rglob("*") if path.is_file() and "second %i line" in text_of(path)
    ]
    assert [path.name for path in holders if path.parent != seen] == ["environment"]
    for path in holders:
        if path.name == "environment":
            assert stat.S_IMODE(path.stat().st_mode) == 0o600
            assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    shown = systemctl(twin, "show", "--property=Id,MainPID", "gonogo-*")
    assert "second" not in shown
    await deployer.stop(instance.id, 5)
    assert not (tmp_path / "desk" / "units" / instance.id / "environment").exists()


async def test_secrets_are_hidden_in_what_is_shown_of_the_output(desk, make, until):
    instance = make("echo the password is hunter2; exit 4")
    deployer = desk(secrets={"PASSWORD": "hunter2"})
    await deployer.start(instance)

    async def ended() -> bool:
        return (await deployer.status(instance)).state is EXITED

    await until(ended)
    assert (await deployer.status(instance)).log_tail == "the password is ***"


async def test_systemd_starts_again_what_was_killed_while_no_desk_looked(desk, make, until):
    instance = make()
    deployer = desk()
    await deployer.start(instance)
    before = (await deployer.status(instance)).pid
    os.kill(before, signal.SIGKILL)
    later = desk()

    async def runs_again() -> bool:
        status = await later.status(instance)
        return status.state is RUNNING and status.pid != before

    await until(runs_again)


async def test_a_death_is_seen_before_it_is_started_again_and_says_by_which_signal(
    desk, make, twin, until
):
    instance = make()
    twin.restarts = False
    deployer = desk()
    await deployer.start(instance)
    pid = (await deployer.status(instance, probe=False)).pid
    os.kill(pid, signal.SIGSEGV)

    async def seen() -> bool:
        return (await deployer.status(instance, probe=False)).state is not RUNNING

    await until(seen)
    status = await deployer.status(instance, probe=False)
    assert (status.state, status.exit_code) == (EXITED, -signal.SIGSEGV)
    assert status.detail == "it was ended by signal 11"


async def test_one_that_ends_well_stays_ended_and_is_not_forgotten(desk, make, until):
    instance = make("echo done; exit 0")
    deployer = desk()
    await deployer.start(instance)

    async def ended() -> bool:
        return (await desk().status(instance)).state is EXITED

    await until(ended)
    status = await desk().status(instance)
    assert (status.exit_code, status.log_tail) == (0, "done")


async def test_watching_asks_systemd_seldom(desk, make, twin):
    instance = make()
    deployer = desk()
    await deployer.start(instance)
    await deployer.status(instance, probe=False)
    before, begun = len(twin.calls), time.monotonic()
    for _ in range(200):
        assert (await deployer.status(instance, probe=False)).state is RUNNING
    assert len(twin.calls) - before <= 1 + (time.monotonic() - begun) / look.STEADY_SECONDS


async def test_one_question_tells_of_all_instances(desk, make, twin):
    deployer = desk()
    instances = [make(id=f"r{number}.production") for number in range(5)]
    for instance in instances:
        await deployer.start(instance)
    before = len(twin.calls)
    states = await asyncio.gather(*(deployer.status(each, probe=False) for each in instances))
    assert {status.state for status in states} == {RUNNING}
    assert len(twin.calls) - before == 1


@pytest.mark.parametrize(
    "fault",
    [hangs, lambda words: NO_BUS, lambda words: (0, "<html>", ""), lambda words: (1, "", "")],
    ids=["hangs", "no bus", "garbage", "fails"],
)
async def test_where_systemd_does_not_answer_a_version_is_neither_healthy_nor_dead(
    desk, make, twin, fault, until
):
    instance = make()
    await desk().start(instance)
    pid = (await desk().status(instance)).pid
    twin.fault = fault
    later = desk(ask_seconds=2.0)
    status = await later.status(instance)
    assert (status.state, status.healthy) == (InstanceState.UNKNOWN, False)
    assert status.detail
    with pytest.raises(Unavailable):
        await later.start(instance)
    with pytest.raises(Unavailable):
        await later.stop(instance.id, 0)
    twin.fault = lambda words: None

    async def runs() -> bool:
        status = await later.status(instance)
        assert status.state in {RUNNING, InstanceState.UNKNOWN}
        return status.state is RUNNING

    await until(runs)
    assert (await later.status(instance)).pid == pid


async def test_units_are_read_again_only_when_their_files_changed(desk, make, twin):
    deployer = desk()
    first, second = make(id="one"), make(id="two")
    await deployer.start(first)
    read = twin.reloads()
    await deployer.start(second)
    await deployer.stop(first.id, 5)
    assert twin.reloads() == read, "another version changes no unit file"
    unit = next(twin.folder.glob("gonogo-*@.service"))
    unit.write_text(unit.read_text().replace("RestartSec=2", "RestartSec=9"))
    await deployer.start(make(id="three"))
    assert twin.reloads() == read + 1
    assert "RestartSec=2" in unit.read_text()


async def test_a_unit_written_but_not_read_is_read_by_the_next_start(desk, make, twin, monkeypatch):
    deployer = desk()
    await deployer.start(make(id="one"))
    unit = next(twin.folder.glob("gonogo-*@.service"))
    right = unit.read_text()
    unit.write_text(right.replace("RestartSec=2", "RestartSec=9"))
    systemctl(twin, "daemon-reload")
    unit.write_text(right)  # an earlier desk wrote it and was killed
    read = twin.reloads()
    await deployer.start(make(id="one", line="exec sleep 301"))
    assert twin.reloads() == read, "what runs is left alone"
    await deployer.start(make(id="two"))
    await deployer.stop("one", 5)
    await deployer.start(make(id="one"))
    assert "yes" not in systemctl(twin, "show", "--property=NeedDaemonReload", "gonogo-*")


async def test_nothing_of_a_stopped_version_is_left_in_systemd(desk, make, twin):
    deployer = desk()
    instance = make()
    await deployer.start(instance)
    assert deployer.used()
    await deployer.stop(instance.id, 5)
    assert [path.name for path in twin.folder.rglob("gonogo-*")] == []
    assert not deployer.used()
    assert await deployer.instances() == ()


async def test_what_was_wanted_comes_back_with_the_machine_and_what_was_stopped_does_not(
    desk, make, twin
):
    deployer = desk()
    kept, stopped = make(id="kept"), make(id="stopped")
    await deployer.start(kept)
    await deployer.start(stopped)
    await deployer.stop(stopped.id, 5)
    await asyncio.to_thread(twin.boot)
    later = desk()
    assert (await later.status(kept)).state is RUNNING
    assert (await later.status(stopped)).state is ABSENT


async def test_one_that_does_not_listen_to_being_asked_is_killed_after_its_grace(
    desk, make, until, tmp_path
):
    instance = make("trap '' TERM; echo ready > ready; while :; do sleep 1; done")
    deployer = desk()
    await deployer.start(instance)

    async def ready() -> bool:
        return (tmp_path / instance.commit / "ready").exists()

    await until(ready)
    pid = (await deployer.status(instance)).pid
    began = time.monotonic()
    assert await deployer.stop(instance.id, 0.5)
    assert time.monotonic() - began >= 0.5
    assert not alive(pid)


async def test_children_end_with_their_version(desk, make, until, tmp_path):
    instance = make("setsid sleep 300 & echo $! > child; exec sleep 300")
    deployer = desk()
    await deployer.start(instance)
    child = tmp_path / instance.commit / "child"

    async def begun() -> bool:
        return text_of(child).endswith("\n")

    await until(begun)
    await deployer.stop(instance.id, 5)
    assert not alive(int(child.read_text()))


async def test_a_line_means_nothing_to_systemd(desk, make, until):
    instance = make("echo \"100% $PORT\" '%i' ${PORT} \\$HOME; exit 3")
    deployer = desk()
    await deployer.start(instance)

    async def ended() -> bool:
        return (await deployer.status(instance)).state is EXITED

    await until(ended)
    port = instance.port
    assert (await deployer.status(instance)).log_tail == f"100% {port} %i {port} $HOME"


async def test_output_is_cut_when_it_grows_too_long(desk, make):
    instance = make()
    deployer = desk()
    await deployer.start(instance)
    output = Path((await deployer.status(instance)).log_path)
    os.truncate(output, 64 * 1024 * 1024 + 1)
    await deployer.status(instance)
    assert output.stat().st_size == 0


async def test_memory_is_counted_while_it_runs(desk, make):
    instance = make()
    deployer = desk()
    await deployer.start(instance)
    assert await deployer.resident_bytes(instance.id) > 10_000
    await deployer.stop(instance.id, 5)
    assert await deployer.resident_bytes(instance.id) is None


async def test_a_systemd_that_hangs_keeps_no_watcher_waiting(desk, make, twin, monkeypatch):
    instance = make()
    deployer = desk()
    await deployer.start(instance)
    await deployer.status(instance, probe=False)
    goes_on = threading.Event()

    def waits(words: list[str]) -> None:
        goes_on.wait(60)

    twin.fault = waits
    monkeypatch.setattr(look, "STEADY_SECONDS", 0.0)
    monkeypatch.setattr(look, "LONGEST_SECONDS", 60.0)
    monkeypatch.setattr(look, "_QUICK_SECONDS", 0.2)
    for _ in range(5):  # its process lives, so nothing is waited for; nobody would answer
        assert (await deployer.status(instance, probe=False)).state is RUNNING
    monkeypatch.setattr(look, "LONGEST_SECONDS", 0.0)
    monkeypatch.setattr(look, "FRESH_SECONDS", 0.0)
    status = await deployer.status(instance, probe=False)
    assert status.state is InstanceState.UNKNOWN, "what systemd said is too old"
    goes_on.set()
