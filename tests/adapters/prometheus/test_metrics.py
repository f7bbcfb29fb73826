"""Counts from a Prometheus, against its twin: exact, or not at all."""

import asyncio
import time
from collections.abc import Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from tests.prometheus_twin import Twin, prometheus_twin

from gonogo.adapters.prometheus import PrometheusMetrics
from gonogo.adapters.system_clock import SystemClock
from gonogo.domain.errors import InvalidInput, Unavailable
from gonogo.domain.prometheus import Buckets, CounterPair, PrometheusCounts, unfit_selector
from gonogo.domain.traffic import BadStatus, Counts, Kpi, SlowerThan

ERRORS = Kpi("errors", BadStatus(((500, 599),)), limit=0.05)
SLOW = Kpi("slow", SlowerThan(timedelta(milliseconds=250)), limit=0.05)
ALL, BAD, LE = "requests_total", 'requests_total{status=~"5.."}', "seconds_bucket"
SOON = timedelta(seconds=60)


_begun = [0.0]


@pytest.fixture
def twin() -> Iterator[Twin]:
    _begun[0] = float(round(time.time()))
    with prometheus_twin() as found:
        yield found


def origin(twin: Twin, **changes: object) -> PrometheusCounts:
    counts = {"errors": CounterPair(ALL, BAD), "slow": Buckets(LE)}
    made = PrometheusCounts(
        twin.url, counts, every=timedelta(seconds=0.02), stale=timedelta(seconds=60)
    )
    return replace(made, **changes)


@asynccontextmanager
async def subscribed(twin: Twin, *kpis: Kpi, within: float = 30.0, **changes: object):
    source = PrometheusMetrics(origin(twin, **changes), SystemClock(), within=within)
    async with source.subscribe("shop", "production", kpis or (ERRORS,)) as stream:
        yield stream


def ago(seconds: float) -> float:
    """A time before the test, which all series of one scrape share."""
    return _begun[0] - seconds


async def test_what_counters_gain_is_counted_and_what_they_show_at_first_is_not(twin: Twin):
    whole = twin.add(ALL, [(ago(10), 1000.0)], instance="a")
    bad = twin.add(BAD, [(ago(10), 90.0)], instance="a")
    async with subscribed(twin) as stream:
        at = ago(1)
        bad.append((at, 93.0))
        whole.append((at, 1020.0))
        batch = await stream.next(SOON)
        assert batch.counts == {("a", "errors"): Counts(3, 20)}
        assert batch.requests == {"a": 20}
        assert not (await stream.next(timedelta(seconds=0.1))).counts


async def test_after_a_restart_it_counts_what_the_counter_shows(twin: Twin):
    whole = twin.add(ALL, [(ago(10), 1000.0)], instance="a")
    bad = twin.add(BAD, [(ago(10), 90.0)], instance="a")
    async with subscribed(twin) as stream:
        for at, everything, failed in (
            (ago(3), 1010.0, 91.0),
            (ago(2), 7.0, 2.0),
            (ago(1), 9.0, 2.0),
        ):
            bad.append((at, failed))
            whole.append((at, everything))
        counts = Counts()
        while counts.total < 19:
            counts += (await stream.next(SOON)).counts[("a", "errors")]
        assert counts == Counts(1 + 2, 10 + 7 + 2)


async def test_replicas_are_added_up_each_with_its_own_restart(twin: Twin):
    found = {}
    for name in ("1", "2"):
        labels = {"version": "v2", "instance": name}
        twin.add(BAD, [(ago(10), 0.0)], **labels)
        found[name] = twin.add(ALL, [(ago(10), 500.0)], **labels)
    async with subscribed(twin, arm="version") as stream:
        at = ago(1)
        found["1"].append((at, 4.0))
        found["2"].append((at, 530.0))
        counts = Counts()
        while counts.total < 34:
            counts += (await stream.next(SOON)).counts.get(("v2", "errors"), Counts())
        assert counts == Counts(0, 34)


async def test_the_first_failure_of_a_known_instance_counts(twin: Twin):
    whole = twin.add(ALL, [(ago(10), 40.0)], instance="a", status="200")
    async with subscribed(twin, summed=("status",)) as stream:
        at = ago(1)
        twin.add(BAD, [(at, 6.0)], instance="a", status="503")
        twin.add(ALL, [(at, 6.0)], instance="a", status="503")
        whole.append((at, 50.0))
        counts = Counts()
        while counts != Counts(6, 16):
            counts += (await stream.next(SOON)).counts[("a", "errors")]


