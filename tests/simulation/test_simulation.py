"""Releases with all their disasters. `make simulate` runs many more; a seed that fails replays."""

import os
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.simulation.run import Outcome, simulate

from gonogo.controllers import rollback, steps
from gonogo.controllers.drive import Drive, Interrupted
from gonogo.domain.release import Release
from gonogo.storage import releases as stored

ROOT = Path(__file__).parents[2]
MOST = 1000


def broken(outcomes: list[Outcome]) -> str:
    return "\n".join(
        f"seed {each.seed} ({each.kind}): {line}" for each in outcomes for line in each.broken
    )


@pytest.mark.parametrize("first", range(0, 150, 25))
def test_no_rule_is_broken_in_any_of_many_disasters(first: int):
    assert broken([simulate(seed) for seed in range(first, first + 25)]) == ""


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("first", range(10_000, 10_000 + MOST, 250))
def test_no_rule_is_broken_in_a_thousand_disasters(first: int):
    assert broken([simulate(seed) for seed in range(first, first + 250)]) == ""


def test_the_disasters_lead_to_every_kind_of_end():
    ends = Counter(stage for seed in range(25) for stage in simulate(seed).stages)
    assert {"released", "rolled_back", "no_go"} <= set(ends)


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


PLANTED: tuple[Plant, ...] = (
    without_fence,
    act_before_record,
    run_before_journal,
    lost_wake_up,
    lost_rollback_record,
    rollback_without_router,
    repeats_unknown_steps,
    lost_answer,
)


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("plant", PLANTED, ids=lambda plant: plant.__name__)
def test_a_planted_defect_is_found_within_a_thousand_runs(
    plant: Plant, monkeypatch: pytest.MonkeyPatch
):
    plant(monkeypatch)
    assert found_within(MOST) != ""
