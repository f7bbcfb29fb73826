"""What holds for every stream of counts."""

import itertools
from dataclasses import replace
from datetime import timedelta

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from gonogo.domain.traffic import BadStatus, Counts, Increment, Kpi, Unit
from gonogo.domain.verdict import Verdict
from gonogo.judge import (
    JudgePlan,
    Memory,
    assess,
    begin,
    decode,
    encode,
    failed,
    next_step,
    observe,
)
from gonogo.judge.verdicts import Standing, kpi_verdict

KPIS = tuple(
    Kpi(name, BadStatus(((500, 599),)), limit=limit, ratio=ratio)
    for name, limit, ratio in (("both", 0.05, 1.0), ("limit", 0.01, None), ("ratio", None, 1.5))
)
PLAN = JudgePlan(KPIS)


@st.composite
def counts(draw: st.DrawFn, most: int = 60) -> Counts:
    total = draw(st.integers(0, most))
    return Counts(draw(st.integers(0, total)), total)


@st.composite
def increments(draw: st.DrawFn) -> Increment:
    name = draw(st.sampled_from([kpi.name for kpi in KPIS]))
    return Increment(name, draw(counts()), draw(counts()))


looks = st.lists(st.lists(increments(), max_size=4), max_size=12)


def after(stream: list[list[Increment]]) -> Memory:
    memory = begin(PLAN)
    for number, one in enumerate(stream):
        memory = observe(PLAN, memory, one)
        if number % 5 == 4:
            memory = next_step(PLAN, memory)
    return memory


@settings(deadline=None, derandomize=True, max_examples=60)
@given(looks, st.randoms())
def test_the_order_inside_a_look_does_not_matter(stream, random):
    shuffled = [random.sample(one, len(one)) for one in stream]
    assert after(shuffled) == after(stream)


@settings(deadline=None, derandomize=True, max_examples=60)
@given(looks)
def test_increments_of_the_same_kpi_in_one_look_add_up(stream):
    summed = []
    for one in stream:
        names = dict.fromkeys(item.kpi for item in one)
        summed.append(
            [
                Increment(
                    name,
                    sum((item.baseline for item in one if item.kpi == name), Counts()),
                    sum((item.canary for item in one if item.kpi == name), Counts()),
                )
                for name in names
            ]
        )
    assert after(summed) == after(stream)


@settings(deadline=None, derandomize=True, max_examples=60)
@given(looks)
def test_nothing_fails_without_a_bad_canary_request(stream):
    clean = [
        [Increment(item.kpi, item.baseline, Counts(0, item.canary.total)) for item in one]
        for one in stream
    ]
    memory = after(clean)
    assert not failed(memory)
    for kpi in assess(PLAN, memory, 1).kpis:
        assert all(item.peak <= 1e-9 for item in kpi.evidence)


@settings(deadline=None, derandomize=True, max_examples=60)
@given(looks, increments())
def test_one_more_bad_canary_request_never_lowers_the_evidence_of_a_look(stream, last):
    if last.canary.bad == last.canary.total:
        last = Increment(last.kpi, last.baseline, Counts(last.canary.bad, last.canary.total + 1))
    worse = Increment(last.kpi, last.baseline, Counts(last.canary.bad + 1, last.canary.total))
    before = after(stream)
    lower, higher = (assess(PLAN, observe(PLAN, before, [item]), 1).kpis for item in (last, worse))
    for one, other in zip(lower, higher, strict=True):
        for milder, harsher in zip(one.evidence, other.evidence, strict=True):
            assert harsher.log10_e >= milder.log10_e - 1e-9


@settings(deadline=None, derandomize=True, max_examples=60)
@given(looks)
def test_a_memory_survives_being_stored_exactly(stream):
    memory = after(stream)
    assert decode(PLAN, encode(memory)) == memory
    assert encode(decode(PLAN, encode(memory))) == encode(memory)


@settings(deadline=None, derandomize=True, max_examples=60)
@given(looks)
def test_a_look_never_changes_the_memory_it_started_from(stream):
    memory = after(stream)
    stored = encode(memory)
    observe(PLAN, memory, [Increment("both", Counts(1, 20), Counts(9, 9))])
    next_step(PLAN, memory)
    assess(PLAN, memory, 3)
    assert encode(memory) == stored


