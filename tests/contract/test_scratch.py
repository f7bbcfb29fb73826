"""What everything that makes fresh databases keeps."""

import asyncio
import os
import shutil
import sqlite3
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.servers import free_port

from gonogo.adapters.local.scratch import LocalScratch
from gonogo.adapters.memory.scratch import MemoryScratch
from gonogo.domain.errors import InvalidInput, Unavailable
from gonogo.ports.scratch import Scratch

LIKE = "sqlite:////srv/orders/production.sqlite3?timeout=5"


@pytest.fixture(params=["local", "memory"])
def scratch(request: pytest.FixtureRequest, tmp_path: Path) -> Scratch:
    return LocalScratch(tmp_path / "scratch") if request.param == "local" else MemoryScratch()


async def test_a_fresh_database_is_not_the_one_that_it_is_like(scratch):
    url = await scratch.make(LIKE, "gonogo_one")
    assert "gonogo_one" in url
    assert "production" not in url


async def test_a_database_that_nobody_made_was_not_written(scratch):
    assert await scratch.written(LIKE, "gonogo_none") is False


async def test_it_is_seen_whether_anything_was_put_into_it(tmp_path):
    scratch = LocalScratch(tmp_path)
    url = await scratch.make(LIKE, "gonogo_one")
    assert await scratch.written(LIKE, "gonogo_one") is False
    with sqlite3.connect(url.removeprefix("sqlite:///").partition("?")[0]) as connection:
        connection.execute("CREATE TABLE orders (id)")
    connection.close()
    assert await scratch.written(LIKE, "gonogo_one") is True


async def test_dropping_again_does_no_harm(scratch):
    await scratch.make(LIKE, "gonogo_one")
    await scratch.drop(LIKE, "gonogo_one")
    await scratch.drop(LIKE, "gonogo_one")


async def test_what_was_there_is_gone_when_it_is_made_again(tmp_path):
    scratch = LocalScratch(tmp_path)
    url = await scratch.make(LIKE, "gonogo_one")
    assert url == f"sqlite:///{tmp_path}/gonogo_one.sqlite3?timeout=5"
    file = tmp_path / "gonogo_one.sqlite3"
    with sqlite3.connect(file) as connection:
        connection.execute("CREATE TABLE old (id)")
    connection.close()
    await scratch.make(LIKE, "gonogo_one")
    assert not file.exists()


@pytest.mark.parametrize("like", ["mysql://db/shop", "nonsense", ""])
async def test_a_kind_of_database_that_it_cannot_make_is_refused(like, tmp_path):
    with pytest.raises(InvalidInput, match="cannot be made here"):
        await LocalScratch(tmp_path).make(like, "gonogo_one")


@pytest.mark.parametrize("name", ["../other", 'x"; DROP DATABASE shop; --', ""])
async def test_a_name_that_is_not_one_is_refused(name, tmp_path):
    with pytest.raises(InvalidInput, match="cannot be the name"):
        await LocalScratch(tmp_path).make(LIKE, name)


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """A PostgreSQL of its own, where one is installed."""
    if shutil.which("initdb") is None or shutil.which("psql") is None:
        pytest.skip("no PostgreSQL is installed here")
    user = ["runuser", "-u", "postgres", "--"] if os.getuid() == 0 else []
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="gonogo-postgres-") as folder:
        place = Path(folder)
        if user:
            shutil.chown(place, "postgres")
        data = place / "data"

        def run(*command: str) -> None:
            done = subprocess.run(
                [*user, *command], capture_output=True, text=True, cwd="/", check=False, timeout=60
            )
            assert done.returncode == 0, done.stderr

        run("initdb", "-D", str(data), "-U", "desk", "-A", "trust", "-N")
        options = f"-p {port} -h 127.0.0.1 -k {place} -F"
        run("pg_ctl", "-D", str(data), "-l", str(place / "log"), "-w", "-o", options, "start")
        try:
            yield f"postgresql+psycopg://desk:hidden%21@127.0.0.1:{port}/postgres"
        finally:
            run("pg_ctl", "-D", str(data), "-m", "immediate", "-w", "stop")


async def test_a_postgresql_server_gives_fresh_databases(server, tmp_path):
    scratch = LocalScratch(tmp_path)
    for _ in range(2):
        url = await scratch.make(server, "gonogo_one")
    assert url == server.replace("/postgres", "/gonogo_one")
    assert await scratch.written(server, "gonogo_one") is False
    plain = url.replace("+psycopg", "")
    create = ["psql", plain, "-qc", "CREATE TABLE orders (id int)"]
    await asyncio.to_thread(subprocess.run, create, check=True, timeout=30)
    assert await scratch.written(server, "gonogo_one") is True
    with pytest.raises(Unavailable, match='database "gonogo_none" does not exist'):
        await scratch.make(server.replace("/postgres", "/gonogo_none"), "gonogo_two")
    await scratch.drop(server, "gonogo_one")
    await scratch.drop(server, "gonogo_one")


async def test_a_server_that_is_not_there_is_named_without_its_password(tmp_path):
    like = f"postgresql://desk:hidden@127.0.0.1:{free_port()}/shop"
    with pytest.raises(Unavailable, match=r"127\.0\.0\.1 cannot be reached") as refused:
        await LocalScratch(tmp_path).make(like, "gonogo_one")
    assert "hidden" not in str(refused.value)


@pytest.mark.parametrize(
    "like", ["postgresql://shop:se/cret@db/shop", "postgresql://shop:se@cret:x@db:port/shop"]
)
async def test_a_url_that_is_no_address_is_refused_without_its_password(like, tmp_path):
    for act in (LocalScratch(tmp_path).make, LocalScratch(tmp_path).drop):
        with pytest.raises(InvalidInput, match="is not an address") as refusal:
            await act(like, "gonogo_rehearsal_1")
        assert "se" not in str(refusal.value).split()
        assert "cret" not in str(refusal.value)
