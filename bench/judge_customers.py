"""Good releases among customers who ask again, judged through the product's own code.

What bench/judge_bursts.py reports and tests/judge/test_sparse.py holds.
"""

from datetime import UTC, datetime, timedelta

import numpy as np

from gonogo.domain.repeats import Repeats
from gonogo.domain.traffic import ONCE_IN, BadStatus, Counts, Increment, Kpi, Unit
from gonogo.judge import JudgePlan, begin, failed, next_step, observe

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
