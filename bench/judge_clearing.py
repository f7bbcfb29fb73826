"""How many requests a PASS takes, against its own bound, and how often a PASS is wrong.

β = 1 %. The bound is log(1/β) over the information per canary request, as for stopping. Proof against
a limit and proof against a ratio are measured apart; "clean" means no bad request at all.

    PYTHONPATH=src python bench/judge_clearing.py
"""

import math

import numpy as np

from gonogo.judge.alternatives import relative_grid
from gonogo.judge.intervals import log_limit_kept, log_ratio_kept
from judge_runs import Case, Report, divergence

SEED = 20260304
BETA = 0.01
NEEDED = math.log(1 / BETA)


def limit_proved_after(
    limit: float, rate: float, most: int, rng: np.random.Generator
) -> int | None:
    """Canary requests to the proof, looked at some 400 times; None: not within `most`."""
    group, bad = max(1, most // 400), 0
    for seen in range(group, most + 1, group):
        bad += int(rng.binomial(group, rate))
        if log_limit_kept(bad, seen, limit) >= NEEDED:
            return seen
    return None


def ratio_proved_after(
    tolerance: float, case: Case, most: int, rng: np.random.Generator
) -> int | None:
    """The same for a proof against a ratio."""
    group = max(1, most // 400)
    factors = relative_grid(tolerance).factors(1 / (1 + case.per_canary))
    likelihood = np.zeros_like(factors.ratio_canary)
    for seen in range(group, most + 1, group):
        likelihood += rng.binomial(group, case.canary) * factors.ratio_canary
        likelihood += rng.binomial(group * case.per_canary, case.baseline) * factors.ratio_baseline
        if log_ratio_kept(likelihood, tolerance) >= NEEDED:
            return seen
    return None


def main() -> None:
    """Cost first, then wrong proofs on the border of what is tolerated."""
    rng = np.random.default_rng(SEED)
    report = Report("judge_clearing", SEED)
    for limit, rate in (
        (0.05, 0.0),
        (0.01, 0.0),
        (0.05, 0.005),
        (0.05, 0.01),
        (0.05, 0.02),
        (0.01, 0.002),
    ):
        information = -math.log1p(-limit) if not rate else float(divergence(rate, np.array(limit)))
        bound = NEEDED / information
        most = int(12 * bound)
        found = [limit_proved_after(limit, rate, most, rng) for _ in range(200)]
        _add(report, f"limit {limit:g}, at {rate:g}", bound, [item or most for item in found])
    for tolerance, rate, share in (
        (1.5, 0.005, 0.05),
        (1.5, 0.005, 0.5),
        (2.0, 0.005, 0.05),
        (3.0, 0.01, 0.1),
    ):
        case = Case(rate, rate, share)
        bound = NEEDED / _clearing_information(case, tolerance)
        most = int(12 * bound)
        found = [ratio_proved_after(tolerance, case, most, rng) for _ in range(100)]
        _add(report, f"ratio {tolerance:g}, equal", bound, [item or most for item in found])
    wrong_limit = [limit_proved_after(0.05, 0.05, 20_000, rng) is not None for _ in range(1000)]
    border = Case(0.01, 0.015, 0.1)
    wrong_ratio = [ratio_proved_after(1.5, border, 200_000, rng) is not None for _ in range(1000)]
    report.summary = {
        "mean ratio to the bound": float(np.mean([row["ratio"] for row in report.rows])),
        "wrong proofs of a limit (allowed 0.01)": float(np.mean(wrong_limit)),
        "wrong proofs of a ratio (allowed 0.01)": float(np.mean(wrong_ratio)),
    }
    report.save()


def _add(report: Report, what: str, bound: float, needed: list[int]) -> None:
    report.add(
        what=what,
        bound=bound,
        requests=float(np.mean(needed)),
        ratio=float(np.mean(needed)) / bound,
    )


def _clearing_information(case: Case, tolerance: float) -> float:
    rates = np.linspace(case.canary / tolerance, case.baseline, 20001)
    per_canary = (1 - case.share) / case.share
    both = divergence(case.canary, tolerance * rates) + per_canary * divergence(
        case.baseline, rates
    )
    return float(both.min())


if __name__ == "__main__":
    main()