@settings(deadline=None, derandomize=True, max_examples=60)
@given(looks)
def test_intervals_hold_their_estimate_and_every_sentence_is_one_line(stream):
    judgement = assess(PLAN, after(stream), 5)
    for kpi in judgement.kpis:
        assert kpi.sentence.startswith(f"{kpi.kpi}: ")
        assert "\n" not in kpi.sentence
        for interval in (kpi.ratio, kpi.share):
            if interval is not None and interval.estimate is not None:
                assert interval.low <= interval.estimate * (1 + 1e-9)
                assert interval.estimate * (1 - 1e-9) <= interval.high


def test_swapping_the_arms_at_equal_shares_inverts_the_ratio():
    plan = JudgePlan((Kpi("ratio", BadStatus(((500, 599),)), ratio=1.0),))
    one = observe(plan, begin(plan), [Increment("ratio", Counts(4, 500), Counts(12, 500))])
    other = observe(plan, begin(plan), [Increment("ratio", Counts(12, 500), Counts(4, 500))])
    first, second = (assess(plan, memory, 1).kpis[0].ratio for memory in (one, other))
    assert first is not None
    assert second is not None
    assert first.estimate is not None
    assert second.estimate is not None
    assert np.isclose(first.estimate * second.estimate, 1, rtol=1e-3)


@settings(deadline=None, derandomize=True, max_examples=30)
@given(looks)
def test_customers_are_judged_by_the_numbers_as_requests_are_and_called_customers(stream):
    kpis = tuple(replace(kpi, unit=Unit.CLIENT, once_in=timedelta(minutes=10)) for kpi in KPIS)
    plan = JudgePlan(kpis)
    memory, requests = begin(plan), begin(PLAN)
    for one in stream:
        memory, requests = observe(plan, memory, one), observe(PLAN, requests, one)
    for found, like in zip(
        assess(plan, memory, 1).kpis, assess(PLAN, requests, 1).kpis, strict=True
    ):
        assert (found.evidence, found.canary) == (like.evidence, like.canary)
        assert "canary request" not in found.sentence


def test_the_whole_table_of_one_kpis_verdict():
    yes_no = (True, False)
    kept_ones = ((), (True,), (True, False), (True, True))
    product = itertools.product(
        yes_no, yes_no, (0, 5, 20), (0, 10), yes_no, yes_no, yes_no, yes_no, kept_ones
    )
    met = set()
    for failed_, anything, seen, minimum, comparable, missing, split_fits, leaning, kept in product:
        standing = Standing(
            failed_, anything, seen, minimum, comparable, missing, split_fits, leaning, kept
        )
        rules = (
            (failed_, Verdict.FAIL),
            (not anything, Verdict.NO_DATA),
            (seen < minimum, Verdict.INCONCLUSIVE),
            (not split_fits, Verdict.INCONCLUSIVE),
            (missing, Verdict.INCONCLUSIVE),
            (not comparable, Verdict.INCONCLUSIVE),
            (leaning, Verdict.INCONCLUSIVE),
            (bool(seen and kept and all(kept)), Verdict.PASS),
            (True, Verdict.UNPROVEN),
        )
        expected = next(verdict for holds, verdict in rules if holds)
        assert kpi_verdict(standing) is expected
        met.add(expected)
    assert met == set(Verdict)


def test_evidence_that_leans_towards_harm_gets_no_more_customers_and_says_so():
    memory = observe(PLAN, begin(PLAN), [Increment("limit", Counts(0, 900), Counts(4, 40))])
    found = next(kpi for kpi in assess(PLAN, memory, 10).kpis if kpi.kpi == "limit")
    assert 10 ** max(item.log10_e for item in found.evidence) >= 20
    assert found.verdict is Verdict.INCONCLUSIVE
    assert "leans towards harm" in found.sentence
    calmer = observe(PLAN, memory, [Increment("limit", Counts(0, 9000), Counts(0, 400))])
    found = next(kpi for kpi in assess(PLAN, calmer, 10).kpis if kpi.kpi == "limit")
    assert found.verdict is not Verdict.INCONCLUSIVE


def test_the_release_is_as_bad_as_its_worst_kpi():
    order = [Verdict.FAIL, Verdict.NO_DATA, Verdict.INCONCLUSIVE, Verdict.UNPROVEN, Verdict.PASS]
    for stream in ([(20, 20)], [(0, 3)], [(0, 2000)]):
        memory = begin(PLAN)
        for bad, total in stream:
            memory = observe(
                PLAN, memory, [Increment("limit", Counts(0, total * 9), Counts(bad, total))]
            )
        judgement = assess(PLAN, memory, 10)
        assert judgement.verdict is min((kpi.verdict for kpi in judgement.kpis), key=order.index)
