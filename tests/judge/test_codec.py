"""The judge's memory as bytes."""

from datetime import timedelta

import pytest

from gonogo.domain.errors import InvalidInput
from gonogo.domain.traffic import Counts, Increment, Kpi, SlowerThan
from gonogo.judge import JudgePlan, begin, decode, encode, observe

PLAN = JudgePlan((Kpi("slow", SlowerThan(timedelta(seconds=1)), limit=0.05, ratio=1.5),))
STORED = encode(observe(PLAN, begin(PLAN), [Increment("slow", Counts(3, 90), Counts(2, 10))]))


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "format"),
        (b"something else", "format"),
        (STORED[:-8], "damaged"),
        (STORED[:-1] + bytes([STORED[-1] ^ 1]), "damaged"),
        (STORED[:60], "damaged"),
    ],
)
def test_bytes_that_are_not_a_whole_memory_are_refused(data, why):
    with pytest.raises(InvalidInput, match=why):
        decode(PLAN, data)


@pytest.mark.parametrize(
    "other",
    [
        JudgePlan(PLAN.kpis, false_alarm=0.02),
        JudgePlan(PLAN.kpis, attempt=2),
        JudgePlan((Kpi("slow", SlowerThan(timedelta(seconds=2)), limit=0.05, ratio=1.5),)),
    ],
)
def test_a_memory_is_refused_by_another_plan(other):
    with pytest.raises(InvalidInput, match="another plan"):
        decode(other, STORED)


def test_a_memory_has_constant_size():
    memory = decode(PLAN, STORED)
    for total in (10, 1000, 100_000):
        memory = observe(PLAN, memory, [Increment("slow", Counts(0, total), Counts(1, total))])
    assert len(encode(memory)) == len(STORED) < 4000
