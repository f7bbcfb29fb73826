"""A desk that stands still for longer than its lease wakes up beside its successor."""

import signal
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from tests.e2e.conftest import Register
from tests.e2e.customers import Customers
from tests.e2e.desk import DeskHouse, eventually
from tests.postgres import PostgresServer, postgres_server

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

STEPS = ("20% for 12s, at least 15 requests", "50% for 2s, at least 15 requests")


@dataclass
class Pair:
    """Two desks of one site over one database."""

    server: PostgresServer
    desks: dict[str, DeskHouse]

    def lease(self, release: str) -> tuple[str, int]:
        """Who drives a release, and with which fence."""
        query = f"SELECT desk, fence FROM leases WHERE release_id = '{release}'"
        desk, fence = self.server.sql(query, "desk")[0]
        return str(desk), int(str(fence))


@pytest.fixture
def pair() -> Iterator[Pair]:
    with postgres_server() as server:
        server.sql("CREATE DATABASE desk")
        environ = {"GONOGO_DATABASE_URL": server.url("desk")}
        north = DeskHouse(environ={**environ, "GONOGO_DESK": "north"})
        south = DeskHouse(home=north.home, environ={**environ, "GONOGO_DESK": "south"})
        try:
            north.start()
            south.start()
            yield Pair(server, {"north": north, "south": south})
        finally:
            south.process.send_signal(signal.SIGCONT)
            north.process.send_signal(signal.SIGCONT)
            north.close()
            south.process.wait(30)


def test_a_desk_that_stood_still_wakes_up_and_disturbs_nothing_that_its_successor_did(
    pair: Pair, register: Register
) -> None:
    service = register(pair.desks["north"], steps=STEPS)
    with Customers(service.port) as customers:
        release = pair.desks["north"].begin(service.name, "v1.1.0")
        pair.desks["north"].until_step(release)
        name, fence = pair.lease(release)
        paused, other = pair.desks[name], pair.desks["south" if name == "north" else "north"]
        paused.process.send_signal(signal.SIGSTOP)
        eventually(lambda: pair.lease(release)[1] > fence, "a successor")
        other.until_step(release, 2)
        paused.process.send_signal(signal.SIGCONT)
        other.until(release, "released", within=90)
        eventually(lambda: "another desk drives" in paused.log.read_text(), "the news of it")
        asked = customers.asked
        eventually(lambda: customers.asked > asked + 120, "customers afterwards")
    assert customers.lost == []
    assert set(other.slots(service.name)) == {"v1.1.0"}
    assert "stood still" in paused.log.read_text()
    assert other.run("verify").code == 0
