"""A stranger's service, from `gonogo init` to two released versions."""

import difflib
import json
import shutil
import socket
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.e2e.customers import Customers
from tests.e2e.desk import DeskHouse

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

Git = Callable[..., str]

MOST_LINES_BY_HAND = 10

SERVER = """
const http = require("node:http");
const port = process.env.PORT || {port};
const server = http.createServer((request, response) => {{
  request.resume();
  response.setHeader("X-Version", process.env.VERSION);
  if (request.url === "/healthz") return response.end("ok");
  response.end("{greeting}");
}});
server.listen(port, "127.0.0.1");
"""
QUICKER = {
    "5% for 2m, at least 100 requests": "5% for 1s, at least 20 requests",
    "25% for 5m, at least 500 requests": "25% for 1s, at least 20 requests",
    "watch: 10m": "watch: 1s",
}
"""What is written by hand here: nobody waits for minutes in a test."""


def two_free_ports(free_port: Callable[[], int]) -> int:
    """A free port with a free one after it."""
    for _ in range(50):
        port = free_port()
        with socket.socket() as beside:
            try:
                beside.bind(("127.0.0.1", port + 1))
            except OSError:
                continue
            return port
    raise AssertionError("no two free ports side by side")


@pytest.mark.skipif(shutil.which("node") is None, reason="node is not on PATH")
def test_a_node_service_is_released_twice_with_at_most_ten_lines_written_by_hand(
    desk: DeskHouse, tmp_path: Path, run_git: Git, free_port: Callable[[], int]
) -> None:
    place = tmp_path / "greeter"
    place.mkdir()
    port = two_free_ports(free_port)
    package = {"name": "greeter", "scripts": {"start": "node server.js"}}
    (place / "package.json").write_text(json.dumps(package, indent=2))
    (place / "server.js").write_text(SERVER.format(port=port, greeting="hello"))
    run_git(place, "init", "-q", "-b", "main")

    assert desk.run("init", folder=place).code == 0
    first = (place / "gonogo.yaml").read_text()
    quicker = first
    for before, after in QUICKER.items():
        assert before in quicker
        quicker = quicker.replace(before, after)
    (place / "gonogo.yaml").write_text(quicker)
    changes = difflib.ndiff(first.splitlines(), quicker.splitlines())
    assert sum(line.startswith("+ ") for line in changes) <= MOST_LINES_BY_HAND

    run_git(place, "add", ".")
    run_git(place, "commit", "-q", "-m", "feat: greet")
    run_git(place, "tag", "v1")
    checked = desk.run("check", "--here", folder=place)
    assert checked.code == 0, checked
    registered = desk.run("register", folder=place)
    assert registered.code == 0, registered
    one = desk.run("release", "greeter", "v1", "--yes", folder=place, within=90)
    assert one.code == 0, one

    (place / "server.js").write_text(SERVER.format(port=port, greeting="good morning"))
    run_git(place, "commit", "-q", "-a", "-m", "feat: greet in the morning")
    run_git(place, "tag", "v2")
    with Customers(port) as customers:
        two = desk.run("release", "greeter", "v2", "--yes", folder=place, within=120)
    assert two.code == 0, two
    assert customers.of("v2") > 0
    assert customers.lost == []
