"""Whole releases judged side by side, bad requests only, say what the product says of each."""

import math
from dataclasses import replace

import numpy as np
import pytest
from bench.judge_customers import COUNTED, stopped
from bench.judge_sparse import SparseAbsolute, SparseRelative, blocks_of

from gonogo.domain.traffic import BadStatus, Counts, Increment, Kpi
from gonogo.judge import JudgePlan, assess, begin, next_step, observe

PLAN = JudgePlan((Kpi("errors", BadStatus(((500, 599),)), limit=0.05, ratio=1.0),), 0.3)
STEPS = ((0.1, 0.02), (0.5, 0.15))  # the canary's share, and the share of bad requests on both arms


def test_releases_judged_side_by_side_say_what_the_product_says_after_every_request():
    rng = np.random.default_rng(7)
    releases, requests = 6, 700
    relative = SparseRelative(1.0, releases, 1 / PLAN.alpha)
    absolute = SparseAbsolute(0.05, releases, 1 / PLAN.alpha)
    memories = [begin(PLAN)] * releases
    for number, (share, rate) in enumerate(STEPS):
        if number:
            relative.next_step()
            absolute.next_step()
            memories = [next_step(PLAN, memory) for memory in memories]
        canary = rng.random(requests) < share
        bad = rng.random((requests, releases)) < rate
        start = 0
        for end in blocks_of(canary).tolist():
            block, mine = bad[start:end], canary[start:end]
            relative.block(
                int((~mine).sum()),
                int(mine.sum()),
                np.nonzero(block[~mine])[1],
                np.nonzero(block[mine])[1],
            )
            start = end
        for request in np.flatnonzero(canary):
            absolute.request(np.flatnonzero(bad[request]))
        for arm, row in zip(canary, bad, strict=True):
            memories = [
                one(memory, bool(arm), bool(b)) for memory, b in zip(memories, row, strict=True)
            ]
    every = np.arange(releases)
    for number, memory in enumerate(memories):
        first, second = assess(PLAN, memory, 1).kpis[0].evidence
        assert first.log10_e == pytest.approx(math.log10(relative.value(every)[number]))
        assert second.log10_e == pytest.approx(math.log10(absolute.value(every)[number]))
        assert first.peak == pytest.approx(math.log10(relative.peak[number]))
        assert second.peak == pytest.approx(math.log10(absolute.peak[number]))
    stopped = absolute.peak >= 1 / PLAN.alpha
    assert stopped.any()


@pytest.mark.slow
@pytest.mark.parametrize("situation", ["spread", "sticky"])
def test_bursts_of_one_customer_stop_good_releases_only_where_they_count_in_full(situation):
    stops = {}
    for counted in ("every request", "guard on", "customers"):
        unit, once_in = COUNTED[counted]
        kpi = replace(PLAN.kpis[0], unit=unit, once_in=once_in)
        rng = np.random.default_rng(8)
        stops[counted] = sum(stopped(kpi, rng, situation) for _ in range(20))
    assert stops["every request"] >= (10 if situation == "sticky" else 1)
    assert stops["guard on"] == 0
    assert stops["customers"] == 0


def one(memory, canary, bad):
    counts = Counts(int(bad), 1)
    increment = Increment("errors", canary=counts) if canary else Increment("errors", counts)
    return observe(PLAN, memory, [increment])
