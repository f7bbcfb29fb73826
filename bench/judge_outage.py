"""How many customers a canary that always fails hurts before the product's judge stops it.

Three KPIs (two over errors, one over latency), each with a limit of 5 % and a ratio of 1.5, α = 1 %,
a look after every request, 10 % of the traffic, clean baseline. Every request without an answer is
bad in all KPIs. Also: the same without limits, at other error rates, in a later step, after 10,000
good canary requests, and in the watch.

    PYTHONPATH=src python bench/judge_outage.py
"""

from datetime import timedelta

import numpy as np

from gonogo.domain.traffic import BadStatus, Counts, Endpoint, Increment, Kpi, SlowerThan
from gonogo.judge import JudgePlan, Memory, begin, failed, next_step, observe
from judge_runs import Report

SEED = 20260303
SHARE = 0.1
ERRORS = BadStatus(((500, 599),))


def plan(limit: float | None) -> JudgePlan:
    """Three KPIs with a ratio of 1.5 and, where given, a limit."""
    return JudgePlan(
        (
            Kpi("errors", ERRORS, limit=limit, ratio=1.5),
            Kpi("create-order", ERRORS, Endpoint("POST", "/orders"), limit=limit, ratio=1.5),
            Kpi("slow", SlowerThan(timedelta(seconds=2)), limit=limit, ratio=1.5),
        )
    )


def look(judged: JudgePlan, memory: Memory, baseline: Counts, canary: Counts) -> Memory:
    """The same counts for every KPI."""
    return observe(judged, memory, [Increment(kpi.name, baseline, canary) for kpi in judged.kpis])


def requests_to_stop(
    judged: JudgePlan, memory: Memory, rng: np.random.Generator, rate: float, share: float
) -> int:
    """Canary requests until the stop, one look per request, at most 2,000."""
    seen = 0
    while not failed(memory) and seen < 2000:
        if rng.random() < share:
            seen += 1
            memory = look(judged, memory, Counts(), Counts(int(rng.random() < rate), 1))
        else:
            memory = look(judged, memory, Counts(0, 1), Counts())
    return seen


def main() -> None:
    """One row per situation."""
    report = Report("judge_outage", SEED)
    limited, compared = plan(0.05), plan(None)
    good = begin(limited)
    for _ in range(100):
        good = look(limited, good, Counts(1, 900), Counts(0, 100))
    later = next_step(limited, look(limited, begin(limited), Counts(10, 27_000), Counts(1, 3000)))
    situations = (
        ("always fails", limited, begin(limited), 1.0, SHARE),
        ("90 % fail", limited, begin(limited), 0.9, SHARE),
        ("50 % fail", limited, begin(limited), 0.5, SHARE),
        ("20 % fail", limited, begin(limited), 0.2, SHARE),
        ("always, ratios only", compared, begin(compared), 1.0, SHARE),
        ("50 %, ratios only", compared, begin(compared), 0.5, SHARE),
        ("always, second step", limited, later, 1.0, SHARE),
        ("always, after 10,000", limited, good, 1.0, SHARE),
        ("always, in the watch", limited, next_step(limited, good, alone=True), 1.0, 1.0),
    )
    for label, judged, memory, rate, share in situations:
        rng = np.random.default_rng(SEED)
        stops = [requests_to_stop(judged, memory, rng, rate, share) for _ in range(300)]
        report.add(
            situation=label,
            mean=float(np.mean(stops)),
            p50=int(np.quantile(stops, 0.5)),
            p95=int(np.quantile(stops, 0.95)),
            most=max(stops),
            within_8=float(np.mean(np.array(stops) <= 8)),
        )
    report.save()


if __name__ == "__main__":
    main()
