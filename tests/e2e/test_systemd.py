"""A real desk whose versions and routers are units: of the stand-in, and of systemd where it answers."""

import contextlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest
from tests.e2e.conftest import Register
from tests.e2e.customers import Customers
from tests.e2e.desk import SOURCE, DeskHouse, eventually
from tests.systemd import real_systemctl
from tests.systemd_twin import SystemdTwin

AS_USER = """\
from gonogo.adapters.systemd.systemctl import Systemctl
first = Systemctl.__init__
def of_this_user(self, *, user=None, **more):
    first(self, user=True, **more)
Systemctl.__init__ = of_this_user
"""
"""Root's desk too uses the manager of its user here: units of the machine are no test's business."""

pytestmark = pytest.mark.slow


@dataclass
class Ground:
    """A desk, and the folder of its unit files."""

    desk: DeskHouse
    folder: Path

    def units(self) -> list[str]:
        found = self.folder.rglob("gonogo-*.service")
        return sorted(path.name for path in found if self.desk.home.name in _text(path))


@pytest.fixture(params=["twin", "systemd"])
def ground(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Ground]:
    """A desk that is down, with nothing of it left in systemd, when the test has ended."""
    (tmp_path / "sitecustomize.py").write_text(AS_USER)
    environ = {"PYTHONPATH": f"{tmp_path}{os.pathsep}{SOURCE}"}
    with contextlib.ExitStack() as stack:
        if request.param == "twin":
            settings = tmp_path / "settings"
            twin = SystemdTwin(settings / "systemd" / "user")
            stack.callback(twin.close)
            environ["XDG_CONFIG_HOME"] = str(settings)
            environ["PATH"] = f"{Path(twin.program).parent}{os.pathsep}{os.environ['PATH']}"
        else:
            real_systemctl()
            settings = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config")
        made = Ground(DeskHouse(environ=environ), settings / "systemd" / "user")
        try:
            made.desk.start()
            yield made
        finally:
            made.desk.close()
        assert made.units() == []


def test_a_release_onto_units_loses_no_request_and_a_bad_one_is_taken_back(
    ground: Ground, register: Register
) -> None:
    desk = ground.desk
    service = register(desk, deploy="systemd")
    with Customers(service.port) as customers:
        assert desk.run("release", service.name, "v1.1.0", "--yes").code == 0
        done = desk.run("release", service.name, "bad", "--yes")
    assert done.code == 20, done
    assert customers.lost == []
    assert customers.of("v1.1.0") > 30
    assert list(desk.slots(service.name)) == ["v1.1.0"]
    templates = [name for name in ground.units() if name.endswith("@.service")]
    assert len(templates) == 2, "one for staging, one for production"


def test_a_version_that_exits_at_start_is_a_no_go_with_its_last_words(
    ground: Ground, register: Register
) -> None:
    service = register(ground.desk, deploy="systemd")
    done = ground.desk.run("release", service.name, "exits", "--yes")
    assert done.code == 20, done
    assert (
        "exits ended with exit code 1: its log ends with: the setting COLOUR is missing" in done.out
    )
    assert list(ground.desk.slots(service.name)) == ["v1.0.0"]


def test_versions_and_router_are_started_again_while_no_desk_is_there(
    ground: Ground, register: Register
) -> None:
    desk = ground.desk
    service = register(desk, deploy="systemd")
    version = desk.process_of(service.name, "v1.0.0")
    desk.kill()
    router = psutil.Process(desk.router_pid(service.name))
    for process in (version, *router.children(), router):
        with contextlib.suppress(psutil.NoSuchProcess):  # HAProxy ends by itself without its worker
            process.kill()
    with Customers(service.port, rate=20) as customers:
        eventually(lambda: customers.of("v1.0.0") > 20, "customers, without a desk")
    desk.start()
    eventually(lambda: desk.slots(service.name)["v1.0.0"]["share"] == 1.0, "the adopted version")
    assert desk.router_pid(service.name) != router.pid
    with Customers(service.port) as customers:
        desk.until(desk.begin(service.name, "v1.1.0"), "released")
    assert customers.lost == []


def _text(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:
        return ""
