"""What the judge says at the end of a step in which the canary had one request a minute.

5 % of the customers, so 19 requests a minute on the baseline, for half an hour; one KPI with a limit of
5 % and a ratio of 1.5, at least 20 canary requests, a look a minute. A good release fails 0.5 % of its
requests, bad ones 5, 20 and 50 %.

    PYTHONPATH=src python bench/judge_low_traffic.py
"""

import argparse

import numpy as np

from gonogo.domain.traffic import BadStatus, Counts, Increment, Kpi
from gonogo.domain.verdict import Judgement, Verdict
from gonogo.judge import JudgePlan, assess, begin, failed, observe
from judge_runs import RESULTS, Report

SEED = 20260313
MINUTES, PER_CANARY, BASELINE = 30, 19, 0.005
MINIMUM = 20
PLAN = JudgePlan((Kpi("errors", BadStatus(((500, 599),)), limit=0.05, ratio=1.5),))


def step(rng: np.random.Generator, rate: float) -> Judgement:
    """One step, ended by a stop or by its time."""
    memory = begin(PLAN)
    for _ in range(MINUTES):
        baseline = Counts(int(rng.binomial(PER_CANARY, BASELINE)), PER_CANARY)
        look = Increment("errors", baseline, Counts(int(rng.random() < rate), 1))
        memory = observe(PLAN, memory, [look])
        if failed(memory):
            break
    return assess(PLAN, memory, MINIMUM)


def main() -> None:
    """One row per canary; what a good one still needs stands beside it."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--releases", type=int, default=2000)
    parser.add_argument("--out", default=str(RESULTS / "judge_low_traffic.json"))
    given = parser.parse_args()
    report = Report("judge_low_traffic", SEED)
    for rate in (0.005, 0.05, 0.2, 0.5):
        rng = np.random.default_rng(SEED)
        found = [step(rng, rate) for _ in range(given.releases)]
        needed = [
            more
            for judgement in found
            if judgement.verdict is not Verdict.FAIL
            and (more := judgement.kpis[0].more_requests) is not None
        ]
        row: dict[str, float | int | str] = {"bad": rate, "releases": len(found)}
        for verdict in Verdict:
            row[verdict.value] = float(np.mean([each.verdict is verdict for each in found]))
        row["says_minutes_needed"] = float(np.median(needed)) if needed else 0.0
        report.add(**row)
        if rate == BASELINE:
            report.summary["a good one's sentence"] = found[0].sentence
    report.save(given.out)


if __name__ == "__main__":
    main()
