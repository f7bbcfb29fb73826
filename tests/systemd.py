"""A systemd to test against: the stand-in, or the service manager of this user where one answers."""

import contextlib
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.systemd_twin import SystemdTwin

from gonogo.adapters.systemd.folder import UnitFolder
from gonogo.adapters.systemd.systemctl import Systemctl

_HOW = (
    "no service manager of this user answers (systemctl --user show); it was tried on the stand-in"
)


def real_systemctl() -> Systemctl:
    """That of this user. Skips the test where none answers."""
    try:
        asked = subprocess.run(
            ["systemctl", "--user", "show", "--property=Version"],
            capture_output=True,
            timeout=10,
            check=False,
            env={"XDG_RUNTIME_DIR": f"/run/user/{os.geteuid()}", **os.environ},
        )
    except (OSError, subprocess.TimeoutExpired):
        pytest.skip(_HOW)
    if asked.returncode != 0:
        pytest.skip(_HOW)
    return Systemctl(user=True)


@contextlib.contextmanager
def systemd_at(home: Path, *, twin: bool) -> Iterator[UnitFolder]:
    """The unit files of a desk at `home`, read by the stand-in or by the real one."""
    home.mkdir(exist_ok=True)
    if not twin:
        yield UnitFolder(home, real_systemctl())
        return
    settings = home / "settings"
    manager = SystemdTwin(settings / "systemd" / "user")
    try:
        systemctl = Systemctl(user=True, program=manager.program)
        yield UnitFolder(home, systemctl, environ={"XDG_CONFIG_HOME": str(settings)})
    finally:
        manager.close()
