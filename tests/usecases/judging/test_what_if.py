"""What other policies would have done with a recorded release."""

from datetime import timedelta

import pytest
from tests.plans import START, a_plan, a_release

from gonogo.domain.errors import GonogoError, InvalidInput
from gonogo.domain.look import Look
from gonogo.domain.release import Stage
from gonogo.domain.story import Story
from gonogo.domain.traffic import BadStatus, Counts, Increment, Kpi
from gonogo.domain.verdict import Judgement, Verdict
from gonogo.usecases.judging.recording import Recording, read_recording, recording_view, traffic_of
from gonogo.usecases.judging.what_if import EVERY_POLICY, WhatIf, what_if, what_if_view

ERRORS = Kpi("errors", BadStatus(((500, 599),)), ratio=1.2)


def a_story(
    seconds: int, *, bad: int, failed_at: int | None = None, promoted_at: int | None = None
) -> Story:
    """A look a second: 90 baseline requests, one bad in ten seconds, and 10 canary requests."""
    looks = []
    for second in range(seconds):
        verdict = Verdict.FAIL if second == failed_at else Verdict.UNPROVEN
        promoted = promoted_at is not None and second >= promoted_at
        counts = Increment("errors", Counts(int(second % 10 == 0), 90), Counts(bad, 10))
        looks.append(
            Look(
                release="r1",
                at=START + timedelta(seconds=second),
                step=0,
                share=1.0 if promoted else 0.1,
                increments=(counts,) if second else (),
                judgement=Judgement(verdict, (), ""),
                hurt=(f"customer {second}", "one who came every second") if bad else (),
            )
        )
    release = a_release(plan=a_plan(kpis=(ERRORS,)), stage=Stage.ROLLED_BACK)
    return Story(release, tuple(looks), (), (), START)


def recorded(seconds: int, *, bad: int, failed_at: int | None = None) -> Recording:
    return read_recording(recording_view(a_story(seconds, bad=bad, failed_at=failed_at)))


def by_policy(recording: Recording, *policies: str) -> dict[str, WhatIf]:
    return {one.policy: one for one in what_if(recording, policies)}


def test_what_happened_is_told_first_with_whom_it_hurt() -> None:
    (happened,) = what_if(recorded(100, bad=1, failed_at=20), ())
    assert (happened.policy, happened.stopped) == ("recorded", 20)
    assert (happened.canary_requests, happened.bad) == (200, 20)
    assert happened.hurt == 22  # one in each of 21 looks, and one who is counted once


def test_flagger_s_defaults_stop_after_two_minutes_of_the_recording() -> None:
    found = by_policy(recorded(200, bad=1), "flagger", "flagger-docs", "kayenta")
    assert found["flagger"].stopped == 120
    assert found["flagger"].bad == 120
    for late in ("flagger-docs", "kayenta"):
        assert found[late].stopped is None
        assert found[late].promoted is None
        assert found[late].bad == 199


def test_the_earliest_stop_of_each_peer_is_told() -> None:
    found = by_policy(recorded(10, bad=0), *EVERY_POLICY)
    assert {name: one.earliest for name, one in found.items()} == {
        "recorded": None,
        "gonogo": None,
        "flagger": 120,
        "flagger-docs": 660,
        "argo-docs": 1500,
        "argo-docs-by-version": 1500,
        "kayenta": 3600,
    }


def test_a_peer_that_would_have_promoted_is_said_to_have() -> None:
    found = by_policy(recorded(700, bad=0), "flagger")
    assert (found["flagger"].stopped, found["flagger"].promoted) == (None, 600)


def test_a_looser_ratio_stops_later_and_no_test_at_all_is_refused() -> None:
    recording = recorded(200, bad=1)
    found = by_policy(recording, "gonogo", "gonogo:ratio=50", "gonogo:limit=1%,ratio=none")
    stops = {name: one.stopped for name, one in found.items()}
    assert stops["gonogo"] is not None
    assert stops["gonogo"] < 60
    assert stops["gonogo:ratio=50"] is None
    assert stops["gonogo:limit=1%,ratio=none"] is not None
    with pytest.raises(InvalidInput, match="neither a limit nor a ratio"):
        what_if(recording, ["gonogo:ratio=none"])


@pytest.mark.parametrize(
    ("policy", "said"),
    [
        ("oracle", 'no policy is called "oracle"'),
        ("flagger:threshold=3", 'the policy "flagger" takes no settings'),
        ("gonogo:speed=3", '"speed=3" is no setting of gonogo'),
        ("gonogo:ratio=0.5", "must be a number from 1 to 1000"),
        ("gonogo:limit=5", "has no unit"),
    ],
)
def test_a_policy_that_is_not_known_is_refused(policy: str, said: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        what_if(recorded(10, bad=0), [policy])
    assert said in str(refused.value)


def test_a_release_without_customers_cannot_be_replayed() -> None:
    with pytest.raises(InvalidInput, match="nothing was counted of shop v2"):
        what_if(read_recording(recording_view(a_story(0, bad=0))), EVERY_POLICY)


def test_stretches_with_a_gap_count_for_nothing() -> None:
    story = a_story(30, bad=1)
    gap = Look(
        "r1",
        START + timedelta(seconds=40),
        0,
        0.1,
        (Increment("errors", Counts(), Counts(9, 9)),),
        Judgement(Verdict.INCONCLUSIVE, (), ""),
        gap="the log was lost",
    )
    recording = read_recording(
        recording_view(Story(story.release, (*story.looks, gap), (), (), START))
    )
    (happened,) = what_if(recording, ())
    assert happened.bad == 29


def test_peers_are_labelled_as_reimplementations() -> None:
    recording = recorded(20, bad=0)
    view = what_if_view(recording, what_if(recording, EVERY_POLICY))
    assert {one["policy"]: one["reimplemented"] for one in view["policies"]} == {
        "recorded": False,
        "gonogo": False,
        "flagger": True,
        "flagger-docs": True,
        "argo-docs": True,
        "argo-docs-by-version": True,
        "kayenta": True,
    }


def test_traffic_is_what_the_baseline_had_before_promotion() -> None:
    story = a_story(101, bad=5, promoted_at=51)
    found = traffic_of(read_recording(recording_view(story)))
    assert found["errors"].rate == pytest.approx(100)
    assert found["errors"].share == pytest.approx(5 / (50 * 90), rel=0.3)


def test_an_answer_of_another_version_is_refused_in_one_sentence() -> None:
    with pytest.raises(GonogoError, match="the desk's answer cannot be read"):
        read_recording({"looks": [{"when": 3}]})
