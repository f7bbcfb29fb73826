"""The figures of a release, counted by hand."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from gonogo.domain.audit import AuditDraft, AuditEntry, link
from gonogo.domain.look import Look
from gonogo.domain.plan import Environment, Health, Plan, Rollout, Step
from gonogo.domain.release import Release, Stage
from gonogo.domain.story import Story, closing_look, deciding_look, figures
from gonogo.domain.traffic import BadStatus, Counts, Increment, Kpi
from gonogo.domain.verdict import Judgement, Verdict

START = datetime(2025, 11, 22, 14, 0, tzinfo=UTC)
PLAN = Plan(
    service="orders",
    digest="0" * 64,
    run="serve",
    health=Health("/health"),
    environments=(Environment("production", 8100),),
    smoke=(),
    kpis=(Kpi("errors", BadStatus(((500, 599),)), limit=0.05),),
    rollout=Rollout(steps=(Step(0.05, timedelta(minutes=1), 10),)),
    watch=timedelta(minutes=1),
)


def release(stage: Stage = Stage.ROLLED_BACK, **changes: object) -> Release:
    made = Release(
        "r-1",
        "orders",
        "v1.2.0",
        "abc",
        "v1.1.0",
        PLAN,
        "dana",
        START,
        stage,
        START,
        "why",
        exposed=True,
    )
    return replace(made, **changes)


def look(
    seconds: float, *gained: tuple[str, int, int], fail: bool = False, **changes: object
) -> Look:
    increments = tuple(Increment(kpi, canary=Counts(bad, total)) for kpi, bad, total in gained)
    judgement = Judgement(Verdict.FAIL if fail else Verdict.UNPROVEN, (), "")
    made = Look("r-1", START + timedelta(seconds=seconds), 0, 0.05, increments, judgement)
    return replace(made, **changes)


def chain(*drafts: tuple[str, dict[str, object]]) -> tuple[AuditEntry, ...]:
    entries: list[AuditEntry] = []
    for action, data in drafts:
        draft = AuditDraft("desk", action, "r-1", data)
        entries.append(link(draft, START, entries[-1] if entries else None))
    return tuple(entries)


def story(
    looks: tuple[Look, ...] = (), audit: tuple[AuditEntry, ...] = (), **changes: object
) -> Story:
    return Story(release(**changes), looks, audit, (), START + timedelta(minutes=5))


LOOKS = (
    look(1, ("errors", 0, 10), ("orders", 0, 4)),
    look(2, ("errors", 1, 5), ("orders", 2, 6), hurt=("k1", "k2")),
    look(3, ("errors", 1, 5), ("orders", 3, 3), hurt=("k2", "k3"), fail=True),
    look(4, ("errors", 0, 7), ("orders", 0, 1), share=0.25),
)
DECIDED = (
    "judge:release:fail",
    {"at": "2025-11-22T14:00:03Z", "sentence": "orders harm", "kpi": "orders"},
)
ZERO = ("rollback:traffic:confirmed", {"at": "2025-11-22T14:00:03.250+00:00"})


def test_canary_requests_are_those_of_the_kpi_that_counted_most() -> None:
    assert figures(story(LOOKS)).canary_requests == 27


def test_bad_requests_are_those_of_the_kpi_with_the_most_bad() -> None:
    assert figures(story(LOOKS)).canary_bad == 5


def test_a_customer_who_is_hurt_twice_is_counted_once() -> None:
    assert figures(story(LOOKS)).customers_hurt == 3


def test_requests_to_the_decision_end_with_the_deciding_look() -> None:
    assert figures(story(LOOKS, chain(DECIDED))).canary_requests_to_decision == 20


def test_requests_to_a_decision_without_a_failing_look_end_at_its_recorded_time() -> None:
    looks = tuple(replace(one, judgement=LOOKS[0].judgement) for one in LOOKS)
    assert figures(story(looks, chain(DECIDED))).canary_requests_to_decision == 20


def test_nothing_was_needed_for_a_decision_that_never_came() -> None:
    assert figures(story(LOOKS[:2])).canary_requests_to_decision is None


def test_times_and_their_distances_come_from_what_was_recorded() -> None:
    found = figures(story(LOOKS, chain(DECIDED, ZERO)))
    assert found.first_bad_at == START + timedelta(seconds=2)
    assert found.decided_at == START + timedelta(seconds=3)
    assert found.weight_zero_at == START + timedelta(seconds=3.25)
    assert found.seconds_bad_to_weight_zero == pytest.approx(1.25)
    assert found.seconds_decision_to_weight_zero == pytest.approx(0.25)


@pytest.mark.parametrize("data", [{}, {"at": None}, {"at": 12}, {"at": "yesterday"}])
def test_a_time_that_was_not_written_down_is_not_guessed(data: dict[str, object]) -> None:
    found = figures(story(LOOKS, chain(DECIDED, ("rollback:traffic:confirmed", data))))
    assert found.weight_zero_at is None
    assert found.seconds_decision_to_weight_zero is None


def test_a_clock_that_went_back_gives_no_negative_time() -> None:
    before = ("rollback:traffic:confirmed", {"at": "2025-11-22T13:59:59Z"})
    assert figures(story(LOOKS, chain(DECIDED, before))).seconds_decision_to_weight_zero is None


def test_a_stretch_with_a_gap_counts_for_nothing() -> None:
    gap = look(2, ("errors", 9, 90), gap="lines were lost")
    found = figures(story((LOOKS[0], gap)))
    assert (found.canary_requests, found.canary_bad, found.first_bad_at) == (10, 0, None)


def test_the_exposure_is_the_highest_planned_share() -> None:
    assert figures(story(LOOKS)).exposure_share == 0.25


def test_a_version_that_met_no_customer_hurt_none() -> None:
    found = figures(story(stage=Stage.NO_GO, exposed=False))
    assert (found.canary_requests, found.customers_hurt, found.exposure_share) == (0, 0, 0.0)
    assert found.outcome == "no_go"


def test_an_exposed_version_without_looks_has_no_figures_rather_than_zeros() -> None:
    found = figures(story(exposed=True))
    assert found.canary_requests is found.customers_hurt is found.exposure_share is None


def test_reasons_are_told_once_the_judge_first() -> None:
    person = ("person:release:roll_back", {"reason": "customers called"})
    found = figures(story(LOOKS, chain(person, DECIDED), reason="orders harm"))
    assert found.reasons == ("orders harm", "customers called")


def test_the_closing_look_is_the_deciding_one_or_the_last() -> None:
    assert closing_look(story(LOOKS)) is deciding_look(story(LOOKS)) is LOOKS[2]
    assert closing_look(story(LOOKS[:2])) is LOOKS[1]
    assert closing_look(story()) is None