async def test_an_instance_found_later_does_not_bring_its_past_along(twin: Twin):
    twin.add(ALL, [(ago(10), 40.0)], instance="a")
    async with subscribed(twin) as stream:
        old = twin.add(ALL, [(ago(3), 1e6)], instance="b")
        await stream.next(timedelta(seconds=0.1))
        old.append((ago(1), 1e6 + 5))
        assert (await stream.next(SOON)).counts == {("b", "errors"): Counts(0, 5)}


async def test_several_series_where_one_is_needed_are_refused(twin: Twin):
    for status in ("200", "404"):
        twin.add(ALL, [(ago(1), 40.0)], instance="a", status=status)
    async with subscribed(twin) as stream:
        with pytest.raises(Unavailable, match="several series for a, which differ in status"):
            await stream.next(SOON)
    async with subscribed(twin, summed=("status",)) as stream:
        assert not (await stream.next(timedelta(seconds=0.1))).counts


async def test_no_series_at_all_is_no_data(twin: Twin):
    async with subscribed(twin) as stream:
        batch = await stream.next(timedelta(seconds=0.1))
    assert (batch.counts, batch.gap) == ({}, None)


async def test_slow_requests_come_from_the_bucket_that_ends_at_the_limit(twin: Twin):
    found = {
        le: twin.add(LE, [(ago(10), 0.0)], instance="a", le=le) for le in ("0.1", "0.25", "+Inf")
    }
    async with subscribed(twin, SLOW) as stream:
        at = ago(1)
        for le, value in (("0.1", 60.0), ("0.25", 90.0), ("+Inf", 100.0)):
            found[le].append((at, value))
        assert (await stream.next(SOON)).counts == {("a", "slow"): Counts(10, 100)}


async def test_a_limit_between_two_buckets_is_refused_with_both(twin: Twin):
    for le in ("0.1", "0.2", "0.5", "1", "+Inf"):
        twin.add(LE, [(ago(10), 0.0)], instance="a", le=le)
    async with subscribed(twin, SLOW) as stream:
        with pytest.raises(Unavailable, match=r'"slow" asks for 0.25 s') as found:
            await stream.next(SOON)
    assert "0.2 s and 0.5 s" in (found.value.hint or "")


HTML = "<html>Sign in</html>"
PARTIAL = '{"status": "success", "warnings": ["store down"], "data": {"resultType": "matrix", "result": []}}'


@pytest.mark.parametrize(
    ("says", "sentence"),
    [
        ((200, "text/html", HTML), "answered 200 with text/html that is not JSON"),
        ((502, "text/plain", "bad gateway"), "answered 502 with text/plain"),
        ((422, "application/json", '{"status":"error","error":"too many"}'), "refused.*too many"),
        ((200, "application/json", "[1]"), "no answer of Prometheus"),
        ((200, "application/json", PARTIAL), "not whole.*store down"),
        (
            (200, "application/json", '{"status":"success","data":{"result":[{"metric":{}}]}}'),
            "no samples of counters",
        ),
        (
            (
                200,
                "application/json",
                '{"status":"success","data":{"result":[{"metric":{},"values":[[1,"NaN"]]}]}}',
            ),
            "no samples of counters",
        ),
    ],
)
async def test_what_is_no_answer_is_never_data(twin: Twin, says, sentence):
    async with subscribed(twin) as stream:
        twin.says = says
        with pytest.raises(Unavailable, match=sentence):
            await stream.next(SOON)


async def test_a_server_that_hangs_or_is_gone_is_unavailable(twin: Twin):
    async with subscribed(twin) as stream:
        stream._client._within = 0.15
        twin.silent = 0.6
        with pytest.raises(Unavailable, match=r"did not answer within 0.15 s"):
            await stream.next(SOON)
        twin.silent = 0.0
    gone = PrometheusMetrics(
        replace(origin(twin), url="http://127.0.0.1:9"), SystemClock(), within=30.0
    )
    async with gone.subscribe("shop", "production", (ERRORS,)) as stream:
        with pytest.raises(Unavailable, match="cannot be reached"):
            await stream.next(SOON)


