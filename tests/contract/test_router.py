"""What every router does: a real HAProxy, the memory twin, and a platform that shares customers itself."""

import asyncio
import os
import signal
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random

import psutil
import pytest
from tests.layouts import HEADER, SECRET, layout, target
from tests.scripted_platform import ScriptedPlatform, scripts
from tests.servers import VersionServer, ask, free_port
from tests.systemd import systemd_at

from gonogo.adapters.command.deployer import CommandDeployer
from gonogo.adapters.command.notes import Phase, PlatformNote
from gonogo.adapters.command.router import PlatformRouter
from gonogo.adapters.haproxy.router import HaproxyRouter
from gonogo.adapters.memory.router import MemoryRouter
from gonogo.adapters.systemd.router import SystemdRouters
from gonogo.domain.errors import ActionFailed, InvalidInput, Unavailable
from gonogo.domain.ground import Scripts, SystemdUnits
from gonogo.domain.instance import Instance
from gonogo.domain.plan import Health
from gonogo.domain.slot import Layout, RouterReading
from gonogo.ports.router import Router


class Supervised(HaproxyRouter):
    """HAProxy in environments that are deployed to systemd."""

    async def apply(self, layout: Layout) -> RouterReading:
        return await super().apply(replace(layout, ground=SystemdUnits()))


@dataclass
class RealWorld:
    """HAProxy in front of real servers."""

    router: HaproxyRouter
    stack: ExitStack
    port: int = field(default_factory=free_port)
    names: dict[str, str] = field(default_factory=dict)

    def version(self, name: str) -> str:
        server = self.stack.enter_context(VersionServer(name))
        self.names[name] = server.address
        return server.address

    def dead_address(self) -> str:
        self.router._up_within = 0.3  # what never comes up is waited for in vain
        return f"127.0.0.1:{free_port()}"

    async def visit(self, secret: str | None = None) -> str | None:
        answer = await ask(self.port, headers={HEADER: secret} if secret else {})
        return self.names[answer.body] if answer.status == 200 else None

    async def kill(self) -> None:
        reading = await self.router.read("orders", "production")
        assert reading is not None
        os.kill(reading.pid, signal.SIGKILL)
        while psutil.pid_exists(reading.pid):  # noqa: ASYNC110 - it may still be dying
            await asyncio.sleep(0.01)


@dataclass
class TwinWorld:
    """The memory twin, where an address is all there is of a version."""

    router: MemoryRouter
    random: Random = field(default_factory=lambda: Random(1))
    port: int = 8000
    last: int = 9000

    def version(self, name: str) -> str:
        del name
        self.last += 1
        return f"127.0.0.1:{self.last}"

    def dead_address(self) -> str:
        address = self.version("dead")
        self.router.closed.add(address)
        return address

    async def visit(self, secret: str | None = None) -> str | None:
        return self.router.route("orders", "production", self.random, secret=secret)

    async def kill(self) -> None:
        self.router.kill("orders", "production")


@dataclass
class PlatformWorld:
    """A platform that shares customers itself by the weights that scripts set."""

    folder: Path
    platform: ScriptedPlatform = field(default_factory=ScriptedPlatform)
    random: Random = field(default_factory=lambda: Random(1))
    port: int = 8000
    ground: Scripts = field(default_factory=lambda: scripts(weight=True))

    def __post_init__(self) -> None:
        platform = self.platform
        self.deployer = CommandDeployer(self.folder / "on", platform.run, platform.end_left)
        self.router = self
        self._router = PlatformRouter(self.folder / "shared", self.deployer)
        self.read, self.stop = self._router.read, self._router.stop

    def version(self, name: str, *, healthy: bool = True) -> str:
        port = 9001 + len(self.platform.there)
        health = Health("/health")
        made = Instance(name, "orders", "production", name, "c" * 40, port, "run", health)
        self.deployer.notes.keep(PlatformNote(replace(made, ground=self.ground), Phase.DEPLOYED))
        state = {"state": "running", "healthy": healthy, "port": port, "share": 0.0}
        self.platform.there[name] = state
        return f"127.0.0.1:{port}"

    def dead_address(self) -> str:
        return self.version("dead", healthy=False)

    async def apply(self, wanted: Layout) -> RouterReading:
        named = {f"127.0.0.1:{found['port']}": name for name, found in self.platform.there.items()}
        targets = tuple(
            replace(each, instance=named.get(each.address or "")) for each in wanted.targets
        )
        return await self._router.apply(replace(wanted, targets=targets, ground=self.ground))

    async def visit(self, secret: str | None = None) -> str | None:
        del secret  # a platform knows no testers
        shares = {found["port"]: found["share"] for found in self.platform.there.values()}
        if not any(shares.values()):
            return None
        return f"127.0.0.1:{self.random.choices(list(shares), list(shares.values()))[0]}"

    async def kill(self) -> None:
        """There is nothing that the desk runs."""


World = RealWorld | TwinWorld | PlatformWorld

