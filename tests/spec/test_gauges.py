"""Gauges as they are written, and every mistake in them as one sentence with its place."""

from datetime import timedelta
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator
from ruamel.yaml import YAML

from gonogo.domain.gauge import Bound, Gauge, JsonNumber, Metric, ResidentMemory, Unit
from gonogo.domain.plan import Past
from gonogo.spec import SpecError, json_schema, load

EXAMPLE = (Path(__file__).parent / "example.yaml").read_text()
LINE = EXAMPLE[: EXAMPLE.index("kpis:\n")].count("\n") + 2  # where the gauge stands
MEMORY = "{gauge: memory, at_most: 128MB, for: 30s}"


def with_gauge(written: str) -> str:
    return EXAMPLE.replace("kpis:\n", f"kpis:\n  g: {written}\n", 1)


def accepted_by_editors(text: str) -> bool:
    seen = YAML(typ="safe", pure=True).load(text)
    return not list(Draft202012Validator(json_schema()).iter_errors(seen))


@pytest.mark.parametrize(
    ("written", "gauge"),
    [
        (
            MEMORY,
            Gauge("g", ResidentMemory(), Bound.AT_MOST, 128e6, timedelta(seconds=30), Unit.BYTES),
        ),
        (
            "{gauge: {json: /stats, at: /queues/0/depth}, at_least: 2, for: 0s}",
            Gauge("g", JsonNumber("/stats", "/queues/0/depth"), Bound.AT_LEAST, 2, timedelta()),
        ),
        (
            '{gauge: {metrics: /metrics, series: \'a:b{x="1", y="\\"q\\""}\'}, at_most: 10s, for: 1m}',
            Gauge(
                "g",
                Metric("/metrics", "a:b", (("x", "1"), ("y", '"q"'))),
                Bound.AT_MOST,
                10,
                timedelta(minutes=1),
                Unit.SECONDS,
            ),
        ),
        (
            "{gauge: {metrics: /metrics, series: up}, at_least: 0.5, for: 500ms}",
            Gauge("g", Metric("/metrics", "up"), Bound.AT_LEAST, 0.5, timedelta(milliseconds=500)),
        ),
    ],
    ids=str,
)
def test_a_gauge_is_read_as_it_is_written_and_editors_accept_it(written, gauge):
    plan = load(with_gauge(written))
    assert plan.gauges == (gauge,)
    assert [kpi.name for kpi in plan.kpis] == [kpi.name for kpi in load(EXAMPLE).kpis]
    assert accepted_by_editors(with_gauge(written))


MISTAKES = {
    "{gauge: memory, at_most: 128, for: 30s}": "at_most: memory is bounded by a size, as in 128MB",
    "{gauge: memory, for: 30s}": "this gauge has no bound, so nothing could fail; give at_most or "
    "at_least",
    "{gauge: memory, at_most: 9MB, at_least: 1MB, for: 30s}": "a gauge has one bound, at_most or "
    "at_least; make two gauges of it",
    "{gauge: memory, at_most: 9MB}": "for is missing in kpis.g",
    "{gauge: memory, at_most: much, for: 30s}": 'kpis.g.at_most: "much" is no bound; write a number, '
    "a size or a duration, as in 1000, 128MB or 10s",
    "{gauge: memory, at_most: 9MB, for: 30}": 'kpis.g.for: "30" has no unit',
    "{gauge: memory, at_mst: 9MB, for: 30s}": 'unknown key "at_mst"; allowed: gauge, at_most, '
    'at_least, for; did you mean "at_most"?',
    "{gauge: memory, at_most: 9MB, for: 30s, bad: 5xx}": 'unknown key "bad"; allowed: gauge',
    "{gauge: cpu, at_most: 9, for: 30s}": 'kpis.g.gauge: unknown gauge "cpu"; write memory, '
    "{json: /stats, at: /depth} or {metrics: /metrics, series: queue_depth}",
    "{gauge: {}, at_most: 9, for: 30s}": "this gauge is read nowhere; write memory",
    "{gauge: {json: /stats}, at_most: 9, for: 30s}": "a gauge is read from json and at, or from "
    "metrics and series; give both keys of one",
    "{gauge: {json: /s, at: depth}, at_most: 9, for: 30s}": 'kpis.g.gauge.at: "depth" is no place in '
    "JSON; write a JSON pointer, as in /queues/0/depth",
    "{gauge: {json: s, at: /d}, at_most: 9, for: 30s}": "kpis.g.gauge.json: ",
    "{gauge: {metrics: /m, series: 'a b'}, at_most: 9, for: 30s}": 'kpis.g.gauge.series: "a b" is no '
    "series",
    "{gauge: {metrics: /m, series: 'a{b=c}'}, at_most: 9, for: 30s}": "has labels that cannot be read",
    '{gauge: {metrics: /m, series: \'a{b="1",b="2"}\'}, at_most: 9, for: 30s}': "has the label b "
    "twice",
}


@pytest.mark.parametrize(("written", "says"), MISTAKES.items(), ids=str)
def test_a_mistake_in_a_gauge_is_one_sentence_with_its_line(written, says):
    with pytest.raises(SpecError) as caught:
        load(with_gauge(written))
    (sentence,) = caught.value.sentences()
    assert says in sentence
    assert sentence.startswith(f"gonogo.yaml:{LINE}:")


@pytest.mark.parametrize(
    "written",
    [
        "{gauge: memory, for: 30s}",
        "{gauge: memory, at_most: 9MB, at_least: 1MB, for: 30s}",
        "{gauge: memory, at_most: 9MB}",
        "{gauge: cpu, at_most: 9, for: 30s}",
        "{gauge: {json: /stats}, at_most: 9, for: 30s}",
        "{gauge: {}, at_most: 9, for: 30s}",
        "{gauge: memory, bad: 5xx, at_most: 9MB, for: 30s}",
    ],
)
def test_editors_refuse_a_gauge_of_a_wrong_shape(written):
    assert not accepted_by_editors(with_gauge(written))


def test_gauges_alone_do_not_say_how_customers_fare():
    kpis = EXAMPLE[EXAMPLE.index("kpis:\n") : EXAMPLE.index("rollout:\n")]
    with pytest.raises(SpecError, match="kpis has only gauges"):
        load(EXAMPLE.replace(kpis, f"kpis:\n  g: {MEMORY}\n"))


def test_a_gauge_may_not_have_the_name_of_a_criterion():
    with pytest.raises(SpecError, match="duplicate KPI or rollback criterion"):
        load(EXAMPLE.replace("kpis:\n", f"kpis:\n  tracking errors: {MEMORY}\n", 1))


def test_what_the_past_may_do_is_to_tell_unless_the_file_says_more():
    assert load(EXAMPLE).rollout.past is Past.TELL
    for word in ("tell", "stop", "off"):
        text = EXAMPLE.replace("  drain: 20s\n", f"  drain: 20s\n  past: {word}\n")
        assert load(text).rollout.past is Past(word)
        assert accepted_by_editors(text)
    with pytest.raises(SpecError, match='unknown value "halt"'):
        load(EXAMPLE.replace("  drain: 20s\n", "  drain: 20s\n  past: halt\n"))
