"""What the judge says about streams of counts."""

from datetime import timedelta

import numpy as np
import pytest

from gonogo.domain.errors import InvalidInput
from gonogo.domain.plan import (
    Command,
    CriterionMode,
    Environment,
    Health,
    Plan,
    RollbackCriterion,
    Rollout,
    Step,
)
from gonogo.domain.traffic import BadStatus, Counts, Endpoint, Increment, Kpi, SlowerThan
from gonogo.domain.verdict import Test as Comparison
from gonogo.domain.verdict import Verdict
from gonogo.judge import (
    JudgePlan,
    Memory,
    assess,
    begin,
    failed,
    judge_plan,
    next_step,
    observe,
)

ERRORS = BadStatus(((500, 599),))
ALL = Kpi("errors", ERRORS, limit=0.05, ratio=1.5)
ORDERS = Kpi("create-order", ERRORS, Endpoint("POST", "/orders"), limit=0.05, ratio=1.5)
SLOW = Kpi("slow", SlowerThan(timedelta(seconds=2)), limit=0.05, ratio=1.5)
PLAN = JudgePlan((ALL, ORDERS, SLOW))


def look(
    plan: JudgePlan,
    memory: Memory,
    canary: tuple[int, int] = (0, 0),
    baseline: tuple[int, int] = (0, 0),
) -> Memory:
    """The same counts in every KPI of the plan."""
    return observe(
        plan, memory, [Increment(kpi.name, Counts(*baseline), Counts(*canary)) for kpi in plan.kpis]
    )


def alone(**tolerances: float) -> JudgePlan:
    return JudgePlan((Kpi("errors", ERRORS, **tolerances),))


def requests_until_stopped(plan: JudgePlan, seed: int, share: float, rate: float, most: int) -> int:
    """Canary requests, one look per request, until a canary that fails at `rate` is stopped."""
    rng = np.random.default_rng(seed)
    memory, seen = begin(plan), 0
    while not failed(memory) and seen < most:
        if rng.random() < share:
            seen += 1
            memory = look(plan, memory, canary=(int(rng.random() < rate), 1))
        else:
            memory = look(plan, memory, baseline=(0, 1))
    return seen


def test_a_canary_that_always_fails_is_stopped_within_8_of_its_requests():
    stops = [requests_until_stopped(PLAN, seed, 0.1, 1.0, 50) for seed in range(60)]
    assert sum(stop <= 8 for stop in stops) >= 0.95 * len(stops)


def test_a_canary_that_always_fails_is_stopped_by_comparison_alone_within_12_of_its_requests():
    plan = JudgePlan(tuple(Kpi(kpi.name, kpi.bad, kpi.endpoint, ratio=1.5) for kpi in PLAN.kpis))
    stops = [requests_until_stopped(plan, seed, 0.1, 1.0, 50) for seed in range(60)]
    assert sum(stop <= 12 for stop in stops) >= 0.95 * len(stops)


def test_a_fault_that_starts_after_ten_thousand_good_requests_is_still_noticed_soon():
    memory = begin(PLAN)
    for _ in range(100):
        memory = look(PLAN, memory, canary=(0, 100), baseline=(0, 900))
    requests = 0
    while not failed(memory) and requests < 100:
        requests += 1
        memory = look(PLAN, memory, canary=(1, 1), baseline=(0, 9))
    assert requests <= 10


def test_nothing_seen_on_the_canary_is_no_data():
    memory = look(PLAN, begin(PLAN), baseline=(3, 1000))
    judgement = assess(PLAN, memory, 100)
    assert judgement.verdict is Verdict.NO_DATA
    assert "no request has reached the canary" in judgement.sentence


def test_too_few_requests_are_inconclusive_and_the_sentence_counts_them():
    judgement = assess(PLAN, look(PLAN, begin(PLAN), (0, 34), (0, 300)), 100)
    assert judgement.verdict is Verdict.INCONCLUSIVE
    assert "34 of 100 requests needed in this step" in judgement.sentence
    assert judgement.kpis[0].more_requests == 66


