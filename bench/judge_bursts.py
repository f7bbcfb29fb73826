"""What bursts of one customer do to good releases, with and without the guard, and what the guard costs.

Everything goes through the product: `domain.repeats` decides what counts, `gonogo.judge` judges it.

Good releases: 100 requests a second from 2,000 customers, steps of 5, 25 and 50 %, one KPI with a limit
of 5 % and a ratio of 1, α = 1 %. One request in a thousand begins a burst: its customer tries again, 10
tries on average, a second apart. "spread": each try is balanced anew. "sticky": a customer stays on an
arm, drawn when it comes first, until a step moves it. "sick": sticky, and instead of bursts ten
customers get nothing but bad answers, whatever the version.

The price: canary requests until the stop, one look per request, requests spread evenly over so many
addresses, the limit of 5 % with a ratio of 1.5, for faults that begin at once or after 2,000 requests.

    PYTHONPATH=src python bench/judge_bursts.py                 # five minutes
    PYTHONPATH=src python bench/judge_bursts.py --releases 50   # less sure
"""

import argparse
from concurrent.futures import ProcessPoolExecutor
from datetime import timedelta

import numpy as np

from gonogo.domain.repeats import Repeats
from gonogo.domain.traffic import Counts, Increment, Kpi
from gonogo.judge import JudgePlan, begin, failed, observe
from judge_customers import COUNTED, ERRORS, RATE, START, stopped
from judge_runs import RESULTS, Report

SEED = 20260312
PRICES = (
    # share, bad share of the canary, good requests before
    (0.05, 1.0, 0),
    (0.05, 0.05, 0),
    (0.25, 1.0, 2000),
    (0.5, 1.0, 2000),
    (0.5, 0.05, 2000),
    (1.0, 1.0, 2000),
)
ADDRESSES = (1, 5, 12, 20, 50, 1000)


def requests_to_stop(
    kpi: Kpi, rng: np.random.Generator, addresses: int, price: tuple[float, float, int]
) -> int:
    """Canary requests from the fault to the stop, at most 10,000."""
    share, rate, good = price
    plan = JudgePlan((kpi,))
    memory, repeats = begin(plan), Repeats((kpi,))
    now, asked_so_far, seen = START, 0, 0
    while not failed(memory) and seen < 10_000:
        asked_so_far += 1
        now += timedelta(seconds=float(rng.exponential(1 / RATE)))
        faulty, canary = asked_so_far > good, bool(rng.random() < share)
        bad = bool(rng.random() < (rate if canary and faulty else 0.005))
        seen += canary and faulty
        name = str(rng.integers(addresses))
        if repeats.count(kpi.name, name, now, bad=bad):
            one = Counts(int(bad), 1)
            look = Increment(kpi.name, canary=one) if canary else Increment(kpi.name, one)
            memory = observe(plan, memory, [look])
        if not bad:
            repeats.answered_well(name)
    return seen


def stopped_share(situation: str, label: str, releases: int) -> float:
    """The share of good releases that are stopped."""
    unit, once_in = COUNTED[label]
    kpi = Kpi("errors", ERRORS, limit=0.05, ratio=1.0, unit=unit, once_in=once_in)
    rng = np.random.default_rng(SEED)
    return float(np.mean([stopped(kpi, rng, situation) for _ in range(releases)]))


def price(case: tuple[float, float, int], label: str, stops: int) -> float:
    """Mean canary requests to the stop; `label` is a way of counting or a number of addresses."""
    unit, once_in = COUNTED.get(label, COUNTED["guard on"])
    kpi = Kpi("errors", ERRORS, limit=0.05, ratio=1.5, unit=unit, once_in=once_in)
    addresses = 1000 if label in COUNTED else int(label)
    rng = np.random.default_rng(SEED)
    return float(np.mean([requests_to_stop(kpi, rng, addresses, case) for _ in range(stops)]))


def main() -> None:
    """First good releases, then the price."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--releases", type=int, default=300)
    parser.add_argument("--stops", type=int, default=40)
    parser.add_argument("--out", default=str(RESULTS / "judge_bursts.json"))
    given = parser.parse_args()
    good, prices = Report("judge_bursts", SEED), Report("judge_bursts", SEED)
    ways = [(situation, label) for situation in ("spread", "sticky", "sick") for label in COUNTED]
    columns = ("every request", *map(str, ADDRESSES), "customers")
    with ProcessPoolExecutor() as pool:
        shares = [pool.submit(stopped_share, *way, given.releases) for way in ways]
        cells = {
            case: [pool.submit(price, case, label, given.stops) for label in columns]
            for case in PRICES
        }
        for (situation, label), share in zip(ways, shares, strict=True):
            good.add(counted=label, bad=situation, releases=given.releases, stopped=share.result())
        for (share_of, rate, before), found in cells.items():
            row: dict[str, float | int | str] = {
                "share": share_of,
                "bad": rate,
                "good_before": before,
            }
            row |= {label: cell.result() for label, cell in zip(columns, found, strict=True)}
            prices.add(**row)
    good.rows += prices.rows
    good.save(given.out)


if __name__ == "__main__":
    main()
