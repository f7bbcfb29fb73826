"""A version that ran before gonogo came: taken as it is, never started and never stopped.

Its release is in the stage ADOPTED from its first moment: it names the version, its commit and the
plan by which its health is asked for, and no figure counts it as a release. The adoption says where it
listens, also long after it has left the slots, so that customers can be handed back to it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from gonogo.domain.address import host_port


@dataclass(frozen=True, slots=True)
class Adoption:
    """One version of a service that was found running in an environment. `release` is its release's id."""

    release: str
    service: str
    environment: str
    version: str
    commit: str
    host: str
    port: int
    actor: str
    at: datetime

    @property
    def address(self) -> str:
        """`host:port` that it listens on."""
        return host_port(self.host, self.port)


def newest_of(adoptions: Iterable[Adoption], service: str, environment: str) -> Adoption | None:
    """The last version that was adopted in this environment, or None."""
    found = [
        each for each in adoptions if (each.service, each.environment) == (service, environment)
    ]
    return max(found, key=lambda each: each.at, default=None)
