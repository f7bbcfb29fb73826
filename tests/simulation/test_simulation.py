"""Releases with all their disasters. `make simulate` runs many more; a seed that fails replays."""

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from tests.simulation.run import Outcome, simulate

from gonogo.adapters.memory.router import MemoryRouter
from gonogo.controllers import clearing, confirming, rehearsing, rollback, steps
from gonogo.controllers import rehearsal_remains as remains
from gonogo.controllers.drive import Drive, Interrupted
from gonogo.controllers.fleet import Fleet
from gonogo.controllers.supervisor import Supervisor
from gonogo.domain.gate import Answer
from gonogo.domain.release import Release
from gonogo.domain.slot import Slot
from gonogo.ports.store import Change
from gonogo.storage import releases as stored
from gonogo.usecases.gates.gathering import DossierReader

ROOT = Path(__file__).parents[2]
MOST = 1000
SHOWN = range(50, 100)
"""Seeds in which every kind of end is seen, and every way past the gates."""

WAYS = {
    "held → cleared",
    "held → no_go",
    "staging → held",
    "waits canary",
    "rehearsal cut off",
    "rollback verification asked",
    "rollback verified",
}


def broken(outcomes: list[Outcome]) -> str:
    return "\n".join(
        f"seed {each.seed} ({each.kind}): {line}" for each in outcomes for line in each.broken
    )


@cache
def played(seed: int) -> Outcome:
    return simulate(seed)


@pytest.mark.parametrize("first", range(0, 100, 25))
def test_no_rule_is_broken_in_any_of_many_disasters(first: int):
    assert broken([played(seed) for seed in range(first, first + 25)]) == ""


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("first", range(10_000, 10_000 + MOST, 250))
def test_no_rule_is_broken_in_a_thousand_disasters(first: int):
    assert broken([simulate(seed) for seed in range(first, first + 250)]) == ""


def test_a_person_is_heard_also_while_the_way_back_fails_again_and_again():
    assert broken([played(1_002_276)]) == ""


def test_a_word_is_followed_by_the_stage_that_is_stored_though_its_answer_was_lost():
    assert broken([played(1_007_947)]) == ""


def test_the_disasters_lead_to_every_kind_of_end():
    ends = {stage for seed in SHOWN for stage in played(seed).stages}
    assert {"released", "rolled_back", "no_go"} <= ends


def test_the_disasters_lead_through_every_way_past_the_gates():
    assert set() == WAYS - {way for seed in SHOWN for way in played(seed).reached}


def test_a_seed_replays_exactly():
    for seed in (3, 17):
        assert simulate(seed) == simulate(seed)


def test_a_seed_replays_in_another_process_whose_hashes_differ():
    program = "from tests.simulation.run import simulate; print(simulate(17).digest, end='')"
    told = {simulate(17).digest}
    for hash_seed in ("1", "2"):
        environment = {
            **os.environ,
            "PYTHONHASHSEED": hash_seed,
            "PYTHONPATH": f"{ROOT}/src:{ROOT}",
        }
        done = subprocess.run(
            [sys.executable, "-c", program],
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
            check=True,
        )
        told.add(done.stdout)
    assert len(told) == 1


def test_another_seed_is_another_story():
    assert simulate(1).digest != simulate(2).digest


def found_within(most: int, first: int = 0) -> str:
    """The first rule that is seen to be broken."""
    for seed in range(first, first + most):
        outcome = simulate(seed)
        if outcome.broken:
            return f"seed {seed}: {outcome.broken[0]}"
    return ""


Plant = Callable[[pytest.MonkeyPatch], None]


def without_fence(patch: pytest.MonkeyPatch) -> None:
    """The store looks at the revision and not at the fence."""

    def check(_lease: Any, release: Release, row: Any) -> None:
        if row.revision != release.revision:
            raise stored.StaleLease("older")

    patch.setattr(stored, "_check_lease", check)


