import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.storage.samples import StandingClock, url_of

from gonogo.storage.schema import upgrade
from gonogo.storage.store import SqlStore, memory_store, open_store


@pytest.fixture
def clock() -> StandingClock:
    return StandingClock()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "desk.sqlite3"


@pytest.fixture(scope="session")
def new_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty database at the newest schema, to be copied: making one takes many commits."""
    made = tmp_path_factory.mktemp("database") / "new.sqlite3"
    upgrade(url_of(made))
    return made


@pytest.fixture
async def in_memory(clock: StandingClock) -> AsyncIterator[SqlStore]:
    store = memory_store(clock)
    yield store
    await store.close()


@pytest.fixture
async def on_disk(file: Path, new_database: Path, clock: StandingClock) -> AsyncIterator[SqlStore]:
    shutil.copy(new_database, file)
    store = open_store(url_of(file), clock)
    yield store
    await store.close()


@pytest.fixture
async def on_postgres(postgres_url: str, clock: StandingClock) -> AsyncIterator[SqlStore]:
    store = open_store(postgres_url, clock)
    yield store
    await store.close()


ON_POSTGRES = pytest.param("postgresql", marks=pytest.mark.slow)


@pytest.fixture(params=["file", ON_POSTGRES])
def shared_url(request: pytest.FixtureRequest, file: Path) -> str:
    """A database that several stores may open at once."""
    if request.param == "file":
        return url_of(file)
    url: str = request.getfixturevalue("postgres_url")
    return url


@pytest.fixture(params=["memory", "file", ON_POSTGRES])
async def store(
    request: pytest.FixtureRequest, file: Path, new_database: Path, clock: StandingClock
) -> AsyncIterator[SqlStore]:
    if request.param == "memory":
        made = memory_store(clock)
    elif request.param == "file":
        shutil.copy(new_database, file)
        made = open_store(url_of(file), clock)
    else:
        made = open_store(request.getfixturevalue("postgres_url"), clock)
    yield made
    await made.close()
