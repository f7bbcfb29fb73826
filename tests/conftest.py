"""What tests of several packages need: free ports, waiting for a condition, a small git repository."""

import asyncio
import os
import signal
import subprocess
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from tests.postgres import PostgresServer, empty, postgres_server
from tests.servers import free_port as unused_port

# The same examples every time, and none is wrong because the machine was slow. For other examples:
# pytest --hypothesis-profile=search
settings.register_profile("search", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("same", settings.get_profile("search"), derandomize=True)
settings.load_profile("same")

# A shell lets what it runs in the background ignore Ctrl-C, and so would every program begun from here.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

Until = Callable[[Callable[[], Awaitable[bool]]], Awaitable[None]]


@pytest.fixture
def free_port() -> Callable[[], int]:
    """Ports that nobody has, none twice."""
    given: set[int] = set()

    def choose() -> int:
        port = unused_port()
        while port in given:
            port = unused_port()
        given.add(port)
        return port

    return choose


@pytest.fixture
def until() -> Until:
    """Wait for a condition; fails after 60 s."""

    async def wait(condition: Callable[[], Awaitable[bool]]) -> None:
        deadline = time.monotonic() + 60
        while not await condition():
            assert time.monotonic() < deadline, "the condition never came true"
            await asyncio.sleep(0.02)

    return wait


@pytest.fixture
def run_git(tmp_path: Path) -> Callable[..., str]:
    """Run git with no settings of this machine."""
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_AUTHOR_NAME": "author",
        "GIT_AUTHOR_EMAIL": "author@example.invalid",
        "GIT_COMMITTER_NAME": "author",
        "GIT_COMMITTER_EMAIL": "author@example.invalid",
    }

    def run(repository: Path, *arguments: str) -> str:
        done = subprocess.run(
            ["git", "-C", str(repository), *arguments],
            env=environment,
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout.strip()

    return run


@pytest.fixture
def repository(tmp_path: Path, run_git: Callable[..., str]) -> Path:
    """A repository with the tags v1.1.0 and v1.2.0; its checkout is at v1.2.0 and has a change."""
    place = tmp_path / "repository"
    place.mkdir()
    run_git(place, "init", "--quiet", "--initial-branch=main")
    for version in ("v1.1.0", "v1.2.0"):
        (place / "version.txt").write_text(f"{version}\n")
        (place / "run.sh").write_text(f"#!/bin/sh\necho {version}\n")
        (place / "run.sh").chmod(0o755)
        (place / "left-out.txt").write_text("kept\n")
        (place / ".gitattributes").write_text("left-out.txt export-ignore\n")
        run_git(place, "add", "--all")
        run_git(place, "commit", "--quiet", "--message", version)
        run_git(place, "tag", "--annotate", "--message", version, version)
    (place / "version.txt").write_text("edited, not committed\n")
    return place


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    with postgres_server() as server:
        yield server


@pytest.fixture(scope="session")
def one_postgres(postgres: PostgresServer) -> str:
    """A database at the newest schema; making one for each test takes longer than emptying it."""
    from gonogo.storage.schema import upgrade

    postgres.sql("CREATE DATABASE desk")
    url = postgres.url("desk")
    upgrade(url)
    return url


@pytest.fixture
def postgres_url(postgres: PostgresServer, one_postgres: str) -> Iterator[str]:
    """An empty database at the newest schema on PostgreSQL."""
    yield one_postgres
    empty(postgres, "desk")
