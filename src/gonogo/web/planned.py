"""The plan of a release in words: what counts as bad, what is tolerated, how the error budget is split."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from gonogo.domain.gauge import Gauge, GaugeOrigin, JsonNumber, Metric
from gonogo.domain.look import Look
from gonogo.domain.plan import Plan, RollbackCriterion
from gonogo.domain.traffic import BadStatus, Endpoint, Kpi, SlowerThan
from gonogo.domain.verdict import Evidence
from gonogo.web.wording import duration, number, share


@dataclass(frozen=True, slots=True)
class Share:
    """One test's part of the false-alarm budget."""

    kpi: str
    evidence: Evidence


def bad(rule: BadStatus | SlowerThan) -> str:
    """What makes a request bad."""
    if isinstance(rule, SlowerThan):
        return f"slower than {duration(rule.limit)}, or no answer"
    told = [str(low) if low == high else f"{low}–{high}" for low, high in rule.ranges]
    return f"status {', '.join(told)}, or no answer" if told else "no answer"


def endpoint(value: Endpoint) -> str:
    """Which requests it looks at."""
    return " ".join(part for part in (value.method, value.path) if part) or "every request"


def tolerated(kpi: Kpi) -> str:
    """The limits of a KPI."""
    told = [] if kpi.ratio is None else [f"{number(kpi.ratio)} × the baseline's share"]
    told += [] if kpi.limit is None else [f"{share(kpi.limit)} of requests"]
    return " and ".join(told)


def origin(value: GaugeOrigin) -> str:
    """Where a gauge is read."""
    if isinstance(value, JsonNumber):
        return f"{value.pointer} of {value.path}"
    return f"{value.selector} of {value.path}" if isinstance(value, Metric) else "memory"


def kept(gauge: Gauge) -> str:
    """The bound of a gauge and how long it may be broken."""
    return f"{gauge.allowed}, broken for less than {duration(gauge.lasting)} without a break"


def criterion(value: RollbackCriterion) -> str:
    """A rollback criterion as a sentence."""
    told = f"more than {share(value.limit)} of {endpoint(value.endpoint)}: {bad(value.bad)}"
    window = f"within {duration(value.window)}, from {value.minimum_requests:,} requests on"
    return f"{told}; {window} ({value.mode.value})"


def budget(attempt: int, plan: Plan) -> float:
    """The chance of ever stopping a good release: the plan's α, and less for each retry of a commit."""
    alpha = plan.rollout.false_alarm
    return alpha if attempt <= 1 else alpha * 6 / (math.pi**2 * attempt**2)


def split(look: Look | None) -> Sequence[Share]:
    """How the budget was split over tests, as the judge recorded it."""
    if look is None:
        return ()
    return tuple(
        Share(found.kpi, evidence)
        for found in look.judgement.kpis
        for evidence in found.evidence
        if evidence.alpha  # one that may only warn has no part
    )
