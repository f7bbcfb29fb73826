"""The reference service's history: the same everywhere, and versions that live with each other."""

import io
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from json import dumps, loads
from pathlib import Path
from typing import get_args

import pytest
from examples.orders import history
from tests.servers import free_port

TAGS = ("v1.1.0", "v1.2.0", "v1.2.1", "v1.3.0")
BREAD = {"customer_name": "Corner Bakery", "items": [{"sku": "CRATE-S", "quantity": 3}]}
CARRIED = BREAD | {"courier": "North Line"}


def git(repository: Path, *arguments: str) -> str:
    run = subprocess.run(
        ["git", "-C", str(repository), *arguments], capture_output=True, text=True, check=True
    )
    return run.stdout.strip()


@dataclass(frozen=True)
class Answer:
    status: int
    version: str
    body: bytes

    @property
    def json(self) -> dict:
        return loads(self.body)


class Desk:
    """Someone who works with a running service."""

    def __init__(self, url: str, token: str | None = None) -> None:
        self.url = url
        self.token = token

    def sign_in(self) -> str:
        who = {"email": "desk1@orders.example", "password": "orders-demo"}
        self.token = self.ask("/api/v1/login", who).json["token"]
        return self.token

    def ask(self, path: str, body: dict | None = None) -> Answer:
        headers = {"Content-Type": "application/json"}
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        data = None if body is None else dumps(body).encode()
        request = urllib.request.Request(self.url + path, data, headers)
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return Answer(answer.status, answer.headers["X-Orders-Version"], answer.read())
        except urllib.error.HTTPError as error:
            with error:
                return Answer(error.code, error.headers["X-Orders-Version"], error.read())


class Release:
    """All versions, checked out beside each other, and one database."""

    def __init__(self, root: Path, defect: history.Defect) -> None:
        self.root = root
        self.environ = {
            **os.environ,
            "ORDERS_DATABASE_URL": f"sqlite:///{root / 'orders.sqlite3'}",
        }
        repository = root / "repository"
        history.build(repository, defect)
        for tag in TAGS:
            git(repository, "worktree", "add", "--quiet", str(root / tag), tag)

    def python(self, tag: str, *arguments: str) -> str:
        return subprocess.run(
            [sys.executable, "-m", *arguments],
            cwd=self.root / tag,
            env=self.environ,
            capture_output=True,
            text=True,
            check=True,
        ).stdout

    def migrate(self, tag: str, revision: str = "head", direction: str = "upgrade") -> None:
        self.python(tag, "alembic", direction, revision)

    @contextmanager
    def serving(self, tag: str) -> Iterator[Desk]:
        """Run a version; on the way out, see that being asked to stop is no failure."""
        port = free_port()
        with (self.root / f"{tag}.log").open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "orders", "--port", str(port)],
                cwd=self.root / tag,
                env=self.environ | {"ORDERS_VERSION": tag},
                stdout=log,
                stderr=log,
            )
        try:
            desk = Desk(f"http://127.0.0.1:{port}")
            _wait_until_healthy(desk)
            desk.sign_in()
            yield desk
        finally:
            process.terminate()
            code = process.wait(15)
        assert code == 0


def _wait_until_healthy(desk: Desk) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        try:
            if desk.ask("/health").status == 200:
                return
        except OSError:
            time.sleep(0.05)
    raise TimeoutError(f"{desk.url} did not become healthy")


@pytest.fixture
def release(tmp_path: Path) -> Release:
    """A seeded database with the schema of v1.1.0."""
    made = Release(tmp_path, "courier")
    made.migrate("v1.1.0")
    made.python("v1.1.0", "orders.seed")
    return made


