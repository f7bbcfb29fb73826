"""The charts: what is drawn, and what must not be."""

import math
import re
from dataclasses import replace
from datetime import timedelta
from xml.etree import ElementTree as Xml

import pytest

from gonogo.domain.look import Look
from gonogo.domain.story import Story
from gonogo.domain.traffic import Counts
from gonogo.domain.verdict import Evidence, Interval, Judgement, KpiAssessment, Test, Verdict
from gonogo.usecases.judging.forest import Standing
from gonogo.web import charts
from gonogo.web.charts import forest_chart
from gonogo.web.charts.exposure_chart import groups
from gonogo.web.charts.frame import ticks
from gonogo.web.charts.series import Point, thin

SVG = "{http://www.w3.org/2000/svg}"


def parsed(chart: str) -> Xml.Element:
    return Xml.fromstring(chart)


def of_class(chart: str, name: str) -> list[Xml.Element]:
    return [one for one in parsed(chart).iter() if name in (one.get("class") or "").split()]


def judged(look: Look, kpi: str, **changes: object) -> Look:
    """The look with other evidence for one KPI."""
    kpis = tuple(
        replace(one, evidence=tuple(replace(found, **changes) for found in one.evidence))
        if one.kpi == kpi
        else one
        for one in look.judgement.kpis
    )
    return replace(look, judgement=replace(look.judgement, kpis=kpis))


def one_row(interval: Interval | None, **changes: object) -> Judgement:
    evidence = Evidence(Test.RELATIVE, 0.0, 2.0, 0.0, 0.01, 2.0)
    kpi = KpiAssessment(
        "errors",
        Verdict.UNPROVEN,
        Counts(),
        Counts(),
        (replace(evidence, **changes),),
        interval,
        None,
        None,
        "",
    )
    return Judgement(Verdict.UNPROVEN, (kpi,), "")


def test_every_chart_is_a_drawing_of_its_own_with_a_sentence_for_those_who_cannot_see(
    bad: Story,
) -> None:
    drawn = [
        charts.evidence(bad.looks, "create-order"),
        charts.comparison(bad.looks, "create-order"),
        charts.exposure(bad.looks),
        charts.requests(bad.looks),
        charts.forest(bad.looks[-1].judgement),
    ]
    for chart in drawn:
        root = parsed(charts.standalone(chart))
        assert root.tag == f"{SVG}svg"
        assert root.get("direction") == "ltr"
        assert len(root.get("aria-label")) > 20


def test_the_first_crossing_is_marked_once_and_stays(bad: Story) -> None:
    fallen = [judged(bad.looks[-1], "create-order", log10_e=0.1)] * 3
    later = [
        replace(look, at=look.at + timedelta(seconds=index + 1))
        for index, look in enumerate(fallen)
    ]
    chart = charts.evidence((*bad.looks, *later), "create-order")
    alone = charts.evidence(bad.looks, "create-order", charts.frame_of((*bad.looks, *later)))
    assert [dot.get("cx") for dot in of_class(chart, "crossing")] == [
        dot.get("cx") for dot in of_class(alone, "crossing")
    ]


def test_a_canary_that_never_crossed_has_no_crossing_but_a_threshold(good: Story) -> None:
    chart = charts.evidence(good.looks, "create-order")
    assert not of_class(chart, "crossing")
    assert len(of_class(chart, "limit")) == 1
    assert "never crossed" in parsed(chart).get("aria-label")


def test_lines_are_broken_at_a_gap_and_do_not_touch_zero_there(gapped: Story) -> None:
    for chart in (
        charts.evidence(gapped.looks, "all-requests"),
        charts.comparison(gapped.looks, "all-requests"),
        charts.requests(gapped.looks),
    ):
        gap = of_class(chart, "gap")
        assert len(gap) == 1
        left = float(gap[0].get("x").rstrip("%")) * 10
        right = left + float(gap[0].get("width").rstrip("%")) * 10
        for line in of_class(chart, "line"):
            pieces = re.findall(r"([MH])([\d.]+)", line.get("d"))
            runs: list[list[float]] = []
            for kind, x in pieces:
                if kind == "M":
                    runs.append([])
                runs[-1].append(float(x))
            assert not any(run[0] < left + 1 and run[-1] > right - 1 for run in runs)
            assert not any(left + 1 < x < right - 1 for run in runs for x in run)


