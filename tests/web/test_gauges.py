"""Gauges in the report, in the charts and in what people are told."""

from dataclasses import replace
from datetime import timedelta

import pytest
from tests.gauges import a_gauge

from gonogo.domain.gauge import Gauge, Reading, Unit
from gonogo.domain.look import Look
from gonogo.domain.story import Story
from gonogo.domain.verdict import Evidence
from gonogo.domain.verdict import Test as Comparison
from gonogo.judge import assess_gauges, begin_gauges, observe_gauges, with_gauges
from gonogo.usecases.releases.why import why
from gonogo.usecases.views.desk_views import release_view
from gonogo.web import planned, report
from gonogo.web.charts import gauge as chart
from gonogo.web.charts.gauge_chart import runs

MEMORY = a_gauge("memory <b>", at_most=128_000_000, seconds=3, unit=Unit.BYTES)


def with_readings(story: Story, gauge: Gauge, *, missing: range = range(0)) -> Story:
    """The same story in which a gauge grows by 1 MB with every look, but for the missing ones."""
    memories = begin_gauges((gauge,))
    looks: list[Look] = []
    for number, look in enumerate(story.looks):
        found = Reading(gauge.name, look.at, 60e6 + 1e6 * number)
        if number in missing:
            found = Reading(gauge.name, look.at, None, "nothing listens")
        memories = observe_gauges(memories, (found,))
        judgement = with_gauges(look.judgement, assess_gauges(memories, look.at))
        looks.append(replace(look, readings=(found,), judgement=judgement))
    plan = replace(story.release.plan, gauges=(gauge,))
    return replace(story, looks=tuple(looks), release=replace(story.release, plan=plan))


def test_a_report_shows_a_gauge_with_its_chart_its_bound_and_its_readings(good: Story) -> None:
    page = report.render(with_readings(good, MEMORY))
    assert "memory &lt;b&gt;" in page
    assert "<b>" not in page.partition("memory ")[2][:4]
    assert "where at most 128 MB is allowed" in page
    assert "broken for less than 3" in page
    assert "60 MB" in page


def test_a_plan_without_gauges_shows_none(good: Story) -> None:
    page = report.render(good)
    assert "What was read of it" not in page
    assert "Gauges at that look" not in page


def test_a_reading_that_failed_stands_in_the_table_with_its_reason(good: Story) -> None:
    assert "not read: nothing listens" in report.render(
        with_readings(good, MEMORY, missing=range(5, 9))
    )


def test_a_chart_marks_the_worst_value_beyond_the_bound_and_only_that(good: Story) -> None:
    story = with_readings(good, MEMORY)
    assert 'class="crossing"' in chart(story.looks, MEMORY)
    wide = replace(MEMORY, value=1e12)
    assert 'class="crossing"' not in chart(story.looks, wide)
    assert "Nothing was read of" in chart(good.looks, MEMORY)


def test_a_line_breaks_where_nothing_was_read_for_too_long(good: Story) -> None:
    assert len(runs(with_readings(good, MEMORY).looks, MEMORY)) == 1
    many = [look.at for look in good.looks]
    long = next(number for number, at in enumerate(many) if at - many[3] > timedelta(seconds=11))
    gone = with_readings(good, MEMORY, missing=range(4, long))
    assert len(runs(gone.looks, MEMORY)) == 2


def test_people_are_told_of_gauges_wherever_they_are_told_of_kpis(good: Story) -> None:
    story = with_readings(good, MEMORY)
    last = story.looks[-1]
    sentence = last.judgement.gauges[0].sentence
    assert any(sentence in line for line in why(story))
    (shown,) = release_view(story.release, last)["gauges"]
    assert (shown["gauge"], shown["verdict"], shown["unit"]) == (MEMORY.name, "fail", "bytes")
    assert release_view(story.release)["gauges"] == []


@pytest.mark.parametrize(("alpha", "parts"), [(0.0, 0), (0.001, 1)])
def test_a_comparison_that_may_only_warn_has_no_part_of_the_budget(
    good: Story, alpha: float, parts: int
) -> None:
    look = good.looks[-1]
    kpi = look.judgement.kpis[0]
    past = Evidence(Comparison.PAST, 5.0, 3.3, 5.0, alpha, 0.01)
    kpis = (replace(kpi, evidence=(*kpi.evidence, past)), *look.judgement.kpis[1:])
    changed = replace(look, judgement=replace(look.judgement, kpis=kpis))
    split = planned.split(changed)
    assert len([one for one in split if one.evidence.test is Comparison.PAST]) == parts
    page = report.render(replace(good, looks=(*good.looks[:-1], changed)))
    assert "against the past, after promotion" in page