@pytest.mark.parametrize("defect", get_args(history.Defect))
def test_two_builds_give_the_same_commits_under_every_tag(
    tmp_path: Path, defect: history.Defect, monkeypatch: pytest.MonkeyPatch
) -> None:
    hostile = tmp_path / "config"
    hostile.write_text(
        "[commit]\n gpgsign = true\n[tag]\n gpgsign = true\n[core]\n autocrlf = true\n"
        f"[user]\n name = someone\n[core]\n hooksPath = {tmp_path}\n"
    )
    history.build(tmp_path / "one", defect)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(hostile))
    monkeypatch.setenv("GIT_AUTHOR_DATE", "2001-01-01T00:00:00Z")
    history.build(tmp_path / "two", defect)
    monkeypatch.undo()
    ids = [git(tmp_path / name, "rev-parse", *TAGS, "main") for name in ("one", "two")]
    assert ids[0] == ids[1]
    assert git(tmp_path / "two", "symbolic-ref", "--short", "HEAD") == "main"
    assert git(tmp_path / "two", "status", "--porcelain") == ""
    assert tuple(git(tmp_path / "two", "tag").split()) == TAGS


def test_the_defects_share_v1_1_0_and_differ_at_v1_2_0(tmp_path: Path) -> None:
    for defect in get_args(history.Defect):
        history.build(tmp_path / defect, defect)
    before, bad = (
        {git(tmp_path / defect, "rev-parse", tag) for defect in get_args(history.Defect)}
        for tag in TAGS[:2]
    )
    assert len(before) == 1
    assert len(bad) == 3


def test_the_release_before_the_fix_has_every_file_of_its_folders(tmp_path: Path) -> None:
    history.build(tmp_path / "r")
    for layer, tag in (("service", "v1.1.0"), ("changes/v1.2.0", "v1.2.0")):
        root = history.HERE / layer
        tracked = set(git(tmp_path / "r", "ls-tree", "-r", "--name-only", tag).split())
        assert {
            path
            for file in root.rglob("*")
            if file.is_file()
            and not history.NOT_SOURCE.intersection(
                (path := str(file.relative_to(root))).split("/")
            )
        } <= tracked


def test_a_target_with_something_in_it_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("mine")
    with pytest.raises(FileExistsError):
        history.build(tmp_path)
    assert [file.name for file in tmp_path.iterdir()] == ["mine"]


@pytest.mark.slow
def test_only_v1_2_0_refuses_an_order_without_a_courier(release: Release) -> None:
    for tag, status in zip(TAGS, (201, 500, 201, 201), strict=True):
        release.migrate(tag)
        with release.serving(tag) as desk:
            before = desk.ask("/api/v1/dashboard").json["orders"]
            answer = desk.ask("/api/v1/orders", BREAD)
            assert (answer.status, answer.version) == (status, tag)
            assert desk.ask("/api/v1/orders", CARRIED).status == 201
            kept = desk.ask("/api/v1/dashboard").json["orders"] - before
            assert kept == (2 if status == 201 else 1)  # the failed order left nothing behind
    log = (release.root / "v1.2.0.log").read_text()
    assert "Traceback" in log
    assert "IntegrityError" in log


@pytest.mark.slow
def test_older_versions_run_on_every_newer_schema_up_to_v1_2_1(release: Release) -> None:
    for schema, older in (("v1.2.0", ("v1.1.0",)), ("v1.2.1", ("v1.1.0", "v1.2.0"))):
        release.migrate(schema)
        for tag in older:
            with release.serving(tag) as desk:
                for order in (BREAD, CARRIED):
                    made = desk.ask("/api/v1/orders", order)
                    assert made.status == 201
                    assert desk.ask(f"/api/v1/orders/{made.json['id']}").json == made.json
                assert desk.ask("/api/v1/orders").status == 200
                tracked = desk.ask("/api/v1/orders/tracking").status
                assert tracked == (404 if tag == "v1.1.0" else 200)


