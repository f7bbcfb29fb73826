"""How often a release that is exactly as bad as it may be is stopped, however often it is looked at.

Three KPIs with a limit of 5 % and a ratio of 1.5 each; weights 5 → 25 → 50 %, then the watch without
a baseline. The hardest good release: the canary is 1.5 times as bad as the baseline in every look and,
for the limits, exactly at 5 %. The common error rate of the comparison swings by the hour and is hit
by shocks of up to 40 %. The ordinary one: both arms at 0.5 %. Streams share how many requests each
arm gets and differ in which are bad.

Bad requests in bursts break the assumption of independence. "spread": the requests of a burst are
balanced one by one, as the product's router does. "sticky": a burst falls on one arm as a whole, as
with sticky sessions.

    PYTHONPATH=src python bench/judge_false_alarms.py
"""

from dataclasses import dataclass

import numpy as np

from gonogo.judge.plan import RETRIES
from judge_runs import AbsoluteRuns, RelativeRuns, Report

SEED = 20260302
KPIS = 3
STEPS = (0.05, 0.25, 0.5)
LIMIT, RATIO = 0.05, 1.5


@dataclass(frozen=True)
class Way:
    """How streams are made and looked at: `looks` per step, of `size` requests each."""

    label: str
    streams: int
    looks: int
    size: int
    burst: int = 1
    sticky: bool = False
    ordinary: bool = False

    @property
    def canary_requests(self) -> int:
        """Expected number over the steps and the watch."""
        return round(self.looks * self.size * (sum(STEPS) + 1))


WAYS = (
    Way("hardest, of 1,000", 10_000, 150, 1000),
    Way("hardest, of 20", 5_000, 500, 20),
    Way("hardest, of 1", 3_000, 3_000, 1),
    Way("ordinary", 2_000, 100, 1000, ordinary=True),
    Way("ord., 10 spread", 2_000, 100, 1000, 10, ordinary=True),
    Way("ord., 3 sticky", 2_000, 100, 1000, 3, sticky=True, ordinary=True),
    Way("ord., 10 sticky", 2_000, 100, 1000, 10, sticky=True, ordinary=True),
)


def main() -> None:
    """One row per way of looking, at a budget of 1 % and of 10 %."""
    report = Report("judge_false_alarms", SEED)
    for way in WAYS:
        strict, loose = (stops(way, 2 * KPIS / (budget * RETRIES)) for budget in (0.01, 0.1))
        report.add(
            way=way.label,
            releases=way.streams,
            canary_requests=way.canary_requests,
            stopped_at_1=float((strict[0] | strict[1]).mean()),
            by_ratio=float(strict[0].mean()),
            by_limit=float(strict[1].mean()),
            stopped_at_10=float((loose[0] | loose[1]).mean()),
        )
    report.summary = {
        "allowed on the first attempt": f"{0.01 * RETRIES:.4f} at 1 %, {0.1 * RETRIES:.4f} at 10 %"
    }
    report.save()


def stops(way: Way, threshold: float) -> tuple[np.ndarray, np.ndarray]:
    """Whether any KPI's comparison, and any KPI's limit, stops each release."""
    rng = np.random.default_rng(SEED)
    ratio, limit = np.zeros((2, way.streams), dtype=bool)
    for _ in range(KPIS):
        ratio |= relative_peaks(rng, way, threshold) >= threshold
        limit |= absolute_peaks(rng, way, threshold) >= threshold
    return ratio, limit


def relative_peaks(rng: np.random.Generator, way: Way, threshold: float) -> np.ndarray:
    """The highest e-value of each stream's comparison over the steps."""
    runs = RelativeRuns(RATIO, way.streams, threshold)
    for number, share in enumerate(STEPS):
        if number:
            runs.next_step()
        rates = np.full(way.looks, 0.005) if way.ordinary else _common_rates(rng, way.looks)
        for rate in rates:
            canary = int(rng.binomial(way.size, share))
            bad, also = _both_bad(rng, way, canary, float(rate))
            runs.look(also, way.size - canary, bad, canary)
    return runs.peak


def absolute_peaks(rng: np.random.Generator, way: Way, threshold: float) -> np.ndarray:
    """The highest e-value of each stream's test against the limit over the steps and the watch."""
    runs = AbsoluteRuns(LIMIT, way.streams, threshold)
    for number, share in enumerate((*STEPS, 1.0)):
        if number:
            runs.next_step()
        for _ in range(way.looks):
            canary = int(rng.binomial(way.size, share))
            if way.ordinary:
                runs.look(_both_bad(rng, way, canary, 0.005)[0], canary)
            else:
                runs.look(rng.binomial(canary, LIMIT, way.streams), canary)
    return runs.peak


def _both_bad(
    rng: np.random.Generator, way: Way, canary: int, rate: float
) -> tuple[np.ndarray, np.ndarray]:
    """Bad requests of canary and baseline per stream, the canary as bad as it may be."""
    baseline, worse = way.size - canary, rate * (1 if way.ordinary else RATIO)
    if way.burst == 1:
        return rng.binomial(canary, worse, way.streams), rng.binomial(baseline, rate, way.streams)
    if way.sticky:
        return _bursts(rng, way, canary, worse), _bursts(rng, way, baseline, rate)
    bad = _bursts(rng, way, way.size, rate)
    mine = rng.hypergeometric(canary, baseline, bad)
    return mine, bad - mine


def _bursts(rng: np.random.Generator, way: Way, total: int, rate: float) -> np.ndarray:
    """Bad requests per stream in bursts of geometric length, at the same mean rate."""
    number = rng.poisson(total * rate / way.burst, way.streams)
    longer = rng.negative_binomial(np.maximum(number, 1), 1 / way.burst)
    return np.minimum(np.where(number > 0, number + longer, 0), total)


def _common_rates(rng: np.random.Generator, looks: int) -> np.ndarray:
    shock, rates = 0.0, []
    for look in range(looks):
        if rng.random() < 0.02:
            shock = float(rng.choice([0.0, 0.1, 0.4]))
        rates.append(0.03 * (1 + 0.8 * np.sin(look / looks * 12)) + shock)
    return np.array(rates)


if __name__ == "__main__":
    main()
