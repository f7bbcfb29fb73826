"""The charts with bands: what a reader can rely on in them."""

import math
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from gonogo.domain.latency import ArmLatencies, bucket_of, latencies_of, upper_bound
from gonogo.domain.look import Look
from gonogo.domain.story import Story
from gonogo.domain.traffic import Arm, Counts, Increment
from gonogo.domain.verdict import Evidence, Interval, Judgement, KpiAssessment, Test, Verdict
from gonogo.usecases.judging.bands import TIMED_FROM, distributions
from gonogo.usecases.judging.forest import Standing
from gonogo.web import charts
from gonogo.web.charts.bands import difference_over_time, last, ratio_over_time
from gonogo.web.plot import plot


def look(
    second: int, canary: Counts, baseline: Counts, ratio: float = 2.0, gap: str | None = None
) -> Look:
    evidence = (Evidence(Test.RELATIVE, 0.1, 3.0, 0.2, 0.001, ratio),)
    said = KpiAssessment(
        "errors",
        Verdict.UNPROVEN,
        baseline,
        canary,
        evidence,
        Interval(1.1, 0.6, math.inf),
        None,
        None,
        "no harm so far",
    )
    return Look(
        "r",
        datetime(2025, 11, 22, tzinfo=UTC) + timedelta(seconds=second),
        0,
        0.25,
        (Increment("errors", baseline, canary),),
        Judgement(Verdict.UNPROVEN, (said,), ""),
        gap,
    )


@pytest.mark.parametrize(
    ("bad", "standing"),
    [(0, Standing.SAFE), (150, Standing.LEARNING), (500, Standing.HARMFUL)],
)
def test_the_band_is_beyond_the_tolerance_within_it_or_across(bad, standing):
    found = last(difference_over_time([look(0, Counts(bad, 5000), Counts(225, 15_000))], "errors"))
    assert found.tolerance == pytest.approx(0.015)
    assert found.standing is standing
    word = re.search(
        r'class="word [^"]*">([^<]*)<', str(charts.difference([_at(0, bad)], "errors"))
    )
    assert word is not None
    assert word[1].endswith(standing.value)


def _at(second: int, bad: int) -> Look:
    return look(second, Counts(bad, 5000), Counts(225, 15_000))


def test_with_few_requests_there_is_no_band_and_it_is_said():
    few = [look(0, Counts(1, 19), Counts(3, 500))]
    assert "500 baseline and 19 canary so far" in str(charts.difference(few, "errors"))


def test_a_stretch_that_was_not_measured_breaks_the_band():
    looks = [_at(0, 50), _at(1, 50), look(2, Counts(), Counts(), gap="lost"), _at(3, 50)]
    path = re.search(r'd="([^"]*)" class="band canary"', str(charts.difference(looks, "errors")))
    assert path is not None
    assert path[1].count("M") == 2


def test_without_a_baseline_nothing_is_compared_any_more():
    looks = [_at(0, 50), _at(1, 50), look(2, Counts(9, 5000), Counts())]
    for over_time in (difference_over_time, ratio_over_time):
        found = over_time(looks, "errors")
        assert [each.interval is None for each in found] == [False, False, True]


def timed(canary: list[float], baseline: list[float], unanswered: int = 0) -> Look:
    def of(took: list[float], lost: int = 0):
        buckets: dict[int, int] = {}
        for seconds in took:
            buckets[bucket_of(seconds)] = buckets.get(bucket_of(seconds), 0) + 1
        return latencies_of(buckets, lost)

    return replace(_at(0, 0), latencies=ArmLatencies(of(baseline), of(canary, unanswered)))


def test_quantiles_lie_within_a_bucket_of_the_truth():
    took = [0.001 * (index + 1) for index in range(1000)]
    found = distributions([timed(took, took[:60])])
    assert found[Arm.CANARY].quantiles[0].estimate == pytest.approx(0.5, rel=0.05)
    assert found[Arm.CANARY].quantiles[1].estimate == pytest.approx(0.95, rel=0.05)
    assert found[Arm.BASELINE].quantiles[2].estimate is None
    for one in found[Arm.CANARY].quantiles:
        assert one.low < one.part < (one.high or math.inf)


def test_a_request_without_an_answer_took_longer_than_any():
    found = distributions([timed([0.01] * 900, [0.01], unanswered=100)])[Arm.CANARY]
    assert found.rungs[-1].share == pytest.approx(0.9)
    assert found.quantiles[1].estimate is None
    assert found.quantiles[0].estimate == pytest.approx(0.01, rel=0.1)


def test_an_arm_with_few_timed_requests_has_a_line_but_no_band():
    found = distributions([timed([0.02, 0.03] * (TIMED_FROM // 2 - 1), [0.02, 0.03] * 50)])
    drawn = str(charts.latency(found, [0.4]))
    assert "band baseline" in drawn
    assert "band canary" not in drawn
    assert "line canary" in drawn
    assert "slow from 0.40 s" in drawn


def test_counts_alone_make_a_plot_without_latency(bad: Story):
    assert "How long answers took" not in plot([_at(0, 50), _at(1, 50)])
    assert "canary − baseline in points" in plot([_at(0, 50), _at(1, 50)])
    assert "How long answers took" in plot(bad.looks)


@pytest.mark.parametrize("seconds", [0, 1e-7, 1e-5, 0.001, 0.05, 1, 999, 1e9, math.inf])
def test_every_duration_has_a_bucket_that_holds_it(seconds):
    bucket = bucket_of(seconds)
    assert bucket >= 0
    if 1e-5 < seconds < 1000:
        assert upper_bound(bucket - 1) <= seconds * (1 + 1e-9) < upper_bound(bucket) * (1 + 1e-9)
