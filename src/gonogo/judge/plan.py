"""What a release is judged by: its KPIs, how often it may be stopped wrongly, and how sure a PASS is."""

import math
from dataclasses import dataclass

from gonogo.domain.plan import CriterionMode, Past, Plan, as_kpi_name
from gonogo.domain.traffic import ONCE_IN, Kpi

RETRIES = 6 / math.pi**2  # 1/1² + 1/2² + 1/3² + … = π²/6, so all attempts together keep within α


@dataclass(frozen=True, slots=True)
class JudgePlan:
    """The KPIs of one release with its error rates.

    `false_alarm` (α) bounds the chance that a release no worse than its limits is ever stopped, over
    all KPIs, tests, steps, the watch and all attempts of the same artifact; `attempt` counts from 1.
    `miss` (β) bounds, per rollout step, the chance of a PASS while some limit is not kept. `past` says
    what ratios are held against once no baseline is left; it has a part of α only where it may stop.
    """

    kpis: tuple[Kpi, ...]
    false_alarm: float = 0.01
    attempt: int = 1
    miss: float = 0.01
    past: Past = Past.OFF

    def __post_init__(self) -> None:
        names = [kpi.name for kpi in self.kpis]
        twice = sorted({name for name in names if names.count(name) > 1})
        if not names:
            raise ValueError("a judge needs at least one KPI")
        if twice:
            raise ValueError(f'two KPIs have the same name "{twice[0]}"')
        for label, rate in (("false_alarm", self.false_alarm), ("miss", self.miss)):
            if not 0 < rate < 1:
                raise ValueError(f"{label} must lie between 0 and 1, not {rate}")
        if self.attempt < 1:
            raise ValueError(f"attempts count from 1, not {self.attempt}")

    @property
    def tests(self) -> int:
        """How many tests share the false-alarm budget: one per limit and one per ratio, and one more
        per ratio where its comparison with the past may stop a release."""
        per_ratio = 2 if self.past is Past.STOP else 1
        return sum(
            (kpi.limit is not None) + per_ratio * (kpi.ratio is not None) for kpi in self.kpis
        )

    @property
    def alpha(self) -> float:
        """The share of the false-alarm budget that each test of this attempt gets."""
        return self.false_alarm * RETRIES / self.attempt**2 / self.tests


def judge_plan(plan: Plan, attempt: int) -> JudgePlan:
    """The judge's part of a release plan: its KPIs and every judged rollback criterion.

    A judged criterion is one more KPI with an absolute test, named "rollback: <name>".
    """
    counters = () if plan.metrics is None else plan.metrics.counts
    criteria = tuple(
        Kpi(
            as_kpi_name(criterion),
            criterion.bad,
            criterion.endpoint,
            limit=criterion.limit,
            once_in=None if as_kpi_name(criterion) in counters else ONCE_IN,
        )
        for criterion in plan.rollback_criteria
        if criterion.mode is CriterionMode.JUDGED
    )
    kpis = (*plan.kpis, *criteria)
    return JudgePlan(kpis, plan.rollout.false_alarm, attempt, past=plan.rollout.past)
