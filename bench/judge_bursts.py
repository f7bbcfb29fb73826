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
from datetime import UTC, datetime, timedelta

import numpy as np

from gonogo.domain.repeats import Repeats
from gonogo.domain.traffic import ONCE_IN, BadStatus, Counts, Increment, Kpi, Unit
from gonogo.judge import JudgePlan, begin, failed, next_step, observe
from judge_runs import RESULTS, Report

SEED = 20260312
START = datetime(2026, 1, 1, tzinfo=UTC)
RATE = 100
STEPS = (0.05, 0.25, 0.5)
STEP_SECONDS = 100
CUSTOMERS, SICK = 2000, 10
BURSTS, TRIES = 0.001, 10
LOOK = 20
ERRORS = BadStatus(((500, 599),))
COUNTED = {
    "every request": (Unit.REQUEST, None),
    "guard on": (Unit.REQUEST, ONCE_IN),
    "customers": (Unit.CLIENT, timedelta(minutes=10)),
}
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


def asked(
    rng: np.random.Generator, seconds: float, bursts: float
) -> tuple[list[float], list[int], list[bool]]:
    """Requests in order: when, of whom, and whether they are part of a burst and so bad."""
    number = rng.poisson(RATE * seconds)
    times, customers = rng.uniform(0, seconds, number), rng.integers(0, CUSTOMERS, number)
    tries = np.where(rng.random(number) < bursts, rng.geometric(1 / TRIES, number), 0)
    again = np.repeat(np.arange(number), np.maximum(tries - 1, 0))
    behind = np.arange(len(again)) - np.searchsorted(again, again) + 1
    when = np.concatenate((times, times[again] + behind))
    order = np.argsort(when, kind="stable")
    bad = np.concatenate((tries > 0, np.ones(len(again), dtype=bool)))
    who = np.concatenate((customers, customers[again]))
    return when[order].tolist(), who[order].tolist(), bad[order].tolist()


def stopped(kpi: Kpi, rng: np.random.Generator, situation: str) -> bool:
    """Whether a good release is stopped."""
    sticky, sick = situation != "spread", SICK if situation == "sick" else 0
    plan = JudgePlan((kpi,))
    memory, repeats = begin(plan), Repeats((kpi,))
    places = rng.random(CUSTOMERS)
    for number, share in enumerate(STEPS):
        if number:
            memory = next_step(plan, memory)
        began = START + timedelta(seconds=number * STEP_SECONDS)
        sums, seen = [[0, 0], [0, 0]], 0
        when, who, bursting = asked(rng, STEP_SECONDS, 0.0 if sick else BURSTS)
        mine = places[who] < share if sticky else rng.random(len(who)) < share
        for at, customer, canary, tried in zip(when, who, mine.tolist(), bursting, strict=True):
            bad, name = tried or customer < sick, str(customer)
            if repeats.count(kpi.name, name, began + timedelta(seconds=at), bad=bad):
                sums[canary][0] += bad
                sums[canary][1] += 1
                seen += 1
            if not bad:
                repeats.answered_well(name)
            if seen == LOOK:
                look = Increment(kpi.name, Counts(*sums[0]), Counts(*sums[1]))
                memory = observe(plan, memory, [look])
                sums, seen = [[0, 0], [0, 0]], 0
        if failed(memory):
            return True
    return False


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


def main() -> None:
    """First good releases, then the price."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--releases", type=int, default=300)
    parser.add_argument("--stops", type=int, default=40)
    parser.add_argument("--out", default=str(RESULTS / "judge_bursts.json"))
    given = parser.parse_args()
    good = Report("judge_bursts", SEED)
    for situation in ("spread", "sticky", "sick"):
        for label, (unit, once_in) in COUNTED.items():
            kpi = Kpi("errors", ERRORS, limit=0.05, ratio=1.0, unit=unit, once_in=once_in)
            rng = np.random.default_rng(SEED)
            found = [stopped(kpi, rng, situation) for _ in range(given.releases)]
            share = float(np.mean(found))
            good.add(counted=label, bad=situation, releases=len(found), stopped=share)
    price = Report("judge_bursts", SEED)
    for case in PRICES:
        row: dict[str, float | int | str] = dict(
            zip(("share", "bad", "good_before"), case, strict=True)
        )
        ways = [("every request", 1000), *((str(number), number) for number in ADDRESSES)]
        for label, addresses in (*ways, ("customers", 1000)):
            unit, once_in = COUNTED.get(label, COUNTED["guard on"])
            kpi = Kpi("errors", ERRORS, limit=0.05, ratio=1.5, unit=unit, once_in=once_in)
            rng = np.random.default_rng(SEED)
            stops = [requests_to_stop(kpi, rng, addresses, case) for _ in range(given.stops)]
            row[label] = float(np.mean(stops))
        price.add(**row)
    good.rows += price.rows
    good.save(given.out)


if __name__ == "__main__":
    main()