async def test_a_sample_of_last_year_is_no_data(twin: Twin):
    row = '{"metric":{"instance":"a"},"values":[[1700000000,"5"],[1700000001,"900"]]}'
    async with subscribed(twin) as stream:
        twin.says = (
            200,
            "application/json",
            '{"status":"success","data":{"resultType":"matrix","result":[' + row + "]}}",
        )
        with pytest.raises(Unavailable, match=r'newest sample of "errors" .* \d+ days old'):
            await stream.next(SOON)


async def test_after_a_time_without_answers_it_counts_on_without_loss(twin: Twin):
    whole = twin.add(ALL, [(ago(10), 100.0)], instance="a")
    async with subscribed(twin) as stream:
        twin.says = (503, "text/html", HTML)
        with pytest.raises(Unavailable):
            await stream.next(SOON)
        whole += [(ago(3), 110.0), (ago(1), 130.0)]
        twin.says = None
        counts = Counts()
        while counts.total < 30:
            counts += (await stream.next(SOON)).counts[("a", "errors")]
        assert counts == Counts(0, 30)


async def test_a_hole_between_samples_is_a_gap_and_counts_nothing(twin: Twin):
    whole = twin.add(ALL, [(ago(50), 100.0)], instance="a")
    async with subscribed(twin, stale=timedelta(seconds=60)) as stream:
        whole[:] = [(ago(90), 100.0)]
        # What was noted stays noted: the sample of before is older than a minute by the next one's time.
        stream._measures[0]._all._last = {(("instance", "a"),): whole[0]}
        whole.append((ago(1), 900.0))
        batch = await stream.next(SOON)
        assert batch.gap is not None
        assert "no sample for 89 s" in batch.gap
        assert not batch.counts
        whole.append((time.time(), 905.0))
        assert (await stream.next(SOON)).counts == {("a", "errors"): Counts(0, 5)}


async def test_bad_ones_that_are_no_part_of_all_are_refused(twin: Twin):
    whole = twin.add(ALL, [(ago(10), 1.0)], instance="a")
    bad = twin.add(BAD, [(ago(10), 1.0)], instance="a")
    async with subscribed(twin) as stream:
        at = ago(1)
        bad.append((at, 31.0))
        whole.append((at, 2.0))
        with pytest.raises(Unavailable, match="30 of 1 requests bad"):
            await stream.next(SOON)


async def test_the_past_comes_in_order_with_the_same_rules(twin: Twin):
    end = float(int(ago(60)))
    times = [end - 50 + 10 * index for index in range(6)]
    twin.add(ALL, list(zip(times, (500, 510, 520, 3, 9, 20), strict=True)), instance="a")
    twin.add(BAD, [(times[3], 1), (times[4], 2), (times[5], 2)], instance="a")
    source = PrometheusMetrics(origin(twin, every=timedelta(seconds=10)), SystemClock())
    start = datetime.fromtimestamp(times[0] - 5, UTC)
    found = [
        batch async for batch in source.past((ERRORS,), start, datetime.fromtimestamp(end + 1, UTC))
    ]
    assert [batch.counts.get(("a", "errors")) for batch in found] == [
        Counts(0, 10),
        Counts(0, 10),
        Counts(1, 3),
        Counts(1, 6),
        Counts(0, 11),
    ]
    assert [batch.at for batch in found] == sorted(batch.at for batch in found)


async def test_a_kpi_without_selectors_is_refused_at_once(twin: Twin):
    other = Kpi("other", BadStatus(((500, 599),)), limit=0.05)
    with pytest.raises(InvalidInput, match="other"):
        async with subscribed(twin, other):
            await asyncio.sleep(0)


@pytest.mark.parametrize(
    "text",
    [
        "requests_total",
        'a:b{job="x"}',
        '{job="x",status=~"5.."}',
        "a{b='c', d!=\"e\",}",
        'a{b="\\"}"}',
    ],
)
def test_selectors_of_raw_counters_fit(text):
    assert unfit_selector(text) is None


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("rate(a[5m])", "only estimate"),
        ("a[5m]", "expression"),
        ("sum(a)", "expression"),
        ("a offset 5m", "no selector"),
        ("a or b", "no selector"),
        ("", "no selector"),
        ("{}", "no selector"),
        ('a{b="c"', "no selector"),
    ],
)
def test_what_is_no_selector_of_raw_counters_is_told(text, why):
    assert why in (unfit_selector(text) or "")
