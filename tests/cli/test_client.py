"""The command line's own client: what it does when an answer does not arrive."""

import fcntl
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from tests.servers import free_port

from gonogo.cli import client
from gonogo.cli.access import Access
from gonogo.cli.client import DeskClient
from gonogo.domain.errors import Conflict, Unavailable


class Desk:
    """Answers as it is told, one word for each request: a status, or `break` for no answer at all."""

    def __init__(self) -> None:
        self.script: list[str] = []
        self.asked: list[tuple[str, str | None]] = []
        desk = self

        class Handler(BaseHTTPRequestHandler):
            def _answer(self) -> None:
                self.rfile.read(int(self.headers.get("content-length", 0)))
                desk.asked.append((self.command, self.headers.get("idempotency-key")))
                word = desk.script.pop(0) if desk.script else "200"
                if word == "break":
                    self.close_connection = True
                    return
                status, _, wait = word.partition(" ")
                body = json.dumps({"title": word, "items": [1, 2], "next": None}).encode()
                self.send_response(int(status))
                self.send_header("Content-Length", str(len(body)))
                if wait:
                    self.send_header("Retry-After", wait)
                self.end_headers()
                self.wfile.write(body)

            do_GET = do_POST = do_DELETE = _answer  # noqa: N815 - http.server's names

            def log_message(self, *_: Any) -> None: ...

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_address[1]}"

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    monkeypatch.setattr(client, "_PAUSE_SECONDS", 0.01)
    made = Desk()
    yield made
    made.close()


@pytest.fixture
def asking(desk: Desk, tmp_path: Path) -> DeskClient:
    return DeskClient(tmp_path, Access(desk.url, "token"))


def test_a_change_whose_answer_is_lost_is_sent_again_under_its_key(
    desk: Desk, asking: DeskClient
) -> None:
    desk.script = ["break", "break"]
    assert asking.post("/releases", {"service": "s"})["title"] == "200"
    assert [method for method, _ in desk.asked] == ["POST"] * 3
    assert len({key for _, key in desk.asked}) == 1
    assert desk.asked[0][1]


def test_each_change_has_a_key_of_its_own_and_reading_has_none(
    desk: Desk, asking: DeskClient
) -> None:
    asking.post("/a")
    asking.delete("/b")
    asking.get("/c")
    keys = [key for _, key in desk.asked]
    assert (len(set(keys)), keys[2]) == (3, None)


def test_a_desk_that_stays_silent_is_told_after_three_tries(desk: Desk, asking: DeskClient) -> None:
    desk.script = ["break"] * 5
    with pytest.raises(Unavailable, match="does not answer"):
        asking.post("/releases")
    assert len(desk.asked) == 3


@pytest.mark.parametrize("word", ["409 1", "429 1"])
def test_who_is_asked_to_wait_waits(
    desk: Desk, asking: DeskClient, monkeypatch: pytest.MonkeyPatch, word: str
) -> None:
    waited: list[float] = []
    monkeypatch.setattr(client.time, "sleep", waited.append)
    desk.script = [word]
    assert asking.post("/releases")["title"] == "200"
    assert waited == [1.0]


def test_a_conflict_and_a_long_wait_are_told_at_once(desk: Desk, asking: DeskClient) -> None:
    desk.script = ["409", "429 600"]
    with pytest.raises(Conflict):
        asking.post("/releases")
    with pytest.raises(Unavailable):
        asking.post("/releases")
    assert len(desk.asked) == 2


def test_where_another_desk_goes_on_over_the_same_folder_it_is_asked_instead(
    desk: Desk, tmp_path: Path
) -> None:
    (tmp_path / "token").write_text("token")
    where = tmp_path / "desk-north.json"
    where.write_text(json.dumps({"url": f"http://127.0.0.1:{free_port()}"}))
    with where.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        asking = DeskClient(tmp_path, Access(None, None))
        with pytest.raises(Unavailable, match="does not answer"):
            asking.get("/a")
        where.write_text(json.dumps({"url": desk.url}))
        assert asking.get("/a")["title"] == "200"
