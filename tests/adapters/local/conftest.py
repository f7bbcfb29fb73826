"""Small versions to run: one server that can be told to misbehave."""

import shlex
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from gonogo.adapters.local.deployer import ProcessDeployer
from gonogo.adapters.local.health import HealthProbe
from gonogo.domain.instance import Instance, InstanceState
from gonogo.domain.plan import Health

SERVER = """
import http.server, os, signal, subprocess, sys

port, mood = int(sys.argv[1]), sys.argv[2:]
with open("starts", "a") as starts:
    starts.write(f"{os.getpid()}\\n")
if "binary" in mood:
    sys.stdout.buffer.write(b"\\xff\\xfe\\x00garbage\\x1b[31m red\\r\\n\\x07end\\n")
    sys.stdout.buffer.flush()
if "crash" in mood:
    print("no such table: orders", flush=True)
    sys.exit(3)
if "stubborn" in mood:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
if "children" in mood:
    for new_session in (False, True):
        child = subprocess.Popen(["sleep", "300"], start_new_session=new_session)
        print("child", child.pid, flush=True)


class Answers(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        if "redirect" in mood:
            self.send_response(302)
            self.send_header("Location", "/elsewhere")
        elif "ill" in mood and self.path == "/health":
            self.send_response(503)
        else:
            self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *arguments):
        pass


print("environment", " ".join(sorted(os.environ)), flush=True)
http.server.ThreadingHTTPServer(("127.0.0.1", port), Answers).serve_forever()
"""

MakeInstance = Callable[..., Instance]
Until = Callable[[Callable[[], Awaitable[bool]]], Awaitable[None]]
Reaches = Callable[[ProcessDeployer, Instance], Awaitable[None]]


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """The folder in which versions run."""
    folder = tmp_path / "files"
    folder.mkdir()
    (folder / "server.py").write_text(SERVER)
    return folder


@pytest.fixture
def make_instance(free_port: Callable[[], int]) -> MakeInstance:
    """An instance of a server with the named moods."""
    made = 0

    def make(*moods: str, line: str | None = None, port: int | None = None) -> Instance:
        nonlocal made
        made += 1
        chosen = port or free_port()
        python = shlex.quote(sys.executable)
        return Instance(
            id=f"orders-{made}",
            service="orders",
            environment="production",
            version="v1.2.0",
            commit="c" * 40,
            port=chosen,
            line=line or f"{python} server.py {chosen} {' '.join(moods)}",
            health=Health("/health"),
            variables={"DATABASE_URL": "sqlite:///orders.db"},
        )

    return make


@pytest.fixture
async def deployer(tmp_path: Path, files: Path) -> AsyncIterator[ProcessDeployer]:
    """A deployer that leaves nothing running, and waits for an answer as long as a busy machine takes."""
    made = ProcessDeployer(tmp_path / "instances", lambda service, commit: files)
    made._health = HealthProbe(timeout_seconds=30.0)
    yield made
    await made.stop_all(grace_seconds=1)


@pytest.fixture
def another(tmp_path: Path, files: Path) -> ProcessDeployer:
    """Another desk's deployer, over the same folder."""
    made = ProcessDeployer(tmp_path / "instances", lambda service, commit: files)
    made._health = HealthProbe(timeout_seconds=30.0)
    return made


@pytest.fixture
def healthy(until: Until) -> Reaches:
    """Waits until an instance is healthy."""

    async def wait(deployer: ProcessDeployer, instance: Instance) -> None:
        async def is_healthy() -> bool:
            status = await deployer.status(instance)
            assert status.state is InstanceState.RUNNING, status
            return status.healthy

        await until(is_healthy)

    return wait


@pytest.fixture
def ended(until: Until) -> Reaches:
    """Waits until the process of an instance has ended."""

    async def wait(deployer: ProcessDeployer, instance: Instance) -> None:
        async def has_ended() -> bool:
            return (await deployer.status(instance)).state is InstanceState.EXITED

        await until(has_ended)

    return wait
