"""`gonogo replay` against a desk's answer over a real socket."""

import fcntl
import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

Run = Callable[..., Result]


def looks(seconds: int) -> list[dict[str, Any]]:
    return [
        {
            "at": f"2026-03-01T12:{second // 60:02}:{second % 60:02}+00:00",
            "step": 0,
            "share": 0.1,
            "gap": None,
            "newly_hurt": 1 if second else 0,
            "counts": {"errors": [0, 90, 1, 10]} if second else {},
        }
        for second in range(seconds)
    ]


RECORDING = {
    "id": "r1",
    "service": "shop",
    "version": "v2",
    "false_alarm": 0.01,
    "attempt": 1,
    "kpis": [
        {"kpi": "errors", "counts": "errors", "all_requests": True, "limit": None, "ratio": 1.2}
    ],
    "stopped_at": "2026-03-01T12:00:09+00:00",
    "looks": looks(130),
}


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[list[str]]:
    """What a desk would answer; gives the paths that were asked for."""
    asked: list[str] = []

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            body = json.dumps(RECORDING).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Answer) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        home = tmp_path / "home"
        home.mkdir()
        url = f"http://127.0.0.1:{server.server_address[1]}"
        (home / "desk.json").write_text(json.dumps({"url": url}))
        (home / "token").write_text("secret")
        with (home / "desk.lock").open("w") as lock:  # as a desk that runs holds it
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield asked
        server.shutdown()
        thread.join()


def test_every_policy_is_shown_beside_what_happened(run: Run, desk: list[str]) -> None:
    done = run("replay", "shop", "--json")
    assert done.exit_code == 0, done.stderr
    assert desk == ["/api/v1/releases/shop/looks"]
    found = {one["policy"]: one for one in json.loads(done.stdout)["policies"]}
    assert found["recorded"]["stopped_after_seconds"] == 9
    assert found["recorded"]["customers_hurt"] == 9
    assert found["gonogo"]["stopped_after_seconds"] < 30
    assert found["flagger"]["stopped_after_seconds"] == 120
    assert found["flagger"]["customers_hurt"] == 120
    assert found["kayenta"]["stopped_after_seconds"] is None


def test_a_policy_that_stops_after_the_recording_is_not_guessed(run: Run, desk: list[str]) -> None:
    done = run("replay", "shop", "--policy", "kayenta", "--policy", "gonogo:ratio=3")
    assert "kayenta" in done.stdout
    assert "not within the recording" in done.stdout
    assert "≥ 129" in done.stdout
    assert "flagger" not in done.stdout
    assert "re-implementations" in done.stderr


def test_an_unknown_policy_is_refused_with_the_known_ones(run: Run, desk: list[str]) -> None:
    done = run("replay", "shop", "--policy", "oracle")
    assert done.exit_code == 2
    assert "kayenta" in done.stderr


def test_without_a_desk_it_says_how_to_start_one(run: Run) -> None:
    done = run("replay", "shop")
    assert done.exit_code == 1
    assert "gonogo serve" in done.stderr
