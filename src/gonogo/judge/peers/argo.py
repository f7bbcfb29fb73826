"""Argo Rollouts' background analysis (github.com/argoproj/argo-rollouts), re-implemented.

Rule: analysis/analysis.go, assessMetricStatus: a measurement fails when its condition does not hold,
and the run has failed when more than `failure_limit` measurements failed. No data is an error of the
measurement; more than four in a row end the run as an error, which aborts as well.

Schedule and condition: the example of docs/features/analysis.md (20, 40, 60, 80 %, ten minutes each;
the analysis starts with the second weight, measures every five minutes, wants 95 % success). Its
query filters by service, not by version, so both arms are in one number; `by_version` asks for the
canary alone. Simplified: the query's rate over its last two samples is taken over the interval.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from gonogo.domain.traffic import Counts
from gonogo.judge.peers.rule import Outcome, Pair, Progress

MOST_ERRORS_IN_A_ROW = 4
_ERRORS = "errors in a row"


@dataclass(frozen=True, slots=True)
class ArgoRule:
    """`kpis`: those whose success rate is measured; the example has one."""

    kpis: tuple[str, ...]
    by_version: bool = False
    interval: float = 300.0
    weights: tuple[float, ...] = (0.2, 0.4, 0.6, 0.8)
    looks_per_weight: int = 2
    first_measured_look: int = 2
    failure_limit: int = 3
    highest_bad: float = 0.05
    equal_arms: bool = False

    def begin(self) -> Progress:
        """The first weight, not measured yet."""
        return Progress(self.weights[0])

    def look(self, progress: Progress, counted: Mapping[str, Pair]) -> Progress:
        """One interval of the analysis run."""
        if progress.outcome is not Outcome.RUNNING:
            return progress
        looks = progress.looks + 1
        looked = replace(progress, looks=looks)
        if looks >= self.first_measured_look:
            looked = self._measured(looked, counted)
        if looked.outcome is Outcome.STOPPED:
            return looked
        step = looks // self.looks_per_weight
        if step >= len(self.weights):
            return replace(looked, outcome=Outcome.PROMOTED, weight=1.0)
        return replace(looked, weight=self.weights[step])

    def _measured(self, progress: Progress, counted: Mapping[str, Pair]) -> Progress:
        found = [self._counts(counted.get(kpi, Pair())).share for kpi in self.kpis]
        if any(share is None for share in found):
            in_a_row = (*progress.points.get(_ERRORS, ((), ()))[0], 1.0)
            after = replace(progress, points={_ERRORS: (in_a_row, ())})
            stop = len(in_a_row) > MOST_ERRORS_IN_A_ROW
            return replace(after, outcome=Outcome.STOPPED, weight=0.0) if stop else after
        failures = progress.failures
        failures += any(share is not None and share > self.highest_bad for share in found)
        after = replace(progress, failures=failures, points={})
        stop = failures > self.failure_limit
        return replace(after, outcome=Outcome.STOPPED, weight=0.0) if stop else after

    def _counts(self, pair: Pair) -> Counts:
        return pair.canary if self.by_version else pair.canary + pair.baseline
