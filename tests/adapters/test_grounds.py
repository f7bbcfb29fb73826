"""One deployer before those of all grounds."""

import pytest

from gonogo.adapters.grounds import Grounds
from gonogo.domain.errors import ActionFailed, InvalidInput
from gonogo.domain.ground import Ground, GroundKind, Processes, SystemdUnits
from gonogo.domain.instance import Instance, InstanceState, InstanceStatus, KnownInstance
from gonogo.domain.plan import Health


def instance(identity: str, ground: Ground) -> Instance:
    health = Health("/health")
    return Instance(identity, "shop", "prod", "v1", "c" * 40, 1, "run", health, ground=ground)


class Ledger:
    """A ground that only writes down what it was asked for."""

    def __init__(self, *, broken: bool = False) -> None:
        self.running: set[str] = set()
        self.asked: list[str] = []
        self._broken = broken

    async def start(self, instance: Instance, *, fence: int | None = None) -> None:
        del fence
        self.running.add(instance.id)

    async def status(self, instance: Instance, *, probe: bool = True) -> InstanceStatus:
        del probe
        here = instance.id in self.running
        return InstanceStatus(InstanceState.RUNNING if here else InstanceState.ABSENT)

    async def stop(self, identity: str, grace_seconds: float, *, fence: int | None = None) -> bool:
        del grace_seconds, fence
        self.asked.append(identity)
        ran = identity in self.running
        self.running.discard(identity)
        return ran

    async def knows(self, identity: str) -> bool:
        return identity in self.running

    async def resident_bytes(self, identity: str) -> int | None:
        return 7 if identity in self.running else None

    async def instances(self) -> tuple[KnownInstance, ...]:
        return tuple(
            KnownInstance(each, "shop", "prod", "v1", "c" * 40, 1, None, running=True)
            for each in sorted(self.running)
        )

    async def stop_all(self, grace_seconds: float) -> tuple[KnownInstance, ...]:
        found = await self.instances()
        for each in found:
            await self.stop(each.id, grace_seconds)
        if self._broken:
            raise ActionFailed("one still runs")
        return found


async def test_an_instance_is_started_looked_at_and_stopped_on_its_own_ground() -> None:
    processes, units = Ledger(), Ledger()
    grounds = Grounds({GroundKind.PROCESSES: processes, GroundKind.SYSTEMD: units})
    one, two = instance("one", Processes()), instance("two", SystemdUnits())
    for each in (one, two):
        await grounds.start(each)
        assert (await grounds.status(each)).state is InstanceState.RUNNING
    assert (processes.running, units.running) == ({"one"}, {"two"})
    assert [each.id for each in await grounds.instances()] == ["one", "two"]
    assert await grounds.resident_bytes("two") == 7
    assert await grounds.stop("two", 1)
    assert (processes.running, units.running, processes.asked) == ({"one"}, set(), [])


async def test_a_changed_plan_moves_nothing_that_runs_already() -> None:
    processes, units = Ledger(), Ledger()
    grounds = Grounds({GroundKind.PROCESSES: processes, GroundKind.SYSTEMD: units})
    await grounds.start(instance("one", Processes()))
    moved = instance("one", SystemdUnits())
    assert (await grounds.status(moved)).state is InstanceState.RUNNING
    await grounds.start(moved)
    assert not units.running


async def test_what_no_ground_has_a_note_of_is_looked_for_among_the_processes() -> None:
    processes, units = Ledger(), Ledger()
    grounds = Grounds({GroundKind.SYSTEMD: units, GroundKind.PROCESSES: processes})
    assert not await grounds.stop("lost", 1)
    assert (processes.asked, units.asked) == (["lost"], [])


async def test_a_ground_that_is_not_here_is_an_error_in_one_sentence() -> None:
    with pytest.raises(InvalidInput, match="nothing on this machine can deploy to systemd"):
        await Grounds({GroundKind.PROCESSES: Ledger()}).start(instance("two", SystemdUnits()))


async def test_everything_is_stopped_also_when_one_ground_cannot() -> None:
    processes, units = Ledger(broken=True), Ledger()
    grounds = Grounds({GroundKind.PROCESSES: processes, GroundKind.SYSTEMD: units})
    await grounds.start(instance("one", Processes()))
    await grounds.start(instance("two", SystemdUnits()))
    with pytest.raises(ActionFailed, match="one still runs"):
        await grounds.stop_all(1)
    assert not units.running
