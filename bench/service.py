"""The released service: its repository, its spec, its own account, and what its router logs."""

import itertools
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

from bench.desk import Desk, free_port

from gonogo.adapters.haproxy import lines as haproxy_lines
from gonogo.adapters.haproxy.config import RING, SOCKET_FILE
from gonogo.domain.traffic import Request

_PATIENCE = 2.0  # seconds; what the desk's own reader has

_SPEC = """\
service: {name}
run: {python} -I -S stub.py --port {{port}} --version {{version}} --account {account}
health: /health
hooks:
  after:
    - {{name: clear cache, run: "true", repeatable: true}}
smoke:
  - {{name: answers, get: /smoke}}
environments:
  production: {{port: {port}}}
gates: {{smoke: required}}
kpis:
  errors: {{bad: 5xx, limit: 5%, ratio: 1.5}}
rollout:
  steps:
{steps}
  warm: 1s
  drain: 1s
watch: {watch}
"""


def unix_time(text: str) -> float:
    """Seconds, from a time in the audit chain."""
    return datetime.fromisoformat(text).timestamp()


@dataclass(frozen=True)
class Answer:
    """One customer's request as the version itself wrote it down; `at` is Unix seconds."""

    at: float
    what: str


class Service:
    """One service in production. Every version is a commit of its own: a release is never a retry."""

    def __init__(self, folder: Path, name: str, steps: list[str], *, watch: str = "1s") -> None:
        self.name = name
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._home = folder
        self._repository = folder / "services" / name
        self._account = folder / "accounts" / name
        self._numbers = itertools.count(1)
        self._repository.mkdir(parents=True)
        self._account.mkdir(parents=True)
        shutil.copy(Path(__file__).with_name("stub.py"), self._repository)
        self._git("init", "--quiet", "--initial-branch=main")
        self._git("config", "user.name", "bench")
        self._git("config", "user.email", "bench@localhost.invalid")
        self._spec = _SPEC.format(
            name=name,
            python=sys.executable,
            account=self._account,
            port=self.port,
            steps="\n".join(f"    - {step}" for step in steps),
            watch=watch,
        )

    def register(self, desk: Desk) -> None:
        """Make the service known to the desk."""
        body = {
            "spec": self._spec,
            "path": "gonogo.yaml",
            "repository": str(self._repository),
        }
        desk.client.post("/services", body)

    def version(self, behaviour: str) -> str:
        """A new version (its tag) that behaves in this way; see bench/stub.py."""
        number = next(self._numbers)
        tag = f"v{number}-{behaviour.split(maxsplit=1)[0]}"
        (self._repository / "behaviour").write_text(behaviour + "\n")
        (self._repository / "number").write_text(f"{number}\n")
        self._git("add", ".")
        self._git("commit", "--quiet", "-m", tag)
        self._git("tag", tag)
        return tag

    def _git(self, *words: str) -> None:
        subprocess.run(["git", *words], cwd=self._repository, check=True, capture_output=True)

    def answers(self, version: str) -> list[Answer]:
        """What a version wrote down, in order."""
        path = self._account / version
        if not path.exists():
            return []
        lines = (line.split() for line in path.read_text().splitlines())
        return [Answer(float(at), what) for at, what in lines]

    def watch_router(self) -> "RouterLog":
        """Read the router's log from now on. It must run."""
        return RouterLog(self._home / "routers" / self.name / "production" / SOCKET_FILE)


class RouterLog:
    """HAProxy's lines with the time at which they reached this process, read beside the desk."""

    def __init__(self, path: Path) -> None:
        self.lines: list[tuple[float, str]] = []
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._socket.connect(str(path))
        self._socket.sendall(f"show events {RING} -w -n\n".encode())
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        rest = b""
        while data := self._socket.recv(1 << 16):
            at = time.time()
            *lines, rest = (rest + data).split(b"\n")
            self.lines += [(at, line.decode("latin-1")) for line in lines]

    def requests(self) -> Iterator[tuple[float, Request]]:
        """Judged requests in order, each with the time at which its line was read here."""
        for at, text in self.lines:
            line = haproxy_lines.parse(text, datetime.fromtimestamp(at, UTC), _PATIENCE)
            if line is not None and line.request is not None:
                yield at, line.request

    def drawn_for(self, address: str) -> list[float]:
        """When requests ended that were drawn for this instance."""
        return [at for at, request in self.requests() if request.address == address]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Stop reading."""
        self._socket.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._socket.close()
