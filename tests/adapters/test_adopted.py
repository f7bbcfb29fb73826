"""What was adopted is looked at over real sockets, and left alone."""

import asyncio
from dataclasses import replace

import pytest
from tests.servers import VersionServer, free_port

from gonogo.adapters.adopted import AdoptedDeployer
from gonogo.domain.errors import ActionFailed
from gonogo.domain.ground import ADOPTED
from gonogo.domain.instance import Instance, InstanceState
from gonogo.domain.plan import Health

DEPLOYER = AdoptedDeployer(timeout_seconds=30)
IMPATIENT = AdoptedDeployer(timeout_seconds=0.3)


def at(port: int, host: str = "127.0.0.1") -> Instance:
    health = Health("/health")
    return Instance(
        "old.production",
        "shop",
        "production",
        "v1",
        "c" * 40,
        port,
        "serve",
        health,
        host=host,
        ground=ADOPTED,
    )


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
async def test_one_that_answers_2xx_is_healthy_and_starting_it_does_nothing(host):
    with VersionServer("v1", host=host) as server:
        instance = at(server.port, host)
        status = await DEPLOYER.status(instance)
        assert (status.state, status.healthy, status.detail) == (InstanceState.RUNNING, True, "")
        await DEPLOYER.start(instance)
        assert not await DEPLOYER.stop(instance.id, 1.0)
        assert (await DEPLOYER.status(instance, probe=False)).state is InstanceState.RUNNING


async def test_one_that_answers_an_error_runs_and_is_not_healthy():
    with VersionServer("v1", status=500) as server:
        status = await DEPLOYER.status(at(server.port))
        assert (status.state, status.healthy) == (InstanceState.RUNNING, False)
        assert status.detail.endswith("/health answered 500, expected 2xx")


async def test_one_that_has_gone_cannot_be_started_and_says_who_could():
    instance = at(free_port())
    assert (await DEPLOYER.status(instance)).state is InstanceState.EXITED
    with pytest.raises(ActionFailed, match=r"v1 was adopted at .*; gonogo cannot start it"):
        await DEPLOYER.start(instance)


async def test_of_one_that_takes_no_connection_nobody_says_that_it_has_gone():
    # A listener whose queue is full answers no connection and refuses none.
    server = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0, backlog=0)
    port = server.sockets[0].getsockname()[1]
    async with server:
        await server.start_serving()
        server.get_loop().remove_reader(server.sockets[0].fileno())
        waiting = [
            asyncio.ensure_future(asyncio.open_connection("127.0.0.1", port)) for _ in range(9)
        ]
        await asyncio.sleep(0.1)
        status = await IMPATIENT.status(replace(at(port)))
        for each in waiting:
            each.cancel()
        opened = await asyncio.gather(*waiting, return_exceptions=True)
        for each in opened:
            if isinstance(each, tuple):
                each[1].close()
    assert (status.state, status.healthy) == (InstanceState.UNKNOWN, False)
