"""The lifecycle: one table, one setter, the whole product of stages."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import product

import pytest
from tests.plans import a_release

from gonogo.controllers.release import HANDLERS
from gonogo.domain.errors import Conflict
from gonogo.domain.release import FINAL, TRANSITIONS, WAITING, Release, Stage, move

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def at(stage: Stage) -> Release:
    came_from = Stage.CANARY if stage in WAITING else None
    return replace(a_release(), stage=stage, came_from=came_from)


@pytest.mark.parametrize(("now", "then"), list(product(Stage, Stage)))
def test_a_release_moves_exactly_where_the_table_says(now: Stage, then: Stage) -> None:
    if then in TRANSITIONS[now]:
        moved = move(at(now), then, NOW, "because")
        assert (moved.stage, moved.stage_since, moved.reason) == (then, NOW, "because")
    else:
        with pytest.raises(Conflict, match=f"{now.value} and cannot become {then.value}"):
            move(at(now), then, NOW, "because")


def test_the_table_knows_every_stage_and_only_final_ones_lead_nowhere() -> None:
    assert set(TRANSITIONS) == set(Stage)
    assert {stage for stage, ways in TRANSITIONS.items() if not ways} == FINAL


def test_every_stage_that_something_leaves_has_somebody_who_works_on_it() -> None:
    assert set(HANDLERS) == set(Stage) - FINAL


def test_a_final_stage_can_be_reached_from_every_other() -> None:
    for start in set(Stage) - FINAL:
        seen, edge = {start}, {start}
        while edge:
            edge = {way for stage in edge for way in TRANSITIONS[stage]} - seen
            seen |= edge
        assert seen & FINAL, start


def test_a_waiting_release_remembers_where_it_came_from_until_it_goes_on() -> None:
    paused = move(at(Stage.CANARY), Stage.PAUSED, NOW, "lunch")
    asked = move(paused, Stage.NEEDS_PERSON, NOW + timedelta(minutes=1), "still there?")
    assert (paused.came_from, asked.came_from) == (Stage.CANARY, Stage.CANARY)
    assert move(asked, Stage.CANARY, NOW, "back").came_from is None
