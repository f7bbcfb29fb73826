"""What the versions of an environment are deployed on: its ground.

A ground says how instances are started, looked at and stopped there; the deployer of that kind does it.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Literal


class GroundKind(StrEnum):
    """The kinds of ground, each with a deployer of its own."""

    PROCESSES = "processes"
    SYSTEMD = "systemd"
    COMMAND = "command"
    ADOPTED = "adopted"


@dataclass(frozen=True, slots=True)
class Processes:
    """Processes of this machine that outlive the desk."""

    kind: Literal[GroundKind.PROCESSES] = GroundKind.PROCESSES


@dataclass(frozen=True, slots=True)
class SystemdUnits:
    """Units of the systemd of this machine, which are supervised when the desk is not there."""

    kind: Literal[GroundKind.SYSTEMD] = GroundKind.SYSTEMD


@dataclass(frozen=True, slots=True)
class Script:
    """A shell line with a limit on its time, run in the files of the version that it is about.

    Of `SCRIPT_PLACEHOLDERS` it may name any in braces.
    """

    line: str
    within: timedelta


@dataclass(frozen=True, slots=True)
class Scripts:
    """Any platform that scripts can deploy to, ask, take from and, with `weight`, share traffic on.

    `repeatable` says that running `deploy` again is harmless when nobody saw the first one end. What
    `read` said counts for up to `stale`; it is asked anew every `every` while somebody wants to know.
    """

    deploy: Script
    read: Script
    retire: Script
    weight: Script | None = None
    repeatable: bool = False
    every: timedelta = timedelta(seconds=2)
    stale: timedelta = timedelta(seconds=10)
    kind: Literal[GroundKind.COMMAND] = GroundKind.COMMAND

    @property
    def programs(self) -> Mapping[str, str]:
        """What each script begins with, where that is the plain name or path of a program."""
        given = {
            "deploy": self.deploy,
            "read": self.read,
            "retire": self.retire,
            "weight": self.weight,
        }
        found = {name: _PROGRAM.match(each.line) for name, each in given.items() if each}
        return {name: match[1] for name, match in found.items() if match}


_PROGRAM = re.compile(r"\s*([A-Za-z0-9_./+-]+)(?=\s|$)")

SCRIPT_PLACEHOLDERS = (
    "instance",
    "service",
    "environment",
    "version",
    "commit",
    "port",
    "run",
)
"""What every script may name; `run` is the filled-in line that starts the service."""

WEIGHT_PLACEHOLDERS = (*SCRIPT_PLACEHOLDERS, "share")
"""What `weight` may name: `share` is the part of customers as a number from 0 to 1."""


@dataclass(frozen=True, slots=True)
class Adopted:
    """What ran before: whoever started it ends it. No spec names it, it is what an adopted slot is on."""

    kind: Literal[GroundKind.ADOPTED] = GroundKind.ADOPTED


Ground = Processes | SystemdUnits | Scripts | Adopted

ADOPTED = Adopted()
"""What every adopted version is on."""

PROCESSES = Processes()
"""What an environment is deployed on when nothing else is said."""


def shares_itself(ground: Ground) -> bool:
    """Whether customers are shared by the platform's own load balancer, not by the desk's router."""
    return isinstance(ground, Scripts) and ground.weight is not None
