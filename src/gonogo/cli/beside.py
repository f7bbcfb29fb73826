"""What goes on beside the orders service in the demo, so that the desk shows more than one release at once.

`stock` gets a good version that goes to its customers step by step; `billing` waits for QA's signature.
Both are real processes behind load balancers of their own, judged and held as any other service is.
"""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gonogo.cli.client import DeskClient
from gonogo.domain.errors import ActionFailed

GOING_WELL, HELD = "stock", "billing"
RATE = 20.0
"""Requests a second to `stock`: enough to judge it by, and next to nothing for the machine."""

FULL = ("5% for 30s, at least 20 requests", "50% for 15s, at least 60 requests")
FAST = ("10% for 20s, at least 20 requests", "50% for 5s, at least 40 requests")
_PATIENCE_SECONDS = 20.0
_FIRST, _SECOND = "v1.0.0", "v1.1.0"
_ANSWERS = {_FIRST: {"CRATE-S": 40}, _SECOND: {"CRATE-S": 40, "CRATE-L": 12}}

_SPEC = """\
service: {service}
run: python -I -S service.py --port {{port}} --version {{version}}
health: /health
smoke:
  - {{name: answers, get: /smoke}}
environments:
  production: {{port: {port}}}
kpis:
  errors: {{bad: 5xx, limit: 5%, ratio: 1.5}}
rollout:
  steps: [{steps}]
  warm: 1s
  drain: 1s
watch: 2s
gates: {{smoke: required{gates}}}
"""


@dataclass(frozen=True, slots=True)
class Ended:
    """A release beside the others, as it stands at the end."""

    service: str
    version: str
    stage: str
    reason: str


def account_of(customers: "subprocess.Popen[bytes] | None", load: Path) -> dict[str, Any]:
    """Let customers finish what they began; returns how many requests they made and how many were lost.

    Raises ActionFailed when there are none.
    """
    if customers is None:
        raise ActionFailed("there are no customers")
    customers.send_signal(signal.SIGTERM)
    customers.wait(_PATIENCE_SECONDS)
    summary: dict[str, Any] = json.loads(load.read_text(encoding="utf-8").splitlines()[-1])[
        "summary"
    ]
    lost = summary["lost"]
    return {
        "requests": summary["requests"],
        "lost": len(lost) if isinstance(lost, list) else lost,
    }


class Beside:
    """Sets both services up, lets their releases go on by themselves, and says how they ended."""

    def __init__(self, home: Path, folder: Path, orders: Path, *, fast: bool) -> None:
        self._home = home
        self._folder = folder
        self._orders = orders  # where the customers are
        self._steps = FAST if fast else FULL
        self._load = home / "stock-customers.jsonl"
        self._customers: subprocess.Popen[bytes] | None = None
        self._url = ""

    def set_up(self, desk: DeskClient) -> None:
        """Make both services known and begin their first releases; one of them is held at once."""
        urls = {name: self._register(desk, name) for name in (GOING_WELL, HELD)}
        self._url = urls[GOING_WELL]
        for name in urls:
            desk.post("/releases", {"service": name, "version": _FIRST})

    def begin(self, desk: DeskClient) -> None:
        """Send customers to `stock` and begin its second release. Its first one must have ended."""
        self._wait(desk, lambda stage: stage == "released")
        self.let_customers_in()
        desk.post("/releases", {"service": GOING_WELL, "version": _SECOND})

    def let_customers_in(self) -> None:
        """Start the customers of `stock`."""
        log = (self._home / "stock-customers.log").open("wb")
        command = [sys.executable, "-B", "-m", "customers", "--url", self._url]
        command += ["--plain", "/stock", "--customers", "40", "--rate", str(RATE)]
        command += ["--out", str(self._load)]
        self._customers = subprocess.Popen(command, cwd=self._orders, stdout=log, stderr=log)

    def look(self, desk: DeskClient, patience: float) -> tuple[Ended, ...]:
        """How both releases stand, once they rest or so many seconds have passed."""
        self._wait(desk, lambda stage: stage in {"released", "rolled_back", "held"}, patience)
        found = (self._newest(desk, name) for name in (GOING_WELL, HELD))
        return tuple(
            Ended(each["service"], each["version"], each["stage"], each["reason"]) for each in found
        )

    def see_customers_out(self) -> dict[str, Any]:
        """Let the customers finish what they began; returns their own account."""
        return account_of(self._customers, self._load)

    def strike(self) -> None:
        """Stop the customers; the services are stopped with the desk's others."""
        if self._customers is not None and self._customers.poll() is None:
            self._customers.kill()
            self._customers.wait()

    def _wait(
        self, desk: DeskClient, rests: Callable[[str], bool], patience: float = _PATIENCE_SECONDS
    ) -> None:
        deadline = time.monotonic() + patience
        while not rests(self._newest(desk, GOING_WELL)["stage"]):
            if time.monotonic() > deadline:
                return
            time.sleep(0.2)

    def _newest(self, desk: DeskClient, service: str) -> dict[str, Any]:
        found: list[dict[str, Any]] = desk.get("/releases", service=service, limit=1)["items"]
        if not found:
            raise ActionFailed(f"{service} has no release")
        return found[0]

    def _register(self, desk: DeskClient, service: str) -> str:
        repository = self._home / service
        self._make_repository(repository)
        spec = spec_of(service, _free_port(), self._steps)
        body = {"spec": spec, "path": "gonogo.yaml", "repository": str(repository)}
        url: str = desk.post("/services", body)["environments"][-1]["url"]
        return url

    def _make_repository(self, repository: Path) -> None:
        repository.mkdir()
        shutil.copy(self._folder / "service.py", repository)
        _git(repository, "init", "--quiet", "--initial-branch=main")
        for version, answer in _ANSWERS.items():
            (repository / "answer.json").write_text(json.dumps(answer) + "\n", encoding="utf-8")
            _git(repository, "add", ".")
            _git(repository, "commit", "--quiet", "--no-verify", "-m", f"feat: {version}")
            _git(repository, "tag", version)


def spec_of(service: str, port: int, steps: tuple[str, ...]) -> str:
    """What stands in the `gonogo.yaml` of one of the services."""
    return _SPEC.format(
        service=service,
        port=port,
        steps=", ".join(f'"{step}"' for step in steps),
        gates=", sign_offs: {qa: 1}" if service == HELD else "",
    )


def _git(repository: Path, *words: str) -> None:
    """Run git without a word of the settings of whoever runs the demo."""
    person = {"NAME": "beside example", "EMAIL": "beside@example.invalid"}
    named = {
        f"GIT_{who}_{key}": value
        for who in ("AUTHOR", "COMMITTER")
        for key, value in person.items()
    }
    environ = {**os.environ, **named, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    subprocess.run(["git", *words], cwd=repository, env=environ, check=True, capture_output=True)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