def act_before_record(patch: pytest.MonkeyPatch) -> None:
    """A version is started before its row is stored."""
    real = Drive.record

    async def record(self: Drive, action: str, data: Any = None, **rest: Any) -> None:
        if action == "desk:slot:occupied":
            environment = next(
                each for each in self.plan.environments if each.name == data["environment"]
            )
            instance = steps.instance_of(rest["slots"][0], self.plan, environment)
            await self.world.deployer.start(instance)
        await real(self, action, data, **rest)

    patch.setattr(Drive, "record", record)


def run_before_journal(patch: pytest.MonkeyPatch) -> None:
    """A command is written down only when it has ended."""
    real = Drive.record

    async def record(self: Drive, action: str, data: Any = None, **rest: Any) -> None:
        if action != "desk:step:started":
            await real(self, action, data, **rest)

    patch.setattr(Drive, "record", record)


def lost_wake_up(patch: pytest.MonkeyPatch) -> None:
    """A drive that nobody wakes never asks whether somebody said something."""

    async def heed(self: Drive) -> None:
        if self._deaf or not self.woken.is_set():
            return
        self.woken.clear()
        instruction = await self.instruction()
        if instruction is not None:
            raise Interrupted(instruction)

    patch.setattr(Drive, "heed", heed)


def lost_rollback_record(patch: pytest.MonkeyPatch) -> None:
    """That customers left is not written down."""

    async def confirm(drive: Drive, environment: Any, _since: Any) -> None:
        await rollback.lay_out(drive, environment)

    patch.setattr(rollback, "_confirm", confirm)


def rollback_without_router(patch: pytest.MonkeyPatch) -> None:
    """A rollback is written down and the router is not told."""

    async def confirm(drive: Drive, _environment: Any, _since: Any) -> None:
        await drive.record(rollback.OUT_OF_ROTATION, {})

    patch.setattr(rollback, "_confirm", confirm)


def repeats_unknown_steps(patch: pytest.MonkeyPatch) -> None:
    """A step that nobody saw end is simply run again."""

    async def unknown(_drive: Drive, _before: Any) -> None:
        return

    patch.setattr(steps, "_unknown", unknown)


def lost_answer(patch: pytest.MonkeyPatch) -> None:
    """A drive whose write had no answer goes on from what it knew before."""

    async def sure(_drive: Drive) -> None:
        return

    patch.setattr(Drive, "be_sure", sure)


def nobody_looks_after_tasks(patch: pytest.MonkeyPatch) -> None:
    """A task whose call never comes back waits for it for ever."""
    patch.setattr(Supervisor, "_look", lambda *_: None)


async def nothing(*_arguments: Any) -> None:
    return


def no_last_word(patch: pytest.MonkeyPatch) -> None:
    """Nobody asks the gates once more before customers come."""
    patch.setattr(clearing, "last_word", nothing)


def lets_on_while_held(patch: pytest.MonkeyPatch) -> None:
    """What is missing no longer stops a release that is in production already."""
    real = clearing.lets_on

    def lets_on(decision: Any, moment: Any) -> bool:
        return decision.answer is not Answer.NO_GO or bool(real(decision, moment))

    patch.setattr(clearing, "lets_on", lets_on)


def stale_papers(patch: pytest.MonkeyPatch) -> None:
    """A decision is made from the papers that were read for the one before."""
    real = DossierReader.gather
    known: dict[Any, Any] = {}

    async def gather(self: DossierReader, candidate: Any, papers: Any) -> Any:
        before = known.get((self, candidate.commit))
        known[self, candidate.commit] = found = await real(self, candidate, papers)
        return before or found

    patch.setattr(DossierReader, "__hash__", object.__hash__)
    patch.setattr(DossierReader, "gather", gather)


def lost_papers(patch: pytest.MonkeyPatch) -> None:
    """A release that is held looks at its gates only when somebody wakes it."""
    patch.setattr(clearing, "_patience", lambda *_: timedelta(days=1))


def deaf_to_time(patch: pytest.MonkeyPatch) -> None:
    """A decision that was written down once is not made again while nobody files anything."""
    real = clearing.look
    made: dict[Any, Any] = {}

    async def look(drive: Drive, moment: Any) -> Any:
        dossier = await clearing.dossier_of(drive)
        key = (drive, moment)
        if key not in made or made[key][0] != dossier.papers:
            made[key] = (dossier.papers, await real(drive, moment))
        return made[key][1]

    patch.setattr(clearing, "look", look)


