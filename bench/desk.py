"""A desk of the bench's own, the customers, and where everything is put away afterwards."""

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil

from gonogo.cli.client import DeskClient
from gonogo.domain.errors import GonogoError, Unavailable

ROOT = Path(__file__).resolve().parents[1]
_PATIENCE = 60.0


def environment(home: Path) -> dict[str, str]:
    """What the desk's process and the command line get: this checkout, and a folder of their own."""
    return {**os.environ, "GONOGO_HOME": str(home), "PYTHONPATH": str(ROOT / "src")}


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Desk:
    """`gonogo serve` in a process of its own, over `home`; it may be killed and started again."""

    announced = "desk.json"

    def __init__(self, home: Path) -> None:
        self.home = home
        self.process: subprocess.Popen[bytes] | None = None
        self.client: DeskClient

    def start(self) -> float:
        """Start the desk; returns the seconds until it answered."""
        begun = time.monotonic()
        (self.home / self.announced).unlink(missing_ok=True)  # one that was killed left it behind
        with (self.home / "desk.log").open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "gonogo", "serve", "--port", "0"],
                env={**environment(self.home), **self.variables()},
                stdout=log,
                stderr=log,
            )
        while time.monotonic() < begun + _PATIENCE and self.process.poll() is None:
            with contextlib.suppress(Unavailable):
                self.client = DeskClient(self.home)
                self.client.get("/health")
                return time.monotonic() - begun
            time.sleep(0.02)
        raise RuntimeError(f"the desk did not start:\n{self.log()[-2000:]}")

    def variables(self) -> dict[str, str]:
        """What this desk's process is told beside that."""
        return {}

    def kill(self) -> None:
        """SIGKILL, as a power cut would: nothing is put away."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    @property
    def pid(self) -> int:
        """The process id of the running desk."""
        assert self.process is not None
        return self.process.pid

    def log(self) -> str:
        """Everything the desk has written."""
        return (self.home / "desk.log").read_text(errors="replace")

    def rss_mb(self) -> float:
        """The memory of the desk's process, shared libraries included."""
        return round(psutil.Process(self.pid).memory_info().rss / 1e6, 1)

    def release(self, service: str, version: str) -> str:
        """Start a release; returns its id."""
        started = self.client.post("/releases", {"service": service, "version": version})
        return str(started["id"])

    def follow(self, release: str, within: float, until: str | None = None) -> dict[str, Any]:
        """Wait for the end of a release, or for an audit action; returns the release as it is then.

        Raises TimeoutError when neither comes within so many seconds, and RuntimeError when the
        release waits for a person.
        """
        deadline, after = time.monotonic() + within, 0
        while time.monotonic() < deadline:
            found = self.client.get(f"/releases/{release}/events", after=after, wait=5)
            view: dict[str, Any] = found["release"]
            actions = [event["action"] for event in found["events"]]
            if view["final"] or until in actions:
                return view
            if view["waits_for_person"]:
                raise RuntimeError(f"{view['version']} waits for a person: {view['reason']}")
            after = max((event["sequence"] for event in found["events"]), default=after)
        raise TimeoutError(f"{view['version']} is {view['stage']} after {within:g} s")

    def events(self, release: str) -> list[dict[str, Any]]:
        """The audit entries of a release, in order."""
        found: list[dict[str, Any]] = self.client.get(f"/releases/{release}/events")["events"]
        return found

    def figures(self, release: str) -> dict[str, Any]:
        """What gonogo itself tells of a release."""
        found: dict[str, Any] = self.client.get(f"/releases/{release}/figures")
        return found


@contextlib.contextmanager
def desk() -> Iterator[Desk]:
    """A running desk; at the end everything that it started is stopped and its folder removed."""
    home = Path(tempfile.mkdtemp(prefix="gg-"))
    opened = Desk(home)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended by SIGTERM"))
    try:
        opened.start()
        yield opened
    except (RuntimeError, TimeoutError, GonogoError):
        print(f"--- the end of the desk's log\n{opened.log()[-3000:]}", file=sys.stderr)
        raise
    finally:
        subprocess.run(
            [sys.executable, "-m", "gonogo", "down"],
            env=environment(home),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=120,
            check=False,
        )
        if opened.process is not None:
            opened.process.kill()
            opened.process.wait()
        shutil.rmtree(home, ignore_errors=True)


class Customers:
    """examples/orders/customers against one address, open loop, without signing in."""

    def __init__(
        self, folder: Path, url: str, rate: float, *, seed: int = 1, posts: float = 0.0
    ) -> None:
        self._account = folder / f"customers-{seed}.jsonl"
        command = [sys.executable, "-m", "examples.orders.customers", "--url", url]
        command += ["--plain", "/work", "--rate", str(rate), "--seed", str(seed)]
        command += ["--post-share", str(posts), "--out", str(self._account)]
        with (folder / "customers.log").open("ab") as log:
            self._process = subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=log)

    def stop(self) -> dict[str, Any]:
        """Let them finish what they began; returns their own account of it."""
        self._process.send_signal(signal.SIGTERM)
        self._process.wait(60)
        last = self._account.read_text(encoding="utf-8").splitlines()[-1]
        summary: dict[str, Any] = json.loads(last)["summary"]
        return summary

    def kill(self) -> None:
        """End them whatever they do."""
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()


@contextlib.contextmanager
def customers(
    folder: Path, url: str, rate: float, *, seed: int = 1, posts: float = 0.0
) -> Iterator[Customers]:
    """Customers who are sent home at the latest when the block ends."""
    came = Customers(folder, url, rate, seed=seed, posts=posts)
    try:
        yield came
    finally:
        came.kill()
