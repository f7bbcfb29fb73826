"""Obeying people: what each word means in each stage; a word that comes too late is answered too."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace

from gonogo.controllers import confirming, rollback
from gonogo.controllers.drive import Drive
from gonogo.domain.errors import (
    ActionFailed,
    Conflict,
    InvalidInput,
    NeedsPerson,
    NotFound,
    sentence,
)
from gonogo.domain.journal import StepState
from gonogo.domain.release import TRANSITIONS, Instruction, InstructionKind, Stage


async def obey(drive: Drive, instruction: Instruction) -> None:
    """Do what a person said, or write down why it cannot be done any more, or was not."""
    try:
        await OBEY[instruction.kind](drive, instruction)
    except ActionFailed as failure:
        if drive.release.stage is Stage.ROLLING_BACK:
            return  # the word is recorded, and that stage tries again by itself
        if _may(drive, Stage.NEEDS_PERSON):
            reason = f"{instruction.kind.value.replace('_', ' ')} failed: {failure}"
            await drive.go(Stage.NEEDS_PERSON, reason, answered=instruction)
        else:
            await rollback.refuse(drive, instruction, str(failure))
    except (NeedsPerson, Conflict, InvalidInput, NotFound) as trouble:
        waiting = await drive.world.store.instructions(drive.release.id)
        if all(each.id != instruction.id for each in waiting):
            raise
        await rollback.refuse(drive, instruction, sentence(trouble))


async def _too_late(drive: Drive, instruction: Instruction) -> None:
    stage = drive.release.stage.value.replace("_", " ")
    await rollback.refuse(drive, instruction, f"the release is {stage}")


def _may(drive: Drive, stage: Stage) -> bool:
    return stage in TRANSITIONS[drive.release.stage]


def _said(instruction: Instruction) -> str:
    return f"{instruction.actor}: {instruction.reason}"


async def _pause(drive: Drive, instruction: Instruction) -> None:
    if _may(drive, Stage.PAUSED):
        await drive.go(Stage.PAUSED, _said(instruction), answered=instruction)
    else:
        await _too_late(drive, instruction)


async def _go_on(drive: Drive, instruction: Instruction, state: StepState) -> None:
    """Send a waiting release back to where it came from, once its open steps are settled."""
    back = drive.release.came_from
    if back is None or not _may(drive, back):
        await _too_late(drive, instruction)
        return
    now = drive.world.clock.now()
    for entry in await drive.world.store.journal(drive.release.id):
        if entry.state in {StepState.UNKNOWN, StepState.FAILED}:
            note = f"said to be {state.value} by {instruction.actor}"
            settled = replace(entry, state=state, ended_at=now, output=note)
            await drive.record("person:step:settled", {"step": entry.step}, journal=settled)
    since = None if drive.release.step_since is None else now
    await drive.go(back, _said(instruction), answered=instruction, step_since=since)


async def _resume(drive: Drive, instruction: Instruction) -> None:
    await _go_on(drive, instruction, StepState.DONE)


async def _retry(drive: Drive, instruction: Instruction) -> None:
    await _go_on(drive, instruction, StepState.PLANNED)


async def _abort(drive: Drive, instruction: Instruction) -> None:
    if not _may(drive, Stage.ABORTED) or drive.release.exposed:
        await _too_late(drive, instruction)
        return
    await rollback.unrehearse(drive)
    await drive.go(Stage.ABORTED, _said(instruction), answered=instruction)


async def _roll_back(drive: Drive, instruction: Instruction) -> None:
    if _may(drive, Stage.ROLLING_BACK):
        await rollback.asked_by(drive, instruction)
    else:
        await _too_late(drive, instruction)


async def _confirm(drive: Drive, instruction: Instruction) -> None:
    if drive.release.stage in confirming.STEPS:
        await confirming.write_down(drive, instruction)
    else:
        await _too_late(drive, instruction)


async def _reject(drive: Drive, instruction: Instruction) -> None:
    if drive.release.stage is Stage.VERIFYING_ROLLBACK:
        failed = ", ".join(line.name for line in instruction.lines if not line.passed)
        what = f" ({failed})" if failed else ""
        reason = f"{instruction.actor} found the version that serves again broken{what}"
        why = f"{reason}: {instruction.reason}"
        data = confirming.word_data(instruction)
        await drive.go(Stage.NEEDS_PERSON, why, data=data, answered=instruction)
    elif drive.release.stage is Stage.VERIFYING:
        await drive.record("person:verification:rejected", confirming.word_data(instruction))
        await rollback.asked_by(drive, instruction)
    else:
        await _too_late(drive, instruction)


OBEY: Mapping[InstructionKind, Callable[[Drive, Instruction], Awaitable[None]]] = {
    InstructionKind.PAUSE: _pause,
    InstructionKind.RESUME: _resume,
    InstructionKind.RETRY: _retry,
    InstructionKind.ABORT: _abort,
    InstructionKind.ROLL_BACK: _roll_back,
    InstructionKind.CONFIRM: _confirm,
    InstructionKind.REJECT: _reject,
}