def rehearsal_left_behind(patch: pytest.MonkeyPatch) -> None:
    """The database of a rehearsal that was cut off has a name that nobody knows any more."""
    real = remains.database_of
    names: dict[Drive, str] = {}

    def database(drive: Drive, fence: int) -> str:
        return names.setdefault(drive, f"{real(drive, fence)}_{len(names)}")

    for module in (rehearsing, remains):
        patch.setattr(module, "database_of", database)


def rehearsed_process_left(patch: pytest.MonkeyPatch) -> None:
    """A rehearsal that was cut off leaves its process."""

    async def forget(drive: Drive) -> None:
        if remains.rehearses(drive):
            for fence in remains._fences(drive):
                database = remains.database_of(drive, fence)
                await drive.world.scratch.drop(remains.server_of(drive.plan), database)

    for module in (rehearsing, remains):
        patch.setattr(module, "forget", forget)
    patch.setattr(rehearsing, "_stop", nothing)


def signed_in_vain(patch: pytest.MonkeyPatch) -> None:
    """Rollback criteria that somebody signed are not watched."""
    patch.setattr(clearing, "take_criteria", nothing)


def confirmed_in_advance(patch: pytest.MonkeyPatch) -> None:
    """That the version before serves well is taken as said."""

    async def wait_for_word(_drive: Drive) -> bool:
        return True

    patch.setattr(confirming, "wait_for_word", wait_for_word)


def router_without_fence(patch: pytest.MonkeyPatch) -> None:
    """A router takes any picture: also the old one of a desk that was paused past its lease."""
    real = MemoryRouter.apply

    async def apply(self: MemoryRouter, layout: Any) -> Any:
        self._pictures.clear()
        return await real(self, layout)

    patch.setattr(MemoryRouter, "apply", apply)


def adopted_is_ended(patch: pytest.MonkeyPatch) -> None:
    """What was there before gonogo is ended like any other version when another takes its place."""
    real = steps.vacate

    async def vacate(drive: Drive, environment: Any, slot: Slot) -> None:
        await real(drive, environment, replace(slot, adopted=False))

    patch.setattr(steps, "vacate", vacate)


def adopted_is_started(patch: pytest.MonkeyPatch) -> None:
    """What was there before gonogo is started again when it has ended, like any other version."""
    real = Fleet._revive

    async def revive(self: Fleet, slot: Slot) -> None:
        await real(self, replace(slot, adopted=False))

    patch.setattr(Fleet, "_revive", revive)


def silent_change(patch: pytest.MonkeyPatch) -> None:
    """That customers were moved is stored without its audit entry."""
    real = Change.__init__

    def made(self: Change, *arguments: Any, **parts: Any) -> None:
        audit = parts.get("audit")
        if audit is not None and audit.action == "desk:traffic:switched":
            parts["audit"] = None
        real(self, *arguments, **parts)

    patch.setattr(Change, "__init__", made)


PLANTED: tuple[Plant, ...] = (
    without_fence,
    router_without_fence,
    silent_change,
    act_before_record,
    run_before_journal,
    lost_wake_up,
    lost_rollback_record,
    rollback_without_router,
    adopted_is_ended,
    adopted_is_started,
    repeats_unknown_steps,
    lost_answer,
    nobody_looks_after_tasks,
    no_last_word,
    lets_on_while_held,
    stale_papers,
    lost_papers,
    deaf_to_time,
    rehearsal_left_behind,
    rehearsed_process_left,
    signed_in_vain,
    confirmed_in_advance,
)


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("plant", PLANTED, ids=lambda plant: plant.__name__)
def test_a_planted_defect_is_found_within_a_thousand_runs(
    plant: Plant, monkeypatch: pytest.MonkeyPatch
):
    plant(monkeypatch)
    assert found_within(MOST) != ""
