"""What charts of a rollout are given: broken at gaps, thinned honestly, and the same however it grew."""

from dataclasses import replace

import pytest
from tests.web.conftest import bad_story, good_story

from gonogo.domain.story import Story
from gonogo.domain.verdict import Test
from gonogo.usecases.judging.forest import Standing
from gonogo.usecases.views.release_rollout import Sight, rollout
from gonogo.usecases.views.release_series import MOST, TAIL, Series


def grown(story: Story) -> Series:
    series = Series()
    for look in story.looks:
        series.add(look)
    return series


@pytest.fixture(scope="module")
def bad() -> Story:
    return bad_story()


def test_a_crossing_keeps_its_mark_and_its_place(bad: Story):
    whole = grown(bad).whole()
    orders = next(each for each in whole["kpis"] if each["kpi"] == "create-order")
    relative = next(each for each in orders["tests"] if each["test"] == Test.RELATIVE.value)
    at, value = relative["crossed"]
    assert at == pytest.approx(bad.looks[-1].at.timestamp())
    assert value >= relative["threshold"]
    assert relative["evidence"][-1] == pytest.approx(value, abs=1e-4)


def test_a_long_rollout_is_thinned_but_keeps_its_ends_and_its_turns():
    looks = good_story(20).looks
    last = looks[-1]
    first = [replace(last, at=last.at.replace(microsecond=n * 1000), step=0) for n in range(450)]
    then = [
        replace(last, at=last.at.replace(microsecond=n * 1000), step=1) for n in range(450, 900)
    ]
    series = Series()
    for look in (*first, *then):
        series.add(look)
    whole = series.whole()
    assert len(whole["places"]) <= MOST
    assert (whole["places"][0], whole["places"][-1]) == (0, 899)
    assert {449, 450} <= set(whole["places"])
    assert series.tail()["places"] == list(range(900 - TAIL, 900))


def test_the_band_of_the_difference_is_there_from_its_minimum_on_and_holds_its_estimate(bad: Story):
    series = grown(bad)
    assert series.difference("create-order", bad.looks[0].at) is None
    found = series.difference("create-order", bad.looks[-1].at)
    assert found is not None
    assert found.estimate is not None
    assert 0 < found.low < found.estimate < found.high


def test_four_states_of_sight_are_told_apart(bad: Story):
    series = Series()
    assert rollout(replace(bad, looks=()), series).sight is Sight.NOT_STARTED
    first = bad.looks[0]
    gap = replace(first, gap="the log was lost")
    assert rollout(replace(bad, looks=(gap,)), series).sight is Sight.UNREACHABLE
    away = rollout(replace(bad, looks=(replace(gap, gap="nobody watched for 4.0 s"),)), series)
    assert away.away
    assert away.sight is not Sight.UNREACHABLE
    seen = rollout(replace(bad, looks=(first,)), series).sight
    assert seen in {Sight.TOO_LITTLE, Sight.UNDECIDED}
    found = rollout(bad, series)
    assert found.sight is Sight.SEEN
    row = found.kpis[0].forest[0]
    assert row.standing is Standing.HARMFUL
    assert 0.5 < row.low < row.high <= 1