def test_enough_requests_without_harm_are_unproven_before_they_prove_anything():
    judgement = assess(PLAN, look(PLAN, begin(PLAN), (0, 110), (1, 990)), 100)
    assert judgement.verdict is Verdict.UNPROVEN
    assert "more canary requests" in judgement.sentence


def test_a_clean_canary_passes_an_absolute_limit_of_5_percent_after_some_150_requests():
    plan = alone(limit=0.05)
    assert assess(plan, look(plan, begin(plan), (0, 89)), 10).verdict is Verdict.UNPROVEN
    assert assess(plan, look(plan, begin(plan), (0, 150)), 10).verdict is Verdict.PASS


def test_a_canary_equal_to_the_baseline_passes_a_ratio_once_enough_bad_requests_speak():
    plan = alone(ratio=2.0)
    early = look(plan, begin(plan), (5, 1000), (45, 9000))
    late = look(plan, begin(plan), (500, 100_000), (4500, 900_000))
    assert assess(plan, early, 10).verdict is Verdict.UNPROVEN
    assert assess(plan, late, 10).verdict is Verdict.PASS


def test_an_outage_of_both_arms_never_fails_a_comparison():
    plan = alone(ratio=1.0)
    rng = np.random.default_rng(5)
    memory = begin(plan)
    for _ in range(300):
        rate = float(rng.choice([0.001, 0.9]))
        counts = ((int(rng.binomial(10, rate)), 10), (int(rng.binomial(90, rate)), 90))
        memory = look(plan, memory, *counts)
    assert not failed(memory)


def test_a_fail_stays_a_fail_through_good_requests_and_new_steps():
    memory = look(PLAN, begin(PLAN), (20, 20), (0, 180))
    assert failed(memory)
    memory = next_step(PLAN, look(PLAN, memory, (0, 100_000), (0, 900_000)))
    assert failed(memory)
    assert assess(PLAN, memory, 0).verdict is Verdict.FAIL


def test_a_new_step_must_see_its_own_minimum():
    memory = look(PLAN, begin(PLAN), (0, 500), (0, 4500))
    assert assess(PLAN, memory, 100).verdict in {Verdict.UNPROVEN, Verdict.PASS}
    memory = next_step(PLAN, memory)
    judgement = assess(PLAN, memory, 100)
    assert judgement.verdict is Verdict.INCONCLUSIVE
    assert "0 of 100" in judgement.sentence


def test_a_fault_at_the_start_of_a_later_step_is_stopped_nearly_as_fast():
    memory = look(PLAN, begin(PLAN), (3, 3000), (30, 30_000))
    memory = next_step(PLAN, memory)
    requests = 0
    while not failed(memory):
        requests += 1
        memory = look(PLAN, memory, canary=(1, 1), baseline=(0, 3))
    assert requests <= 6


def test_a_ratio_without_any_baseline_in_a_rollout_step_is_inconclusive():
    plan = alone(ratio=1.5)
    judgement = assess(plan, look(plan, begin(plan), (0, 500)), 100)
    assert judgement.verdict is Verdict.INCONCLUSIVE
    assert "nothing to compare with" in judgement.sentence


def test_a_ratio_in_the_watch_is_unproven_because_no_baseline_is_left():
    plan = alone(ratio=1.5)
    memory = look(plan, begin(plan), (0, 500), (0, 4500))
    memory = look(plan, next_step(plan, memory, alone=True), (3, 500))
    judgement = assess(plan, memory, 100)
    assert judgement.verdict is Verdict.UNPROVEN
    assert "no baseline is left" in judgement.sentence


