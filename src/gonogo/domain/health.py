"""Site health: what was looked at, how it is, and what to do about it."""

from dataclasses import dataclass
from enum import StrEnum


class Health(StrEnum):
    """How one thing is: worst last."""

    GOOD = "good"
    RECOMMENDED = "recommended"
    CRITICAL = "critical"


@dataclass(frozen=True, slots=True)
class Finding:
    """One check's end. `remedy` can be run or done; it is empty when all is well.

    `service` names whose health it is; empty where it is the desk's own.
    """

    check: str
    health: Health
    detail: str
    remedy: str = ""
    service: str = ""
