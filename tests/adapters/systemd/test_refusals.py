"""What is never started as a unit, and what is said of it."""

import pytest
from tests.systemd_twin import NO_BUS

from gonogo.domain.errors import ActionFailed, InvalidInput


async def test_what_systemd_refuses_to_start_is_told_in_its_words(desk, make, twin):
    twin.fault = lambda words: (1, "", "Job failed: no room") if words[0] == "start" else None
    with pytest.raises(ActionFailed, match="systemd says: Job failed: no room"):
        await desk().start(make())


async def test_a_version_without_files_is_not_started(desk, make, tmp_path):
    instance = make()
    (tmp_path / instance.commit).rmdir()
    with pytest.raises(ActionFailed, match="its files are not at"):
        await desk().start(instance)
    assert await desk().instances() == ()


@pytest.mark.parametrize("name", ["../up", "a b", "x;y", "%i", "$(id)", "-", ""])
async def test_hostile_names_start_nothing(desk, make, twin, name):
    for changes in ({"id": name}, {"service": name}, {"environment": name}):
        with pytest.raises(InvalidInput):
            await desk().start(make(**changes))
    assert not twin.calls


@pytest.mark.parametrize(
    "changes", [{"variables": {"A": "\0"}}, {"variables": {"A\nB": "x"}}, {"line": "echo \0"}]
)
async def test_what_no_unit_can_hold_is_refused(desk, make, changes):
    with pytest.raises(ActionFailed, match="cannot start orders v1"):
        await desk().start(make(**changes))


async def test_an_old_systemd_is_refused_by_its_version(desk, make, twin):
    twin.fault = lambda words: (
        (0, f"Version=239-82.el8\nUnitPath={twin.folder}\n", "") if "Version" in words[1] else None
    )
    with pytest.raises(ActionFailed, match=r"systemd 239-82\.el8 is too old: 240"):
        await desk().start(make())


async def test_a_systemd_that_reads_other_folders_is_told_apart(desk, make, twin):
    twin.fault = lambda words: (
        (0, "Version=252\nUnitPath=/elsewhere\n", "") if "Version" in words[1] else None
    )
    with pytest.raises(ActionFailed, match="does not read units from"):
        await desk().start(make())


async def test_a_machine_without_systemd_has_nothing_to_stop(desk, twin):
    twin.fault = lambda words: NO_BUS
    assert await desk().stop_all(1) == ()
    assert not await desk().stop("one", 1)
    assert not twin.calls
