"""How often a release that is exactly as bad as it may be is stopped, however often it is looked at.

Three KPIs with a limit of 5 % and a ratio of 1.5 each; weights 5 → 25 → 50 %, then the watch without
a baseline. The hardest good release: the canary is 1.5 times as bad as the baseline in every look and,
for the limits, exactly at 5 %. The common error rate of the comparison swings by the hour and is hit
by shocks of up to 40 %. Streams share how many requests each arm gets and differ in which are bad.

    PYTHONPATH=src python bench/judge_false_alarms.py
"""

from collections.abc import Iterator

import numpy as np

from gonogo.judge.plan import RETRIES
from judge_runs import AbsoluteRuns, RelativeRuns, Report

SEED = 20260302
KPIS = 3
STEPS = (0.05, 0.25, 0.5)
LIMIT, RATIO = 0.05, 1.5


def main() -> None:
    """One row per way of looking, at a budget of 1 % and of 10 %."""
    report = Report("judge_false_alarms", SEED)
    settings = (
        ("looks of 1,000", 10_000, 150, 1000, 1, False),
        ("looks of 20", 5_000, 500, 20, 1, False),
        ("looks of 1", 3_000, 3_000, 1, 1, False),
        ("bursts of 3", 2_000, 100, 1000, 3, False),
        ("ordinary", 2_000, 100, 1000, 1, True),
        ("ordinary, bursts 3", 2_000, 100, 1000, 3, True),
        ("ordinary, bursts 10", 2_000, 100, 1000, 10, True),
    )
    for label, streams, looks, size, burst, ordinary in settings:
        rng = np.random.default_rng(SEED)
        highest = np.ones(streams)
        for _ in range(KPIS):
            np.maximum(
                highest,
                relative_peaks(rng, streams, looks, size, burst, ordinary=ordinary),
                out=highest,
            )
            np.maximum(
                highest,
                absolute_peaks(rng, streams, looks, size, burst, ordinary=ordinary),
                out=highest,
            )
        row = {"way": label, "releases": streams, "canary_requests": _canary_requests(looks, size)}
        for budget in (0.01, 0.1):
            limit = 2 * KPIS / (budget * RETRIES)
            row[f"stopped_at_{budget:g}"] = float((highest >= limit).mean())
        report.add(**row)
    report.summary = {
        "allowed on the first attempt": f"{0.01 * RETRIES:.4f} at 1 %, {0.1 * RETRIES:.4f} at 10 %"
    }
    report.save()


def relative_peaks(
    rng: np.random.Generator, streams: int, looks: int, size: int, burst: int, *, ordinary: bool
) -> np.ndarray:
    """The highest e-value of each stream's comparison over the steps."""
    runs = RelativeRuns(RATIO, streams)
    for number, share in enumerate(STEPS):
        if number:
            runs.next_step()
        for rate in [0.005] * looks if ordinary else _common_rates(rng, looks):
            canary = int(rng.binomial(size, share))
            baseline = size - canary
            runs.look(
                _bad(rng, baseline, rate, streams, burst),
                baseline,
                _bad(rng, canary, rate * (1 if ordinary else RATIO), streams, burst),
                canary,
            )
    return runs.peak


def absolute_peaks(
    rng: np.random.Generator, streams: int, looks: int, size: int, burst: int, *, ordinary: bool
) -> np.ndarray:
    """The highest e-value of each stream's test against the limit over the steps and the watch."""
    runs = AbsoluteRuns(LIMIT, streams)
    for number, share in enumerate((*STEPS, 1.0)):
        if number:
            runs.next_step()
        for _ in range(looks):
            canary = int(rng.binomial(size, share))
            runs.look(_bad(rng, canary, 0.005 if ordinary else LIMIT, streams, burst), canary)
    return runs.peak


def _common_rates(rng: np.random.Generator, looks: int) -> Iterator[float]:
    shock = 0.0
    for look in range(looks):
        if rng.random() < 0.02:
            shock = float(rng.choice([0.0, 0.1, 0.4]))
        yield 0.03 * (1 + 0.8 * np.sin(look / looks * 12)) + shock


def _bad(rng: np.random.Generator, total: int, rate: float, streams: int, burst: int) -> np.ndarray:
    """Bad requests per stream; in bursts of mean length `burst`, at the same mean rate."""
    if burst == 1:
        return rng.binomial(total, rate, streams)
    bursts = rng.poisson(total * rate / burst, streams)
    sizes = np.where(
        bursts > 0, rng.negative_binomial(np.maximum(bursts, 1), 1 / burst) + bursts, 0
    )
    return np.minimum(sizes, total)


def _canary_requests(looks: int, size: int) -> int:
    return round(looks * size * (sum(STEPS) + 1))


if __name__ == "__main__":
    main()
