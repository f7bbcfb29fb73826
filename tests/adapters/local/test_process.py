import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from functools import partial

import psutil
import pytest

from gonogo.adapters.local import process as module
from gonogo.adapters.local.process import Identity, end, family, identify, lives, signal_all, tagged
from gonogo.domain.errors import ActionFailed

TAG = {"GONOGO_TEST": f"process-{os.getpid()}"}


@pytest.fixture
def child() -> Iterator[subprocess.Popen[bytes]]:
    made = subprocess.Popen(["sleep", "300"], env={**os.environ, **TAG}, start_new_session=True)
    yield made
    made.kill()
    made.wait()


def test_a_process_is_known_by_more_than_its_number(child):
    identity = identify(psutil.Process(child.pid))
    assert lives(identity)
    assert not lives(replace(identity, started=identity.started - 0.5))
    assert not lives(replace(identity, boot="another boot"))


def test_setting_the_clock_does_not_change_who_a_process_is(child, monkeypatch):
    identity = identify(psutil.Process(child.pid))
    real = psutil.boot_time()
    monkeypatch.setattr(psutil._psplatform, "boot_time", lambda: real + 3600)
    assert lives(identity)


def test_a_process_that_has_ended_but_was_not_reaped_does_not_live(child, monkeypatch):
    identity = identify(psutil.Process(child.pid))
    child.kill()
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    assert psutil.Process(child.pid).status() == psutil.STATUS_ZOMBIE
    assert not lives(identity)
    assert family(identity, TAG) == []


def test_a_process_that_vanishes_while_it_is_looked_at_is_no_error(child, monkeypatch):
    identity = identify(psutil.Process(child.pid))

    def vanished(self: psutil.Process) -> str:
        raise psutil.NoSuchProcess(self.pid)

    monkeypatch.setattr(psutil.Process, "status", vanished)
    assert not lives(identity)
    assert family(identity, TAG) == []


def test_processes_that_may_not_be_read_are_passed_over(child, monkeypatch):
    def denied(self: psutil.Process) -> dict[str, str]:
        raise psutil.AccessDenied(self.pid)

    monkeypatch.setattr(psutil.Process, "environ", denied)
    assert tagged(TAG) == []


def test_a_stranger_that_was_given_the_number_of_a_dead_leader_is_not_family(child):
    dead = Identity(child.pid, 1.0, module.boot())
    assert family(dead, {"GONOGO_TEST": "nobody"}) == []


async def test_what_cannot_be_ended_is_named(child, monkeypatch):
    identity = identify(psutil.Process(child.pid))
    monkeypatch.setattr(module, "_KILL_SECONDS", 0.1)
    monkeypatch.setattr(module, "signal_all", lambda processes, number: None)
    with pytest.raises(ActionFailed, match=f"process {child.pid} still runs") as caught:
        await end(partial(family, identity, TAG), 0.1)
    assert str(child.pid) in (caught.value.hint or "")


def test_a_parent_is_told_to_end_before_its_child_and_so_says_nothing_of_it(child, monkeypatch):
    told = []
    monkeypatch.setattr(psutil.Process, "send_signal", lambda self, number: told.append(self.pid))
    family = [psutil.Process(pid) for pid in (child.pid, os.getpid(), os.getppid())]
    signal_all(family, signal.SIGTERM)
    assert told == [os.getppid(), os.getpid(), child.pid]


async def test_ending_what_has_ended_is_quick_and_harmless(child):
    identity = identify(psutil.Process(child.pid))
    child.kill()
    with contextlib.suppress(ChildProcessError):
        child.wait()
    await end(partial(family, identity, TAG), 60)


LEAVES_BEFORE_ITS_THREAD = """
import ctypes, os, threading, time
def last():
    time.sleep(0.7)
    os._exit(5)
threading.Thread(target=last).start()
ctypes.CDLL(None).pthread_exit(None)
"""


async def test_one_whose_last_thread_takes_its_time_is_still_heard(tmp_path, until):
    line = f"exec {sys.executable} -c '{LEAVES_BEFORE_ITS_THREAD}'"
    with (tmp_path / "output").open("wb") as output, (tmp_path / "held").open("wb") as held:
        identity = module.spawn(line, tmp_path, os.environ, output.fileno(), held.fileno())

    async def seems_to_have_ended() -> bool:
        return not lives(identity)

    await until(seems_to_have_ended)
    assert await module.last_word(identity) == 5
