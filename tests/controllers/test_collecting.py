"""Evidence that the desk makes: reports of declared commands, and what happens when there are none."""

import asyncio
import shlex
from datetime import timedelta

import pytest
from tests.controllers.stage import Theatre, play
from tests.plans import a_plan

from gonogo.controllers import collecting
from gonogo.controllers.drive import Drive
from gonogo.domain.errors import Unavailable
from gonogo.domain.facts import TestFacts
from gonogo.domain.gate_rules import RehearsalRule, SmokeRule, TestsRule
from gonogo.domain.paper import FiledEvidence, Paper
from gonogo.domain.plan import Collection, Command, Environment, Migrations
from gonogo.domain.release import InstructionKind, Release, Stage
from gonogo.ports.workshop import Job, JobResult

REPORT = "reports/junit.xml"
PLAN = a_plan(
    gates=(SmokeRule(), TestsRule()),
    collections=(Collection(Command("unit tests", "make tests"), (REPORT,)),),
)


REHEARSED = a_plan(
    gates=(SmokeRule(), TestsRule(), RehearsalRule()),
    collections=PLAN.collections,
    migrations=Migrations(Command("migrate", "up {database_url}")),
    environments=(
        Environment("staging", 8081, database_url="sqlite:////srv/staging.db"),
        Environment("production", 8080, database_url="sqlite:////srv/production.db"),
    ),
)


def junit(*, failed: int = 0, passed: int = 3) -> bytes:
    cases = [f'<testcase classname="shop" name="good {n}" time="0.1"/>' for n in range(passed)]
    cases += [
        f'<testcase classname="shop" name="bad {n}" time="0.1"><failure message="no"/></testcase>'
        for n in range(failed)
    ]
    counts = f'tests="{passed + failed}" failures="{failed}" errors="0" skipped="0"'
    return f'<testsuite name="unit" {counts}>{"".join(cases)}</testsuite>'.encode()


class Tools:
    """What the commands of a version do to its files, as a shell would."""

    def __init__(self, desk: Theatre, report: bytes | None, exit_code: int = 0) -> None:
        self.report = report
        self.exit_code = exit_code
        self.runs = 0
        self._desk = desk
        self._run = desk.workshop.run
        desk.workshop.run = self.run  # type: ignore[method-assign]

    async def run(self, job: Job) -> JobResult:
        for part in job.line.split(";"):
            words = shlex.split(part)
            if words[:2] == ["rm", "-f"]:
                for path in words[3:]:
                    self._desk.workshop.forget(job.commit, path)
            elif words == ["make", "tests"]:
                self.runs += 1
                await asyncio.sleep(1)
                if self.report is not None:
                    self._desk.workshop.leave(job.commit, REPORT, self.report)
                return JobResult(self.exit_code, "ended\n2 tests are broken", 1.0, "")
        return await self._run(job)


async def filed(desk: Theatre) -> list[FiledEvidence]:
    papers = await desk.store.papers("shop", desk.commits["v2"])
    found = [p.content for p in papers if isinstance(p.content, FiledEvidence)]
    return [each for each in found if isinstance(each.evidence.facts, TestFacts)]


async def missing(desk: Theatre, release: Release) -> str:
    """Why there is no report, as it was written down."""
    entries = await desk.story(release)
    (told,) = [entry for entry in entries if entry.action == "desk:evidence:missing"]
    return str(told.data["reason"])


def test_the_report_of_a_command_becomes_evidence_of_the_desk():
    async def story(desk: Theatre) -> None:
        await desk.serve_first()
        Tools(desk, junit())
        release = await desk.release("v2")
        await desk.until(release, Stage.CANARY)
        (found,) = await filed(desk)
        assert found.evidence.name == "junit.xml"
        assert found.job == "unit tests"
        assert isinstance(found.evidence.facts, TestFacts)
        assert found.evidence.facts.passed == 3

    play(story, PLAN)


def test_a_command_that_fails_speaks_through_its_report():
    async def story(desk: Theatre) -> None:
        await desk.serve_first()
        Tools(desk, junit(failed=2), exit_code=1)
        release = await desk.release("v2")
        refused = await desk.until(release, Stage.NO_GO)
        assert "2 of 5 tests failed" in refused.reason

    play(story, PLAN)


