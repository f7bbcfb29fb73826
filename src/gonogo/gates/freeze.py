"""The gate over freezes: dates, hours of every week, and the flag that people set.

Weekly hours are those of a wall clock in a time zone. Where clocks are put forward or back, a freeze
begins at the earlier and ends at the later of the moments that its time could mean.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from gonogo.domain.dossier import Dossier, holding
from gonogo.domain.gate import GateResult, GateStatus
from gonogo.domain.gate_rules import FreezeHours, FreezeRule
from gonogo.domain.paper import FREEZE, Flag
from gonogo.gates import words
from gonogo.gates.case import Case, answer
from gonogo.gates.supply import of_this_version

S = GateStatus
WEEK = timedelta(days=7)
_LONGEST_CHAIN = 400


@dataclass(frozen=True, slots=True)
class Window:
    """No release from `start` until `end` (UTC; None: until somebody says so), for a reason."""

    start: datetime
    end: datetime | None
    reason: str

    def holds(self, at: datetime) -> bool:
        """Whether this moment lies in it; its end does not."""
        return self.start <= at and (self.end is None or at < self.end)


def freeze(rule: FreezeRule, case: Case) -> GateResult:
    """Whether releases are allowed at this moment; a freeze holds a release and does not refuse it."""
    try:
        windows = _windows(rule, case.dossier, case.now)
    except (KeyError, ValueError) as error:  # zoneinfo's two ways to say that it knows no such zone
        return answer(rule, S.INCONCLUSIVE, f"a time zone of the freeze is not known: {error}")
    now = [window for window in windows if window.holds(case.now)]
    if not now:
        starts = [window.start for window in windows if window.start > case.now]
        until = min(starts, default=None)
        reason = f"no freeze before {words.moment(until)}" if until else "no freeze"
        return answer(rule, S.PASS, reason, until=until)
    end = _end(rule, case, now)
    told = words.some(dict.fromkeys(window.reason for window in now if window.reason), "; ")
    lasts = f"until {words.moment(end)}" if end else "until somebody lifts it"
    reason = f"releases are frozen {lasts}"
    reason = f"{reason}: {told}" if told else reason
    return answer(rule, S.FAIL, reason, until=end, passes=True)


def _end(rule: FreezeRule, case: Case, now: list[Window]) -> datetime | None:
    """When the freeze that holds now is over, and each that follows without a gap; None: not known."""
    for _ in range(_LONGEST_CHAIN):
        if any(window.end is None for window in now):
            return None
        end = max(window.end for window in now if window.end is not None)
        now = [window for window in _windows(rule, case.dossier, end) if window.holds(end)]
        if not now:
            return end
    return None


def _windows(rule: FreezeRule, dossier: Dossier, at: datetime) -> list[Window]:
    """Every freeze near a moment: all dates, the weeks around it, and the flag."""
    found = [Window(dates.start, dates.end, dates.reason) for dates in rule.dates]
    for hours in rule.hours:
        found.extend(_weekly(hours, at))
    if (flagged := _flagged(dossier)) is not None:
        found.append(flagged)
    return found


def _flagged(dossier: Dossier) -> Window | None:
    flags = [
        (p, flag) for p, flag in holding(of_this_version(dossier), Flag) if flag.name == FREEZE
    ]
    if not flags or not flags[-1][1].on:
        return None
    paper, flag = flags[-1]
    reason = f"{flag.reason} ({paper.actor})" if flag.reason else f"set by {paper.actor}"
    # A flag holds from when it is read, not from its own time: clocks of two machines may differ.
    return Window(datetime.min.replace(tzinfo=UTC), flag.until, reason)


def _weekly(hours: FreezeHours, at: datetime) -> list[Window]:
    """The freezes of last week, this week and the next one, as the zone's wall clock has them."""
    zone = ZoneInfo(hours.zone)
    local = at.astimezone(zone).date()
    monday = local - timedelta(days=local.weekday())
    days = (hours.end_day - hours.start_day) % 7
    if days == 0 and hours.end <= hours.start:
        days = 7
    found = []
    for week in (-1, 0, 1):
        first = monday + week * WEEK + timedelta(days=hours.start_day)
        start = min(_meanings(first, hours.start, zone))
        end = max(_meanings(first + timedelta(days=days), hours.end, zone))
        found.append(Window(start, end, hours.reason))
    return found


def _meanings(day: date, at: time, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """The two moments (mostly one and the same) that a time of a wall clock can mean, in UTC."""
    local = datetime.combine(day, at.replace(tzinfo=None), zone)
    return local.replace(fold=0).astimezone(UTC), local.replace(fold=1).astimezone(UTC)
