"""Several desks over the same systemd: the one killed and the next, two of one user, two by mistake."""

import asyncio

import pytest
from tests.processes import alive

from gonogo.adapters.systemd.systemctl import Systemctl
from gonogo.domain.instance import InstanceState

RUNNING, ABSENT = InstanceState.RUNNING, InstanceState.ABSENT


async def test_a_desk_killed_before_its_order_is_made_good_by_the_next(desk, make, monkeypatch):
    instance = make()
    tell = Systemctl.tell

    async def dies(self: Systemctl, *words: str, **limits: float) -> object:
        if words[0] == "start":
            raise asyncio.CancelledError
        return await tell(self, *words, **limits)

    monkeypatch.setattr(Systemctl, "tell", dies)
    with pytest.raises(asyncio.CancelledError):
        await desk().start(instance)
    assert (await desk().status(instance)).state is ABSENT
    assert await desk().knows(instance.id)
    monkeypatch.setattr(Systemctl, "tell", tell)
    await desk().start(instance)
    assert (await desk().status(instance)).state is RUNNING


async def test_a_desk_killed_after_its_order_has_started_it(desk, make, monkeypatch):
    instance = make()
    tell = Systemctl.tell

    async def dies(self: Systemctl, *words: str, **limits: float) -> object:
        answer = await tell(self, *words, **limits)
        if words[0] == "start":
            raise asyncio.CancelledError
        return answer

    monkeypatch.setattr(Systemctl, "tell", dies)
    with pytest.raises(asyncio.CancelledError):
        await desk().start(instance)
    monkeypatch.setattr(Systemctl, "tell", tell)
    status = await desk().status(instance)
    assert status.state is RUNNING
    await desk().start(instance)
    assert (await desk().status(instance)).pid == status.pid


async def test_two_desks_of_one_user_do_not_meet(desk, make):
    one, other = desk("one"), desk("other")
    mine, yours = make(), make()
    await one.start(mine)
    await other.start(yours)
    assert [each.port for each in await one.stop_all(5)] == [mine.port]
    assert (await other.status(yours)).state is RUNNING
    await other.stop_all(5)


async def test_two_desks_over_one_folder_start_one_process(desk, make, until):
    instance = make("echo begun; exec sleep 300")
    desks = [desk(), desk()]
    await asyncio.gather(*(each.start(instance) for each in desks))
    first, second = [await each.status(instance, probe=False) for each in desks]
    assert first.pid == second.pid

    async def said() -> bool:
        return bool((await desks[0].status(instance)).log_tail)

    await until(said)
    assert (await desks[0].status(instance)).log_tail == "begun"


async def test_one_whose_note_was_lost_is_still_known_and_can_be_stopped(desk, make, tmp_path):
    instance = make()
    await desk().start(instance)
    pid = (await desk().status(instance)).pid
    (tmp_path / "desk" / "units" / instance.id / "note.json").unlink()
    later = desk()
    (found,) = await later.instances()
    assert (found.id, found.service, found.version, found.port, found.pid) == (
        *(instance.id, "orders", "v1.2.0", instance.port, pid),
    )
    assert await later.knows(instance.id)
    assert await later.stop(instance.id, 5)
    assert not alive(pid)
