"""One desk for each module, one repository for all, a service for each test."""

import itertools
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.e2e.desk import DeskHouse, SmallService, spec_text

VERSIONS = {
    "v1.0.0": "good",
    "v1.1.0": "good too",
    "v1.2.0": "also good",
    "bad": "bad",
    "closes": "closes",
    "exits": "exits at start",
    "sick": "never healthy",
    "dies": "dies",
    "red": "red in staging",
    "slow": "slow",
    "migration-fails": "migration fails",
    "migration-slow": "slow migration",
    "quiet": "fails quietly",
}
"""The tags of the repository and what their version is like."""

_IDENTITY = {
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_AUTHOR_NAME": "author",
    "GIT_AUTHOR_EMAIL": "author@example.invalid",
    "GIT_COMMITTER_NAME": "author",
    "GIT_COMMITTER_EMAIL": "author@example.invalid",
}
_names = itertools.count(1)

Register = Callable[..., SmallService]


@pytest.fixture(scope="session")
def small_repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A git repository with a tag for every behaviour."""
    return small_repository_at(tmp_path_factory.mktemp("small"))


def small_repository_at(place: Path) -> Path:
    """Make the repository in an empty folder."""

    def git(*words: str) -> None:
        command = ["git", "-C", str(place), *words]
        subprocess.run(command, env={"PATH": os.environ["PATH"], **_IDENTITY}, check=True)

    git("init", "--quiet", "--initial-branch=main")
    for name in ("small_service.py", "small_migration.py"):
        shutil.copy(Path(__file__).parent / name, place / name)
    for tag, behaviour in VERSIONS.items():
        (place / "behaviour").write_text(behaviour)
        git("add", "--all")
        git("commit", "--quiet", "--message", behaviour)
        git("tag", tag)
    return place


@pytest.fixture(scope="module")
def desk() -> Iterator[DeskHouse]:
    """A desk that the tests of a module share."""
    house = DeskHouse()
    try:
        yield house.start()
    finally:
        house.close()


@pytest.fixture
def own_desk() -> Iterator[DeskHouse]:
    """A desk of this test's own, for tests that do something to it."""
    house = DeskHouse()
    try:
        yield house.start()
    finally:
        house.close()


@pytest.fixture
def register(small_repository: Path, tmp_path: Path, free_port: Callable[[], int]) -> Register:
    """Register a service of its own with a desk; `serving` is released first."""

    def make(desk: DeskHouse, *, serving: str | None = "v1.0.0", **options: Any) -> SmallService:
        name = f"small-{next(_names)}"
        state = tmp_path / name
        state.mkdir()
        ports = free_port(), free_port()
        spec = state / "gonogo.yaml"
        spec.write_text(spec_text(name, ports, state, **options))
        body = {"spec": spec.read_text(), "path": str(spec), "repository": str(small_repository)}
        desk.post("/services", body)
        if serving is not None:
            desk.until(desk.begin(name, serving), "released")
        return SmallService(name, ports[1], state, spec, desk)

    return make
