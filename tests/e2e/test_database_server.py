"""The PostgreSQL under a desk goes away, comes back or takes nothing more while a release is under way."""

import contextlib
import time
from collections.abc import Iterator

import pytest
from tests.e2e.conftest import Register
from tests.e2e.customers import Customers
from tests.e2e.desk import DeskHouse, eventually
from tests.e2e.routing import FOR_LONG, see_it_taken_out
from tests.postgres import PostgresServer, postgres_server

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

_AWAY_SECONDS = 10.0


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    with postgres_server() as running:
        yield running


@pytest.fixture
def on_server(server: PostgresServer) -> Iterator[DeskHouse]:
    url = server.fresh()
    house = DeskHouse(environ={"GONOGO_DATABASE_URL": url, "GONOGO_DESK": "north"})
    try:
        yield house.start()
    finally:
        house.close()
        server.drop(url)


@contextlib.contextmanager
def away(server: PostgresServer) -> Iterator[None]:
    """Connections are refused, as while a standby takes over."""
    server.stop("immediate")
    try:
        yield
    finally:
        server.start()


@contextlib.contextmanager
def read_only(server: PostgresServer) -> Iterator[None]:
    """Nothing can be written, as after a failover to a standby that was not promoted."""
    _writable(server, "on")
    try:
        yield
    finally:
        _writable(server, "off")


def _writable(server: PostgresServer, read_only: str) -> None:
    server.sql(f"ALTER SYSTEM SET default_transaction_read_only = {read_only}")
    server.sql("SELECT pg_reload_conf()")


TROUBLES = {"away": away, "read only": read_only}


def last_for(seconds: float) -> None:
    begun = time.monotonic()
    eventually(lambda: time.monotonic() > begun + seconds, "the end of the trouble")


@pytest.mark.parametrize("trouble", TROUBLES)
def test_a_harmful_canary_is_taken_out_without_the_server_and_the_books_follow(
    on_server: DeskHouse, register: Register, server: PostgresServer, trouble: str
) -> None:
    service = register(on_server, steps=FOR_LONG)
    with Customers(service.port) as customers:
        release = on_server.begin(service.name, "v1.1.0")
        on_server.until_step(release)
        eventually(lambda: customers.of("v1.1.0") > 5, "customers of the canary")
        with TROUBLES[trouble](server):
            last_for(4)  # longer than a lease
            (service.state / "bad.v1.1.0").touch()
            see_it_taken_out(service)
            last_for(_AWAY_SECONDS - 4)
        found = on_server.until(release, "rolled_back")
    assert "errors" in found["reason"]
    assert on_server.entry(release, "rollback:traffic:confirmed")
    assert customers.lost == []
    assert on_server.run("verify").code == 0


@pytest.mark.parametrize("trouble", TROUBLES)
def test_a_good_release_goes_on_by_itself_when_the_server_is_back(
    on_server: DeskHouse, register: Register, server: PostgresServer, trouble: str
) -> None:
    service = register(on_server)
    with Customers(service.port) as customers:
        release = on_server.begin(service.name, "v1.1.0")
        on_server.until_step(release)
        eventually(lambda: customers.of("v1.1.0") > 5, "customers of the canary")
        with TROUBLES[trouble](server):
            last_for(_AWAY_SECONDS)
            assert on_server.process.poll() is None
        on_server.until(release, "released")
    assert customers.lost == []
    assert on_server.run("verify").code == 0


def test_a_server_that_is_restarted_is_hardly_noticed(
    on_server: DeskHouse, register: Register, server: PostgresServer
) -> None:
    service = register(on_server)
    with Customers(service.port) as customers:
        release = on_server.begin(service.name, "v1.1.0")
        for step in (1, 2):
            on_server.until_step(release, step)
            server.stop("fast")
            server.start()
        on_server.until(release, "released")
    assert customers.lost == []
    assert on_server.run("verify").code == 0
