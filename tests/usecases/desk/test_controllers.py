"""The health of the desk's tasks."""

from dataclasses import replace

import pytest
from tests.papers import a_desk

from gonogo.domain.controller import ControllerKind, ControllerSeen
from gonogo.domain.health import Health
from gonogo.language.phrases import say
from gonogo.language.reader import Reader
from gonogo.usecases.desk.controllers import at_work, examine_controllers

WELL = ControllerSeen(ControllerKind.CLAIMS, "", None, "waits", 1, 60, 2)
DRIVE = ControllerSeen(ControllerKind.RELEASE, "shop", "r1", "waits", 1, 60, 1)
STUCK = replace(DRIVE, doing="runs build", doing_seconds=700, limit_seconds=600)
ONCE = replace(DRIVE, restarts=1, restarted_seconds=30, trouble="it hung")
OFTEN = replace(DRIVE, restarts=3, restarted_seconds=30, trouble="it hung")
LONG_AGO = replace(DRIVE, restarts=3, restarted_seconds=6000, trouble="it hung")
LEFT = replace(DRIVE, restarts=1, restarted_seconds=6000, left_behind=1)


class Tasks:
    def __init__(self, *seen: ControllerSeen) -> None:
        self._seen = seen

    def seen(self) -> tuple[ControllerSeen, ...]:
        return self._seen

    def restarts(self) -> dict[tuple[ControllerKind, str], int]:
        return {}


async def found(*seen: ControllerSeen):
    async with a_desk() as desk:
        return await examine_controllers(replace(desk.context, controllers=Tasks(*seen)))


@pytest.mark.parametrize(
    ("seen", "health", "detail"),
    [
        (DRIVE, Health.GOOD, "2 tasks at work, each gave a sign of life in the last 2 s"),
        (LONG_AGO, Health.GOOD, "2 tasks at work, each gave a sign of life in the last 2 s"),
        (STUCK, Health.CRITICAL, "it is stuck: runs build for 700 s, and should at most for 600 s"),
        (ONCE, Health.RECOMMENDED, "it had to be begun anew, 1 time so far: it hung"),
        (OFTEN, Health.CRITICAL, "it had to be begun anew, 3 times so far: it hung"),
        (LEFT, Health.RECOMMENDED, "1 before it did not end when it was told to"),
    ],
)
async def test_a_task_is_as_well_as_it_lately_was_and_every_language_can_say_it(
    seen: ControllerSeen, health: Health, detail: str
):
    (finding,) = await found(WELL, seen)
    assert (finding.health, finding.detail) == (health, detail)
    assert bool(finding.remedy) == (health is not Health.GOOD)
    for language in ("ru", "fa"):
        for text in filter(None, (finding.check, finding.detail, finding.remedy)):
            assert say(text, Reader.of(language)).translated, text


async def test_what_may_need_somebody_stands_first():
    async with a_desk() as desk:
        context = replace(desk.context, controllers=Tasks(WELL, ONCE, STUCK))
        assert at_work(context) == (STUCK, ONCE, WELL)
        assert at_work(desk.context) == ()


@pytest.mark.parametrize(
    "doing",
    [
        "begins",
        "the release is rolling back",
        "the release is canary",
        "waits",
        "keeps the lease",
        "stores what was seen",
        "works while it watches",
        "starts v2 in staging",
        "stops r1.production",
        "shares the customers of production",
        "lays out the files of 3f2a3f2a3f2a",
        "runs production-migrate",
        "reads reports/junit.xml",
        "runs the smoke tests in staging",
        "gathers what the gates look at",
        "makes a scratch database",
        "looks into a scratch database",
        "drops a scratch database",
        "looks for releases to drive",
        "sends messages",
        "keeps what serves",
    ],
)
def test_what_a_task_does_is_said_in_every_language(doing: str):
    for language in ("ru", "fa"):
        assert say(doing, Reader.of(language)).translated
