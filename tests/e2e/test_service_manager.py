"""A desk under a service manager."""

import shutil
import socket
import subprocess
import tempfile
from pathlib import Path

import pytest
from tests.e2e.desk import DeskHouse

UNIT = Path(__file__).parents[2] / "deploy" / "gonogo.service"


def test_the_manager_hears_that_the_desk_is_at_work_that_it_lives_and_that_it_ends():
    folder = Path(tempfile.mkdtemp(prefix="gg-"))
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(folder / "notify"))
        manager.settimeout(30)
        asked = {"NOTIFY_SOCKET": str(folder / "notify"), "WATCHDOG_USEC": "30000000"}
        house = DeskHouse(environ=asked).start()
        try:
            heard = [manager.recv(4096).decode() for _ in range(3)]
        finally:
            house.close()
        while heard[-1] == "WATCHDOG=1":
            heard.append(manager.recv(4096).decode())
    shutil.rmtree(folder)
    assert min(heard[:2]).startswith("READY=1\nSTATUS=the desk listens on http://127.0.0.1:")
    assert "WATCHDOG=1" in heard
    assert heard[-1] == "STOPPING=1"


def test_systemd_understands_the_unit(tmp_path: Path):
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is not installed")
    unit = tmp_path / "gonogo.service"
    program = shutil.which("true")
    # Here the program is not where the unit expects it.
    unit.write_text(UNIT.read_text().replace("/opt/gonogo/bin/gonogo", str(program)))
    found = subprocess.run(
        ["systemd-analyze", "verify", str(unit)], capture_output=True, text=True, check=False
    )
    assert (found.returncode, found.stdout + found.stderr) == (0, "")
