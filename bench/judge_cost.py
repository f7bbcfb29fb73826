"""What a look, an assessment and the stored memory cost, on one core.

Processor time is counted, so that a busy machine does not blur it.

    PYTHONPATH=src python bench/judge_cost.py
"""

import time
from collections.abc import Sequence

import numpy as np

from gonogo.domain.traffic import Counts, Increment, Kpi
from gonogo.judge import JudgePlan, assess, begin, decode, encode, failed, observe
from judge_outage import ERRORS
from judge_runs import Report

SEED = 20260305


def looks_of(
    plan: JudgePlan, size: int, number: int, rng: np.random.Generator
) -> list[list[Increment]]:
    """Looks of `size` requests at 10 % canary and 0.2 % errors, the same in every KPI."""
    made = []
    for _ in range(number):
        canary = int(rng.binomial(size, 0.1))
        baseline = Counts(int(rng.binomial(size - canary, 0.002)), size - canary)
        counts = Counts(int(rng.binomial(canary, 0.002)), canary)
        made.append([Increment(kpi.name, baseline, counts) for kpi in plan.kpis])
    return made


def seconds(plan: JudgePlan, looks: Sequence[Sequence[Increment]]) -> float:
    """The best of three runs over all looks, asking after each whether the release failed."""
    best = float("inf")
    for _ in range(3):
        memory = begin(plan)
        start = time.process_time()
        for look in looks:
            memory = observe(plan, memory, look)
            failed(memory)
        best = min(best, time.process_time() - start)
    return best


def main() -> None:
    """One row per number of KPIs, each with a limit and a ratio."""
    rng = np.random.default_rng(SEED)
    report = Report("judge_cost", SEED)
    for kpis in (1, 3, 10):
        plan = JudgePlan(tuple(Kpi(f"kpi {n}", ERRORS, limit=0.05, ratio=1.5) for n in range(kpis)))
        single, batches = looks_of(plan, 1, 30_000, rng), looks_of(plan, 1000, 3000, rng)
        memory = begin(plan)
        for look in batches[:100]:
            memory = observe(plan, memory, look)
        start = time.process_time()
        for _ in range(200):
            assess(plan, memory, 100)
        assessed = (time.process_time() - start) / 200
        start = time.process_time()
        for _ in range(50):
            decode(plan, encode(memory))
        stored = (time.process_time() - start) / 50
        report.add(
            kpis=kpis,
            looks_per_second=len(single) / seconds(plan, single),
            events_per_second=1000 * len(batches) / seconds(plan, batches),
            assess_microseconds=1e6 * assessed,
            store_microseconds=1e6 * stored,
            bytes=len(encode(memory)),
        )
    report.save()


if __name__ == "__main__":
    main()
