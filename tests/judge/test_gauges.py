"""Gauges: every row of their table, and what a gap does to a stretch."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.gauges import a_gauge
from tests.plans import START

from gonogo.domain.errors import InvalidInput
from gonogo.domain.gauge import Bound, Gauge, Reading, ResidentMemory, Unit
from gonogo.domain.traffic import BadStatus, Kpi
from gonogo.domain.verdict import GaugeAssessment, Judgement, Verdict
from gonogo.judge import (
    GaugeMemories,
    JudgePlan,
    Recollection,
    assess_gauges,
    begin,
    begin_gauges,
    decode_all,
    encode,
    encode_all,
    failed_gauge,
    next_step_of_gauges,
    observe_gauges,
    with_gauges,
)

QUEUE = a_gauge("queue", at_most=100, seconds=30)


def readings(*found: tuple[float, float | None], gauge: str = "queue") -> list[Reading]:
    """(seconds, value) pairs; no value is trouble."""
    return [
        Reading(
            gauge,
            START + timedelta(seconds=at),
            value,
            None if value is not None else "nothing listens",
        )
        for at, value in found
    ]


def after(*found: tuple[float, float | None], gauge: Gauge = QUEUE) -> GaugeMemories:
    return observe_gauges(begin_gauges((gauge,)), readings(*found))


def said(memories: GaugeMemories, at: float) -> GaugeAssessment:
    return assess_gauges(memories, START + timedelta(seconds=at))[0]


def every_3_s(start: float, end: float, value: float) -> list[tuple[float, float]]:
    steps = int((end - start) / 3)
    return [(start + 3 * step, value) for step in range(steps + 1)]


@pytest.mark.parametrize(
    ("found", "at", "verdict", "says"),
    [
        ([], 60, Verdict.NO_DATA, "queue: no value was ever read"),
        ([(0, None)], 60, Verdict.NO_DATA, "no value was ever read: nothing listens"),
        (
            every_3_s(0, 30, 101),
            30,
            Verdict.FAIL,
            "101 where at most 100 is allowed for 30 s without a break",
        ),
        (
            every_3_s(0, 27, 101),
            27,
            Verdict.INCONCLUSIVE,
            "for 27 s so far; at 30 s the release is taken back",
        ),
        ([*every_3_s(0, 27, 500), (28, 100)], 28, Verdict.UNPROVEN, "100, within its bound"),
        (every_3_s(0, 30, 100), 30, Verdict.PASS, "queue: 100, within its bound of at most 100"),
        (every_3_s(0, 60, 1), 20, Verdict.INCONCLUSIVE, "1, is from 40 s ahead of now"),
        (every_3_s(0, 27, 1), 28, Verdict.UNPROVEN, "not yet for 30 s without a break"),
        (every_3_s(0, 60, 1), 71, Verdict.INCONCLUSIVE, "not read for 11 s; it was 1 then"),
        (
            [*every_3_s(0, 60, 1), (62, None)],
            62,
            Verdict.INCONCLUSIVE,
            "it was 1, and now cannot be read: nothing listens",
        ),
        (
            [*every_3_s(0, 60, 1), (62, None), (65, 1)],
            65,
            Verdict.PASS,
            "within its bound",
        ),
    ],
    ids=lambda value: str(value)[:40],
)
def test_the_first_row_of_the_table_that_holds_is_the_verdict(found, at, verdict, says):
    assessment = said(after(*found), at)
    assert assessment.verdict is verdict
    assert says in assessment.sentence


def test_time_alone_never_makes_a_breach():
    memories = after((0, 500))
    for at in range(0, 1000, 7):
        assert said(memories, at).verdict is not Verdict.FAIL


def test_a_gap_ends_a_stretch_beyond_the_bound_and_the_sentence_says_so():
    memories = after(*every_3_s(0, 27, 500), *every_3_s(39, 54, 500))
    found = said(memories, 54)
    assert found.verdict is Verdict.INCONCLUSIVE
    assert "for 15 s so far, counted anew after 12 s unread" in found.sentence
    memories = observe_gauges(memories, readings(*every_3_s(57, 69, 500)))
    assert said(memories, 69).verdict is Verdict.FAIL


def test_a_gap_ends_a_stretch_within_the_bound_so_that_nothing_is_proven_over_it():
    memories = after(*every_3_s(0, 60, 1), (75, 1))
    assert said(memories, 75).verdict is Verdict.UNPROVEN


def test_unreadable_answers_within_a_fresh_stretch_do_not_break_it():
    found = [(at, value if at % 2 else None) for at, value in enumerate([500.0] * 33)]
    assert said(after(*found), 32).verdict is Verdict.FAIL


def test_a_failure_is_never_taken_back():
    memories = after(*every_3_s(0, 30, 500), *every_3_s(33, 600, 1))
    assert said(memories, 600).verdict is Verdict.FAIL
    assert failed_gauge(memories) == "queue"


def test_with_no_time_given_one_reading_is_enough():
    dead_letters = a_gauge("queue", at_most=5, seconds=0)
    assert said(after((0, 5), gauge=dead_letters), 0).verdict is Verdict.PASS
    memories = after((0, 5), (1, 6), gauge=dead_letters)
    assert said(memories, 1).sentence == "queue: 6 where at most 5 is allowed"
    assert said(memories, 1).verdict is Verdict.FAIL


def test_a_lower_bound_fails_below_it():
    workers = Gauge("queue", ResidentMemory(), Bound.AT_LEAST, 2, timedelta(seconds=10))
    low = said(after((0, 3), (5, 1), (10, 1), (15, 1), gauge=workers), 15)
    assert low.verdict is Verdict.FAIL
    assert low.worst == 1
    assert "1 where at least 2 is allowed" in low.sentence


def test_a_step_asks_for_proof_anew_but_a_breach_goes_on():
    kept = next_step_of_gauges(after(*every_3_s(0, 60, 1)))
    assert said(observe_gauges(kept, readings((63, 1))), 63).verdict is Verdict.UNPROVEN
    broken = next_step_of_gauges(after(*every_3_s(0, 27, 500)))
    assert said(observe_gauges(broken, readings((30, 500))), 30).verdict is Verdict.FAIL


def test_a_reading_that_comes_twice_or_late_changes_nothing():
    memories = after(*every_3_s(0, 27, 500))
    again = observe_gauges(memories, readings((27, 500), (3, 1), (27, 1)))
    assert again == memories


@given(
    st.lists(st.tuples(st.floats(0.1, 60), st.one_of(st.none(), st.floats(0, 200))), max_size=40)
)
def test_a_failure_needs_readings_beyond_the_bound_that_span_its_time_without_a_gap(steps):
    at, found = 0.0, []
    for pause, value in steps:
        at += pause
        found.append((at, value))
    values = [(moment, value) for moment, value in found if value is not None]
    longest, since, before = 0.0, None, None
    for moment, value in values:
        gap = before is not None and moment - before > QUEUE.fresh_for.total_seconds()
        if value <= QUEUE.value:
            since = None
        else:
            since = moment if since is None or gap else since
            longest = max(longest, moment - since)
        before = moment
    failed = failed_gauge(after(*found)) is not None
    if abs(longest - 30) > 1e-3:
        assert failed == (longest > 30)


def test_sizes_and_times_are_shown_in_their_units():
    memory = a_gauge("queue", at_most=128_000_000, seconds=0, unit=Unit.BYTES)
    assert "131.5 MB where at most 128 MB" in said(after((0, 131.5e6), gauge=memory), 0).sentence
    wait = a_gauge("queue", at_most=10, seconds=0, unit=Unit.SECONDS)
    assert "12.5 s where at most 10 s" in said(after((0, 12.5), gauge=wait), 0).sentence


@pytest.mark.parametrize("rates", list(Verdict))
@pytest.mark.parametrize("gauge", list(Verdict))
def test_rates_and_gauges_join_by_the_worst_verdict_and_its_sentence(rates, gauge):
    judgement = Judgement(rates, (), "of the rates")
    assessment = GaugeAssessment(QUEUE, gauge, 1, START, 1, None, "of the gauge")
    found = with_gauges(judgement, (assessment,))
    order = list(Verdict)
    assert found.verdict is min(rates, gauge, key=order.index)
    told = "of the gauge" if order.index(gauge) < order.index(rates) else "of the rates"
    assert found.sentence.startswith(told)
    assert ("beyond its bound as well: queue" in found.sentence) == (rates is gauge is Verdict.FAIL)


PLAN = JudgePlan((Kpi("errors", BadStatus(((500, 599),)), limit=0.05),))


def test_what_is_known_of_gauges_survives_being_stored():
    found = Recollection(begin(PLAN), after(*every_3_s(0, 27, 500), (28, None)), START)
    stored = encode_all(found)
    assert decode_all(PLAN, (QUEUE,), stored) == found
    with pytest.raises(InvalidInput, match="damaged"):
        decode_all(PLAN, (QUEUE,), stored[:-1] + b"!")


def test_what_was_stored_before_there_were_gauges_can_still_be_read():
    known = decode_all(PLAN, (QUEUE,), encode(begin(PLAN)))
    assert known == Recollection(begin(PLAN), begin_gauges((QUEUE,)))
