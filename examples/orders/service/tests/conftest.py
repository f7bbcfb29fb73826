"""A migrated, seeded database in a file of its own, and someone who is signed in to it."""

import os
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from fastapi.testclient import TestClient

from orders.app import create_app
from orders.database import Database
from orders.seed import PASSWORD, seed
from orders.settings import Settings

SERVICE = Path(__file__).parents[1]


@pytest.fixture(scope="session")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with the newest schema and the demo's data, made once; tests work on copies."""
    file = tmp_path_factory.mktemp("seeded") / "orders.sqlite3"
    url = f"sqlite:///{file}"
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(os.environ, "ORDERS_DATABASE_URL", url)
        command.upgrade(Config(SERVICE / "alembic.ini"), "head")
    database = Database(url)
    seed(database, datetime.now(UTC))
    database.close()
    return file


@pytest.fixture
def settings(seeded: Path, tmp_path: Path) -> Settings:
    """Settings that name a seeded database of this test's own."""
    shutil.copy(seeded, tmp_path / "orders.sqlite3")
    url = f"sqlite:///{tmp_path / 'orders.sqlite3'}"
    return Settings(database_url=url, version="v0.0.0")


@pytest.fixture
def stranger(settings: Settings) -> Iterator[TestClient]:
    """A client that nobody has signed in."""
    with TestClient(create_app(settings), raise_server_exceptions=False) as client:
        yield client


@pytest.fixture
def desk(stranger: TestClient) -> TestClient:
    """A client signed in as a desk."""
    answer = stranger.post(
        "/api/v1/login", json={"email": "desk1@orders.example", "password": PASSWORD}
    )
    stranger.headers["Authorization"] = f"Bearer {answer.json()['token']}"
    return stranger
