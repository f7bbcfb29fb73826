"""What every deployer keeps, the one for processes and its twin alike."""

import asyncio
import shlex
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from pathlib import Path

import pytest
from tests.little_platform import SOURCE, Platform, scripts
from tests.systemd import systemd_at

from gonogo.adapters.command.deployer import CommandDeployer
from gonogo.adapters.local.deployer import ProcessDeployer
from gonogo.adapters.local.workshop import GitWorkshop
from gonogo.adapters.memory.deployer import Behaviour, MemoryDeployer
from gonogo.adapters.systemd.deployer import SystemdDeployer
from gonogo.domain.errors import ActionFailed, Unavailable
from gonogo.domain.instance import Instance, InstanceState, InstanceStatus
from gonogo.domain.plan import Health
from gonogo.ports.deployer import Deployer

SERVER = """
import http.server, sys
class Answers(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(int(sys.argv[2]))
        self.end_headers()
    def log_message(self, *arguments):
        pass
http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Answers).serve_forever()
"""
PYTHON = shlex.quote(sys.executable)
LINES = {
    "well": f"exec {PYTHON} server.py {{port}} 200",
    "ill": f"exec {PYTHON} server.py {{port}} 503",
    "crash": "echo cannot go on; exit 3",
}
BEHAVIOURS = {
    "ill": Behaviour(healthy_after=None),
    "crash": Behaviour(exits_after=timedelta(), exit_code=3, output="cannot go on"),
}

Until = Callable[[Callable[[], Awaitable[bool]]], Awaitable[None]]
Make = Callable[..., Instance]


@pytest.fixture(
    params=[
        "process",
        "memory",
        pytest.param("systemd twin", marks=pytest.mark.slow),
        pytest.param("systemd", marks=pytest.mark.slow),
        pytest.param("command", marks=pytest.mark.slow),
    ]
)
async def deployer(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Deployer]:
    if request.param == "memory":
        twin = MemoryDeployer()
        for version, behaviour in BEHAVIOURS.items():
            twin.behave(version, behaviour)
        yield twin
        return
    if request.param == "command":
        workshop = GitWorkshop(tmp_path / "versions")
        files = workshop.files("orders", "c" * 40)
        files.mkdir(parents=True)
        (files / "server.py").write_text(SERVER)
        (files / "platform.py").write_text(SOURCE)
        platforms = CommandDeployer(tmp_path / "platforms", workshop.run, workshop.end_left)
        yield platforms
        await platforms.stop_all(grace_seconds=5)
        await platforms.close()
        return
    (tmp_path / "server.py").write_text(SERVER)
    if request.param.startswith("systemd"):
        with systemd_at(tmp_path / "desk", twin=request.param.endswith("twin")) as units:
            supervised = SystemdDeployer(
                tmp_path / "units", lambda service, commit: tmp_path, units
            )
            yield supervised
            await supervised.stop_all(grace_seconds=1)
        return
    real = ProcessDeployer(tmp_path / "instances", lambda service, commit: tmp_path)
    yield real
    await real.stop_all(grace_seconds=1)


@pytest.fixture
def make(free_port: Callable[[], int], tmp_path: Path) -> Make:
    platform = Platform(tmp_path / "platform")

    def make_instance(version: str, name: str = "one", port: int | None = None) -> Instance:
        chosen = port or free_port()
        return Instance(
            id=name,
            service="orders",
            environment="production",
            version=version,
            commit="c" * 40,
            port=chosen,
            line=LINES[version].replace("{port}", str(chosen)),
            health=Health("/health"),
            variables=platform.variables,
            ground=scripts(),
        )

    return make_instance


@pytest.fixture
def reaches(deployer: Deployer, until: Until) -> Callable[..., Awaitable[InstanceStatus]]:
    async def wait(
        instance: Instance, state: InstanceState, *, healthy: bool = False
    ) -> InstanceStatus:
        async def reached() -> bool:
            status = await deployer.status(instance)
            return status.state is state and (status.healthy or not healthy)

        await until(reached)
        return await deployer.status(instance)

    return wait


async def test_what_was_never_started_is_absent(deployer, make):
    assert await deployer.status(make("well")) == InstanceStatus(InstanceState.ABSENT)


async def test_what_was_started_becomes_healthy(deployer, make, reaches):
    instance = make("well")
    await deployer.start(instance)
    status = await reaches(instance, InstanceState.RUNNING, healthy=True)
    assert isinstance(deployer, CommandDeployer) or status.pid is not None
    assert status.exit_code is None
    assert status.detail == ""


async def test_what_answers_badly_runs_and_is_not_healthy_and_says_why(deployer, make):
    instance = make("ill")
    await deployer.start(instance)
    status = await deployer.status(instance)
    assert (status.state, status.healthy) == (InstanceState.RUNNING, False)
    assert status.detail