def test_the_watch_is_judged_by_absolute_tests_alone():
    memory = next_step(PLAN, look(PLAN, begin(PLAN), (0, 500), (0, 4500)), alone=True)
    assert assess(PLAN, look(PLAN, memory, (0, 2000)), 100).verdict is Verdict.PASS
    assert assess(PLAN, look(PLAN, memory, (60, 200)), 100).verdict is Verdict.FAIL


def test_a_rare_endpoint_without_traffic_neither_blocks_nor_passes():
    memory = observe(
        PLAN,
        begin(PLAN),
        [
            Increment("errors", Counts(0, 9000), Counts(0, 3000)),
            Increment("slow", Counts(0, 9000), Counts(0, 3000)),
        ],
    )
    judgement = assess(PLAN, memory, 100)
    orders = judgement.kpis[1]
    assert judgement.verdict is Verdict.UNPROVEN
    assert orders.verdict is Verdict.UNPROVEN
    assert "not judged here" in orders.sentence


def test_an_endpoint_needs_its_share_of_the_minimum():
    memory = observe(
        PLAN,
        begin(PLAN),
        [
            Increment("errors", Counts(0, 1000), Counts(0, 200)),
            Increment("create-order", Counts(0, 500), Counts(0, 4)),
        ],
    )
    orders = assess(PLAN, memory, 100).kpis[1]
    assert orders.verdict is Verdict.INCONCLUSIVE
    assert "4 of 42 requests needed" in orders.sentence


def test_an_endpoint_that_only_the_baseline_serves_is_inconclusive():
    memory = observe(
        PLAN,
        begin(PLAN),
        [
            Increment("errors", Counts(0, 100_000), Counts(0, 100_000)),
            Increment("create-order", Counts(0, 40)),
        ],
    )
    orders = assess(PLAN, memory, 100).kpis[1]
    assert orders.verdict is Verdict.INCONCLUSIVE
    assert "routing" in orders.sentence


def test_a_failure_is_told_with_counts_odds_and_limit():
    plan = alone(ratio=1.2)
    memory = begin(plan)
    for canary, baseline in (((5, 31), (1, 575)), ((4, 30), (1, 575))):
        memory = look(plan, memory, canary, baseline)
    sentence = assess(plan, memory, 10).sentence
    assert sentence.startswith(
        "errors: 9 of 61 canary requests bad (14.8 %), baseline 2 of 1,150 (0.17 %): about "
    )
    assert "times worse [" in sentence
    assert ": 1 that this is no accident (limit 160 : 1)" in sentence


def test_the_deciding_kpi_speaks_first():
    memory = observe(
        PLAN,
        begin(PLAN),
        [
            Increment("errors", Counts(0, 900), Counts(0, 100)),
            Increment("slow", Counts(0, 900), Counts(40, 100)),
        ],
    )
    judgement = assess(PLAN, memory, 10)
    assert judgement.verdict is Verdict.FAIL
    assert judgement.sentence.startswith("slow: 40 of 100 canary requests bad")


def test_a_late_failure_does_not_call_the_diluted_estimate_worse():
    memory = look(PLAN, begin(PLAN), (0, 50_000), (45, 450_000))
    memory = look(PLAN, memory, (30, 30), (0, 270))
    first = assess(PLAN, memory, 10).sentence
    assert ": lately more than the 5 % tolerated; odds" in first
    plan = alone(ratio=1.5)
    memory = look(plan, begin(plan), (0, 50_000), (450, 450_000))
    memory = look(plan, memory, (30, 30), (0, 270))
    assert ": lately worse than the 1.5 times tolerated; odds" in assess(plan, memory, 10).sentence


def test_a_failure_against_a_spotless_baseline_gives_the_least_that_is_proven():
    plan = alone(ratio=1.5)
    sentence = assess(plan, look(plan, begin(plan), (20, 40), (0, 360)), 10).sentence
    assert "at least" in sentence
    assert "times worse; odds" in sentence


