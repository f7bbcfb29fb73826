"""What a rollout is said to be able to see, against simulated releases."""

from datetime import timedelta

import numpy as np
import pytest

from gonogo.domain.plan import Step
from gonogo.domain.traffic import BadStatus, Counts, Increment, Kpi
from gonogo.domain.verdict import Test as Comparison
from gonogo.domain.verdict import Verdict
from gonogo.judge import JudgePlan, Memory, assess, begin, failed, next_step, observe
from gonogo.judge.outlook import FACTOR, Sight, Traffic, outlook, smallest_visible

RUNS = 40


def a_kpi(ratio: float | None = None, limit: float | None = None) -> Kpi:
    return Kpi("errors", BadStatus(((500, 599),)), ratio=ratio, limit=limit)


def a_step(share: float) -> Step:
    return Step(share, timedelta(minutes=10), 100)


def sights(kpi: Kpi, base: float, *shares: float, rate: float = 100.0) -> tuple[Sight, ...]:
    steps = [a_step(share) for share in shares]
    return outlook(JudgePlan((kpi,)), steps, {"errors": Traffic(rate, base)})


def counted(
    rng: np.random.Generator, canary: int, share: float, base: float, bad: float
) -> Increment:
    baseline = round(canary * (1 - share) / share)
    return Increment(
        "errors",
        Counts(int(rng.binomial(baseline, base)), baseline),
        Counts(int(rng.binomial(canary, bad)), canary),
    )


def requests_to_stop(
    rng: np.random.Generator, plan: JudgePlan, memory: Memory, share: float, base: float, bad: float
) -> int:
    """Canary requests until it is stopped, a few looks for each expected bad one."""
    size, seen = max(1, round(0.2 / bad)), 0
    while not failed(memory):
        memory = observe(plan, memory, (counted(rng, size, share, base, bad),))
        seen += size
        assert seen < 1_000_000
    return seen


@pytest.mark.parametrize(
    ("kpi", "base", "share", "times"),
    [
        (a_kpi(ratio=1.2), 0.005, 0.05, 10),
        (a_kpi(ratio=1.0), 0.005, 0.05, 10),
        (a_kpi(ratio=1.5), 0.005, 0.25, 5),
        (a_kpi(ratio=1.2), 0.02, 0.5, 2),
        (a_kpi(ratio=1.2), 0.005, 0.05, 50),
        (a_kpi(limit=0.05), 0.01, 0.05, 10),
        (a_kpi(limit=0.01), 0.005, 0.25, 5),
        (a_kpi(ratio=1.5, limit=0.05), 0.005, 0.05, 10),
    ],
)
@pytest.mark.parametrize("before", [0, 3000], ids=["first step", "later step"])
def test_a_fault_is_stopped_within_the_factor_of_the_forecast(
    kpi: Kpi, base: float, share: float, times: float, before: int
) -> None:
    rng = np.random.default_rng(20260311)
    plan = JudgePlan((kpi,))
    shares = (share, share) if before else (share,)
    sight = sights(kpi, base, *shares)[-1]
    (forecast,) = (one for one in sight.regressions if one.times == times)
    assert forecast.requests is not None
    stops = []
    for _ in range(RUNS):
        memory = begin(plan)
        if before:
            memory = observe(plan, memory, (counted(rng, before, share, base, base),))
            memory = next_step(plan, memory)
        stops.append(requests_to_stop(rng, plan, memory, share, base, forecast.share))
    assert 1 / FACTOR < np.mean(stops) / forecast.requests < FACTOR


@pytest.mark.parametrize(
    ("kpi", "base", "share"),
    [
        (a_kpi(ratio=2.0), 0.005, 0.25),
        (a_kpi(ratio=3.0), 0.01, 0.1),
        (a_kpi(limit=0.05), 0.01, 0.05),
        (a_kpi(limit=0.01), 0.005, 0.05),
    ],
)
def test_a_good_canary_is_cleared_within_the_factor_of_the_forecast(
    kpi: Kpi, base: float, share: float
) -> None:
    rng = np.random.default_rng(20260312)
    plan = JudgePlan((kpi,))
    (sight,) = sights(kpi, base, share)
    (seconds,) = sight.proofs.values()
    assert seconds is not None
    forecast = seconds * sight.canary_rate
    size, cleared = max(1, round(forecast / 25)), []
    for _ in range(RUNS):
        memory, seen = begin(plan), 0
        while assess(plan, memory, 1).verdict is not Verdict.PASS and seen < 6 * forecast:
            memory = observe(plan, memory, (counted(rng, size, share, base, base),))
            seen += size
        cleared.append(seen)
    assert 1 / FACTOR < np.mean(cleared) / forecast < FACTOR


