"""A desk whose versions are units of the stand-in for systemd."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.systemd_twin import SystemdTwin

from gonogo.adapters.systemd import look
from gonogo.adapters.systemd.deployer import SystemdDeployer
from gonogo.adapters.systemd.folder import UnitFolder
from gonogo.adapters.systemd.systemctl import Systemctl
from gonogo.domain.instance import Instance
from gonogo.domain.plan import Health

MakeDesk = Callable[..., SystemdDeployer]
MakeInstance = Callable[..., Instance]


@pytest.fixture
def twin(tmp_path: Path) -> Iterator[SystemdTwin]:
    manager = SystemdTwin(tmp_path / "settings" / "systemd" / "user")
    yield manager
    manager.close()


@pytest.fixture
def folder(twin: SystemdTwin, tmp_path: Path) -> Callable[..., UnitFolder]:
    """The unit files of the desk of this name, whose systemd has so long to answer."""

    def make(desk: str = "desk", ask_seconds: float = 60.0) -> UnitFolder:
        home = tmp_path / desk
        home.mkdir(exist_ok=True)
        systemctl = Systemctl(user=True, program=twin.program, ask_seconds=ask_seconds)
        return UnitFolder(home, systemctl, environ={"XDG_CONFIG_HOME": str(tmp_path / "settings")})

    return make


@pytest.fixture
def desk(
    folder: Callable[..., UnitFolder], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> MakeDesk:
    """A desk, of the same folder as before unless it is named.

    A quick look at it waits as long as a thorough one: here a program is begun for each question.
    """
    monkeypatch.setattr(look, "_QUICK_SECONDS", 60.0)

    def make(
        name: str = "desk", secrets: dict[str, str] | None = None, **limits: float
    ) -> SystemdDeployer:
        async def secrets_of(service: str, environment: str) -> dict[str, str]:
            return secrets or {}

        return SystemdDeployer(
            tmp_path / name / "units",
            lambda service, commit: tmp_path / commit,
            folder(name, **limits),
            secrets=secrets_of,
        )

    return make


@pytest.fixture
def make(tmp_path: Path, free_port: Callable[[], int]) -> MakeInstance:
    """An instance that runs this line."""

    def make_instance(line: str = "exec sleep 300", **changes: object) -> Instance:
        fields = {
            "id": "3f-1.production",
            "service": "orders",
            "environment": "production",
            "version": "v1.2.0",
            "commit": "c" * 40,
            "port": free_port(),
            "line": line,
            "health": Health("/health"),
        } | changes
        (tmp_path / str(fields["commit"])).mkdir(exist_ok=True)
        return Instance(**fields)

    return make_instance
