"""How near the relative test comes to the information bound, and what a late fault costs.

Single relative test, tolerance 1, the whole α = 1 %, 64 cases. A look is one canary request with its
baseline requests; where thousands are needed, looks are grouped, at least 150 to the bound. Beside the
bound stands an oracle that knows both error rates and puts everything on them. What a test could reach
that knows the baseline's rate but not the canary's is in judge_floor.py.

    PYTHONPATH=src python bench/judge_limit.py            # the table
    PYTHONPATH=src python bench/judge_limit.py --others   # the same figures on cases not reported
"""

import math
import sys

import numpy as np

from gonogo.judge.alternatives import against_tolerated
from judge_runs import REPORTED, Case, RelativeRuns, Report

ALPHA = 0.01
SEED = 20260301


def requests_to_stop(case: Case, streams: int, rng: np.random.Generator, good: int = 0) -> float:
    """Mean canary requests from the fault to the stop, after `good` canary requests without it."""
    bound = case.bound(ALPHA)
    group, ratio = max(1, int(bound / 150)), case.per_canary
    runs = RelativeRuns(1.0, streams, 1 / ALPHA)
    left = good
    while left:
        # Looks grow finer towards the fault, as stake spent just before it counts.
        chunk = max(1, left // 50)
        left -= chunk
        canary = rng.binomial(chunk, case.baseline, streams)
        runs.look(rng.binomial(chunk * ratio, case.baseline, streams), chunk * ratio, canary, chunk)
    stopped, seen = 0.0, 0
    while len(runs.stakes) and seen < 80 * bound + 1000:
        number = len(runs.stakes)
        seen += group
        baseline = rng.binomial(group * ratio, case.baseline, number)
        runs.look(baseline, group * ratio, rng.binomial(group, case.canary, number), group)
        running = runs.value() < 1 / ALPHA
        stopped += seen * float((~running).sum())
        runs.keep(running)
    return (stopped + seen * len(runs.stakes)) / streams


def oracle(case: Case, streams: int, rng: np.random.Generator) -> float:
    """The same for a test that bets everything on the true pair of rates."""
    ratio = case.per_canary
    factors = against_tolerated(
        np.array(case.baseline), np.array(case.canary), 1.0, 1 / (1 + ratio)
    )
    bad_canary, good_canary, bad_baseline, good_baseline = factors
    group = max(1, int(case.bound(ALPHA) / 400))
    evidence, stopped, seen = np.zeros(streams), 0.0, 0
    while len(evidence):
        seen += group
        canary = rng.binomial(group, case.canary, len(evidence))
        baseline = rng.binomial(group * ratio, case.baseline, len(evidence))
        evidence = evidence + canary * bad_canary + (group - canary) * good_canary
        evidence += baseline * bad_baseline + (group * ratio - baseline) * good_baseline
        running = evidence < math.log(1 / ALPHA)
        stopped += seen * float((~running).sum())
        evidence = evidence[running]
    return stopped / streams


# Cases that grids, weights and priors were chosen on.
OTHERS = tuple(
    Case(low, min(0.97, low * ratio), 1 / (1 + round((1 - share) / share)))
    for low in (0.0015, 0.007, 0.02, 0.07)
    for ratio in (1.7, 3, 7, 20, 40)
    for share in (0.015, 0.07, 0.2, 0.4)
)


def others() -> None:
    """Figures from the start over cases that are not reported."""
    rng = np.random.default_rng(SEED + 1)
    found = [(case.bound(ALPHA), requests_to_stop(case, 200, rng)) for case in OTHERS]
    large = [needed / bound for bound, needed in found if bound >= 10]
    print(f"mean ratio {np.mean([needed / bound for bound, needed in found]):.3f}")
    print(f"worst ratio where the bound is >= 10: {max(large):.3f}")
    print(f"most over it where it is less: {max(n - b for b, n in found if b < 10):.2f}")


def main() -> None:
    """The 64 cases, from the start and after 10,000 and 100,000 good canary requests."""
    rng = np.random.default_rng(SEED)
    report = Report("judge_limit", SEED)
    for case in REPORTED:
        bound = case.bound(ALPHA)
        best = oracle(case, 1000, rng)
        start = requests_to_stop(case, 400, rng)
        late = {good: requests_to_stop(case, 100, rng, good) for good in (10_000, 100_000)}
        # What a late fault costs at least on average over its start, were it one of good/bound windows.
        floor = {good: 1 + math.log(max(1.0, good / bound)) / math.log(1 / ALPHA) for good in late}
        report.add(
            baseline=case.baseline,
            canary=case.canary,
            share=case.share,
            bound=bound,
            oracle=best / bound,
            from_start=start / bound,
            requests_over=start - bound,
            late_10000=late[10_000] / bound,
            floor_10000=floor[10_000],
            late_100000=late[100_000] / bound,
            floor_100000=floor[100_000],
        )
    large = [row for row in report.rows if row["bound"] >= 10]
    small = [row for row in report.rows if row["bound"] < 10]
    report.summary = {
        "mean ratio to the bound, 64 cases": _mean(report.rows, "from_start"),
        "mean ratio to the bound, bound >= 10 requests": _mean(large, "from_start"),
        "worst ratio, bound >= 10 requests": max(row["from_start"] for row in large),
        "most requests over the bound, bound < 10": max(row["requests_over"] for row in small),
        "mean ratio of the oracle, 64 cases": _mean(report.rows, "oracle"),
        "mean ratio to the oracle": float(
            np.mean([row["from_start"] / row["oracle"] for row in report.rows])
        ),
    }
    for good in ("10000", "100000"):
        report.summary[f"late {good}: mean ratio"] = _mean(report.rows, f"late_{good}")
        report.summary[f"late {good}: mean floor"] = _mean(report.rows, f"floor_{good}")
    report.save()


def _mean(rows: list[dict[str, float]], column: str) -> float:
    return float(np.mean([row[column] for row in rows]))


if __name__ == "__main__":
    if "--others" in sys.argv:
        others()
    else:
        main()
