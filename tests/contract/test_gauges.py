"""What every source of gauges does: the one that asks instances, and the twin in memory."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest
from tests.gauges import a_gauge, an_instance
from tests.servers import VersionServer

from gonogo.adapters.local.gauges import InstanceGauges
from gonogo.adapters.memory.gauges import MemoryGauges
from gonogo.adapters.system_clock import SystemClock
from gonogo.domain.errors import Unavailable
from gonogo.domain.gauge import JsonNumber
from gonogo.domain.instance import Instance
from gonogo.ports.gauges import GaugeSource

GAUGE = a_gauge("queue", origin=JsonNumber("/stats", "/depth"))


async def nothing_runs(_: str) -> int | None:
    return None


class RealWorld:
    """An instance that answers JSON."""

    def __init__(self, server: VersionServer) -> None:
        self._server = server
        self.source: GaugeSource = InstanceGauges(SystemClock(), nothing_runs)

    @property
    def instance(self) -> Instance:
        return an_instance(self._server.port)

    def says(self, value: float | None) -> None:
        self._server.name = "{}" if value is None else f'{{"depth": {value}}}'


class TwinWorld:
    """The twin, told what to say."""

    def __init__(self) -> None:
        self._twin = MemoryGauges(SystemClock())
        self.source: GaugeSource = self._twin
        self.instance = an_instance()

    def says(self, value: float | None) -> None:
        self._twin.values.pop((self.instance.version, "queue"), None)
        if value is not None:
            self._twin.values[self.instance.version, "queue"] = value


World = RealWorld | TwinWorld


@contextmanager
def real_world() -> Iterator[World]:
    with VersionServer("{}") as server:
        yield RealWorld(server)


@pytest.fixture(params=["instance", "memory"])
def world(request: pytest.FixtureRequest) -> Iterator[World]:
    if request.param == "memory":
        yield TwinWorld()
        return
    with real_world() as found:
        yield found


async def test_a_value_comes_with_the_moment_at_which_it_was_true(world: World) -> None:
    world.says(7.5)
    before = datetime.now(UTC)
    reading = await world.source.read(world.instance, GAUGE)
    assert (reading.gauge, reading.value, reading.trouble) == ("queue", 7.5, None)
    assert before <= reading.at <= datetime.now(UTC) + timedelta(seconds=1)


async def test_each_reading_has_the_value_of_its_own_moment(world: World) -> None:
    for value in (1.0, 3.0, 2.0):
        world.says(value)
        assert (await world.source.read(world.instance, GAUGE)).value == value


async def test_a_value_that_is_not_there_is_an_error_with_a_sentence_and_never_zero(
    world: World,
) -> None:
    world.says(None)
    with pytest.raises(Unavailable, match=r".{10}"):
        await world.source.read(world.instance, GAUGE)
    world.says(0.0)
    assert (await world.source.read(world.instance, GAUGE)).value == 0.0
