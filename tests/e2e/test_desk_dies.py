"""The desk is killed: customers notice nothing, and whoever starts it again finds all in order."""

import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.e2e.conftest import Register
from tests.e2e.customers import Customers
from tests.e2e.desk import DeskHouse, SmallService, eventually

LONGER = ("20% for 8s, at least 15 requests", "50% for 1s, at least 15 requests")


@pytest.mark.slow
def test_a_desk_killed_during_the_canary_adopts_it_and_finishes(
    own_desk: DeskHouse, register: Register
) -> None:
    service = register(own_desk, steps=LONGER)
    with Customers(service.port) as customers:
        release = own_desk.begin(service.name, "v1.1.0")
        own_desk.until_step(release)
        canary = own_desk.process_of(service.name, "v1.1.0")
        router = own_desk.router_pid(service.name)
        own_desk.kill()
        asked = customers.of("v1.1.0")
        eventually(lambda: customers.of("v1.1.0") > asked + 3, "customers without a desk")
        own_desk.start()
        own_desk.until(release, "released")
    assert customers.lost == []
    assert own_desk.process_of(service.name, "v1.1.0").pid == canary.pid
    assert own_desk.router_pid(service.name) == router
    assert "not counted; the last" in own_desk.why(release)
    promoted = [
        each for each in own_desk.events(release) if each["action"] == "desk:release:promoted"
    ]
    assert len(promoted) == 1
    assert own_desk.run("verify").code == 0


def test_a_canary_that_turned_bad_while_the_desk_was_dead_is_taken_back(
    own_desk: DeskHouse, register: Register
) -> None:
    service = register(own_desk, steps=("20% for 10m, at least 100000 requests",))
    with Customers(service.port) as customers:
        release = own_desk.begin(service.name, "v1.1.0")
        own_desk.until_step(release)
        # The row comes before the router: a desk killed between the two has let nobody in yet.
        eventually(lambda: customers.answers["v1.1.0", 200], "a customer on the canary")
        own_desk.kill()
        (service.state / "bad.v1.1.0").touch()
        eventually(lambda: customers.answers["v1.1.0", 500], "a bad answer")
        own_desk.start()
        found = own_desk.until(release, "rolled_back")
    assert "errors" in found["reason"]
    assert customers.lost == []


@pytest.mark.slow
def test_a_desk_killed_while_it_took_a_version_back_finishes_that(
    own_desk: DeskHouse, register: Register
) -> None:
    service = register(own_desk, steps=("20% for 10m, at least 100000 requests",))
    with Customers(service.port) as customers:
        release = own_desk.begin(service.name, "v1.1.0")
        own_desk.until_step(release)
        own_desk.post(
            f"/releases/{release}/instructions", {"kind": "roll_back", "reason": "wrong day"}
        )
        eventually(lambda: own_desk.release(release)["stage"] != "canary", "the rollback")
        own_desk.kill()
        own_desk.start()
        own_desk.until(release, "rolled_back")
        for _ in range(2):  # what was answered a moment ago is counted a moment later
            served = customers.of("v1.1.0")
            seen = customers.of("v1.0.0")
            eventually(
                lambda seen=seen: customers.of("v1.0.0") > seen + 20,
                "customers of the version before",
            )
        assert customers.of("v1.1.0") == served
    assert customers.lost == []


@pytest.fixture
def stranded(own_desk: DeskHouse, register: Register) -> tuple[SmallService, str]:
    """A release whose desk was killed in the middle of its migration in staging."""
    service = register(own_desk, migrates=True)
    release = own_desk.begin(service.name, "migration-slow")
    eventually(lambda: _runs(service.state)[-1:] == ["migration-slow in staging"], "its migration")
    own_desk.kill()
    own_desk.start()
    found = own_desk.until(release, "needs_person")
    assert "staging/migrate was started at" in found["reason"]
    assert "nobody saw it end" in found["reason"]
    assert "`gonogo resume --done` or `gonogo resume --again`" in found["reason"]
    assert own_desk.run("watch", release).code == 10
    return service, release


def _runs(state: Path) -> list[str]:
    return (state / "migrations").read_text().splitlines()


@pytest.mark.slow
def test_a_migration_that_nobody_saw_end_is_not_repeated_when_a_person_says_it_is_done(
    own_desk: DeskHouse, stranded: tuple[SmallService, str]
) -> None:
    service, release = stranded
    (service.state / "let go").touch()
    said = own_desk.run("resume", release, "--done", "-m", "both tables are there")
    assert said.code == 0, said
    with Customers(service.port):
        own_desk.until(release, "released")
    assert _runs(service.state).count("migration-slow in staging") == 1
    assert _runs(service.state).count("migration-slow in production") == 1


@pytest.mark.slow
def test_a_migration_that_nobody_saw_end_runs_again_when_a_person_asks_for_it(
    own_desk: DeskHouse, stranded: tuple[SmallService, str]
) -> None:
    service, release = stranded
    (service.state / "let go").touch()
    said = own_desk.run("resume", release, "--again", "-m", "it had not begun")
    assert said.code == 0, said
    with Customers(service.port):
        own_desk.until(release, "released")
    assert _runs(service.state).count("migration-slow in staging") == 2


def test_down_ends_a_migration_whose_desk_was_killed(
    own_desk: DeskHouse, stranded: tuple[SmallService, str]
) -> None:
    own_desk.kill()
    done = own_desk.run("down", within=150)
    assert done.code == 0, done
    assert own_desk.left_running() == []


@pytest.mark.slow
def test_an_audit_entry_that_was_changed_behind_the_desk_is_named(
    own_desk: DeskHouse, register: Register
) -> None:
    service = register(own_desk)
    good = own_desk.run("verify")
    assert good.code == 0, good
    assert "the audit chain holds" in good.out
    changed = own_desk.entry(service.name, "desk:release:promoted")
    assert changed is not None
    with sqlite3.connect(own_desk.database) as database:
        found = database.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")
        for (trigger,) in found.fetchall():
            database.execute(f"DROP TRIGGER {trigger}")
        database.execute(
            "UPDATE audit SET actor = 'nobody' WHERE sequence = ?", (changed["sequence"],)
        )
    database.close()
    found = own_desk.run("verify")
    assert found.code == 20, found
    assert f"broken at entry {changed['sequence']} (desk:release:promoted" in found.out
    assert "its content was changed after it was written" in found.out
    told = own_desk.run("verify", "--json").data
    assert told["broken"]["sequence"] == changed["sequence"]
    doctor = own_desk.run("doctor")
    assert doctor.code == 20
    assert f"entry {changed['sequence']} does not hold" in doctor.out


@pytest.mark.slow
def test_down_stops_all_that_runs_and_says_what_and_serve_brings_it_back(
    own_desk: DeskHouse, register: Register, free_port: Callable[[], int]
) -> None:
    service = register(own_desk)
    done = own_desk.run("down")
    assert done.code == 0, done
    said = done.out.splitlines()
    assert said[0] == "stopped the desk"
    assert f"stopped the router of {service.name} in production (port {service.port})" in said
    assert any(line.startswith(f"stopped {service.name} v1.0.0 in staging (") for line in said)
    assert len(said) == 5
    assert own_desk.left_running() == []
    assert own_desk.run("down").out == "nothing was running\n"
    own_desk.start()
    with Customers(service.port, rate=20) as customers:
        eventually(lambda: customers.of("v1.0.0"), "the version that served before")
