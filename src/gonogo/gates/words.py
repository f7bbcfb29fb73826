"""The words in which gates speak: kinds, ages, shares, moments and lists."""

import math
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta

from gonogo.domain.gate import GateKind

K = GateKind
KINDS: Mapping[GateKind, str] = {
    K.TESTS: "tests",
    K.COVERAGE: "coverage",
    K.LINT: "lint",
    K.FINDINGS: "code scan",
    K.VULNERABILITIES: "vulnerabilities",
    K.COMPONENTS: "components",
    K.LOAD_TEST: "load test",
    K.MIGRATIONS: "migrations",
    K.ROLLBACK_REHEARSAL: "rollback rehearsal",
    K.PATCH_GUARD: "patch guard",
    K.SMOKE: "smoke tests",
    K.SITE_HEALTH: "site health",
    K.KPIS: "KPIs",
    K.ALERT_RULES: "alert rules",
    K.ERROR_BUDGET: "error budget",
    K.INCIDENTS: "incidents",
    K.BACKUP: "backup",
    K.SECRETS: "secrets",
    K.RUNBOOK: "runbook",
    K.DOCUMENTATION: "documentation",
    K.RISKS: "risks",
    K.CHECKLISTS: "checklists",
    K.SIGN_OFFS: "sign-offs",
    K.ACKNOWLEDGEMENT: "acknowledgement",
    K.FREEZE: "freeze",
}
"""What people call each kind of gate."""

REPORTS: Mapping[GateKind, str] = {
    K.TESTS: "test report",
    K.COVERAGE: "coverage report",
    K.LINT: "lint report",
    K.FINDINGS: "code scan",
    K.VULNERABILITIES: "vulnerability scan",
    K.COMPONENTS: "list of components",
    K.LOAD_TEST: "load test",
    K.MIGRATIONS: "migration SQL",
    K.ROLLBACK_REHEARSAL: "rollback rehearsal",
    K.PATCH_GUARD: "change",
    K.SMOKE: "smoke test",
    K.SITE_HEALTH: "site health report",
    K.KPIS: "KPI measurement",
    K.ALERT_RULES: "alert rule check",
    K.ERROR_BUDGET: "error budget measurement",
    K.INCIDENTS: "incident count",
    K.BACKUP: "backup drill",
}
"""What people call the evidence of a gate, in the singular."""

_UNITS = (
    (timedelta(days=1), "days"),
    (timedelta(hours=1), "hours"),
    (timedelta(minutes=1), "minutes"),
    (timedelta(seconds=1), "seconds"),
)
_SHOWN = 5


def count(number: float, one: str, many: str | None = None) -> str:
    """A number with its noun: "1 test", "3 tests"."""
    return f"{plain(number)} {one if number == 1 else many or one + 's'}"


def plain(number: float) -> str:
    """A number as people write it, without digits that say nothing."""
    return str(int(number)) if number == int(number) else f"{number:.4g}"


def share(value: float) -> str:
    """A share as percent: 0.6 is "60 %". Never rounded up to a whole that was not reached."""
    return f"{math.floor(value * 1000 + 1e-9) / 10:.4g} %"


def short(commit: str) -> str:
    """A commit as people read it."""
    return commit[:12]


def moment(at: datetime) -> str:
    """A moment in UTC, to the minute."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def older(age: timedelta, limit: timedelta) -> str:
    """How old something is that is too old, in the largest unit that shows it: "9 days old (limit 7)"."""
    for unit, name in _UNITS:
        if limit % unit == timedelta() and age // unit > limit // unit:
            return f"{age // unit} {name} old (limit {limit // unit})"
    return f"{span(age)} old (limit {span(limit)})"


def span(length: timedelta) -> str:
    """A length of time in the largest unit that it is a whole number of, or in seconds."""
    for unit, name in _UNITS:
        if length >= unit and length % unit == timedelta():
            return count(length // unit, name[:-1])
    return count(length.total_seconds(), "second")


def some(names: Iterable[str], separator: str = ", ") -> str:
    """The first few of many names, and how many more there are."""
    every = list(names)
    rest = len(every) - _SHOWN
    shown = separator.join(every[:_SHOWN])
    return f"{shown} and {rest} more" if rest > 0 else shown


def share_up(value: float) -> str:
    """A share as percent that is to be kept low: never rounded down to a limit that was passed."""
    return f"{math.ceil(value * 1000 - 1e-9) / 10:.4g} %"
