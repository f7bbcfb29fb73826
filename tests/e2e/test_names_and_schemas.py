"""Desks on one PostgreSQL that must not be there together: of one name, or of another schema."""

from collections.abc import Iterator

import pytest
from tests.e2e.conftest import Register
from tests.e2e.customers import Customers
from tests.e2e.desk import DeskHouse, eventually
from tests.postgres import PostgresServer, postgres_server

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

NEWER = "9999"


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    with postgres_server() as running:
        yield running


@pytest.fixture
def url(server: PostgresServer) -> Iterator[str]:
    made = server.fresh()
    yield made
    server.drop(made)


def house_of(name: str, url: str) -> DeskHouse:
    return DeskHouse(environ={"GONOGO_DATABASE_URL": url, "GONOGO_DESK": name})


def set_schema(server: PostgresServer, url: str, version: str) -> str:
    """Returns what it was before."""
    database = url.rpartition("/")[2]
    before = str(server.sql("SELECT version_num FROM alembic_version", database)[0][0])
    server.sql(f"UPDATE alembic_version SET version_num = '{version}'", database)
    return before


def test_a_second_desk_of_one_name_is_refused_while_the_first_lives_and_takes_over_when_it_is_gone(
    url: str,
) -> None:
    first, second = house_of("north", url), house_of("north", url)  # on two machines
    try:
        first.start()
        refused = second.run("serve", "--port", "0")
        assert refused.code == 1
        assert "a desk named north is at work on " in refused.err
        assert "export GONOGO_DESK=NAME" in refused.err
        assert "Traceback" not in refused.err
        assert first.get("/health")
        first.kill()
        second.start()
    finally:
        second.close()
        first.close()


def test_a_schema_newer_than_the_program_is_refused_in_one_sentence_and_left_as_it_is(
    server: PostgresServer, url: str
) -> None:
    house = house_of("north", url)
    try:
        house.start()
        house.process.terminate()
        house.process.wait(60)
        before = set_schema(server, url, NEWER)
        refused = house.run("serve", "--port", "0")
        assert refused.code == 1
        assert f"has schema {NEWER} of a newer gonogo" in refused.err
        assert "Traceback" not in refused.err
        assert set_schema(server, url, before) == NEWER
    finally:
        house.close()


def test_a_desk_under_which_the_schema_becomes_newer_ends_and_customers_notice_nothing(
    server: PostgresServer, url: str, register: Register
) -> None:
    house = house_of("north", url)
    try:
        house.start()
        service = register(house, steps=("20% for 10m, at least 100000 requests",))
        with Customers(service.port) as customers:
            release = house.begin(service.name, "v1.1.0")
            house.until_step(release)
            before = set_schema(server, url, NEWER)
            eventually(lambda: house.process.poll() is not None, "the end of the older desk")
            assert house.process.returncode == 1
            assert f"has schema {NEWER} now" in house.log.read_text()
            asked = customers.asked
            eventually(lambda: customers.asked > asked + 120, "customers without a desk")
            set_schema(server, url, before)
            house.start()
            house.run("rollback", release, "-m", "enough")
            house.until(release, "rolled_back")
        assert customers.lost == []
        assert customers.of("v1.1.0") > 0
    finally:
        house.close()
