"""Scripts that are missing are told before they are needed."""

from dataclasses import replace
from pathlib import Path

import pytest
from tests import scripted_platform
from tests.scripted_platform import ScriptedPlatform, scripts

from gonogo.adapters.command.checkup import PlatformCheckup
from gonogo.adapters.command.deployer import CommandDeployer
from gonogo.adapters.command.notes import Phase, PlatformNote
from gonogo.domain.ground import Script
from gonogo.domain.health import Finding, Health
from gonogo.domain.instance import Instance


def line(text: str) -> Script:
    return Script(text, scripts().read.within)


ONE = replace(
    scripted_platform.ONE,
    ground=replace(
        scripts(),
        deploy=line("sh bin/at deploy"),
        read=line("REGION=north bin/anything read"),
        retire=line("bin/at retire {instance}"),
    ),
)


@pytest.fixture
def look(tmp_path: Path):
    files = tmp_path / "files"
    (files / "bin").mkdir(parents=True)
    (files / "bin" / "at").write_text("#!/bin/sh\n")
    (files / "bin" / "at").chmod(0o700)
    platform = ScriptedPlatform()
    deployer = CommandDeployer(tmp_path / "notes", platform.run, platform.end_left)

    async def looked(phase: Phase = Phase.DEPLOYED, instance: Instance = ONE) -> Finding:
        deployer.notes.keep(PlatformNote(instance, phase))
        (found,) = await PlatformCheckup(deployer, lambda *_: files).look()
        return found

    return looked


async def test_scripts_that_are_there_are_well(look):
    found = await look()
    assert (found.check, found.health) == ("scripts of orders v2 in production", Health.GOOD)


async def test_a_script_that_is_missing_or_may_not_be_executed_is_named(look, tmp_path):
    script = tmp_path / "files" / "bin" / "at"
    script.chmod(0o600)
    found = await look()
    assert found.health is Health.CRITICAL
    assert found.detail == f"retire cannot be run: {script} may not be executed"
    script.unlink()
    assert (await look()).detail == f"retire cannot be run: {script} is not there"
    strange = replace(ONE, ground=replace(ONE.ground, deploy=line("no-such-program deploy")))
    found = await look(instance=strange)
    assert found.detail == "deploy cannot be run: no-such-program is not on PATH"


async def test_a_deploy_of_which_nobody_knows_the_end_is_told(look):
    found = await look(Phase.UNKNOWN)
    assert (found.health, found.detail) == (
        Health.CRITICAL,
        "its deploy was begun and nobody saw it end",
    )
