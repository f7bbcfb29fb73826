"""Flagger's rule (github.com/fluxcd/flagger, pkg/controller/scheduler.go), re-implemented.

One look per interval. Failed looks are counted and a success never resets the count; when it has
reached the threshold, which is tested before the next analysis, the release is taken back: after
(threshold + 1) intervals at the earliest. A look without data has failed. A passed look adds one step
of weight; at the highest weight it promotes.

Built-in checks: success rate at least 99 %, and the 99th percentile of duration below its maximum,
that is at most 1 % of requests slower.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from gonogo.judge.peers.rule import Outcome, Pair, Progress, observed_shares

HIGHEST_BAD = 0.01


@dataclass(frozen=True, slots=True)
class FlaggerRule:
    """`kpis`: the success rate and the duration check. Defaults: 60 s and a threshold of 1."""

    kpis: tuple[str, ...]
    threshold: int = 1
    interval: float = 60.0
    step_weight: float = 0.05
    max_weight: float = 0.50
    equal_arms: bool = False

    def begin(self) -> Progress:
        """The first step of weight is set at once."""
        return Progress(self.step_weight)

    def look(self, progress: Progress, counted: Mapping[str, Pair]) -> Progress:
        """One tick of the scheduler."""
        if progress.outcome is not Outcome.RUNNING:
            return progress
        looked = replace(progress, looks=progress.looks + 1)
        if progress.failures >= self.threshold:
            return replace(looked, outcome=Outcome.STOPPED, weight=0.0)
        shares = observed_shares(counted, self.kpis)
        if any(share is None or share > HIGHEST_BAD for share in shares):
            return replace(looked, failures=progress.failures + 1)
        if progress.weight >= self.max_weight - 1e-9:
            return replace(looked, outcome=Outcome.PROMOTED, weight=1.0)
        return replace(looked, weight=min(self.max_weight, progress.weight + self.step_weight))
