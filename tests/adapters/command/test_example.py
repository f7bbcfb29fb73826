"""The script that the documentation shows does what it says."""

import re
import shutil
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from gonogo.adapters.command.deployer import CommandDeployer
from gonogo.adapters.local.workshop import GitWorkshop
from gonogo.domain.ground import Script, Scripts
from gonogo.domain.instance import Instance, InstanceState
from gonogo.domain.plan import Health
from gonogo.spec.units import parse_duration

PAGE = Path(__file__).parents[3] / "docs" / "grounds.md"
LINES = ("deploy {instance} {port} {version} {run}", "read {instance}", "retire {instance}")

Until = Callable[[Callable[[], Awaitable[bool]]], Awaitable[None]]


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("curl") is None, reason="the example asks for health with curl")
async def test_the_example_deploys_reads_and_retires(
    tmp_path: Path, free_port: Callable[[], int], until: Until
) -> None:
    (script,) = re.findall(r"```sh\n(#!/bin/sh\n.*?)```", PAGE.read_text(), re.DOTALL)
    workshop = GitWorkshop(tmp_path / "versions")
    files = workshop.files("orders", "c" * 40)
    (files / "bin").mkdir(parents=True)
    (files / "bin" / "at").write_text(script)
    (files / "bin" / "at").chmod(0o700)
    (files / "health").write_text("well")
    deploy, read, retire = (Script(f"bin/at {line}", parse_duration("20s")) for line in LINES)
    port = free_port()
    instance = Instance(
        id="r1.production",
        service="orders",
        environment="production",
        version="v1",
        commit="c" * 40,
        port=port,
        line=f"exec {sys.executable} -m http.server --bind 127.0.0.1 {port}",
        health=Health("/health"),
        variables={"PLATFORM": str(tmp_path / "platform")},
        ground=Scripts(deploy, read, retire, every=parse_duration("200ms")),
    )
    deployer = CommandDeployer(tmp_path / "platforms", workshop.run, workshop.end_left)

    async def healthy() -> bool:
        return (await deployer.status(instance)).healthy

    try:
        await deployer.start(instance)
        await until(healthy)
    finally:
        await deployer.stop_all(10)
        assert (await deployer.status(instance)).state is InstanceState.ABSENT
        await deployer.close()
