"""What the health page says of systemd."""

import getpass

import pytest
from tests.systemd_twin import NO_BUS

from gonogo.adapters.systemd.checkup import SystemdCheckup
from gonogo.domain.health import Finding, Health


@pytest.fixture
def look(folder, tmp_path):
    async def found(*, used: bool, lingers: bool = True) -> tuple[Finding, ...]:
        linger = tmp_path / "linger"
        linger.mkdir(exist_ok=True)
        if lingers:
            (linger / getpass.getuser()).touch()
        return await SystemdCheckup(folder(), lambda: used, linger=linger).look()

    return found


async def test_one_that_answers_is_well(look):
    (found,) = await look(used=True)
    assert (found.health, found.remedy) == (Health.GOOD, "")
    assert "systemd 252 answers systemctl --user" in found.detail


async def test_one_that_is_missing_matters_only_where_it_is_used(look, twin):
    twin.fault = lambda words: NO_BUS
    (unused,) = await look(used=False)
    assert unused.health is Health.GOOD
    (used,) = await look(used=True)
    assert used.health is Health.CRITICAL
    assert "loginctl enable-linger" in used.remedy


async def test_versions_that_would_end_with_the_session_are_critical(look):
    _, found = await look(used=True, lingers=False)
    assert found.health is Health.CRITICAL
    assert found.remedy == f"loginctl enable-linger {getpass.getuser()}"


async def test_one_that_is_too_old_is_told_by_its_version(look, twin):
    twin.fault = lambda words: (0, "Version=v239\n", "") if "Version" in words[1] else None
    (found,) = await look(used=True)
    assert found.health is Health.CRITICAL
    assert "systemd v239 answers; versions need 240" in found.detail


async def test_units_that_failed_are_named(look, desk, make, until, twin, monkeypatch):
    instance = make("exit 3")
    await desk().start(instance)
    for unit in list(twin._units.values()):
        unit.settings["Restart"] = ["no"]

    async def failed() -> bool:
        return len(await look(used=True)) == 2

    await until(failed)
    _, found = await look(used=True)
    assert found.health is Health.RECOMMENDED
    assert "failed: gonogo-orders-production-" in found.detail
    assert "status 'gonogo-orders-" in found.remedy
