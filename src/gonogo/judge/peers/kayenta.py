"""Kayenta's judge (github.com/spinnaker/kayenta, NetflixACAJudge, MannWhitneyClassifier), re-implemented.

Each KPI gives one point per minute and arm. After `points` minutes the Mann-Whitney interval of the
shift (98 %) is compared with a quarter of the shift itself: the canary is "high" when the interval's
lower end lies above that. No data on an arm, or equal values on both, passes. The score is the share
of KPIs that pass; below `marginal` the canary is stopped.

Settings: at least 50 points a run are recommended, so one judgement after an hour. The baseline is a
second copy of the version that serves, as large as the canary. Simplified: points are bad shares, all
KPIs weigh the same, no effect sizes and no outliers are set, as by default.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from gonogo.judge.peers.mann_whitney import mann_whitney_shift
from gonogo.judge.peers.rule import Outcome, Pair, Points, Progress

TOLERANCE = 0.25
CONFIDENCE = 0.98


def is_high(experiment: tuple[float, ...], control: tuple[float, ...]) -> bool:
    """Whether the classifier calls the experiment high (direction: increase)."""
    if not experiment or not control or sorted(experiment) == sorted(control):
        return False
    shift = mann_whitney_shift(np.array(experiment), np.array(control), CONFIDENCE)
    lower_than_control = float(np.mean(experiment)) < float(np.mean(control))
    return shift.low > TOLERANCE * abs(shift.estimate) and not lower_than_control


@dataclass(frozen=True, slots=True)
class KayentaRule:
    """`kpis`: the metrics of its configuration."""

    kpis: tuple[str, ...]
    points: int = 60
    marginal: float = 75.0
    weight: float = 0.05
    interval: float = 60.0
    equal_arms: bool = True

    def begin(self) -> Progress:
        """The canary's one weight."""
        return Progress(self.weight)

    def look(self, progress: Progress, counted: Mapping[str, Pair]) -> Progress:
        """One more point per KPI and arm; the last one brings the judgement."""
        if progress.outcome is not Outcome.RUNNING:
            return progress
        looked = replace(
            progress, looks=progress.looks + 1, points=self._with_points(progress.points, counted)
        )
        if looked.looks < self.points:
            return looked
        passing = [not is_high(canary, control) for control, canary in looked.points.values()]
        score = 100 * sum(passing) / len(passing)
        if score < self.marginal:
            return replace(looked, outcome=Outcome.STOPPED, weight=0.0)
        return replace(looked, outcome=Outcome.PROMOTED, weight=1.0)

    def _with_points(self, points: Points, counted: Mapping[str, Pair]) -> Points:
        after = {}
        for kpi in self.kpis:
            control, canary = points.get(kpi, ((), ()))
            pair = counted.get(kpi, Pair())
            new_control, new_canary = pair.baseline.share, pair.canary.share
            after[kpi] = (
                control if new_control is None else (*control, new_control),
                canary if new_canary is None else (*canary, new_canary),
            )
        return after
