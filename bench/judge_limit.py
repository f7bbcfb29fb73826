"""How near the relative test comes to the information bound, and what a late fault costs.

Single relative test, tolerance 1, the whole α = 1 %, 64 cases. A look is one canary request with its
baseline requests; where thousands are needed, looks are grouped, at least 150 to the bound. Beside the
bound stands an oracle that knows both error rates and puts everything on them.

    PYTHONPATH=src python bench/judge_limit.py          # the table
    PYTHONPATH=src python bench/judge_limit.py --fit    # weights that fit other cases best
"""

import math
import sys
from dataclasses import replace

import numpy as np

from gonogo.judge.alternatives import relative_grid
from judge_runs import REPORTED, Case, RelativeRuns, Report

ALPHA = 0.01
SEED = 20260301


def requests_to_stop(case: Case, streams: int, rng: np.random.Generator, good: int = 0) -> float:
    """Mean canary requests from the fault to the stop, after `good` canary requests without it."""
    bound = case.bound(ALPHA)
    group, ratio = max(1, int(bound / 150)), case.per_canary
    runs = RelativeRuns(1.0, streams)
    chunk = max(1, good // 400)
    for _ in range(good // chunk):
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
    grid = replace(
        relative_grid(1.0),
        multiples=np.array([]),
        baseline=np.array([case.baseline]),
        canary=np.array([case.canary]),
        weights=np.ones(1),
    )
    ratio, factors = case.per_canary, grid.factors(1 / (1 + case.per_canary))
    group = max(1, int(case.bound(ALPHA) / 400))
    evidence, stopped, seen = np.zeros(streams), 0.0, 0
    while len(evidence):
        seen += group
        canary = rng.binomial(group, case.canary, len(evidence))
        baseline = rng.binomial(group * ratio, case.baseline, len(evidence))
        evidence = evidence + canary * factors.bad_canary + (group - canary) * factors.good_canary
        evidence += baseline * factors.bad_baseline
        evidence += (group * ratio - baseline) * factors.good_baseline
        running = evidence < math.log(1 / ALPHA)
        stopped += seen * float((~running).sum())
        evidence = evidence[running]
    return stopped / streams


def fit() -> None:
    """Weights under which the mixture is likeliest at 1.25 times the bound, over cases not reported."""
    rng = np.random.default_rng(3)
    grid = relative_grid(1.0)
    evidence = []
    for low in (0.0005, 0.002, 0.007, 0.02, 0.08):
        for ratio in (1.7, 3, 7, 20, 35, 100):
            for share in (0.015, 0.07, 0.2, 0.4):
                case = Case(low, min(0.97, low * ratio), share)
                if case.canary < 1.5 * low:
                    continue
                number = max(1, round(1.25 * case.bound(ALPHA)))
                baseline = round(number * (1 - share) / share)
                bad, also = rng.binomial(number, case.canary, 300), rng.binomial(baseline, low, 300)
                factors = grid.factors(share)
                evidence.append(
                    bad[:, None] * factors.bad_canary
                    + (number - bad)[:, None] * factors.good_canary
                    + also[:, None] * factors.bad_baseline
                    + (baseline - also)[:, None] * factors.good_baseline
                )
    table = np.concatenate(evidence)
    weights = np.full(table.shape[1], 1 / table.shape[1])
    for _ in range(2000):
        posterior = table + np.log(weights)
        posterior = np.exp(posterior - posterior.max(axis=1, keepdims=True))
        weights = (posterior / posterior.sum(axis=1, keepdims=True)).mean(axis=0) + 1e-12
    names = [f"x {multiple:g}" for multiple in grid.multiples]
    names += [f"{low:g} -> {high:g}" for low, high in zip(grid.baseline, grid.canary, strict=True)]
    for name, used, best in zip(names, grid.weights, weights, strict=True):
        print(f"{name:>14}  used {used:.3f}  fitted {best:.3f}")


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
    if "--fit" in sys.argv:
        fit()
    else:
        main()
