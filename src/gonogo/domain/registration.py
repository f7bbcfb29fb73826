"""A service that the desk knows: its spec, pinned by digest, and where its versions come from."""

from dataclasses import dataclass
from datetime import datetime

from gonogo.domain.plan import Plan


@dataclass(frozen=True, slots=True)
class Registration:
    """What was registered, by whom. `repository` is the path of a git repository on this machine.

    `spec` is the text of `gonogo.yaml` as it was read; `plan.digest` is its SHA-256.
    """

    service: str
    repository: str
    spec: str
    plan: Plan
    actor: str
    at: datetime
    tester_secret: str