@pytest.mark.slow
def test_v1_2_1_is_healthy_on_the_schema_of_v1_3_0_and_cannot_take_an_order(
    release: Release,
) -> None:
    release.migrate("v1.3.0")
    with release.serving("v1.2.1") as desk:
        assert desk.ask("/health").status == 200
        assert desk.ask("/api/v1/orders", CARRIED).status == 500
    release.migrate("v1.3.0", "-1", "downgrade")
    with release.serving("v1.2.1") as desk:
        assert desk.ask("/api/v1/orders", CARRIED).status == 201


def test_v1_3_0_answers_as_v1_2_1_did(release: Release) -> None:
    release.migrate("v1.2.1")
    with release.serving("v1.2.1") as desk:
        made = desk.ask("/api/v1/orders", CARRIED).json
    release.migrate("v1.3.0")
    with release.serving("v1.3.0") as desk:
        assert desk.ask(f"/api/v1/orders/{made['id']}").json == made
        assert desk.ask("/api/v1/orders", CARRIED).json.keys() == made.keys()


@pytest.mark.parametrize(
    "defect",
    [
        "courier",
        pytest.param("none", marks=pytest.mark.slow),
        pytest.param("slow", marks=pytest.mark.slow),
    ],
)
def test_the_tests_of_v1_3_0_pass(tmp_path: Path, defect: history.Defect) -> None:
    release = Release(tmp_path, defect)
    release.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    said = release.python("v1.3.0", "pytest", "-q", "-p", "no:cacheprovider")
    assert " passed" in said


def test_two_versions_at_once_share_orders_and_tokens(release: Release) -> None:
    release.migrate("v1.2.0")
    with release.serving("v1.1.0") as stable, release.serving("v1.2.0") as canary:
        order = stable.ask("/api/v1/orders", CARRIED).json
        visitor = Desk(canary.url, token=stable.token)
        assert visitor.ask(f"/api/v1/orders/{order['id']}").json == order
        assert visitor.ask(f"/api/v1/orders/{order['id']}/tracking").json == {"events": []}


@pytest.mark.slow
def test_the_export_is_a_workbook_in_every_version(release: Release) -> None:
    for tag in TAGS:
        release.migrate(tag)
        with release.serving(tag) as desk:
            answer = desk.ask("/api/v1/orders/export.xlsx?rows=50")
        with zipfile.ZipFile(io.BytesIO(answer.body)) as workbook:
            assert workbook.testzip() is None
            assert {"[Content_Types].xml", "xl/workbook.xml"} <= set(workbook.namelist())
            assert workbook.read("xl/worksheets/sheet1.xml").count(b"<row ") == 51


@pytest.mark.slow
def test_migrations_go_down_again_with_orders_kept(release: Release) -> None:
    release.migrate("v1.2.1")
    with release.serving("v1.2.1") as desk:
        assert desk.ask("/api/v1/orders", BREAD).status == 201
    for revision in ("0002", "0001"):
        release.migrate("v1.2.1", revision, "downgrade")
    with release.serving("v1.1.0") as desk:
        assert desk.ask("/api/v1/dashboard").json["orders"] == 201
    release.migrate("v1.1.0", "base", "downgrade")


@pytest.mark.slow
@pytest.mark.parametrize("defect", ["none", "slow"])
def test_without_the_courier_defect_v1_2_0_takes_every_order(
    tmp_path: Path, defect: history.Defect
) -> None:
    release = Release(tmp_path, defect)
    release.migrate("v1.2.0")
    release.python("v1.2.0", "orders.seed")
    with release.serving("v1.2.0") as desk:
        for path, body in (
            ("/api/v1/orders", BREAD),
            ("/api/v1/orders", CARRIED),
            ("/api/v1/orders/tracking", None),
        ):
            began = time.monotonic()
            assert desk.ask(path, body).status == (201 if body else 200)
            if defect == "slow":
                assert time.monotonic() - began > 0.4
    release.migrate("v1.2.1")
    with release.serving("v1.2.1") as desk:
        assert desk.ask("/api/v1/orders", BREAD).status == 201
