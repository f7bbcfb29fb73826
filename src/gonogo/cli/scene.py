"""What the demo plays on: a desk in a folder of its own, the orders service, and its customers."""

import io
import os
import secrets
import shutil
import socket
import subprocess
import sys
import time
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from gonogo.cli.access import Access
from gonogo.cli.beside import Beside, account_of
from gonogo.cli.client import DeskClient
from gonogo.domain.errors import ActionFailed, Unavailable

_PATIENCE_SECONDS = 20.0

FULL = {
    "steps": [
        "5% for 5s, at least 25 requests",
        "25% for 3s, at least 80 requests",
        "50% for 3s, at least 100 requests",
    ],
    "watch": "2s",
}
FAST = {
    "steps": ["10% for 2s, at least 20 requests", "50% for 2s, at least 40 requests"],
    "watch": "1s",
}

PEOPLE = {
    "qa": "qa",
    "tech-lead": "tech_lead",
    "devops": "devops",
    "product": "product",
    "viewer": "viewer",
}
"""Who can sign in to the demo's desk, and with which role."""

_FILL = "from alembic.config import main; main(['upgrade', 'head']); from orders.seed import main; main()"
"""What `python -m alembic upgrade head` and `python -m orders.seed` do, in one process."""


def example_folder(name: str) -> Path:
    """Where the files of an example are: in the package, or in a checkout beside it. Raises ActionFailed."""
    package = Path(str(files("gonogo")))
    places = (package / "examples" / name, package.parents[1] / "examples" / name)
    found = next((folder for folder in places if (folder / "README.md").exists()), None)
    if found is None:
        raise ActionFailed(f"the files of the example {name} are not installed")
    return found


class Scene:
    """Sets the demo up and takes it down again."""

    def __init__(self, home: Path, *, fast: bool) -> None:
        self.home = home
        self._fast = fast
        self._pace = FAST if fast else FULL
        self._folder = example_folder("orders")
        self.beside = Beside(home, example_folder("beside"), self._folder, fast=fast)
        self._environ = _environ(home)
        self._desk: subprocess.Popen[bytes] | None = None
        self._customers: subprocess.Popen[bytes] | None = None
        self._load = home / "customers.jsonl"
        self.url = ""

    def open_desk(self) -> DeskClient:
        """Start a desk, make its services' databases, and wait until it answers."""
        log = (self.home / "desk.log").open("wb")
        command = [sys.executable, "-m", "gonogo", "serve", "--port", "0"]
        process = subprocess.Popen(command, env=self._environ, stdout=log, stderr=log)
        self._desk = process
        self._fill_databases()  # while the desk starts
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while time.monotonic() < deadline and process.poll() is None:
            try:
                desk = DeskClient(self.home, Access())
                desk.get("/health")
            except Unavailable:
                time.sleep(0.05)
            else:
                return desk
        tail = (self.home / "desk.log").read_text(errors="replace")[-2000:]
        raise ActionFailed(f"the desk did not start:\n{tail}")

    def let_people_in(self, desk: DeskClient) -> str:
        """Make somebody of every role known, by the name of the role; returns the password of them all."""
        password = secrets.token_urlsafe(12)
        for name, role in PEOPLE.items():
            desk.post("/people", {"name": name, "roles": [role]})
            link = desk.post(f"/people/{name}/invitations", {})["link"]
            invitation = link.partition("invitation=")[2]
            desk.post("/invitations/accepted", {"invitation": invitation, "password": password})
        return password

    def register(self, desk: DeskClient, defect: str) -> None:
        """Build the service's history and register its spec, with ports that are free here."""
        repository = self.home / "repository"
        subprocess.run(
            [sys.executable, str(self._folder / "history.py"), str(repository), "--defect", defect],
            check=True,
            stdout=subprocess.DEVNULL,
        )
        text = self._spec()
        body = {"spec": text, "path": "gonogo.yaml", "repository": str(repository)}
        found = desk.post("/services", body)
        self.url = found["environments"][-1]["url"]

    def _fill_databases(self) -> None:
        """A company that has users and orders already, in every environment."""
        first, *others = (self._database(name) for name in ("staging", "production"))
        environ = {**self._environ, "ORDERS_DATABASE_URL": f"sqlite:///{first}"}
        environ["PYTHONDONTWRITEBYTECODE"] = "1"
        done = subprocess.run(
            [sys.executable, "-c", _FILL],
            cwd=self._folder / "service",
            env=environ,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            raise ActionFailed(f"the demo's orders cannot be made: {done.stderr[-500:]}")
        for other in others:
            shutil.copy(first, other)

    def _database(self, environment: str) -> Path:
        return self.home / f"{environment}.sqlite3"

    @property
    def runs_tests(self) -> bool:
        """Whether the service's own tests are run: there is time, and pytest, which users may lack."""
        return not self._fast and find_spec("pytest") is not None

    def _spec(self) -> str:
        yaml = YAML()
        spec = yaml.load((self._folder / "gonogo.yaml").read_text(encoding="utf-8"))
        if not self.runs_tests:
            del spec["evidence"], spec["gates"]["tests"]
        del spec["migrations"]["downgrade"]  # rehearsing it as well would only take longer
        for name, environment in spec["environments"].items():
            environment["port"] = _free_port()
            environment["database_url"] = f"sqlite:///{self._database(name)}"
        spec["rollout"]["steps"] = self._pace["steps"]
        spec["rollout"]["warm"] = "1s"
        spec["rollout"]["drain"] = "2s"
        spec["watch"] = self._pace["watch"]
        text = io.StringIO()
        yaml.dump(spec, text)
        return text.getvalue()

    def let_customers_in(self, rate: float, seed: int) -> None:
        """Start the customers."""
        command = [sys.executable, "-B", "-m", "customers", "--url", self.url]
        command += ["--rate", str(rate), "--seed", str(seed), "--out", str(self._load)]
        log = (self.home / "customers.log").open("wb")
        self._customers = subprocess.Popen(command, cwd=self._folder, stdout=log, stderr=log)

    def check(self) -> None:
        """Raises ActionFailed when the desk or the customers have ended before their time."""
        for name, process in (("desk", self._desk), ("customers", self._customers)):
            if process is not None and process.poll() is not None:
                tail = (self.home / f"{name}.log").read_text(errors="replace")[-2000:]
                raise ActionFailed(f"the {name} ended with {process.returncode}:\n{tail}")

    def see_customers_out(self) -> dict[str, Any]:
        """Let the customers finish what they began; returns their own account."""
        return account_of(self._customers, self._load)

    def strike(self) -> None:
        """Stop everything that the demo started."""
        self.beside.strike()
        if self._customers is not None and self._customers.poll() is None:
            self._customers.kill()
            self._customers.wait()
        subprocess.run(
            [sys.executable, "-m", "gonogo", "down"],
            env=self._environ,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            check=False,
            timeout=60,
        )


def _environ(home: Path) -> dict[str, str]:
    """The demo's own desk, and a `python` that has what the orders service imports."""
    beside = str(Path(sys.executable).parent)
    path = os.pathsep.join([beside, os.environ.get("PATH", os.defpath)])
    return {**os.environ, "GONOGO_HOME": str(home), "PATH": path}


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
