"""The real desk and the real command line, each in a process of its own, for tests to talk to."""

import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import psutil

SOURCE = Path(__file__).parents[2] / "src"
_PATIENCE = 90.0
ENDED = ("released", "rolled_back", "no_go", "aborted")
RESTING = (*ENDED, "needs_person", "paused")

Found = TypeVar("Found")


def eventually(look: Callable[[], Found], what: str, within: float = _PATIENCE) -> Found:
    """What `look` finds, as soon as it is true; fails saying `what` never came."""
    deadline = time.monotonic() + within
    while True:
        found = look()
        if found:
            return found
        assert time.monotonic() < deadline, f"{what} never came within {within:g} s"
        time.sleep(0.02)


@dataclass(frozen=True)
class Said:
    """How a command ended and what it said."""

    code: int
    out: str
    err: str

    @property
    def data(self) -> Any:
        """Its stdout as JSON."""
        return json.loads(self.out)


@dataclass
class DeskHouse:
    """One desk over a folder of its own. `environ` is added to that of the desk and the commands;
    `port` is where it listens, 0 for any."""

    home: Path = field(default_factory=lambda: Path(tempfile.mkdtemp(prefix="gg-")))
    environ: Mapping[str, str] = field(default_factory=dict)
    port: int = 0

    def __post_init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def log(self) -> Path:
        """Everything that desks over this folder said on their terminals."""
        return self.home / "desk.log"

    @property
    def database(self) -> Path:
        """The desk's database."""
        return self.home / "desk.sqlite3"

    @property
    def process(self) -> subprocess.Popen[bytes]:
        """The desk's process."""
        assert self._process is not None, "the desk was not started"
        return self._process

    def variables(self) -> dict[str, str]:
        """The environment of the desk and of commands."""
        ours = {"GONOGO_HOME": str(self.home), "PYTHONPATH": str(SOURCE), "NO_COLOR": "1"}
        kept = {key: value for key, value in os.environ.items() if not key.startswith("GONOGO_")}
        return {**kept, **ours, **self.environ}

    def start(self) -> "DeskHouse":
        """Start the desk, once the one before has ended, and wait until it answers."""
        if self._process is not None:
            self._process.wait(60)
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "gonogo", "serve", "--port", str(self.port)],
                env=self.variables(),
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        eventually(self._answers, f"the desk ({self.log.read_text()})")
        return self

    def _answers(self) -> bool:
        assert self.process.poll() is None, f"the desk ended: {self.log.read_text()}"
        with contextlib.suppress(OSError, ValueError):
            return self.address["pid"] == self.process.pid and bool(self.get("/health"))
        return False

    def kill(self) -> None:
        """SIGKILL the desk, and wait until it is gone."""
        self.process.kill()
        self.process.wait(60)

    def close(self) -> None:
        """`gonogo down`, then see that nothing is left."""
        down = self.run("down", within=150)
        if self._process is not None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(30)
            self._process.kill()
            self._process.wait(60)
        left = self.left_running()
        for process in left:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        log = self.log.read_text() if self.log.exists() else ""
        shutil.rmtree(self.home, ignore_errors=True)
        assert down.code == 0, down
        assert not left, f"left running after `gonogo down`: {left}"
        assert "Traceback" not in log, log[log.index("Traceback") - 2000 :]

    def left_running(self) -> list[psutil.Process]:
        """Processes that this folder's desk started, directly or not, routers included."""
        found = []
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error):
                if process.status() == psutil.STATUS_ZOMBIE or process.pid == os.getpid():
                    continue
                about = " ".join((*process.cmdline(), *process.environ().values()))
                if str(self.home) in about:
                    found.append(process)
        return found

    def router_pid(self, service: str, environment: str = "production") -> int:
        """The process id of a router, or 0 while none has written it down."""
        file = self.home / "routers" / service / environment / "haproxy.pid"
        with contextlib.suppress(OSError):
            return int(file.read_text() or 0)
        return 0

    def process_of(self, service: str, version: str) -> psutil.Process:
        """The process of a version in production."""
        port = self.slots(service)[version]["address"].rpartition(":")[2]
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error):
                if "small_service.py" in process.cmdline() and port in process.cmdline():
                    return process
        raise AssertionError(f"{service} {version} has no process")

    def command(self, *words: str) -> list[str]:
        """The command line's words."""
        return [sys.executable, "-m", "gonogo", *words]

    def run(self, *words: str, within: float = 120, folder: Path | None = None) -> Said:
        """Run a command of the command line to its end, with nobody at the terminal."""
        done = subprocess.run(
            self.command(*words),
            env=self.variables(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=within,
            check=False,
            cwd=folder,
        )
        return Said(done.returncode, done.stdout, done.stderr)

    @property
    def address(self) -> dict[str, Any]:
        """Where the desk says it listens."""
        name = self.environ.get("GONOGO_DESK")
        file = self.home / (f"desk-{name}.json" if name else "desk.json")
        found: dict[str, Any] = json.loads(file.read_text())
        return found

    def get(self, path: str, *, within: float = 90) -> Any:
        """A JSON answer of the desk's API."""
        return self._ask(path, None, within)

    def post(self, path: str, body: Mapping[str, Any]) -> Any:
        """A JSON answer of the desk's API to a JSON body."""
        return self._ask(path, json.dumps(body).encode(), 90)

    def _ask(self, path: str, body: bytes | None, within: float) -> Any:
        token = (self.home / "token").read_text().strip()
        request = urllib.request.Request(
            f"{self.address['url']}/api/v1{path}",
            data=body,
            headers={"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
        )
        try:
            with urllib.request.urlopen(request, timeout=within) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            with error:
                raise AssertionError(f"{path}: {error.code} {error.read().decode()}") from None

    def begin(self, service: str, version: str) -> str:
        """Start a release; its id."""
        return str(self.post("/releases", {"service": service, "version": version})["id"])

    def release(self, release: str) -> dict[str, Any]:
        """A release as the desk shows it."""
        found: dict[str, Any] = self.get(f"/releases/{release}")
        return found

    def until(self, release: str, *stages: str, within: float = _PATIENCE) -> dict[str, Any]:
        """The release once it stands in one of these stages; fails early where it cannot come."""

        def look() -> dict[str, Any] | None:
            found = self.release(release)
            if found["stage"] in stages:
                return found
            assert found["stage"] not in ENDED, f"{found['stage']}: {found['reason']}"
            return None

        try:
            return eventually(look, f"{' or '.join(stages)}", within)
        except AssertionError as error:
            raise AssertionError(f"{error}\n{self.why(release)}\n{self._tail()}") from None

    def until_step(self, release: str, step: int = 1) -> dict[str, Any]:
        """The release once customers reach it in this step of its rollout."""

        def look() -> dict[str, Any] | None:
            found = self.release(release)
            assert found["stage"] not in RESTING, f"{found['stage']}: {found['reason']}"
            return found if found["stage"] == "canary" and found["step"] >= step else None

        return eventually(look, f"step {step}")

    def ended(self, service: str, version: str) -> dict[str, Any]:
        """Release a version and wait until it has ended or waits for a person."""
        return self.until(self.begin(service, version), *RESTING)

    def why(self, release: str) -> str:
        """Why it stands where it stands."""
        return "\n".join(self.get(f"/releases/{release}/why")["why"])

    def events(self, release: str) -> list[dict[str, Any]]:
        """Its audit entries."""
        found: list[dict[str, Any]] = self.get(f"/releases/{release}/events")["events"]
        return found

    def entry(self, release: str, action: str) -> dict[str, Any] | None:
        """The newest audit entry of this action."""
        return next(
            (each for each in reversed(self.events(release)) if each["action"] == action), None
        )

    def slots(self, service: str, environment: str = "production") -> dict[str, dict[str, Any]]:
        """What runs in an environment, by version."""
        for found in self.get("/services"):
            if found["service"] == service:
                for place in found["environments"]:
                    if place["environment"] == environment:
                        return {slot["version"]: slot for slot in place["slots"]}
        raise AssertionError(f"{service} has no {environment}")

    def _tail(self) -> str:
        return "".join(self.log.read_text().splitlines(keepends=True)[-30:])


STEPS = ("20% for 1s, at least 15 requests", "50% for 1s, at least 15 requests")


@dataclass(frozen=True)
class SmallService:
    """A small service that is registered with a desk."""

    name: str
    port: int
    state: Path
    spec: Path
    desk: DeskHouse


def spec_text(
    name: str,
    ports: tuple[int, int],
    state: Path,
    *,
    steps: Sequence[str] = STEPS,
    patience: str = "1h",
    watch: str = "500ms",
    migrates: bool = False,
    extra: Sequence[str] = (),
    health_within: str = "10s",
    gates: str = "{smoke: required}",
    deploy: str = "processes",
) -> str:
    """A gonogo.yaml of the small service."""
    lines = [
        f"service: {name}",
        f"run: exec {sys.executable} small_service.py {{port}}",
        f"health: {{path: /health, within: {health_within}}}",
        "smoke:",
        "  - {name: ask for its health, get: /smoke, expect: 200}",
        "environments:",
        *(
            f"  {place}: {{port: {port}, deploy: {deploy}, env: {{STATE: {state}}}}}"
            for place, port in zip(("staging", "production"), ports, strict=True)
        ),
        f"gates: {gates}",
        "kpis:",
        "  errors: {bad: 5xx, limit: 10%}",
        "rollout:",
        f"  steps: [{', '.join(json.dumps(step) for step in steps)}]",
        f"  patience: {patience}",
        "  warm: 0s",
        "  drain: 1s",
        f"watch: {watch}",
        *extra,
    ]
    if migrates:
        upgrade = f"{sys.executable} small_migration.py {{environment}}"
        lines.append(f"migrations: {{upgrade: {json.dumps(upgrade)}}}")
    return "\n".join(lines) + "\n"