def test_the_budget_is_split_over_tests_and_attempts():
    first, second = (
        sum(
            item.alpha
            for attempt in attempts
            for kpi in assess(attempt, begin(attempt), 1).kpis
            for item in kpi.evidence
        )
        for attempts in ([PLAN], [JudgePlan(PLAN.kpis, attempt=k) for k in range(1, 2000)])
    )
    assert first == pytest.approx(0.01 * 6 / np.pi**2)
    assert second == pytest.approx(0.01, rel=1e-3)


def test_every_judged_rollback_criterion_is_one_more_absolute_test():
    criteria = tuple(
        RollbackCriterion(name, ERRORS, Endpoint(), 0.1, mode, timedelta(minutes=5))
        for name, mode in (("signed", CriterionMode.JUDGED), ("as written", CriterionMode.LITERAL))
    )
    plan = Plan(
        service="orders",
        digest="0" * 64,
        run="serve",
        health=Health("/health"),
        environments=(Environment("production", 8080),),
        smoke=(),
        kpis=(ALL,),
        rollout=Rollout((Step(0.1, timedelta(minutes=5), 100),), false_alarm=0.02),
        watch=timedelta(hours=1),
        build=Command("build", "true"),
        rollback_criteria=criteria,
    )
    made = judge_plan(plan, attempt=2)
    assert [kpi.name for kpi in made.kpis] == ["errors", "rollback: signed"]
    assert (made.false_alarm, made.attempt, made.tests) == (0.02, 2, 3)
    evidence = assess(made, begin(made), 1).kpis[1].evidence
    assert [item.test for item in evidence] == [Comparison.ABSOLUTE]


def test_counts_of_an_unknown_kpi_are_refused_by_name():
    with pytest.raises(InvalidInput, match='"typo"'):
        observe(PLAN, begin(PLAN), [Increment("typo", canary=Counts(1, 1))])


def test_a_memory_of_another_plan_is_refused():
    with pytest.raises(InvalidInput, match="another plan"):
        observe(alone(limit=0.1), begin(PLAN), [])


def test_a_million_bad_requests_in_one_look_overflow_nothing():
    memory = begin(PLAN)
    for _ in range(5):
        memory = look(PLAN, memory, (1_000_000, 1_000_000), (0, 9_000_000))
        memory = look(PLAN, memory, (0, 1_000_000), (9_000_000, 9_000_000))
    assert np.isfinite(memory.values).all()
    assert assess(PLAN, memory, 1).verdict is Verdict.FAIL


def test_requests_split_otherwise_than_planned_are_inconclusive_and_the_sentence_says_how():
    memory = look(PLAN, next_step(PLAN, begin(PLAN), share=0.05), (0, 1000), (0, 9000))
    judgement = assess(PLAN, memory, 100)
    assert judgement.verdict is Verdict.INCONCLUSIVE
    assert "the canary got 10 % of this step's requests where 5 % was planned" in judgement.sentence


def test_requests_split_as_planned_are_judged():
    rng = np.random.default_rng(8)
    for share in (0.01, 0.05, 0.5):
        memory = next_step(PLAN, begin(PLAN), share=share)
        for _ in range(50):
            canary = int(rng.binomial(1000, share))
            memory = look(PLAN, memory, (0, canary), (0, 1000 - canary))
        assert assess(PLAN, memory, 10).verdict in {Verdict.UNPROVEN, Verdict.PASS}


def test_a_wrong_split_hides_no_failure():
    memory = look(PLAN, next_step(PLAN, begin(PLAN), share=0.05), (900, 1000), (0, 1000))
    assert assess(PLAN, memory, 100).verdict is Verdict.FAIL


def test_beginning_a_step_twice_is_the_same_as_once():
    assert next_step(PLAN, begin(PLAN)) == begin(PLAN)
    memory = next_step(PLAN, look(PLAN, begin(PLAN), (1, 100), (2, 900)))
    assert next_step(PLAN, memory) == memory
