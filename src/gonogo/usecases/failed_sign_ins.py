"""Failed sign-ins in the audit chain, without letting whoever guesses fill it.

Within a quarter of an hour the first failure is written down, then the 10th, the 100th and so on, each
with how many there were since the entry before; the rest is written with the first sign-in after that
quarter, failed or not, and when the desk ends. Names that nobody has are counted and not kept: people
type passwords into the wrong field.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from gonogo.domain.actor import DESK
from gonogo.domain.audit import AuditDraft

_PERIOD = timedelta(minutes=15)
_MOST_NAMED = 10


@dataclass
class FailedSignIns:
    """What failed since the last entry. One for each desk."""

    began: datetime | None = None
    counted: int = 0
    told: int = 0
    unknown: int = 0
    turned_away: int = 0
    names: set[str] = field(default_factory=set)
    addresses: set[str] = field(default_factory=set)

    def failed(
        self, now: datetime, address: str, *, name: str | None = None, turned_away: bool = False
    ) -> AuditDraft | None:
        """Count one; an entry when it is time for one. `name` is one that somebody has."""
        due = self.due(now)
        if self.began is None:
            self.began = now
        self.counted += 1
        self.turned_away += turned_away
        self.unknown += name is None and not turned_away
        for named, kept in ((name, self.names), (address, self.addresses)):
            if named and len(kept) < _MOST_NAMED:
                kept.add(named)
        return due or (self._entry() if _round(self.counted) else None)

    def due(self, now: datetime) -> AuditDraft | None:
        """The rest of a period that is over, if it has any."""
        if self.began is None or now < self.began + _PERIOD:
            return None
        entry = self.rest()
        self.began, self.counted, self.told = None, 0, 0
        return entry

    def rest(self) -> AuditDraft | None:
        """What was not told yet, if there is any."""
        return self._entry() if self.counted > self.told else None

    def _entry(self) -> AuditDraft:
        data = {
            "failed": self.counted - self.told,
            "names": sorted(self.names),
            "unknown_names": self.unknown,
            "turned_away": self.turned_away,
            "addresses": sorted(self.addresses),
        }
        self.told, self.unknown, self.turned_away = self.counted, 0, 0
        self.names, self.addresses = set(), set()
        return AuditDraft(DESK.name, "desk:session:refuse", "sign-in", data)


def _round(count: int) -> bool:
    """1, 10, 100, …"""
    return str(count).rstrip("0") == "1"