OWN_ROUTERS_ONLY = frozenset(
    {
        "test_a_slot_without_customers_is_reached_with_the_secret_only",
        "test_no_router_is_read_as_none_and_stopping_it_twice_is_harmless",
        "test_a_killed_router_is_started_again_with_everything_in_place",
        "test_a_port_that_is_taken_is_named",
        "test_it_says_what_keeps_another_router_from_listening",
        "test_a_reading_counts_the_requests_of_customers",
    }
)
"""What a platform cannot keep: its load balancer runs by itself, somewhere else, pins nobody and is not
asked how many came. Nothing that a platform shares is adopted or handed back, which needs the count."""


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


@pytest.fixture(
    params=[
        "haproxy",
        "memory",
        "platform",
        pytest.param("haproxy under the systemd twin", marks=pytest.mark.slow),
        pytest.param("haproxy under systemd", marks=pytest.mark.slow),
    ]
)
async def world(
    request: pytest.FixtureRequest, tmp_path: Path, stack: ExitStack
) -> AsyncIterator[World]:
    if request.param == "memory":
        yield TwinWorld(MemoryRouter())
        return
    if request.param == "platform":
        if request.node.originalname in OWN_ROUTERS_ONLY:
            pytest.skip("a platform's load balancer is not the desk's to run, and pins nobody")
        platform = PlatformWorld(tmp_path)
        yield platform
        await platform.deployer.close()
        return
    if "under" in request.param:
        units = stack.enter_context(systemd_at(tmp_path, twin=request.param.endswith("twin")))
        router = Supervised(tmp_path / "r", supervisor=SystemdRouters(units))
    else:
        router = HaproxyRouter(tmp_path)
    yield RealWorld(router, stack)
    for service in ("orders", "other"):
        await router.stop(service, "production")


async def test_customers_reach_the_slot_that_has_the_share(world: World) -> None:
    one, two = world.version("one"), world.version("two")
    await world.router.apply(layout(world.port, target(one, 1.0), target(two)))
    assert {await world.visit() for _ in range(20)} == {one}
    await world.router.apply(layout(world.port, target(one), target(two, 1.0)))
    assert {await world.visit() for _ in range(20)} == {two}


async def test_customers_are_divided_at_random_by_the_shares(world: World) -> None:
    one, two = world.version("one"), world.version("two")
    await world.router.apply(layout(world.port, target(one, 0.75), target(two, 0.25)))
    seen = [await world.visit() for _ in range(600)]
    assert abs(Counter(seen)[two] - 150) < 5 * (600 * 0.75 * 0.25) ** 0.5
    assert len({tuple(seen[start : start + 8]) for start in range(0, 600, 8)}) > 20


async def test_the_reading_tells_what_was_asked_for(world: World) -> None:
    one, two = world.version("one"), world.version("two")
    wanted = layout(world.port, target(one, 0.95), target(two, 0.05, testers=True))
    reading = await world.router.apply(wanted)
    assert await world.router.read("orders", "production") == reading
    a, b, c = (reading.slots[name] for name in "abc")
    assert (a.address, a.up, a.in_rotation, a.share) == (one, True, True, 0.95)
    assert (b.address, b.up, b.in_rotation, b.share) == (two, True, True, 0.05)
    assert (c.address, c.up, c.in_rotation, c.share) == (None, False, False, 0.0)


async def test_a_slot_that_is_taken_out_gets_nobody_not_even_testers(world: World) -> None:
    one, two = world.version("one"), world.version("two")
    await world.router.apply(layout(world.port, target(one, 0.5), target(two, 0.5, testers=True)))
    reading = await world.router.apply(layout(world.port, target(one, 1.0), target(two)))
    assert not reading.slots["b"].in_rotation
    assert {await world.visit() for _ in range(20)} == {one}
    assert {await world.visit(SECRET) for _ in range(20)} == {one}


async def test_a_slot_without_customers_is_reached_with_the_secret_only(world: World) -> None:
    one, two = world.version("one"), world.version("two")
    reading = await world.router.apply(
        layout(world.port, target(one, 1.0), target(two, testers=True))
    )
    assert (reading.slots["b"].in_rotation, reading.slots["b"].share) == (True, 0.0)
    assert {await world.visit(SECRET) for _ in range(10)} == {two}
    assert {await world.visit("a-guess") for _ in range(10)} == {one}
    assert {await world.visit() for _ in range(10)} == {one}


async def test_a_layout_without_shares_lets_nobody_in(world: World) -> None:
    one = world.version("one")
    await world.router.apply(layout(world.port, target(one, 1.0)))
    reading = await world.router.apply(layout(world.port, target(one)))
    assert not any(slot.in_rotation for slot in reading.slots.values())
    assert await world.visit() is None


@pytest.mark.parametrize(
    "address",
    ["localhost:8000", "127.0.0.1", "127.0.0.1:0", "0.0.0.0:8000", "::1:8000", "[::01]:8000"],
)
async def test_what_is_no_plain_address_of_one_machine_is_refused(
    world: World, address: str
) -> None:
    with pytest.raises(InvalidInput):
        await world.router.apply(layout(world.port, target(address, 1.0)))


