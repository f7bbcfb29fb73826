"""After promotion: ratios against what was recorded of the service before."""

import math

import numpy as np
import pytest

from gonogo.domain.plan import Past
from gonogo.domain.traffic import BadStatus, Counts, Increment, Kpi
from gonogo.domain.verdict import Evidence, KpiAssessment, Verdict
from gonogo.domain.verdict import Test as Comparison
from gonogo.judge import (
    JudgePlan,
    Memory,
    assess,
    begin,
    decode,
    encode,
    end_past,
    failed,
    next_step,
    observe,
    worse_than_past,
)
from gonogo.judge.plan import RETRIES

ERRORS = Kpi("errors", BadStatus(((500, 599),)), ratio=1.5)


def plan(past: Past, kpi: Kpi = ERRORS) -> JudgePlan:
    return JudgePlan((kpi,), past=past)


def look(
    of: JudgePlan, memory: Memory, bad: int, total: int, baseline: tuple[int, int] = (0, 0)
) -> Memory:
    return observe(of, memory, [Increment("errors", Counts(*baseline), Counts(bad, total))])


def promoted(of: JudgePlan, baseline: tuple[int, int] = (50, 10_000)) -> Memory:
    """After a rollout in which both arms had the same share of bad requests."""
    memory = look(of, begin(of), baseline[0] // 10, baseline[1] // 10, baseline)
    return next_step(of, memory, alone=True)


def watched(of: JudgePlan, memory: Memory, bad: int, of_each: int, looks: int) -> Memory:
    for _ in range(looks):
        memory = look(of, memory, bad, of_each)
    return memory


def found(of: JudgePlan, memory: Memory) -> KpiAssessment:
    return assess(of, memory, 0).kpis[0]


def past_of(assessment: KpiAssessment) -> Evidence | None:
    return next((one for one in assessment.evidence if one.test is Comparison.PAST), None)


def test_a_version_that_is_as_good_as_the_baseline_was_shows_no_harm() -> None:
    for past in (Past.TELL, Past.STOP):
        of = plan(past)
        memory = watched(of, promoted(of), 5, 1000, 50)
        assert not failed(memory)
        assert found(of, memory).verdict is Verdict.UNPROVEN
        assert "no proof of more than" in found(of, memory).sentence


def test_where_the_plan_says_stop_a_version_far_worse_than_its_past_fails() -> None:
    of = plan(Past.STOP)
    memory = watched(of, promoted(of), 50, 1000, 5)
    assert failed(memory)
    assessment = found(of, memory)
    assert assessment.verdict is Verdict.FAIL
    assert "1.5 times the service's recorded past allows" in assessment.sentence


def test_where_the_plan_says_tell_it_is_never_taken_back_for_it() -> None:
    of = plan(Past.TELL)
    memory = watched(of, promoted(of), 900, 1000, 50)
    assert not failed(memory)
    assessment = found(of, memory)
    assert assessment.verdict is Verdict.INCONCLUSIVE
    assert "something that would have hit the one before as well" in assessment.sentence
    assert worse_than_past(assess(of, memory, 0)) == assessment.sentence


def test_people_are_told_only_as_long_as_it_is_worse() -> None:
    of = plan(Past.TELL)
    memory = watched(of, promoted(of), 50, 1000, 2)
    assert worse_than_past(assess(of, memory, 0)) is not None
    memory = watched(of, memory, 5, 1000, 60)
    assert worse_than_past(assess(of, memory, 0)) is None


def test_a_limit_beside_the_ratio_still_takes_it_back() -> None:
    of = plan(Past.TELL, Kpi("errors", ERRORS.bad, limit=0.05, ratio=1.5))
    memory = watched(of, promoted(of), 900, 1000, 1)
    assert failed(memory)
    assert "more than the 5 % tolerated" in found(of, memory).sentence


def test_off_compares_with_nothing() -> None:
    of = plan(Past.OFF)
    memory = watched(of, promoted(of), 900, 1000, 5)
    assert past_of(found(of, memory)) is None
    assert "no baseline is left to compare with" in found(of, memory).sentence


def test_nothing_is_held_against_a_past_that_was_never_seen() -> None:
    of = plan(Past.STOP)
    memory = watched(of, next_step(of, begin(of), alone=True), 900, 1000, 5)
    assert not failed(memory)


def test_what_the_past_tolerates_is_well_above_what_was_seen_and_falls_as_more_was_seen() -> None:
    tolerated = []
    for size in (1_000, 10_000, 100_000):
        of = plan(Past.STOP)
        evidence = past_of(found(of, promoted(of, (size // 200, size))))
        assert evidence is not None
        tolerated.append(evidence.tolerance)
    assert tolerated[0] > tolerated[1] > tolerated[2] > 1.5 * 0.005


def test_saying_twice_that_it_goes_on_alone_begins_nothing_anew() -> None:
    of = plan(Past.STOP)
    once = promoted(of)
    assert next_step(of, once, alone=True) == once
    seen = watched(of, once, 5, 1000, 10)
    again = past_of(found(of, next_step(of, seen, alone=True)))
    before = past_of(found(of, seen))
    assert again is not None
    assert before is not None
    assert again.tolerance == before.tolerance
    assert math.isclose(again.log10_e, before.log10_e, abs_tol=1e-9)


def test_once_the_past_is_too_old_it_says_nothing_more_and_cannot_begin_again() -> None:
    of = plan(Past.STOP)
    memory = next_step(of, end_past(of, promoted(of)), alone=True)
    memory = watched(of, memory, 900, 1000, 5)
    assert not failed(memory)
    of = plan(Past.TELL)
    memory = end_past(of, watched(of, promoted(of), 900, 1000, 5))
    assert worse_than_past(assess(of, memory, 0)) is None
    assert "no baseline is left to compare with" in found(of, memory).sentence


def test_the_comparison_goes_on_exactly_after_being_stored() -> None:
    of = plan(Past.STOP)
    memory = watched(of, promoted(of), 8, 1000, 3)
    assert watched(of, decode(of, encode(memory)), 8, 1000, 3) == watched(of, memory, 8, 1000, 3)


@pytest.mark.parametrize("past", list(Past))
@pytest.mark.parametrize("attempt", [1, 3])
def test_the_parts_of_the_budget_never_add_up_to_more_than_all_of_it(
    past: Past, attempt: int
) -> None:
    kpis = (ERRORS, Kpi("both", ERRORS.bad, limit=0.05, ratio=2.0), Kpi("x", ERRORS.bad, limit=0.1))
    of = JudgePlan(kpis, attempt=attempt, past=past)
    counts = [Increment(kpi.name, Counts(50, 10_000), Counts(5, 1000)) for kpi in kpis]
    memory = begin(of)
    for begun in (memory, next_step(of, observe(of, memory, counts), alone=True)):
        parts = [each for kpi in assess(of, begun, 0).kpis for each in kpi.evidence]
        assert math.isclose(sum(each.alpha for each in parts), 0.01 * RETRIES / attempt**2)
        told = [each for each in parts if each.test is Comparison.PAST]
        assert all((each.alpha > 0) is (past is Past.STOP) for each in told)


def test_good_releases_are_stopped_by_the_past_less_often_than_its_part_allows() -> None:
    """The version is exactly 1.5 times as bad as the baseline; the budget is large so that it shows."""
    rng = np.random.default_rng(20260322)
    of = JudgePlan((ERRORS,), 0.4 / RETRIES, past=Past.STOP)  # a fifth for the past
    stopped = 0
    for _ in range(200):
        memory = look(of, begin(of), 0, 0, (int(rng.binomial(2000, 0.02)), 2000))
        memory = next_step(of, memory, alone=True)
        for _ in range(40):
            memory = look(of, memory, int(rng.binomial(250, 0.03)), 250)
        stopped += failed(memory)
    assert stopped <= 0.2 * 200
