"""What the comparison with a service's own recorded past says of good releases, and of bad ones.

After promotion no baseline is left, and ratios are held against what the baseline had during the
rollout. That is right as long as time changes nothing. Here it does: the error rate of every version
swings threefold over the day, and a dependency fails at random moments, once a day on average, for ten
minutes in which errors are ten times as many. Releases start at any time of the day, take three steps of
ten minutes (5, 25 and 50 %) and are then watched, with a look every minute.

"hour": the comparison ends an hour after promotion, as in the product. "day": it goes on for 24 h.
A release counts as stopped when the comparison reaches its threshold, whatever the plan lets it do. α is
1 %, the one test has all of it.

    PYTHONPATH=src python bench/judge_past.py
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from gonogo import judge
from gonogo.domain.plan import Past
from gonogo.domain.traffic import BadStatus, Counts, Increment, Kpi
from gonogo.judge.plan import RETRIES
from judge_runs import Report

SEED = 20260322
STEPS = (0.05, 0.25, 0.5)
STEP_MINUTES, DAY = 10, 24 * 60
FAULT = 20  # minutes after promotion at which a bad version begins to fail
COMMON = 0.005
OUTAGE_MINUTES, OUTAGE_TIMES = 10, 10.0
RELEASES, BAD_RELEASES = 400, 100


@dataclass(frozen=True)
class World:
    """How the error rate of every version moves: `swing` over the day, `outages` per day."""

    label: str
    swing: float = 0.0
    outages: float = 0.0


WORLDS = (
    World("constant"),
    World("day ×3", swing=0.5),
    World("outages", outages=1.0),
    World("day ×3, outages", swing=0.5, outages=1.0),
)


def main() -> None:
    """Good releases first, then bad ones in the constant world."""
    report = Report("judge_past", SEED)
    for world in WORLDS:
        for ratio in (1.2, 1.5, 2.0):
            for rate in (10, 100):
                report.add(
                    world=world.label,
                    ratio=ratio,
                    requests_per_second=rate,
                    releases=RELEASES,
                    stopped_hour=stopped(world, ratio, rate, 60),
                    stopped_day=stopped(world, ratio, rate, DAY),
                )
    for times in (2.0, 3.0, 10.0):
        for rate in (10, 100):
            share, minutes = found(times, rate)
            report.add(
                world=f"×{times:g} after 20 min",
                ratio=1.5,
                requests_per_second=rate,
                releases=BAD_RELEASES,
                found_hour=share,
                minutes_to_it=minutes,
            )
    report.save()


def stopped(world: World, ratio: float, rate: int, minutes: int) -> float:
    """The share of good releases in which the comparison reaches its threshold."""
    rng = np.random.default_rng(SEED)
    ends = [_run(rng, world, ratio, rate, minutes) for _ in range(RELEASES)]
    return sum(end is not None for end in ends) / RELEASES


def found(times: float, rate: int) -> tuple[float, float | str]:
    """The share of bad releases found within the hour, and the median minutes from the fault."""
    rng = np.random.default_rng(SEED + 1)
    ends = [_run(rng, WORLDS[0], 1.5, rate, 60, times) for _ in range(BAD_RELEASES)]
    seen = [end - FAULT + 1 for end in ends if end is not None]
    return len(seen) / BAD_RELEASES, float(np.median(seen)) if seen else "never"


def _run(
    rng: np.random.Generator,
    world: World,
    ratio: float,
    rate: int,
    minutes: int,
    times: float = 1.0,
) -> int | None:
    """The minute after promotion at which the threshold is reached; None when it never is."""
    kpi = Kpi("errors", BadStatus(((500, 599),)), ratio=ratio)
    plan = judge.JudgePlan((kpi,), 0.02 / RETRIES, past=Past.STOP)  # half of it: one test has 1 %
    rollout = len(STEPS) * STEP_MINUTES
    rates = _rates(rng, world, rollout + minutes)
    memory = judge.begin(plan)
    for number, share in enumerate(STEPS):
        stretch = rates[number * STEP_MINUTES : (number + 1) * STEP_MINUTES]
        arms = [_counts(rng, stretch, 60 * rate * part) for part in (1 - share, share)]
        memory = judge.observe(plan, memory, (Increment("errors", *arms),))
    memory = judge.next_step(plan, memory, alone=True)
    for minute, common in enumerate(rates[rollout:]):
        worse = min(common * (times if minute >= FAULT else 1.0), 0.95)
        bad = int(rng.binomial(60 * rate, worse))
        gained = (Increment("errors", canary=Counts(bad, 60 * rate)),)
        memory = judge.observe(plan, memory, gained)
        if judge.failed(memory):
            return minute
    return None


def _counts(rng: np.random.Generator, rates: Sequence[float], requests: float) -> Counts:
    each = round(requests)
    return Counts(int(rng.binomial(each, rates).sum()), each * len(rates))


def _rates(rng: np.random.Generator, world: World, minutes: int) -> np.ndarray:
    """The common share of bad requests, minute by minute, from a random time of the day on."""
    at = rng.random() * DAY + np.arange(minutes)
    rates = COMMON * (1 + world.swing * np.sin(2 * np.pi * at / DAY))
    for begins in np.flatnonzero(rng.random(minutes) < world.outages / DAY):
        rates[begins : begins + OUTAGE_MINUTES] = COMMON * OUTAGE_TIMES
    return rates


if __name__ == "__main__":
    main()
