"""Literal rollback criteria: the share in a sliding window, at its word."""

from datetime import UTC, datetime, timedelta

import pytest

from gonogo.domain.plan import CriterionMode, RollbackCriterion
from gonogo.domain.traffic import BadStatus, Counts, Endpoint
from gonogo.judge import LiteralState, begin_literal, fired, observe_literal
from gonogo.judge.literal import BUCKETS

START = datetime(2026, 3, 1, 12, tzinfo=UTC)


def criterion(
    name: str = "errors", window: int = 600, mode: CriterionMode = CriterionMode.LITERAL
) -> RollbackCriterion:
    return RollbackCriterion(
        name, BadStatus(((500, 599),)), Endpoint(), 0.05, mode, timedelta(seconds=window), 20
    )


def fed(state: LiteralState, *moments: tuple[float, int, int]) -> LiteralState:
    for second, bad, total in moments:
        state = observe_literal(
            state, START + timedelta(seconds=second), {"errors": Counts(bad, total)}
        )
    return state


def test_it_fires_only_strictly_above_the_limit():
    assert fired(fed(begin_literal([criterion()]), (0, 5, 100))) is None
    sentence = fired(fed(begin_literal([criterion()]), (0, 6, 100)))
    assert sentence == "errors: 6 of 100 requests bad (6 %) within 10 min, more than the 5 % agreed"


def test_it_waits_for_its_minimum_of_requests():
    state = fed(begin_literal([criterion()]), (0, 19, 19))
    assert fired(state) is None
    assert fired(fed(state, (1, 0, 1))) is not None


def test_what_is_older_than_the_window_no_longer_counts():
    state = fed(begin_literal([criterion()]), (0, 5, 100), (601, 5, 100))
    assert fired(state) is None
    assert state[0].counts == Counts(5, 100)


def test_what_is_as_old_as_the_window_still_counts():
    assert fired(fed(begin_literal([criterion()]), (0, 5, 100), (600, 6, 100))) is not None


def test_once_fired_it_stays_fired():
    state = fed(begin_literal([criterion()]), (0, 50, 100), (5000, 0, 100))
    assert fired(state) is not None
    assert state[0].counts == Counts(0, 100)


def test_judged_criteria_have_no_window():
    assert begin_literal([criterion(mode=CriterionMode.JUDGED)]) == ()


def test_a_clock_that_steps_back_drops_nothing():
    state = fed(begin_literal([criterion()]), (100, 3, 50), (40, 3, 50))
    assert fired(state) is not None


@pytest.mark.parametrize("window", [1, 600, 86_400])
def test_the_state_is_bounded_however_many_looks_come(window):
    state = begin_literal([criterion(window=window)])
    for number in range(5000):
        state = fed(state, (number * window / 4500, 0, 3))
    assert len(state[0].buckets) <= BUCKETS + 1
    assert state[0].counts.total >= 3 * 4490


def test_criteria_are_watched_each_by_its_own_counts():
    state = begin_literal([criterion(), criterion("orders")])
    state = observe_literal(state, START, {"errors": Counts(0, 50), "orders": Counts(50, 50)})
    assert [window.fired is not None for window in state] == [False, True]
