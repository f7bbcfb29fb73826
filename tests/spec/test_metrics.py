"""Where a spec says that requests are counted by a Prometheus."""

from datetime import timedelta
from pathlib import Path

import pytest

from gonogo.domain.prometheus import Buckets, CounterPair, PrometheusCounts
from gonogo.spec import load
from gonogo.spec.problem import SpecError
from gonogo.storage.codec import decode, encode

EXAMPLE = Path(__file__).with_name("example.yaml").read_text()
COUNTS = """metrics:
  prometheus:
    url: http://127.0.0.1:9090/
    sum: [status]
    every: 2s
    counts:
      errors: {total: 'all{job="x"}', bad: 'all{job="x",status=~"5.."}'}
      slow: {buckets: seconds_bucket}
      tracking errors: {total: t, bad: b}
"""


def test_counters_are_named_as_the_judge_calls_what_they_count() -> None:
    found = load(EXAMPLE + COUNTS, "gonogo.yaml").metrics
    assert found == PrometheusCounts(
        "http://127.0.0.1:9090",
        {
            "errors": CounterPair('all{job="x"}', 'all{job="x",status=~"5.."}'),
            "slow": Buckets("seconds_bucket"),
            "literal: tracking errors": CounterPair("t", "b"),
        },
        summed=("status",),
        every=timedelta(seconds=2),
    )


def test_without_them_the_router_counts() -> None:
    assert load(EXAMPLE, "gonogo.yaml").metrics is None


def test_a_plan_with_counters_can_be_stored_and_read() -> None:
    plan = load(EXAMPLE + COUNTS, "gonogo.yaml")
    assert decode(type(plan), encode(plan)) == plan


def test_counters_do_not_know_customers_so_none_is_set_aside() -> None:
    plan = load(EXAMPLE + COUNTS, "gonogo.yaml")
    aside = {kpi.name: kpi.once_in is not None for kpi in plan.kpis}
    assert aside == {"errors": False, "create-order": True, "slow": False}
    for more in ("unit: client", "once_in: 2m"):
        text = EXAMPLE.replace("limit: 5%, ratio: 1.2", f"limit: 5%, {more}") + COUNTS
        with pytest.raises(SpecError, match="counts customers"):
            load(text, "gonogo.yaml")


@pytest.mark.parametrize(
    ("good", "bad", "sentence"),
    [
        ("sum: [status]", "sums: [status]", 'unknown key "sums"'),
        ("  prometheus:", "  prometeus:", 'unknown key "prometeus"'),
        ("http://127.0.0.1:9090/", "127.0.0.1:9090", "is no address"),
        ("tracking errors:", "trackin errors:", 'did you mean "tracking errors"?'),
        ("buckets: seconds_bucket", "total: a", "either total and bad, or buckets alone"),
        ("{total: t, bad: b}", "{buckets: seconds_bucket}", "buckets only tell slow requests"),
        ("total: t,", "total: sum(t),", "is an expression"),
        ("total: t,", "total: 'rate(t[5m])',", "only estimate counts"),
        ("[status]", "[sta-tus]", "no name of a label"),
        ("every: 2s", "every: 0s", "leaves no time"),
    ],
)
def test_mistakes_are_told_with_their_place(good: str, bad: str, sentence: str) -> None:
    assert good in COUNTS
    with pytest.raises(SpecError) as found:
        load(EXAMPLE + COUNTS.replace(good, bad, 1), "gonogo.yaml")
    assert sentence in str(found.value)
