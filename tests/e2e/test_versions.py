"""New versions that misbehave: each is kept from customers or taken back, with its reason."""

import pytest
from tests.e2e.conftest import Register
from tests.e2e.customers import Customers
from tests.e2e.desk import DeskHouse, eventually

LATER_RED = (
    "hooks:",
    "  after:",
    "    - name: turn the light red",
    "      run: test {environment} = staging || touch $STATE/red.{version}",
    "      repeatable: true",
)
"""The smoke test of a version fails as soon as the version was promoted in production."""


def test_a_good_version_reaches_everyone_and_no_request_is_lost(
    desk: DeskHouse, register: Register
) -> None:
    service = register(desk)
    with Customers(service.port) as customers:
        done = desk.run("release", service.name, "v1.1.0", "--yes")
    assert done.code == 0, done
    assert "released" in done.out
    assert desk.slots(service.name)["v1.1.0"]["share"] == 1.0
    assert customers.of("v1.1.0") > 30
    assert customers.lost == []


def test_a_version_that_answers_500_is_taken_back_and_exit_code_20_says_so(
    desk: DeskHouse, register: Register
) -> None:
    service = register(desk)
    with Customers(service.port) as customers:
        done = desk.run("release", service.name, "bad", "--yes")
    assert done.code == 20, done
    assert "rolled back" in done.out
    assert "errors" in done.out
    assert 0 < customers.answers["bad", 500] < customers.of("v1.0.0")
    assert customers.lost == []
    assert list(desk.slots(service.name)) == ["v1.0.0"]


def test_a_version_that_closes_every_connection_is_taken_back_though_retries_hid_it(
    desk: DeskHouse, register: Register
) -> None:
    service = register(desk)
    with Customers(service.port) as customers:
        found = desk.ended(service.name, "closes")
    assert found["stage"] == "rolled_back"
    assert found["kpis"][0]["canary"]["bad"] > 0
    assert all(loss.startswith("POST") for loss in customers.lost), customers.lost
    assert len(customers.lost) < customers.of("v1.0.0")


def test_a_version_that_exits_at_start_is_a_no_go_with_its_last_words(
    desk: DeskHouse, register: Register
) -> None:
    service = register(desk)
    done = desk.run("release", service.name, "exits", "--yes")
    assert done.code == 20, done
    assert (
        "exits ended with exit code 1: its log ends with: the setting COLOUR is missing" in done.out
    )
    assert list(desk.slots(service.name, "staging")) == ["v1.0.0"]
    assert list(desk.slots(service.name)) == ["v1.0.0"]


def test_a_version_that_never_becomes_healthy_is_a_no_go_naming_path_and_limit(
    desk: DeskHouse, register: Register
) -> None:
    service = register(desk, health_within="6s")
    found = desk.ended(service.name, "sick")
    assert found["stage"] == "no_go"
    assert "sick did not become healthy at /health within 6 s" in found["reason"]
    assert "answered 503, expected 2xx" in found["reason"]
    assert list(desk.slots(service.name, "staging")) == ["v1.0.0"]


def test_a_version_that_dies_under_customers_is_taken_back_and_never_restarted(
    desk: DeskHouse, register: Register
) -> None:
    service = register(desk, steps=("20% for 30s, at least 1000 requests",))
    with Customers(service.port) as customers:
        found = desk.ended(service.name, "dies")
        served = customers.of("v1.0.0")
        eventually(lambda: customers.of("v1.0.0") > served + 60, "more customers")
        lost = len(customers.lost)
    assert found["stage"] == "rolled_back"
    assert "dies ended with exit code 7" in found["reason"] or "errors" in found["reason"]
    assert lost == len(customers.lost) < served
    assert desk.log.read_text().count("dies in production is not running") == 0
    assert list(desk.slots(service.name)) == ["v1.0.0"]


def test_red_smoke_in_staging_is_a_no_go_and_staging_keeps_the_version_before(
    desk: DeskHouse, register: Register
) -> None:
    service = register(desk)
    done = desk.run("release", service.name, "red", "--yes")
    assert done.code == 20, done
    assert "smoke in staging failed, 1 of 1 tests (ask for its health:" in done.out
    assert list(desk.slots(service.name, "staging")) == ["v1.0.0"]


@pytest.mark.slow
def test_red_smoke_after_promotion_takes_the_version_back(
    desk: DeskHouse, register: Register
) -> None:
    service = register(desk, extra=LATER_RED, serving=None)
    first = desk.ended(service.name, "v1.0.0")
    assert first["stage"] == "needs_person", "a first version has nowhere to go back to"
    (service.state / "red.v1.0.0").unlink()
    said = desk.run("resume", first["id"], "-m", "the light was wrong")
    assert said.code == 0, said
    desk.until(first["id"], "released")
    with Customers(service.port) as customers:
        found = desk.ended(service.name, "v1.1.0")
    assert found["stage"] == "rolled_back"
    assert "smoke after promotion failed" in found["reason"]
    assert customers.lost == []
    assert list(desk.slots(service.name)) == ["v1.0.0"]


@pytest.mark.slow
def test_red_smoke_after_the_rollback_asks_a_person_and_ends_once_it_is_green(
    desk: DeskHouse, register: Register
) -> None:
    service = register(desk)
    (service.state / "red.v1.0.0").touch()
    with Customers(service.port):
        done = desk.run("release", service.name, "bad", "--yes")
    assert done.code == 10, done
    assert "smoke after the rollback failed" in done.out
    assert desk.slots(service.name)["v1.0.0"]["share"] == 1.0
    (service.state / "red.v1.0.0").unlink()
    assert desk.run("resume", service.name, "-m", "it was the test").code == 0
    assert desk.until(service.name, "rolled_back")["stage"] == "rolled_back"


def test_a_failing_migration_stops_before_traffic_and_says_what_was_applied(
    desk: DeskHouse, register: Register
) -> None:
    service = register(desk, migrates=True)
    done = desk.run("release", service.name, "migration-fails", "--yes")
    assert done.code == 20, done
    assert "staging/migrate ended with 1: 0002_tracking: table tracking exists already" in done.out
    why = desk.run("why", service.name).out
    assert "0001_orders: applied" in why
    runs = (service.state / "migrations").read_text().splitlines()
    assert runs == ["v1.0.0 in staging", "v1.0.0 in production", "migration-fails in staging"]
    assert list(desk.slots(service.name)) == ["v1.0.0"]
