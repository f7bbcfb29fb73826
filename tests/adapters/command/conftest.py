"""A platform whose scripts are played in virtual time, and deployers over it."""

from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from random import Random

import pytest
from tests.scripted_platform import ScriptedPlatform
from tests.simulation.virtual import VirtualLoop

from gonogo.adapters.command.deployer import CommandDeployer

Story = Callable[[], Awaitable[None]]


@pytest.fixture
def platform() -> ScriptedPlatform:
    return ScriptedPlatform()


@pytest.fixture
def desk(platform: ScriptedPlatform, tmp_path: Path) -> Callable[[], CommandDeployer]:
    """A deployer as each desk makes its own over the same notes."""
    return lambda: CommandDeployer(tmp_path, platform.run, platform.end_left)


@pytest.fixture
def play() -> Iterator[Callable[[Story], None]]:
    """Plays a story in virtual time."""
    loop = VirtualLoop(Random(1))

    def run(story: Story) -> None:
        loop.run_until_complete(story())

    yield run
    loop.close()