async def test_it_says_what_keeps_another_router_from_listening(world: World) -> None:
    await world.router.apply(layout(world.port, target(world.version("one"), 1.0)))
    assert f"port {world.port} on 127.0.0.1 is taken" in str(
        await world.router.obstacle("127.0.0.1", world.port)
    )
    assert await world.router.obstacle("127.0.0.1", 0) is None
    assert "cannot be used" in str(await world.router.obstacle("192.0.2.1", 0))


async def test_a_reading_counts_the_requests_of_customers(world: World) -> None:
    one = world.version("one")
    before = await world.router.apply(layout(world.port, target(one, 1.0)))
    for _ in range(7):
        await world.visit()
    after = await world.router.read("orders", "production")
    assert after is not None
    assert after.requests - before.requests == 7


async def test_a_slot_can_be_pointed_at_another_version(world: World) -> None:
    one, two = world.version("one"), world.version("two")
    await world.router.apply(layout(world.port, target(one, 1.0)))
    reading = await world.router.apply(layout(world.port, target(two, 1.0)))
    assert reading.slots["a"].address == two
    assert {await world.visit() for _ in range(10)} == {two}


async def test_asking_for_the_same_twice_changes_nothing(world: World) -> None:
    wanted = layout(world.port, target(world.version("one"), 1.0))
    assert await world.router.apply(wanted) == await world.router.apply(wanted)


async def test_a_slot_that_accepts_no_connection_gets_no_customers(world: World) -> None:
    one, dead = world.version("one"), world.dead_address()
    await world.router.apply(layout(world.port, target(one, 1.0)))
    with pytest.raises(ActionFailed, match=f"slot b .{dead}. of orders in production"):
        await world.router.apply(layout(world.port, target(one, 0.5), target(dead, 0.5)))
    reading = await world.router.read("orders", "production")
    assert reading is not None
    assert (reading.slots["a"].share, reading.slots["b"].share) == (1.0, 0.0)


async def test_customers_keep_the_old_version_when_the_only_new_one_is_dead(world: World) -> None:
    one, dead = world.version("one"), world.dead_address()
    await world.router.apply(layout(world.port, target(one, 1.0)))
    with pytest.raises(ActionFailed):
        await world.router.apply(layout(world.port, target(one), target(dead, 1.0)))
    assert await world.visit() == one


async def test_no_router_is_read_as_none_and_stopping_it_twice_is_harmless(world: World) -> None:
    assert await world.router.read("orders", "production") is None
    await world.router.apply(layout(world.port, target(world.version("one"), 1.0)))
    for _ in range(2):
        await world.router.stop("orders", "production")
        assert await world.router.read("orders", "production") is None
    with pytest.raises((OSError, AssertionError)):
        assert await world.visit() is not None


async def test_a_killed_router_is_started_again_with_everything_in_place(world: World) -> None:
    one, two = world.version("one"), world.version("two")
    wanted = layout(world.port, target(one, 1.0), target(two, testers=True))
    before = await world.router.apply(wanted)
    await world.kill()
    after = await world.router.apply(wanted)
    assert after.pid != before.pid
    assert after.slots == before.slots
    assert (await world.visit(), await world.visit(SECRET)) == (one, two)


async def test_a_port_that_is_taken_is_named(world: World) -> None:
    router: Router = world.router
    one = world.version("one")
    await router.apply(layout(world.port, target(one, 1.0)))
    with pytest.raises(InvalidInput, match=f"port {world.port} on 127.0.0.1 is taken by"):
        await router.apply(layout(world.port, target(one, 1.0), service="other"))
    assert await world.visit() == one


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        (layout(1, target("127.0.0.1:1", 0.5)), "shares must add up to 1 or to 0, not to 0.5"),
        (layout(1, target(None, 1.0)), "slot a is to get customers but has no address"),
    ],
)
async def test_a_layout_that_makes_no_sense_is_refused(
    world: World, wrong: Layout, sentence: str
) -> None:
    with pytest.raises(InvalidInput, match=sentence):
        await world.router.apply(wrong)
    assert await world.router.read("orders", "production") is None


async def test_an_older_picture_of_the_rows_is_refused_and_nothing_changed(world: World) -> None:
    one, two = world.version("one"), world.version("two")
    newer = replace(layout(world.port, target(one, 1.0), target(two)), picture=4)
    older = replace(layout(world.port, target(one), target(two, 1.0)), picture=3)
    await world.router.apply(newer)
    with pytest.raises(Unavailable, match="follows picture 4"):
        await world.router.apply(older)
    assert {await world.visit() for _ in range(10)} == {one}
    reading = await world.router.apply(replace(older, picture=5))
    assert reading.slots["b"].in_rotation


async def test_a_picture_outlives_its_router_but_not_its_stop(world: World) -> None:
    one = world.version("one")
    wanted = replace(layout(world.port, target(one, 1.0)), picture=4)
    await world.router.apply(wanted)
    await world.kill()
    with pytest.raises(Unavailable, match="follows picture 4"):
        await world.router.apply(replace(wanted, picture=2))
    await world.router.stop("orders", "production")
    reading = await world.router.apply(replace(wanted, picture=2))
    assert reading.slots["a"].in_rotation
