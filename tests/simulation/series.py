"""Many runs added up: how they ended, which rules broke, and what they cost."""

import time
from collections import Counter
from dataclasses import dataclass, field

from tests.simulation.run import Outcome


@dataclass
class Series:
    """Outcomes of runs that were played since this was made."""

    runs: int = 0
    rollouts: int = 0
    """Releases that came to their canary steps, whatever became of them there."""
    calls: int = 0
    broken: int = 0
    virtual_seconds: float = 0.0
    ends: Counter[str] = field(default_factory=Counter)
    ways: Counter[str] = field(default_factory=Counter)
    failing: list[int] = field(default_factory=list)
    _began: float = field(default_factory=time.process_time)

    def add(self, outcome: Outcome) -> None:
        """One more run."""
        self.runs += 1
        self.rollouts += outcome.rollouts
        self.calls += outcome.calls
        self.broken += len(outcome.broken)
        self.virtual_seconds += outcome.seconds
        self.ends.update(outcome.stages)
        self.ways.update(outcome.reached)
        if outcome.broken:
            self.failing.append(outcome.seed)

    @property
    def releases(self) -> int:
        """Every release that was started."""
        return self.ends.total()

    @property
    def spent(self) -> float:
        """Seconds of one processor since this was made."""
        return time.process_time() - self._began

    def told(self) -> str:
        """All of it in a few lines."""
        spent = self.spent
        ends = ", ".join(f"{count} {stage}" for stage, count in self.ends.most_common())
        ways = ", ".join(f"{count} {way}" for way, count in self.ways.most_common())
        failing = ", ".join(str(seed) for seed in self.failing) or "none"
        return (
            f"{self.runs} runs, {self.releases} releases ({ends}), {self.rollouts} of them came to"
            f" their canary steps\n"
            f"{self.calls} calls of ports, {self.virtual_seconds / 3600:.1f} virtual hours in"
            f" {spent:.1f} s of processor: {self.rollouts / spent:.1f} rollouts,"
            f" {self.releases / spent:.1f} releases, {self.runs / spent:.1f} runs a second on one core\n"
            f"ways: {ways}\n"
            f"{self.broken} rules broken; seeds that failed: {failing}"
        )
