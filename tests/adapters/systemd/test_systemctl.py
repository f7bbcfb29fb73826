"""Asking systemd: what is understood, and what is not an answer."""

import asyncio
from pathlib import Path

import psutil
import pytest

from gonogo.adapters.systemd.systemctl import Standing, Systemctl
from gonogo.domain.errors import Unavailable

WELL = """\
MainPID=4711
NRestarts=2
ExecMainCode=0
ExecMainStatus=0
Result=success
Id=one.service
LoadState=loaded
ActiveState=active
SubState=running
NeedDaemonReload=no
"""


@pytest.fixture
def saying(tmp_path: Path):
    """A systemctl that says this, whatever it is asked."""

    def make(
        text: str, *, code: int = 0, complaint: str = "", before: str = "", seconds: float = 60.0
    ) -> Systemctl:
        (tmp_path / "answer").write_text(text)
        (tmp_path / "complaint").write_text(complaint)
        program = tmp_path / "systemctl"
        program.write_text(
            f"#!/bin/sh\n{before}\ncd '{tmp_path}'; cat answer; cat complaint >&2; exit {code}\n"
        )
        program.chmod(0o755)
        return Systemctl(user=True, program=str(program), ask_seconds=seconds)

    return make


async def test_a_unit_is_told_by_its_properties(saying):
    state = await saying(WELL).unit("one.service")
    assert (state.standing, state.pid, state.restarts) == (Standing.UP, 4711, 2)
    assert state.exit_code is None


@pytest.mark.parametrize(
    ("changes", "standing", "code"),
    [
        ({"SubState": "exited", "MainPID": "0", "ExecMainCode": "1"}, Standing.ENDED, 0),
        ({"ActiveState": "activating", "SubState": "start"}, Standing.UP, None),
        (
            {"ActiveState": "activating", "SubState": "auto-restart", "MainPID": "0"}
            | {"ExecMainCode": "1", "ExecMainStatus": "3"},
            Standing.ENDED,
            3,
        ),
        (
            {"ActiveState": "activating", "SubState": "auto-restart-queued", "MainPID": "0"},
            Standing.ENDED,
            None,
        ),
        ({"ActiveState": "deactivating", "SubState": "stop-sigterm"}, Standing.ENDING, None),
        (
            {"ActiveState": "deactivating", "SubState": "final-sigterm", "MainPID": "0"}
            | {"ExecMainCode": "3", "ExecMainStatus": "11"},
            Standing.ENDED,
            -11,
        ),
        (
            {"ActiveState": "failed", "MainPID": "0", "ExecMainCode": "2", "ExecMainStatus": "9"},
            Standing.ENDED,
            -9,
        ),
        ({"ActiveState": "inactive", "SubState": "dead", "MainPID": "0"}, Standing.IDLE, None),
    ],
)
async def test_states_of_systemd_come_to_four(saying, changes, standing, code):
    text = WELL
    for name, value in changes.items():
        before = next(line for line in WELL.splitlines() if line.startswith(f"{name}="))
        text = text.replace(before, f"{name}={value}")
    state = await saying(text).unit("one.service")
    assert (state.standing, state.exit_code) == (standing, code)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "<html>no such page</html>",
        WELL.replace("ActiveState=active", "ActiveState=sleepy"),
        WELL.replace("4711", "-1"),
        WELL.replace("4711", "٣"),
        WELL.replace("4711", "many"),
        WELL.replace("4711", "9" * 40),
        WELL.replace("MainPID=4711\n", ""),
        WELL.replace("Id=one.service\n", ""),
        WELL.replace("NeedDaemonReload=no", "NeedDaemonReload=perhaps"),
        WELL.replace("one.service", "two.service"),
    ],
)
async def test_what_is_not_understood_is_no_answer(saying, text):
    with pytest.raises(Unavailable, match="not understood"):
        await saying(text).unit("one.service")


async def test_a_systemd_that_is_not_there_is_unavailable_and_says_what_to_do(saying):
    asked = saying("", code=1, complaint="Failed to connect to bus: No medium found")
    with pytest.raises(Unavailable, match="Failed to connect to bus") as caught:
        await asked.units("*")
    assert "loginctl enable-linger" in (caught.value.hint or "")
    with pytest.raises(Unavailable, match="Failed to connect to bus"):
        await asked.tell("start", "one.service")


async def test_a_refusal_is_an_answer(saying):
    answer = await saying("", code=5, complaint="Unit one.service not found.").tell("start", "one")
    assert (answer.code, answer.complaint) == (5, "Unit one.service not found.")


async def test_one_that_hangs_is_given_up_and_leaves_no_process(saying):
    asked = saying(WELL, before="exec sleep 600", seconds=0.5)
    before = set(psutil.Process().children())
    with pytest.raises(Unavailable, match=r"did not answer within 0\.5 s"):
        await asked.unit("one.service")
    assert set(psutil.Process().children()) <= before


async def test_whoever_stops_waiting_leaves_no_process(saying, tmp_path, until):
    asked = saying(WELL, before=f"echo $$ > '{tmp_path}/pid'; exec sleep 600")
    asking = asyncio.create_task(asked.tell("start", "one.service"))
    while not (tmp_path / "pid").exists() or not (tmp_path / "pid").read_text():  # noqa: ASYNC110
        await asyncio.sleep(0.01)
    asking.cancel()
    await asyncio.gather(asking, return_exceptions=True)

    async def gone() -> bool:
        return not psutil.pid_exists(int((tmp_path / "pid").read_text()))

    await until(gone)


async def test_a_machine_without_systemctl_is_unavailable():
    with pytest.raises(Unavailable, match="cannot be run: No such file"):
        await Systemctl(user=True, program="/nowhere/systemctl").units("*")


async def test_systemctl_gets_no_variable_that_it_does_not_need(saying, monkeypatch, tmp_path):
    monkeypatch.setenv("GONOGO_DATABASE_URL", "postgresql://desk:secret@127.0.0.1/desk")
    await saying(WELL, before=f"env > '{tmp_path}/seen'").unit("one.service")
    assert "secret" not in (tmp_path / "seen").read_text()
