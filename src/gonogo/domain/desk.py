"""Desks that share one database, and where they can reach."""

from dataclasses import dataclass
from datetime import datetime, timedelta

SILENT_AFTER = timedelta(seconds=10)
"""A desk that was not heard of for so long is taken to be gone."""


@dataclass(frozen=True, slots=True)
class DeskSeen:
    """A desk as the others know it.

    `site` names the folder of one machine in which its processes and routers live; desks of the same
    site can take over from each other. `silent` says that it was not heard of lately, by the
    database's clock.
    """

    name: str
    site: str
    host: str
    version: str
    since: datetime
    silent: bool
