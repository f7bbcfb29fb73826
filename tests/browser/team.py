"""A real desk with real services, and a team whose people each have a session of their own."""

import os
import re
import shutil
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
from tests.e2e.conftest import small_repository_at
from tests.e2e.desk import DeskHouse, SmallService, eventually, spec_text
from tests.servers import free_port

ROLES = ("viewer", "developer", "qa", "devops", "tech_lead", "security", "product", "admin")
PASSWORD = "seven geese over the weir"
LONG_STEPS = ("20% for 1h, at least 15 requests",)
GUARDED = "{smoke: required, sign_offs: {qa: 1}}"
_LINK = re.compile(r"(http://127\.0\.0\.1:\d+)/join\?invitation=(\S+)")
_NAMES = ("PLAYWRIGHT_CHROMIUM", "CHROMIUM")
_PROGRAMS = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
QUIET = (
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-dev-shm-usage",
    "--disable-domain-reliability",
    "--disable-sync",
    "--metrics-recording-only",
    "--no-first-run",
)
"""A browser that asks nobody but the desk."""


def chromium() -> str | None:
    """The Chromium of this machine: PLAYWRIGHT_CHROMIUM, or the first on the PATH; None without one."""
    named = next((os.environ[name] for name in _NAMES if os.environ.get(name)), None)
    return named or next(filter(None, map(shutil.which, _PROGRAMS)), None)


def launching() -> dict[str, Any]:
    """How Chromium is started. It has no sandbox for root, so root goes without."""
    root = hasattr(os, "geteuid") and os.geteuid() == 0
    return {
        "executable_path": chromium(),
        "args": [*QUIET, *(["--no-sandbox"] if root else [])],
    }


def first_link(desk: DeskHouse) -> tuple[str, str, str]:
    """The link that a desk printed for its first admin, its address and its secret."""
    eventually(lambda: _LINK.search(desk.log.read_text()), "the link of the first admin")
    found = _LINK.search(desk.log.read_text())
    assert found is not None
    return found[0], found[1], found[2]


@dataclass
class Team:
    """A desk with one person of each role, who is called as the role is."""

    desk: DeskHouse
    folder: Path = field(default_factory=lambda: Path(tempfile.mkdtemp(prefix="gg-small-")))
    sessions: dict[str, list[dict[str, Any]]] = field(default_factory=dict)

    @classmethod
    def gathered(cls, desk: DeskHouse, roles: tuple[str, ...] = ROLES) -> "Team":
        """Everybody is invited, and has chosen a password."""
        team = cls(desk)
        for role in roles:
            desk.post("/people", {"name": role, "roles": [role]})
            link = desk.post(f"/people/{role}/invitations", {})["link"]
            team.sessions[role] = team._accept(link.partition("invitation=")[2])
        return team

    @property
    def address(self) -> str:
        """The desk's address."""
        return str(self.desk.address["url"])

    def _accept(self, secret: str) -> list[dict[str, Any]]:
        body = {"invitation": secret, "name": "", "password": PASSWORD}
        return self._cookies("/api/v1/invitations/accepted", body)

    def signed_in(self, name: str) -> list[dict[str, Any]]:
        """The cookies of a new session of somebody."""
        return self._cookies("/api/v1/sign-in", {"name": name, "password": PASSWORD})

    def _cookies(self, path: str, body: Mapping[str, str]) -> list[dict[str, Any]]:
        with httpx2.Client(base_url=self.address, trust_env=False, timeout=60) as client:
            answer = client.post(path, json=body)
            assert answer.is_success, answer.text
            return [
                {"name": each.name, "value": each.value, "url": self.address, "httpOnly": True}
                for each in client.cookies.jar
            ]

    def end_sessions(self, name: str, cookies: list[dict[str, Any]]) -> None:
        """Sign somebody out, from elsewhere, of the session that these cookies are of."""
        headers = {"Cookie": "; ".join(f"{each['name']}={each['value']}" for each in cookies)}
        with httpx2.Client(
            base_url=self.address, headers=headers, trust_env=False, timeout=60
        ) as client:
            page = client.get("/settings")
            found = re.search(r'name="csrf-token" content="([^"]+)"', page.text)
            assert found is not None, f"{name} is not signed in"
            left = client.post(
                "/api/v1/sign-out", json={"everywhere": False}, headers={"X-CSRF-Token": found[1]}
            )
            assert left.is_success, left.text

    def repository(self) -> Path:
        """The repository of the small service, made when it is first asked for."""
        place = self.folder / "repository"
        if not place.exists():
            place.mkdir()
            small_repository_at(place)
        return place

    def register(
        self,
        name: str,
        *,
        serving: str | None = "v1.0.0",
        repository: Path | None = None,
        **options: Any,
    ) -> SmallService:
        """A service that is registered with the desk; `serving` is released first."""
        state = self.folder / name
        state.mkdir()
        ports = free_port(), free_port()
        spec = state / "gonogo.yaml"
        spec.write_text(spec_text(name, ports, state, **options))
        place = repository or self.repository()
        body = {"spec": spec.read_text(), "path": str(spec), "repository": str(place)}
        self.desk.post("/services", body)
        if serving is not None:
            self.desk.until(self.desk.begin(name, serving), "released")
        return SmallService(name, ports[1], state, spec, self.desk)

    def hand_over(self, service: str, version: str) -> None:
        """File the handoff that the desk drafts."""
        draft = self.desk.get(f"/services/{service}/handoff/draft?version={version}")
        self.desk.post(f"/services/{service}/handoff", {"version": version, "text": draft["text"]})

    def tell(self, release: str, kind: str, reason: str) -> None:
        """The owner says a word to a release."""
        self.desk.post(f"/releases/{release}/instructions", {"kind": kind, "reason": reason})

    def close(self) -> None:
        """Remove what the services kept; the desk is closed by whoever opened it."""
        shutil.rmtree(self.folder, ignore_errors=True)


def told(figures: Mapping[str, object]) -> None:
    """Say what was measured, where somebody looks at the output."""
    print("measured:", figures, file=sys.stderr)
