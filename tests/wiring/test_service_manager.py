"""What the desk says to the service manager that started it."""

import os
import socket
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from gonogo.wiring.service_manager import ServiceManager


class Manager:
    """What systemd is for a service: a socket that hears datagrams."""

    def __init__(self, address: str, bound: str) -> None:
        self.environment = {"NOTIFY_SOCKET": address, "WATCHDOG_USEC": "30000000"}
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(bound)
        self._socket.settimeout(30)
        self.close = self._socket.close

    def heard(self) -> str:
        return self._socket.recv(4096).decode()


@pytest.fixture(params=["a file", "an abstract name"])
def manager(request: pytest.FixtureRequest) -> Iterator[Manager]:
    if request.param == "a file":
        folder = tempfile.mkdtemp(prefix="gg-")
        address = f"{folder}/notify"
        found = Manager(address, address)
    else:
        name = f"gonogo-test-{os.getpid()}"
        found = Manager(f"@{name}", f"\0{name}")
    yield found
    found.close()


def test_it_says_when_it_is_at_work_alive_and_about_to_end(manager: Manager):
    told = ServiceManager(manager.environment)
    told.ready("it listens")
    assert manager.heard() == "READY=1\nSTATUS=it listens"
    told.alive()
    assert manager.heard() == "WATCHDOG=1"
    told.stopping()
    assert manager.heard() == "STOPPING=1"


def test_what_it_starts_cannot_speak_in_its_name(manager: Manager):
    ServiceManager(manager.environment)
    assert manager.environment == {}


@pytest.mark.parametrize(
    "change",
    [
        lambda told: told.pop("WATCHDOG_USEC"),
        lambda told: told.update(WATCHDOG_USEC="soon"),
        lambda told: told.update(WATCHDOG_PID="1"),
    ],
)
def test_no_sign_of_life_is_given_where_none_is_expected(
    manager: Manager, change: Callable[[dict[str, str]], object]
):
    change(manager.environment)
    told = ServiceManager(manager.environment)
    assert told.watchdog_seconds is None
    told.alive()
    told.stopping()
    assert manager.heard() == "STOPPING=1"


def test_a_manager_that_is_gone_or_never_was_changes_nothing(tmp_path: Path):
    for environment in ({}, {"NOTIFY_SOCKET": str(tmp_path / "nobody"), "WATCHDOG_USEC": "1000"}):
        told = ServiceManager(environment)
        told.ready("it listens")
        told.alive()
        told.stopping()
