"""What all rules that look once in an interval have in common."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from gonogo.domain.traffic import Counts


class Outcome(StrEnum):
    """Where a rule stands."""

    RUNNING = "running"
    STOPPED = "stopped"
    PROMOTED = "promoted"


@dataclass(frozen=True, slots=True)
class Pair:
    """What one KPI counted on each arm in one interval."""

    baseline: Counts = field(default_factory=Counts)
    canary: Counts = field(default_factory=Counts)

    def __add__(self, other: "Pair") -> "Pair":
        return Pair(self.baseline + other.baseline, self.canary + other.canary)


Points = Mapping[str, tuple[tuple[float, ...], tuple[float, ...]]]
"""Per KPI the bad shares of past intervals, (baseline, canary)."""


@dataclass(frozen=True, slots=True)
class Progress:
    """A rule's state after `looks` intervals. `weight` is the canary's share from now on, 0 to 1."""

    weight: float
    looks: int = 0
    failures: int = 0
    outcome: Outcome = Outcome.RUNNING
    points: Points = field(default_factory=dict)


class Rule(Protocol):
    """A rule that looks every `interval` seconds.

    `equal_arms`: it wants a baseline as large as the canary, beside the version that serves everybody.
    """

    @property
    def interval(self) -> float:
        """Seconds between looks."""
        ...

    @property
    def equal_arms(self) -> bool:
        """Whether its baseline is a second copy with the canary's share."""
        ...

    def begin(self) -> Progress:
        """The state when the first customer reaches the canary."""
        ...

    def look(self, progress: Progress, counted: Mapping[str, Pair]) -> Progress:
        """The state after one more interval in which this was counted; final states stay."""
        ...


def observed_shares(counted: Mapping[str, Pair], kpis: tuple[str, ...]) -> tuple[float | None, ...]:
    """The canary's bad share for each of these KPIs; None where it had no request."""
    return tuple(counted.get(kpi, Pair()).canary.share for kpi in kpis)
