"""A service that gonogo did not start: adopted, released over, and handed back, under traffic."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.e2e.conftest import Register
from tests.e2e.customers import Customers
from tests.e2e.desk import DeskHouse, SmallService, eventually

pytestmark = pytest.mark.slow


class Outsider:
    """The small service, started by its owner from a checkout of their own."""

    def __init__(self, checkout: Path, port: int, state: Path) -> None:
        self.port = port
        self.process = subprocess.Popen(
            [sys.executable, "small_service.py", str(port)],
            cwd=checkout,
            env={**os.environ, "VERSION": "v1.0.0", "STATE": str(state)},
        )

        eventually(self._answers, "the owner's own service")

    def _answers(self) -> bool:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1):
            return True
        return False

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    def end(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(60)


@pytest.fixture
def outside(
    small_repository: Path, tmp_path: Path, free_port: Callable[[], int]
) -> Iterator[Callable[[SmallService], Outsider]]:
    started: list[Outsider] = []

    def start(service: SmallService) -> Outsider:
        checkout = tmp_path / f"checkout-{len(started)}"
        clone = ["git", "clone", "--quiet", "--branch", "v1.0.0", str(small_repository)]
        subprocess.run([*clone, str(checkout)], check=True, capture_output=True)
        started.append(Outsider(checkout, free_port(), service.state))
        return started[-1]

    yield start
    for each in started:
        each.end()


def adopt(desk: DeskHouse, service: SmallService, owner: Outsider) -> dict[str, object]:
    def said() -> dict[str, object] | None:
        words = ("adopt", service.name, "production", "--at", owner.address, "--version", "v1.0.0")
        done = desk.run(*words, "--no-wait", "--json")
        return dict(done.data) if done.code == 0 else None

    return eventually(said, "the adoption")


def test_nobody_is_lost_from_the_adoption_to_the_way_back(
    own_desk: DeskHouse, register: Register, outside: Callable[[SmallService], Outsider]
) -> None:
    desk, service = own_desk, register(own_desk, serving=None)
    owner = outside(service)
    with Customers(owner.port, rate=40) as customers:
        eventually(lambda: customers.of("v1.0.0") > 10, "the customers of the owner")
        found = adopt(desk, service, owner)
        assert (found["routed"], found["address"]) == (True, owner.address)
        customers.port = service.port

        red = service.state / "red.v1.2.0"
        late = desk.begin(service.name, "v1.2.0")
        desk.until_step(late)
        red.touch()
        assert desk.until(late, "rolled_back")["previous"] == "v1.0.0"
        slots = desk.slots(service.name)
        assert (slots["v1.0.0"]["adopted"], slots["v1.0.0"]["share"]) == (True, 1.0)
        assert "v1.2.0" not in slots

        good = desk.begin(service.name, "v1.1.0")
        desk.until(good, "released")
        emptied = desk.entry(good, "desk:slot:emptied")
        assert emptied is not None
        assert emptied["data"]["left_running"] == owner.address
        assert list(desk.slots(service.name)) == ["v1.1.0"]
        assert desk.ended(service.name, "bad")["stage"] == "rolled_back"

        leaving = subprocess.Popen(
            desk.command("down", "--release-traffic", "--yes", "--quiet-for", "4s"),
            env=desk.variables(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert leaving.stderr is not None
        for line in leaving.stderr:
            if "point the front" in line and "production" in line:
                break
        customers.port = owner.port
        out, _ = leaving.communicate(timeout=120)
        assert leaving.returncode == 0
        assert f"v1.0.0 in production serves at {owner.address}; its router: ended" in out
        before = customers.of("v1.0.0")
        eventually(lambda: customers.of("v1.0.0") > before + 20, "customers of the owner again")
        again = desk.run("down", "--release-traffic", "--yes")
        assert (again.code, "production" in again.out) == (0, False)
    assert customers.lost == []
    assert {by for (by, status) in customers.answers if status != 200} <= {"bad"}
    assert {"v1.0.0", "v1.1.0", "v1.2.0"} <= {by for by, _ in customers.answers}
    assert owner.process.poll() is None


def test_where_the_adopted_one_has_gone_nobody_is_sent_back_to_it(
    own_desk: DeskHouse, register: Register, outside: Callable[[SmallService], Outsider]
) -> None:
    desk, service = own_desk, register(own_desk, serving=None, watch="10m")
    owner = outside(service)
    with Customers(owner.port, rate=40) as customers:
        adopt(desk, service, owner)
        customers.port = service.port
        release = desk.begin(service.name, "v1.1.0")
        desk.until(release, "watching")
        owner.end()
        told = eventually(
            lambda: [e for e in desk.get("/audit")["items"] if e["action"] == "desk:adopted:gone"],
            "word that it has gone",
        )
        assert "gonogo cannot start it" in told[0]["data"]["reason"]
        desk.run("rollback", service.name, "--yes", "--reason", "try")
        refused = eventually(lambda: desk.entry(release, "desk:instruction:refused"), "the refusal")
        assert "v1.0.0 was adopted at" in refused["data"]["reason"]
        assert desk.slots(service.name)["v1.1.0"]["share"] == 1.0
    assert customers.lost == []
    assert {status for _, status in customers.answers} == {200}
