"""What a rollout will be able to see, from its traffic, before it starts.

A test earns a known number of nats per canary request when the canary is as bad as is asked for, and
needs log(1/α) of them plus what not knowing that beforehand costs: the part of the stake that lies on
the right alternative, and, in a later step, the part kept for faults that begin there. These prices
were read off simulated releases; tests/judge/test_outlook.py holds the forecast to within FACTOR.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from gonogo.domain.plan import Step
from gonogo.domain.traffic import Kpi
from gonogo.domain.verdict import Evidence, KpiAssessment, Test
from gonogo.judge.forecast import divergence, relative_information, requests_for
from gonogo.judge.plan import JudgePlan

PRICE_FIRST = 2.0  # nats; a fault that begins with the first step
PRICE_LATER = 5.0  # nats; one that begins with a later step, after good requests
PRICE_PROOF = 1.5  # nats; proof that a limit is kept bets on several shares below it
FACTOR = 1.7  # simulated means lie within this factor of what is forecast here
TIMES = (2.0, 5.0, 10.0, 50.0)
HIGHEST = 0.95  # a regression is never taken to be worse than this share
LOWEST = 1e-4  # and a baseline never better than this, however few requests failed so far


@dataclass(frozen=True, slots=True)
class Traffic:
    """A KPI's requests a second, both arms together, and the baseline's share of bad ones."""

    rate: float
    share: float


@dataclass(frozen=True, slots=True)
class Regression:
    """A canary `times` as bad as the baseline, and when the judge is expected to stop it (None: never)."""

    times: float
    share: float
    requests: int | None
    seconds: float | None


@dataclass(frozen=True, slots=True)
class Sight:
    """What one KPI can show in one step. `proofs`: seconds until each tolerance is shown to be kept.

    `step` counts from 0. `seconds_to_minimum` is how long the step's minimum of requests takes.
    """

    kpi: Kpi
    step: int
    canary_rate: float
    seconds_to_minimum: float
    regressions: tuple[Regression, ...]
    proofs: Mapping[Test, float | None]


def outlook(
    plan: JudgePlan, steps: Sequence[Step], traffic: Mapping[str, Traffic]
) -> tuple[Sight, ...]:
    """One for every step and every KPI whose traffic is known (by the KPI's name)."""
    return tuple(
        _sight(plan, kpi, number, step, traffic[kpi.name])
        for number, step in enumerate(steps)
        for kpi in plan.kpis
        if kpi.name in traffic
    )


def _sight(plan: JudgePlan, kpi: Kpi, number: int, step: Step, traffic: Traffic) -> Sight:
    rate = traffic.rate * step.share
    base = min(max(traffic.share, LOWEST), HIGHEST)
    price = PRICE_LATER if number else PRICE_FIRST
    needed = math.log(1 / plan.alpha) + price
    regressions = []
    for times in TIMES:
        share = min(base * times, HIGHEST)
        found = [
            requests_for(needed, information)
            for information in _harm(kpi, share, base, step.share).values()
        ]
        requests = min((one for one in found if one is not None), default=None)
        regressions.append(Regression(times, share, requests, _seconds(requests, rate)))
    proof = math.log(1 / plan.miss) + PRICE_PROOF
    return Sight(
        kpi=kpi,
        step=number,
        canary_rate=rate,
        seconds_to_minimum=step.minimum_requests / rate if rate else math.inf,
        regressions=tuple(regressions),
        proofs={
            test: _seconds(requests_for(proof, information), rate)
            for test, information in _health(kpi, base, step.share).items()
        },
    )


def _harm(kpi: Kpi, canary: float, baseline: float, share: float) -> dict[Test, float]:
    """Nats per canary request against each tolerance that this canary breaks."""
    found = {}
    if kpi.ratio is not None and canary > kpi.ratio * baseline:
        found[Test.RELATIVE] = relative_information(canary, baseline, share, kpi.ratio)
    if kpi.limit is not None and canary > kpi.limit:
        found[Test.ABSOLUTE] = divergence(canary, kpi.limit)
    return found


def _health(kpi: Kpi, baseline: float, share: float) -> dict[Test, float]:
    """Nats per canary request in favour of each tolerance, from a canary as good as the baseline."""
    found = {}
    if kpi.ratio is not None:
        found[Test.RELATIVE] = relative_information(baseline, baseline, share, kpi.ratio)
    if kpi.limit is not None:
        found[Test.ABSOLUTE] = divergence(baseline, kpi.limit) if baseline < kpi.limit else 0.0
    return found


def smallest_visible(found: KpiAssessment) -> float | None:
    """The smallest share of bad canary requests that should have stopped the canary by now.

    Had it been that bad from its first request, the counts seen so far would be expected to be enough;
    anything milder may still be there. None when nothing could have been seen yet. Like `outlook` it
    is right within FACTOR in the number of requests.
    """
    seen = found.canary.total
    everybody = seen + found.baseline.total
    if not seen or not found.evidence:
        return None
    traffic = seen / everybody
    base = min(max(found.baseline.share or 0.0, LOWEST), HIGHEST)

    def stops(share: float) -> bool:
        return any(_stops(each, share, base, traffic, seen) for each in found.evidence)

    if not stops(HIGHEST):
        return None
    low, high = base, HIGHEST
    for _ in range(_HALVINGS):
        middle = math.sqrt(low * high)
        low, high = (low, middle) if stops(middle) else (middle, high)
    return high


_HALVINGS = 20


def _stops(evidence: Evidence, share: float, base: float, traffic: float, seen: int) -> bool:
    """Whether this test is expected to have stopped a canary with this share of bad requests."""
    if evidence.test is Test.PAST:
        return False  # it looks at the time after promotion only, and may not be allowed to stop
    if evidence.test is Test.RELATIVE:
        if traffic >= 1 or share <= evidence.tolerance * base:
            return False
        information = relative_information(share, base, traffic, evidence.tolerance)
    elif share <= evidence.tolerance:
        return False
    else:
        information = divergence(share, evidence.tolerance)
    needed = requests_for(math.log(1 / evidence.alpha) + PRICE_FIRST, information)
    return needed is not None and needed <= seen


def seconds_to_prove(limit: float, share: float, miss: float, canary_rate: float) -> float | None:
    """How long proving an absolute limit takes for a canary with this share of bad requests."""
    share = max(share, LOWEST)
    if share >= limit:
        return None
    needed = math.log(1 / miss) + PRICE_PROOF
    return _seconds(requests_for(needed, divergence(share, limit)), canary_rate)


def _seconds(requests: int | None, rate: float) -> float | None:
    return None if requests is None or rate <= 0 else requests / rate
