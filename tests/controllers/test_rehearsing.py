"""The rollback rehearsal: what it proves, what it refutes, and that it leaves nothing behind."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
from tests.controllers.stage import Theatre, play
from tests.plans import a_plan

from gonogo.adapters.memory.deployer import Behaviour
from gonogo.adapters.memory.smoke import SmokeFault
from gonogo.controllers.rehearsal_remains import PLACE, identities
from gonogo.domain.errors import Unavailable
from gonogo.domain.gate_rules import RehearsalRule, SmokeRule
from gonogo.domain.instance import Instance
from gonogo.domain.plan import Command, Environment, Health, Migrations, Rehearsal
from gonogo.domain.release import InstructionKind, Release, Stage

ENVIRONMENTS = (
    Environment("staging", 8081, database_url="sqlite:////srv/staging.db"),
    Environment("production", 8080, database_url="sqlite:////srv/production.db"),
)
UP, DOWN, SEED = "up {version} {database_url}", "down {database_url}", "seed {database_url}"


def plan(*, downgrade: bool = False):
    return a_plan(
        gates=(SmokeRule(), RehearsalRule()),
        environments=ENVIRONMENTS,
        migrations=Migrations(
            Command("migrate", UP),
            Command("downgrade", DOWN) if downgrade else None,
            Rehearsal(seed=Command("seed", SEED)),
        ),
    )


async def scene(desk: Theatre) -> None:
    """v1 serves, and takes a while to start from now on."""
    await desk.serve_first()
    desk.deployer.behave("v1", Behaviour(healthy_after=timedelta(seconds=3)))


async def rehearsed(desk: Theatre, release: Release) -> list[tuple[str, bool]]:
    entries = await desk.story(release)
    return [
        (entry.data["step"], entry.data["passed"])
        for entry in entries
        if entry.action == "desk:rehearsal:step"
    ]


async def after_step(desk: Theatre, release: Release, step: str) -> None:
    """Wait until a step of the rehearsal was written down."""
    async with asyncio.timeout(300):
        while step not in dict(await rehearsed(desk, release)):  # noqa: ASYNC110 - a row has no event
            await asyncio.sleep(0.1)


def fresh_database_lines(desk: Theatre) -> list[str]:
    """The commands that ran on the fresh database, by their first word."""
    return [job.line.split()[0] for job in desk.workshop.jobs if job.environment == PLACE]


def nothing_is_left(desk: Theatre) -> bool:
    return not desk.scratch.there and all(i.environment != PLACE for i in desk.deployer.running())


async def status_of(desk: Theatre, release: Release) -> str:
    entries = [e for e in await desk.story(release) if e.action.startswith("gates:release:")]
    found = {gate["kind"]: gate["status"] for gate in entries[-1].data["gates"]}
    return str(found["rollback_rehearsal"])


def test_a_version_that_the_one_before_can_live_with_goes_on():
    async def story(desk: Theatre) -> None:
        await scene(desk)
        release = await desk.release("v2")
        await desk.until(release, Stage.CANARY)
        assert await rehearsed(desk, release) == [
            ("previous_on_own_schema", True),
            ("upgrade", True),
            ("previous_on_new_schema", True),
            ("new_on_new_schema", True),
        ]
        assert await status_of(desk, release) == "pass"
        assert fresh_database_lines(desk) == ["up", "seed", "up"]
        assert nothing_is_left(desk)

    play(story, plan())


def test_no_command_of_a_rehearsal_touches_the_database_of_an_environment():
    async def story(desk: Theatre) -> None:
        await scene(desk)
        release = await desk.release("v2")
        await desk.until(release, Stage.CLEARED, Stage.STAGING)
        lines = [job.line for job in desk.workshop.jobs if job.environment == PLACE]
        assert lines
        assert all("gonogo_rehearsal_" in line for line in lines)

    play(story, plan())


def test_a_variable_that_names_a_database_of_an_environment_names_the_fresh_one():
    own = {"DATABASE_URL": "postgresql://elsewhere/shop", "JOBS": "sqlite:////srv/staging.db?x=1"}
    first = replace(ENVIRONMENTS[0], variables={**own, "MAIL": "on"})

    async def story(desk: Theatre) -> None:
        await scene(desk)
        release = await desk.release("v2")
        await desk.until(release, Stage.CLEARED, Stage.STAGING)
        jobs = [job for job in desk.workshop.jobs if job.environment == PLACE]
        assert jobs
        for job in jobs:
            assert "gonogo_rehearsal_" in job.variables["DATABASE_URL"]
            assert "gonogo_rehearsal_" in job.variables["JOBS"]
            assert job.variables["MAIL"] == "off"

    quiet = Rehearsal(variables={"MAIL": "off"})
    migrations = Migrations(Command("migrate", UP), rehearsal=quiet)
    play(story, replace(plan(), environments=(first, ENVIRONMENTS[1]), migrations=migrations))


def test_a_version_before_that_fails_on_the_new_schema_refuses_the_release_and_names_the_request():
    async def story(desk: Theatre) -> None:
        await scene(desk)
        release = await desk.release("v2")
        await after_step(desk, release, "upgrade")
        desk.smoke.faults.append(SmokeFault("home", "answered 500", desk.commits["v1"]))
        refused = await desk.until(release, Stage.NO_GO)
        assert 'v1 cannot run on the schema of v2: v1 failed "home": answered 500' in refused.reason
        assert not refused.exposed
        assert not any(each.startswith(release.id) for each in desk.started_for_customers())
        assert nothing_is_left(desk)

    play(story, plan())


def test_a_new_version_that_fails_on_its_own_schema_is_refused():
    async def story(desk: Theatre) -> None:
        await scene(desk)
        desk.smoke.faults.append(SmokeFault("home", "answered 500", desk.commits["v2"]))
        release = await desk.release("v2")
        refused = await desk.until(release, Stage.NO_GO)
        assert 'v2 cannot run on its own schema: v2 failed "home"' in refused.reason

    play(story, plan())


def test_a_version_before_that_fails_on_its_own_schema_proves_nothing_and_holds():
    async def story(desk: Theatre) -> None:
        await scene(desk)
        desk.smoke.faults.append(SmokeFault("home", "answered 401", desk.commits["v1"]))
        release = await desk.release("v2")
        held = await desk.until(release, Stage.HELD)
        assert "nothing is proven" in held.reason
        assert 'v1 failed "home": answered 401' in held.reason
        assert await status_of(desk, release) == "inconclusive"

    play(story, plan())


def test_what_proved_nothing_is_rehearsed_again_by_the_next_release_of_the_commit():
    async def story(desk: Theatre) -> None:
        await scene(desk)
        desk.smoke.faults.append(SmokeFault("home", "answered 401", desk.commits["v1"]))
        release = await desk.release("v2")
        await desk.until(release, Stage.HELD)
        await desk.say(release, InstructionKind.ABORT)
        await desk.until(release, Stage.ABORTED)
        desk.smoke.faults.clear()
        again = await desk.release("v2")
        await desk.until(again, Stage.CANARY)
        assert len(await rehearsed(desk, again)) == 4

    play(story, plan())


def test_a_proof_is_not_made_twice_for_one_commit():
    async def story(desk: Theatre) -> None:
        await scene(desk)
        release = await desk.release("v2")
        await desk.until(release, Stage.STAGING)
        await desk.say(release, InstructionKind.ABORT)
        await desk.until(release, Stage.ABORTED)
        again = await desk.release("v2")
        await desk.until(again, Stage.CANARY)
        assert await rehearsed(desk, again) == []
        assert await status_of(desk, again) == "pass"

    play(story, plan())


def test_a_declared_downgrade_is_tried_too():
    async def story(desk: Theatre) -> None:
        await scene(desk)
        release = await desk.release("v2")
        await desk.until(release, Stage.CANARY)
        steps = await rehearsed(desk, release)
        assert steps[-2:] == [("downgrade", True), ("previous_after_downgrade", True)]
        assert fresh_database_lines(desk) == ["up", "seed", "up", "down"]

    play(story, plan(downgrade=True))


def test_a_version_before_that_fails_after_the_downgrade_refuses_the_release():
    async def story(desk: Theatre) -> None:
        await scene(desk)
        release = await desk.release("v2")
        await after_step(desk, release, "downgrade")
        desk.smoke.faults.append(SmokeFault("home", "answered 500", desk.commits["v1"]))
        refused = await desk.until(release, Stage.NO_GO)
        assert "v1 cannot run once the schema was taken back from v2" in refused.reason

    play(story, plan(downgrade=True))


@pytest.mark.parametrize("left_running", [False, True])
def test_a_rehearsal_that_was_cut_off_begins_anew_in_a_fresh_database(left_running: bool):
    async def story(desk: Theatre) -> None:
        await scene(desk)
        release = await desk.release("v2")
        await after_step(desk, release, "upgrade")
        made = set(desk.scratch.there)
        await desk.stop_desk()
        assert nothing_is_left(desk)
        if left_running:  # as a desk leaves it that was killed
            desk.scratch.there |= made
            port, health = desk.world.free_port(), Health("/health")
            for identity in identities(release.id, 1):
                old = Instance(identity, "shop", PLACE, "v1", "c", port, "serve", health, {})
                await desk.deployer.start(old)
                port += 1
        desk.start_desk()
        await desk.until(release, Stage.CANARY)
        steps = [step for step, _ in await rehearsed(desk, release)]
        assert steps.count("previous_on_own_schema") == 2
        assert steps[-1] == "new_on_new_schema"
        assert nothing_is_left(desk)

    play(story, plan())


@pytest.mark.parametrize("step", ["previous_on_own_schema", "upgrade", "previous_on_new_schema"])
def test_a_release_that_is_aborted_in_its_rehearsal_leaves_nothing_behind(step: str):
    async def story(desk: Theatre) -> None:
        await scene(desk)
        release = await desk.release("v2")
        await after_step(desk, release, step)
        await desk.say(release, InstructionKind.ABORT)
        await desk.until(release, Stage.ABORTED)
        assert nothing_is_left(desk)

    play(story, plan())


def test_the_first_version_has_no_way_back_to_rehearse():
    async def story(desk: Theatre) -> None:
        release = await desk.release("v1")
        await desk.until(release, Stage.RELEASED)
        assert await status_of(desk, release) == "not_applicable"
        assert await rehearsed(desk, release) == []

    play(story, plan())


def test_where_no_fresh_database_can_be_made_the_release_is_held_and_it_is_told_why():
    async def story(desk: Theatre) -> None:
        await scene(desk)
        desk.scratch.refuses = "the server refuses a fresh database: permission denied"
        release = await desk.release("v2")
        held = await desk.until(release, Stage.HELD)
        assert "rollback rehearsal" in held.reason
        assert await status_of(desk, release) == "missing"
        entries = await desk.story(release)
        (told,) = [e for e in entries if e.action == "desk:rehearsal:impossible"]
        assert "permission denied" in told.data["reason"]

    play(story, plan())


def test_a_seed_that_fails_holds_the_release_with_what_it_printed():
    async def story(desk: Theatre) -> None:
        await scene(desk)
        desk.fail_line("seed ", "no such table: orders")
        release = await desk.release("v2")
        await desk.until(release, Stage.HELD)
        entries = await desk.story(release)
        (told,) = [e for e in entries if e.action == "desk:rehearsal:impossible"]
        assert "seed of v1 ended with 1: no such table: orders" in told.data["reason"]
        assert nothing_is_left(desk)

    play(story, plan())


def test_migrations_that_use_another_database_are_found_out_before_the_new_one_runs():
    async def story(desk: Theatre) -> None:
        await scene(desk)
        desk.scratch.untouched = True
        release = await desk.release("v2")
        held = await desk.until(release, Stage.HELD)
        assert "rehearsal" in held.reason
        assert fresh_database_lines(desk) == ["up"]
        assert nothing_is_left(desk)

    blind = replace(plan(), migrations=Migrations(Command("migrate", "up {version}")))
    play(story, blind)


def test_a_database_server_that_stays_away_is_not_told_again_at_every_try():
    async def story(desk: Theatre) -> None:
        await scene(desk)

        async def away(like: str, name: str) -> str:
            raise Unavailable("the PostgreSQL server at db does not answer")

        desk.scratch.make = desk.scratch.drop = away  # type: ignore[method-assign, assignment]
        release = await desk.release("v2")
        await asyncio.sleep(60)
        told = len(await desk.story(release))
        await asyncio.sleep(3600)
        waits = await desk.now(release)
        assert (waits.stage, len(await desk.story(release))) == (Stage.CHECKING, told)
        assert "does not answer" in waits.reason

    play(story, plan())


def test_a_driver_that_another_has_overtaken_takes_its_own_database_with_it():
    async def story(desk: Theatre) -> None:
        await scene(desk)
        make, made = desk.scratch.make, []

        async def standing_still_before(like: str, name: str) -> str:
            """Another driver puts away what this one is only about to make."""
            for identity in identities(release.id, 1):
                await desk.deployer.stop(identity, 0.0, fence=2)
            made.append(name)
            return await make(like, name)

        desk.scratch.make = standing_still_before
        release = await desk.release("v2")
        async with asyncio.timeout(300):
            while not made or desk.scratch.there:  # noqa: ASYNC110 - what was dropped has no event
                await asyncio.sleep(0.1)
        assert len(made) == 1
        assert not await rehearsed(desk, release)

    play(story, plan())
