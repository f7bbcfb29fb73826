"""What stands in the unit files.

Why one template for a service in an environment, and no unit file or drop-in for each version: what
differs between versions (the line, the folder, the variables) lies in the instance's own folder, which
the template reaches by `%I`. So a release changes no unit file and needs no daemon-reload, which in a
large system takes seconds and reads every unit again. People change limits by drop-ins of their own,
which are never touched.

Restarts: a service that ends badly is started again after two seconds, for as long as it ends fewer
than 600 times an hour; a database that is away for a quarter of an hour is survived, a version that
never comes up is given up. Hardening is what works for every service and under a user's manager too.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from gonogo.domain.errors import InvalidInput

LONGEST_GRACE_SECONDS = 60.0
ONCE_FILE = "once"
"""In a router's folder: words that are added to its command when its unit starts the next time."""

_HEAD = """\
# Written by gonogo, which replaces it. Change things in drop-ins: {unit}.d/NAME.conf
[Unit]
Description={description}
StartLimitIntervalSec=1h
StartLimitBurst=600
"""

_COMMON = """\
Restart=on-failure
RestartSec={pause}
TimeoutStopSec={grace:g}
CPUAccounting=yes
MemoryAccounting=yes
TasksAccounting=yes
# A manager's own variables reach its units; the desk's database is nobody's business.
UnsetEnvironment=GONOGO_DATABASE_URL
NoNewPrivileges=yes
LockPersonality=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes

[Install]
WantedBy={wanted_by}
"""

# The line is a file, so that nothing in it means anything to systemd. A clean end stays visible.
_INSTANCE = """
[Service]
Type=exec
WorkingDirectory={folder}/%I/files
EnvironmentFile={folder}/%I/environment
ExecStart=/bin/sh -c 'test -r "$$0" && exec /bin/sh -c "$$(cat "$$0")"' "{argument}/%I/line"
StandardOutput=append:{folder}/%I/output.log
StandardError=inherit
RemainAfterExit=yes
KillMode=control-group
"""

# A main process that hands its sockets to a new one when it is told to reload: the same one stays. The
# file holds words for the next start alone. As systemd has it, a dollar sign is written twice.
_ROUTER = """
[Service]
Type=exec
WorkingDirectory={folder}
ExecStart=/bin/sh -c 'once=$$(cat {once} 2>/dev/null); rm -f {once}; exec "$$@" $$once' router {command}
ExecReload=/bin/kill -USR2 $MAINPID
StandardOutput=append:{log}
StandardError=inherit
KillMode=mixed
SuccessExitStatus=143
"""


@dataclass(frozen=True, slots=True)
class Place:
    """A folder as unit files name it. Raises InvalidInput for one that they cannot name."""

    path: Path

    def __post_init__(self) -> None:
        text = str(self.path)
        if not text.isprintable() or text != text.strip() or any(each in text for each in "\"'\\"):
            raise InvalidInput(
                f"the folder {text!r} cannot be named in a unit of systemd",
                hint="set GONOGO_HOME to a folder without quotes, backslashes and control characters",
            )

    @property
    def value(self) -> str:
        """As the value of a setting that takes a path."""
        return str(self.path).replace("%", "%%")

    @property
    def argument(self) -> str:
        """Inside of a double-quoted argument of a command."""
        return self.value.replace("$", "$$")


def instance_text(unit: str, service: str, environment: str, folder: Path, *, user: bool) -> str:
    """The template of a service in an environment, whose instances' folders are in `folder`."""
    place = Place(folder)
    return (
        _HEAD.format(unit=unit, description=f"{service} in {environment}, instance %I (gonogo)")
        + _INSTANCE.format(folder=place.value, argument=place.argument)
        + _common(user, pause=2, grace=LONGEST_GRACE_SECONDS)
    )


def router_text(
    unit: str,
    service: str,
    environment: str,
    folder: Path,
    *,
    command: Sequence[str],
    log: Path,
    user: bool,
) -> str:
    """The unit of the router of a service in an environment, run in `folder` by this command."""
    words = " ".join(f'"{Place(Path(word)).argument}"' for word in command)
    return (
        _HEAD.format(unit=unit, description=f"Router of {service} in {environment} (gonogo)")
        + _ROUTER.format(
            folder=Place(folder).value, once=ONCE_FILE, command=words, log=Place(log).value
        )
        + _common(user, pause=1, grace=15)
    )


def _common(user: bool, *, pause: int, grace: float) -> str:
    wanted_by = "default.target" if user else "multi-user.target"
    return _COMMON.format(pause=pause, grace=grace, wanted_by=wanted_by)


def environment_text(variables: dict[str, str]) -> str:
    """An EnvironmentFile that gives exactly these. Raises ValueError for what no unit can hold."""
    return "".join(f"{name}={_quoted(name, value)}\n" for name, value in variables.items())


def _quoted(name: str, value: str) -> str:
    if not (name.isascii() and name.isidentifier()):
        raise ValueError(f'"{name}" cannot be the name of a variable')
    if "\0" in value:
        raise ValueError(f"the variable {name} holds a null byte")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise ValueError(f"the variable {name} is not text in UTF-8") from None
    for each in '\\"`$':
        value = value.replace(each, f"\\{each}")
    return f'"{value}"'