def test_worse_faults_more_traffic_and_larger_shares_show_sooner() -> None:
    first, larger = sights(a_kpi(ratio=1.5), 0.005, 0.05, 0.5)
    (busy, _) = sights(a_kpi(ratio=1.5), 0.005, 0.05, 0.5, rate=1000.0)
    times = [one.seconds for one in first.regressions]
    assert None not in times
    assert times == sorted(times, key=lambda seconds: -(seconds or 0))
    for here, there in zip(first.regressions, busy.regressions, strict=True):
        assert there.seconds == pytest.approx((here.seconds or 0) / 10)
    assert larger.regressions[0].seconds is not None
    assert larger.regressions[0].seconds < (first.regressions[0].seconds or 0)


def test_what_keeps_every_limit_is_never_stopped() -> None:
    (sight,) = sights(a_kpi(limit=0.05), 0.001, 0.05)
    assert [one.seconds for one in sight.regressions if one.times <= 50][:3] == [None] * 3
    (tolerant,) = sights(a_kpi(ratio=20.0), 0.005, 0.05)
    assert [one.seconds is None for one in tolerant.regressions] == [True, True, True, False]


def test_a_tolerance_of_nothing_is_never_proven_nor_a_limit_below_what_happens() -> None:
    (sight,) = sights(a_kpi(ratio=1.0, limit=0.004), 0.005, 0.05)
    assert sight.proofs == {Comparison.RELATIVE: None, Comparison.ABSOLUTE: None}


def test_a_baseline_without_errors_is_not_taken_to_be_perfect() -> None:
    (sight,) = sights(a_kpi(ratio=1.5, limit=0.05), 0.0, 0.05)
    assert all(one.share > 0 for one in sight.regressions)
    assert sight.proofs[Comparison.ABSOLUTE] is not None


def test_the_step_s_minimum_takes_its_time_at_low_traffic() -> None:
    (sight,) = sights(a_kpi(ratio=1.5), 0.005, 0.05, rate=1.0)
    assert sight.seconds_to_minimum == pytest.approx(100 / 0.05)


def after(kpi: Kpi, canary: int, baseline: int, base: float = 0.0):
    """What the judge says after this many requests, with a clean canary."""
    plan = JudgePlan((kpi,))
    counts = Increment("errors", Counts(round(baseline * base), baseline), Counts(0, canary))
    return plan, assess(plan, observe(plan, begin(plan), (counts,)), 1).kpis[0]


@pytest.mark.parametrize(
    ("kpi", "base"), [(a_kpi(limit=0.05), 0.005), (a_kpi(ratio=1.5), 0.01), (a_kpi(limit=0.01), 0)]
)
def test_what_should_have_been_seen_by_now_is_seen_within_the_promised_factor(kpi, base):
    canary, share = 2_000, 0.25
    plan, found = after(kpi, canary, round(canary * (1 - share) / share), base)
    visible = smallest_visible(found)
    assert visible is not None
    rng = np.random.default_rng(7)
    took = [
        requests_to_stop(rng, plan, next_step(plan, begin(plan), share=share), share, base, visible)
        for _ in range(RUNS)
    ]
    assert canary / FACTOR < np.mean(took) < canary * FACTOR


def test_more_requests_show_smaller_faults_and_none_shows_nothing():
    few = smallest_visible(after(a_kpi(limit=0.05), 40, 400)[1])
    many = smallest_visible(after(a_kpi(limit=0.05), 4_000, 40_000)[1])
    assert few is not None
    assert many is not None
    assert 0.05 < many < few / 3
    assert smallest_visible(after(a_kpi(limit=0.05), 0, 400)[1]) is None
    assert smallest_visible(after(a_kpi(limit=0.05), 2, 400)[1]) is None