def test_without_a_report_the_release_is_held_and_told_how_the_command_ended():
    async def story(desk: Theatre) -> None:
        await desk.serve_first()
        Tools(desk, None, exit_code=2)
        release = await desk.release("v2")
        held = await desk.until(release, Stage.HELD)
        assert "tests" in held.reason
        reason = await missing(desk, release)
        assert "reports/junit.xml cannot be read" in reason
        assert "ended with 2: 2 tests are broken" in reason

    play(story, PLAN)


def test_a_report_that_came_with_the_files_is_not_taken_for_one_that_was_made():
    async def story(desk: Theatre) -> None:
        await desk.serve_first()
        desk.workshop.leave(desk.commits["v2"], REPORT, junit())
        Tools(desk, None)
        release = await desk.release("v2")
        await desk.until(release, Stage.HELD)
        assert await filed(desk) == []

    play(story, PLAN)


def test_a_report_that_cannot_be_read_holds_the_release():
    async def story(desk: Theatre) -> None:
        await desk.serve_first()
        Tools(desk, b"<testsuite name='unit'><testcase")
        release = await desk.release("v2")
        await desk.until(release, Stage.HELD)
        assert "junit.xml" in await missing(desk, release)
        assert await filed(desk) == []

    play(story, PLAN)


async def _twice(desk: Theatre) -> Tools:
    """Two releases of one commit; the first is aborted once its evidence is there."""
    await desk.serve_first()
    tools = Tools(desk, junit())
    release = await desk.release("v2")
    await desk.until(release, Stage.STAGING)
    await desk.say(release, InstructionKind.ABORT)
    await desk.until(release, Stage.ABORTED)
    again = await desk.release("v2")
    await desk.until(again, Stage.STAGING)
    return tools


def test_evidence_of_a_commit_is_not_made_again_within_a_day():
    async def story(desk: Theatre) -> None:
        tools = await _twice(desk)
        assert tools.runs == 1
        assert len(await filed(desk)) == 1

    play(story, PLAN)


def test_evidence_that_is_too_old_is_made_again(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(collecting, "REUSED_FOR", timedelta())

    async def story(desk: Theatre) -> None:
        tools = await _twice(desk)
        assert tools.runs == 2

    play(story, PLAN)


async def _waits_for_the_store_of_databases(desk: Theatre, seconds: float) -> Tools:
    """The tests ran, and then nothing goes on for as long as no fresh database can be had."""
    await desk.serve_first()
    tools = Tools(desk, junit())
    make = desk.scratch.make

    async def away(like: str, name: str) -> str:
        raise Unavailable("the PostgreSQL server does not answer")

    desk.scratch.make = away  # type: ignore[method-assign]
    release = await desk.release("v2")
    await asyncio.sleep(seconds)
    assert (await desk.now(release)).stage is Stage.CHECKING
    desk.scratch.make = make  # type: ignore[method-assign]
    await desk.until(release, Stage.STAGING)
    return tools


def test_a_report_is_of_the_time_at_which_its_command_ran_however_late_it_is_filed(
    monkeypatch: pytest.MonkeyPatch,
):
    async def full(drive: Drive, papers: tuple[Paper, ...]) -> None:
        raise Unavailable("the disk is full")

    async def story(desk: Theatre) -> None:
        await desk.serve_first()
        Tools(desk, junit())
        begun = desk.clock.now()
        with monkeypatch.context() as patch:
            patch.setattr(collecting, "_file", full)
            release = await desk.release("v2")
            await asyncio.sleep(1800)
        await desk.until(release, Stage.STAGING)
        (found,) = await filed(desk)
        assert found.at - begun < timedelta(minutes=1)

    play(story, PLAN)


def test_a_command_runs_again_in_a_release_that_waited_for_longer_than_its_report_is_used(
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setattr(collecting, "REUSED_FOR", timedelta(minutes=20))

    async def story(desk: Theatre) -> None:
        tools = await _waits_for_the_store_of_databases(desk, 1800)
        assert tools.runs == 2
        assert len(await filed(desk)) == 2

    play(story, REHEARSED)


def test_a_command_that_was_cut_off_is_run_again():
    async def story(desk: Theatre) -> None:
        await desk.serve_first()
        tools = Tools(desk, junit())
        release = await desk.release("v2")
        async with asyncio.timeout(60):
            while tools.runs == 0:  # noqa: ASYNC110 - a count has no event
                await asyncio.sleep(0.1)
        await desk.stop_desk()
        assert await filed(desk) == []
        desk.start_desk()
        await desk.until(release, Stage.STAGING)
        assert tools.runs == 2
        assert len(await filed(desk)) == 1

    play(story, PLAN)
