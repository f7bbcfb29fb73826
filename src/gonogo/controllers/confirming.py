"""A person's word that a version is well, line by line where the plan has lines."""

from dataclasses import asdict
from typing import Any

from gonogo.controllers.drive import Drive
from gonogo.domain.journal import JournalEntry, StepState
from gonogo.domain.release import Instruction, Stage

STEPS = {
    Stage.VERIFYING: "production/confirmation",
    Stage.VERIFYING_ROLLBACK: "rollback/confirmation",
}
"""Where a person may confirm, and the journal step that says they did."""


async def confirmed(drive: Drive) -> bool:
    """Whether somebody has confirmed what the present stage asks for."""
    step = STEPS[drive.release.stage]
    entries = await drive.world.store.journal(drive.release.id)
    return any(entry.step == step and entry.state is StepState.DONE for entry in entries)


async def wait_for_word(drive: Drive) -> bool:
    """Wait for a person's confirmation as long as the plan gives them; whether it came.

    A rejection comes as an instruction and ends the wait by itself.
    """
    wanted = drive.plan.verification
    if wanted is None:
        return True
    deadline = drive.release.stage_since + wanted.within
    while not await confirmed(drive):
        if drive.world.clock.now() >= deadline:
            return False
        await drive.wait(drive.world.rhythm.poll)
    return True


async def ask(drive: Drive, what: str) -> None:
    """Tell people what to try, once a stage: the list, who is asked, and until when."""
    wanted, step = drive.plan.verification, STEPS[drive.release.stage]
    entries = await drive.world.store.journal(drive.release.id)
    if wanted is None or any(entry.step == f"{step} asked" for entry in entries):
        return
    now = drive.world.clock.now()
    who = ", ".join(role.words for role in wanted.roles) or "somebody"
    lines = f": {', '.join(wanted.lines)}" if wanted.lines else ""
    deadline = drive.release.stage_since + wanted.within
    asked = JournalEntry(drive.release.id, f"{step} asked", StepState.DONE, now, now)
    await drive.record(
        "desk:verification:asked",
        {"lines": list(wanted.lines), "roles": [role.value for role in wanted.roles]}
        | {"until": deadline.isoformat()},
        journal=asked,
        message=f"{what}: {who} is asked to try it by {deadline:%H:%M} UTC{lines}",
    )


async def write_down(drive: Drive, instruction: Instruction) -> None:
    """A confirmation as a journal step, with what was tried."""
    entry = JournalEntry(
        release=drive.release.id,
        step=STEPS[drive.release.stage],
        state=StepState.DONE,
        started_at=instruction.at,
        ended_at=drive.world.clock.now(),
        output=f"{instruction.actor}: {instruction.reason}",
    )
    await drive.record(
        "person:verification:confirmed",
        word_data(instruction),
        journal=entry,
        answered=instruction,
        actor=instruction.actor,
    )


def word_data(instruction: Instruction) -> dict[str, Any]:
    """What a person said of the lines they tried, for the audit chain."""
    return {
        "reason": instruction.reason,
        "by": instruction.actor,
        "lines": [asdict(line) for line in instruction.lines],
    }