def test_counts_of_a_gap_are_not_added(gapped: Story) -> None:
    before = charts.requests(gapped.looks[:100])
    inside = charts.requests(gapped.looks[:130])
    assert parsed(before).get("aria-label") == parsed(inside).get("aria-label")


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_evidence_that_is_no_number_breaks_the_line_instead_of_the_chart(
    bad: Story, value: float
) -> None:
    looks = list(bad.looks[:20])
    looks[10] = judged(looks[10], "create-order", log10_e=value, peak=0.0)
    chart = charts.evidence(looks, "create-order")
    assert not re.search(r"\b(nan|inf)\b", chart)
    if not value > 0:
        assert all(line.get("d").count("M") == 2 for line in of_class(chart, "line"))


@pytest.mark.parametrize(
    ("interval", "word"),
    [
        (Interval(1.0, 0.5, 1.9), "safe"),
        (Interval(1.5, 0.5, 2.1), "learning"),
        (Interval(5.0, 2.1, math.inf), "harmful"),
        (Interval(None, 0.0, math.inf), "learning"),
        (None, "not measured"),
    ],
)
def test_the_forest_says_where_an_interval_lies_in_a_word(
    interval: Interval | None, word: str
) -> None:
    told = of_class(charts.forest(one_row(interval)), "word")[0].text
    assert told.endswith(word)
    assert len(told) > len(word), "an icon stands beside the word"


def test_evidence_beyond_its_threshold_is_harmful_whatever_the_interval() -> None:
    row = forest_chart.rows(one_row(Interval(1.5, 0.5, 2.5), peak=2.0))[0]
    assert row.standing is Standing.HARMFUL


def test_the_limit_stands_in_the_middle_and_infinity_at_the_edge() -> None:
    places = [forest_chart.place(value) for value in (0.0, 0.5, 1.0, 4.0, math.inf)]
    assert places == sorted(places)
    assert places[2] == pytest.approx(50)
    assert places[4] < 100


def test_thinning_keeps_the_ends_and_the_extremes(good: Story) -> None:
    frame = charts.frame_of(good.looks)
    points = [
        Point(frame.start + frame.length * (index / 9999), math.sin(index))
        for index in range(10_000)
    ]
    points[7_777] = replace(points[7_777], value=99.0)
    points[3_333] = replace(points[3_333], value=-99.0)
    kept = list(thin(points, frame))
    assert kept[0] == points[0]
    assert kept[-1] == points[-1]
    assert {99.0, -99.0} <= {point.value for point in kept}
    assert kept == sorted(kept, key=lambda point: point.at)
    assert len(kept) < 1_100


def test_exposure_draws_the_planned_steps_and_falls_to_zero_when_out_of_rotation(
    bad: Story,
) -> None:
    out = bad.looks[-1].at + timedelta(seconds=1)
    path = of_class(charts.exposure(bad.looks, out_at=out), "canary")[0].get("d")
    bottom = re.findall(r"V([\d.]+)", path)
    assert bottom == ["170.0"]


def test_observed_shares_are_grouped_and_never_across_steps_or_gaps(gapped: Story) -> None:
    found = groups(gapped.looks)
    assert found
    assert all(group.total >= 50 for group in found)
    lost = [look.at for look in gapped.looks if look.gap]
    for group in found:
        assert not any(group.start < at < group.end for at in lost)
        inside = {look.share for look in gapped.looks if group.start < look.at <= group.end}
        assert inside == {group.planned}


def test_a_single_look_can_be_drawn(bad: Story) -> None:
    look = bad.looks[:1]
    for chart in (
        charts.evidence(look, "slow"),
        charts.comparison(look, "slow"),
        charts.requests(look),
    ):
        assert parsed(chart) is not None


def test_nothing_recorded_is_said_and_not_drawn() -> None:
    for chart in (
        charts.evidence((), "x"),
        charts.comparison((), "x"),
        charts.exposure(()),
        charts.requests(()),
    ):
        assert not of_class(chart, "line")
        assert len(of_class(chart, "nothing")) == 1


@pytest.mark.parametrize("seconds", [0.2, 3, 45, 90, 600, 7200, 86_400, 30 * 86_400, 900 * 86_400])
def test_a_time_axis_has_a_few_round_ticks_whatever_its_length(good: Story, seconds: float) -> None:
    start = good.looks[0].at
    found = ticks(start, start + timedelta(seconds=seconds))
    assert 1 <= len(found) <= 5
    assert all(start <= at <= start + timedelta(seconds=seconds) for at in found)
