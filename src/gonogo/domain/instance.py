"""A running version: what should run, and what is found."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from gonogo.domain.address import LOOPBACK, host_port
from gonogo.domain.ground import PROCESSES, Ground
from gonogo.domain.plan import Health


def instance_id(release: str, environment: str) -> str:
    """The name of what one release runs in one environment."""
    return f"{release}.{environment}"


def release_of(instance: str) -> str:
    """The release that an instance belongs to: its plan says how the instance is run."""
    return instance.partition(".")[0]


@dataclass(frozen=True, slots=True)
class Instance:
    """One running copy of one version. `id` comes from `instance_id` and is known before it starts.

    It listens on `port` of the IP address `host`. `line` has its placeholders replaced already;
    `variables` are added to the allow-listed environment. `ground` is what it runs on, and so whose it
    is to start.
    """

    id: str
    service: str
    environment: str
    version: str
    commit: str
    port: int
    line: str
    health: Health
    variables: Mapping[str, str] = field(default_factory=dict)
    host: str = LOOPBACK
    ground: Ground = PROCESSES

    @property
    def address(self) -> str:
        """`host:port` that it listens on."""
        return host_port(self.host, self.port)


class InstanceState(StrEnum):
    """What is found when one looks for an instance.

    UNKNOWN: nobody can say now. It is never taken for healthy, and never for dead.
    """

    ABSENT = "absent"
    RUNNING = "running"
    EXITED = "exited"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class InstanceStatus:
    """State of an instance; `healthy` is its own health answer; `log_tail` is its last output.

    `detail` says in one sentence why it is not healthy, where that is known. A negative `exit_code`
    is the signal that ended it. `address` is where a ground says that it listens, where it says so.
    """

    state: InstanceState
    healthy: bool = False
    pid: int | None = None
    exit_code: int | None = None
    log_tail: str = ""
    log_path: str = ""
    detail: str = ""
    address: str = ""


@dataclass(frozen=True, slots=True)
class KnownInstance:
    """What a ground knows of an instance, for showing and for stopping everything."""

    id: str
    service: str
    environment: str
    version: str
    commit: str
    port: int
    pid: int | None
    running: bool

    @classmethod
    def of(cls, instance: Instance, *, pid: int | None, running: bool) -> "KnownInstance":
        """What is known of one that was started here."""
        return cls(
            id=instance.id,
            service=instance.service,
            environment=instance.environment,
            version=instance.version,
            commit=instance.commit,
            port=instance.port,
            pid=pid,
            running=running,
        )
