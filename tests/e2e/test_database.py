"""The desk's database is locked, or its disk is full: customers come before the books."""

import contextlib
import resource
import sqlite3
import time
from collections.abc import Iterator

import pytest
from tests.e2e.conftest import Register
from tests.e2e.customers import Customers
from tests.e2e.desk import DeskHouse, eventually
from tests.e2e.routing import FOR_LONG, see_it_taken_out


@contextlib.contextmanager
def locked(desk: DeskHouse) -> Iterator[None]:
    """Another program holds the database's write lock."""
    database = sqlite3.connect(desk.database, isolation_level=None, timeout=30)
    database.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        database.execute("ROLLBACK")
        database.close()


@contextlib.contextmanager
def full(desk: DeskHouse) -> Iterator[None]:
    """Nothing that the desk writes to a file goes through."""
    pid = desk.process.pid
    before = resource.prlimit(pid, resource.RLIMIT_FSIZE)
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (0, before[1]))
    try:
        yield
    finally:
        resource.prlimit(pid, resource.RLIMIT_FSIZE, before)


TROUBLES = {"locked": locked, "full": full}


@pytest.mark.parametrize("trouble", TROUBLES)
def test_a_harmful_canary_is_taken_out_while_nothing_can_be_written_and_the_books_follow(
    own_desk: DeskHouse, register: Register, trouble: str
) -> None:
    service = register(own_desk, steps=FOR_LONG)
    with Customers(service.port) as customers:
        release = own_desk.begin(service.name, "v1.1.0")
        own_desk.until_step(release)
        eventually(lambda: customers.of("v1.1.0") > 5, "customers of the canary")
        with TROUBLES[trouble](own_desk):
            (service.state / "bad.v1.1.0").touch()
            see_it_taken_out(service)
        found = own_desk.until(release, "rolled_back")
    assert "errors" in found["reason"]
    assert own_desk.entry(release, "rollback:traffic:confirmed")
    assert customers.lost == []
    assert own_desk.run("verify").code == 0


@pytest.mark.slow
@pytest.mark.parametrize("trouble", TROUBLES)
def test_harm_is_acted_upon_even_when_nothing_could_be_written_for_longer_than_a_lease(
    own_desk: DeskHouse, register: Register, trouble: str
) -> None:
    service = register(own_desk, steps=FOR_LONG)
    with Customers(service.port) as customers:
        release = own_desk.begin(service.name, "v1.1.0")
        own_desk.until_step(release)
        eventually(lambda: customers.of("v1.1.0") > 5, "customers of the canary")
        with TROUBLES[trouble](own_desk):
            begun = time.monotonic()
            eventually(lambda: time.monotonic() > begun + 20, "the end of the lease")
            (service.state / "bad.v1.1.0").touch()
            see_it_taken_out(service)
        found = own_desk.until(release, "rolled_back")
    assert "errors" in found["reason"]
    assert customers.lost == []


@pytest.mark.slow
@pytest.mark.parametrize("trouble", TROUBLES)
def test_a_good_release_waits_out_the_trouble_and_ends_well(
    own_desk: DeskHouse, register: Register, trouble: str
) -> None:
    service = register(own_desk)
    with Customers(service.port) as customers:
        release = own_desk.begin(service.name, "v1.1.0")
        own_desk.until_step(release)
        eventually(lambda: customers.of("v1.1.0") > 5, "customers of the canary")
        with TROUBLES[trouble](own_desk):
            asked = customers.asked
            eventually(lambda: customers.asked > asked + 60 * 7, "seven seconds of customers")
            assert own_desk.process.poll() is None
            if trouble == "full":
                refused = own_desk.run("pause", release, "-m", "lunch")
                assert refused.code == 1
                assert "desk.sqlite3 cannot be" in refused.err or "no space" in refused.err
        own_desk.until(release, "released")
    assert customers.lost == []
    assert own_desk.run("verify").code == 0