async def test_without_asking_nothing_is_called_healthy(deployer, make, reaches):
    instance = make("well")
    await deployer.start(instance)
    await reaches(instance, InstanceState.RUNNING, healthy=True)
    status = await deployer.status(instance, probe=False)
    assert (status.state, status.healthy) == (InstanceState.RUNNING, False)


async def test_starting_what_runs_leaves_it_alone(deployer, make, reaches):
    instance = make("well")
    await deployer.start(instance)
    before = (await deployer.status(instance)).pid
    await asyncio.gather(*(deployer.start(instance) for _ in range(3)))
    assert (await deployer.status(instance)).pid == before


async def test_what_ended_by_itself_says_how_and_shows_its_last_output(deployer, make, reaches):
    instance = make("crash")
    await deployer.start(instance)
    status = await reaches(instance, InstanceState.EXITED)
    assert status.exit_code == 3
    assert status.log_tail == "cannot go on"
    assert not status.healthy


async def test_what_ended_is_started_again(deployer, make, reaches):
    crashed = make("crash")
    await deployer.start(crashed)
    await reaches(crashed, InstanceState.EXITED)
    well = make("well", port=crashed.port)
    await deployer.start(well)
    await reaches(well, InstanceState.RUNNING, healthy=True)


async def test_what_was_stopped_is_absent(deployer, make, reaches):
    instance = make("well")
    await deployer.start(instance)
    await reaches(instance, InstanceState.RUNNING, healthy=True)
    await deployer.stop(instance.id, grace_seconds=5)
    assert (await deployer.status(instance)).state is InstanceState.ABSENT


async def test_what_ended_by_itself_and_is_stopped_is_absent(deployer, make, reaches):
    instance = make("crash")
    await deployer.start(instance)
    await reaches(instance, InstanceState.EXITED)
    await deployer.stop(instance.id, grace_seconds=5)
    assert (await deployer.status(instance)).state is InstanceState.ABSENT


async def test_stopping_says_whether_anything_ran_and_does_no_harm_again(deployer, make):
    instance = make("well")
    assert not await deployer.stop(instance.id, grace_seconds=1)
    await deployer.start(instance)
    assert await deployer.stop(instance.id, grace_seconds=1)
    assert not await deployer.stop(instance.id, grace_seconds=1)


async def test_a_port_that_another_instance_has_is_refused(deployer, make, reaches):
    first = make("well")
    await deployer.start(first)
    await reaches(first, InstanceState.RUNNING, healthy=True)
    second = make("well", name="two", port=first.port)
    with pytest.raises(ActionFailed, match=f"port {first.port} is taken"):
        await deployer.start(second)
    assert (await deployer.status(first)).healthy


async def test_a_port_is_free_again_once_its_instance_was_stopped(deployer, make, reaches):
    first = make("well")
    await deployer.start(first)
    await reaches(first, InstanceState.RUNNING, healthy=True)
    await deployer.stop(first.id, grace_seconds=5)
    second = make("well", name="two", port=first.port)
    await deployer.start(second)
    await reaches(second, InstanceState.RUNNING, healthy=True)


async def test_a_start_that_was_decided_on_before_a_newer_stop_is_refused(deployer, make):
    instance = make("well")
    await deployer.start(instance, fence=4)
    await deployer.stop(instance.id, grace_seconds=5, fence=6)
    with pytest.raises(Unavailable, match="picture 6"):
        await deployer.start(instance, fence=4)
    assert (await deployer.status(instance)).state is InstanceState.ABSENT


async def test_a_stop_that_was_decided_on_before_a_newer_start_is_refused(deployer, make, reaches):
    instance = make("well")
    await deployer.start(instance, fence=4)
    await reaches(instance, InstanceState.RUNNING, healthy=True)
    await deployer.start(instance, fence=6)  # it runs: only the decision is newer
    with pytest.raises(Unavailable, match="picture 6"):
        await deployer.stop(instance.id, grace_seconds=5, fence=4)
    assert (await deployer.status(instance)).healthy


async def test_an_act_after_the_same_picture_may_be_repeated(deployer, make):
    instance = make("well")
    await deployer.start(instance, fence=4)
    assert await deployer.stop(instance.id, grace_seconds=5, fence=4)
    await deployer.start(instance, fence=4)
    assert (await deployer.status(instance)).state is InstanceState.RUNNING


async def test_after_a_person_stopped_it_everybody_begins_anew(deployer, make):
    instance = make("well")
    await deployer.start(instance, fence=8)
    await deployer.stop(instance.id, grace_seconds=5)
    await deployer.start(instance, fence=2)
    assert (await deployer.status(instance)).state is InstanceState.RUNNING
