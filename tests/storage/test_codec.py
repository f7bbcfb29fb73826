import json
from dataclasses import replace
from datetime import UTC, timedelta
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.gauges import a_gauge
from tests.storage.samples import a_look, a_plan

from gonogo.domain.errors import NeedsPerson
from gonogo.domain.gauge import JsonNumber, Metric
from gonogo.domain.look import Look
from gonogo.domain.plan import Environment, HttpSmoke, Plan
from gonogo.domain.traffic import Counts, Kpi
from gonogo.domain.verdict import Evidence, Interval
from gonogo.storage.codec import decode, encode, pack, unpack

numbers = st.floats(allow_nan=False)
spans = st.timedeltas(min_value=timedelta(days=-4000), max_value=timedelta(days=4000))
json_values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | numbers | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)
texts = st.dictionaries(st.text(max_size=5), st.text(max_size=5), max_size=2)
st.register_type_strategy(float, numbers)
st.register_type_strategy(timedelta, spans)
smokes = st.builds(HttpSmoke, headers=texts, body=json_values, expect_json=json_values, save=texts)
counts = st.builds(
    lambda bad, good: Counts(bad, bad + good), st.integers(0, 10**12), st.integers(0, 10**12)
)
st.register_type_strategy(HttpSmoke, smokes)
st.register_type_strategy(
    Environment, st.builds(Environment, variables=texts | texts.map(MappingProxyType))
)
st.register_type_strategy(Counts, counts)
st.register_type_strategy(
    Kpi,
    st.builds(
        Kpi,
        limit=st.floats(0, 1, exclude_min=True, exclude_max=True),
        ratio=st.none() | st.floats(1, 1e300),
    ),
)


patiently = settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])


@patiently
@given(plan=st.builds(Plan))
def test_every_plan_comes_back_exactly(plan):
    assert decode(Plan, encode(plan)) == plan


@patiently
@given(look=st.builds(Look, at=st.datetimes(timezones=st.just(UTC))))
def test_every_look_comes_back_exactly(look):
    assert unpack(Look, pack(look)) == look


def test_tuples_come_back_as_tuples():
    back = decode(Plan, encode(a_plan()))
    assert type(back.smoke) is tuple
    assert type(back.kpis[0].bad.ranges[0]) is tuple


def test_a_plan_keeps_what_its_defaults_were_when_it_was_stored():
    assert '"within":"PT30S"' in encode(a_plan())


@pytest.mark.parametrize("number", [float("inf"), float("-inf"), 5e-324, 0.1 + 0.2])
def test_numbers_at_the_edge_come_back_exactly(number):
    interval = Interval(None, number, number)
    assert decode(Interval, encode(interval)) == interval


def test_a_number_that_is_none_comes_back_as_nan():
    evidence = decode(
        Evidence, encode(replace(a_look().judgement.kpis[0].evidence[0], peak=float("nan")))
    )
    assert evidence.peak != evidence.peak


@pytest.mark.parametrize(
    ("before", "after", "where"),
    [
        ('"run":', '"future":1,"run":', "future"),
        ('"total":', '"future":1,"total":', "future"),
        ('"port":8001', '"port":"8001"', "environments.0.port"),
    ],
)
def test_text_of_another_shape_is_refused_by_name(before, after, where):
    kind, text = (
        (Plan, encode(a_plan())) if before in encode(a_plan()) else (Look, encode(a_look()))
    )
    assert before in text
    with pytest.raises(
        NeedsPerson, match=f"a stored {kind.__name__.lower()} cannot be read"
    ) as seen:
        decode(kind, text.replace(before, after, 1))
    assert where in str(seen.value)


def test_a_damaged_look_is_refused():
    with pytest.raises(NeedsPerson, match="a stored look cannot be read"):
        unpack(Look, pack(a_look())[:-9])


def test_a_value_that_could_not_be_read_back_is_not_written():
    with pytest.raises(ValueError, match="share"):
        encode(replace(a_look(), share="0.05"))


def test_a_plan_with_gauges_reads_back_and_one_from_before_there_were_any_still_reads() -> None:
    gauges = (
        a_gauge("memory"),
        a_gauge("depth", origin=JsonNumber("/stats", "/depth")),
        a_gauge("dead", origin=Metric("/metrics", "dead", (("queue", "mail"),))),
    )
    plan = replace(a_plan(), gauges=gauges)
    assert decode(Plan, encode(plan)) == plan
    before = json.loads(encode(a_plan()))
    del before["gauges"], before["rollout"]["past"]
    assert decode(Plan, json.dumps(before)) == a_plan()
