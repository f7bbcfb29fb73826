"""Driving one release to its end: a table of stages, and what follows when a stage fails.

Level-triggered: every turn reads where the release stands and does what that stage asks for. A
turn may be cut off at any point and begun again by another driver.
"""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace

from gonogo.controllers import clearing, instructions, rollback, stages
from gonogo.controllers.drive import Drive, Interrupted
from gonogo.controllers.guard import Harm, Lookout
from gonogo.controllers.heartbeat import beat, beside
from gonogo.controllers.stages import BLOCKED
from gonogo.domain.errors import (
    ActionFailed,
    Conflict,
    InvalidInput,
    NeedsPerson,
    NotFound,
    Unavailable,
    sentence,
)
from gonogo.domain.release import TRANSITIONS, WAITING, Instruction, Stage

log = logging.getLogger("gonogo.release")

_EXPOSING = frozenset({Stage.CANARY, Stage.PROMOTING, Stage.VERIFYING, Stage.WATCHING})


async def rest(drive: Drive, lookout: Lookout) -> None:
    """A person has the next word; customers who are on the version are watched all the same."""
    stage = drive.release.stage
    while drive.release.stage is stage:
        if drive.release.exposed and drive.release.came_from in _EXPOSING:
            harm = await lookout.once()
            if harm is not None:
                if not drive.is_news("harm while a person is asked", harm.reason):
                    # It was tried and failed: trying for ever must not keep that person from being heard.
                    await drive.heed()
                await rollback.because_of(drive, lookout, harm)
                if drive.release.previous is not None:
                    return
            await drive.heed()
        else:
            await drive.wait(drive.world.rhythm.claim)


Handler = Callable[[Drive, Lookout], Awaitable[None]]

HANDLERS: Mapping[Stage, Handler] = {
    Stage.DRAFT: stages.draft,
    Stage.CHECKING: stages.check,
    Stage.HELD: clearing.hold,
    Stage.CLEARED: stages.clear,
    Stage.STAGING: stages.rehearse,
    Stage.CANARY: stages.canary,
    Stage.PROMOTING: stages.promote,
    Stage.VERIFYING: stages.verify,
    Stage.WATCHING: stages.watch,
    Stage.PAUSED: rest,
    Stage.NEEDS_PERSON: rest,
    Stage.ROLLING_BACK: rollback.roll_back,
    Stage.VERIFYING_ROLLBACK: rollback.verify,
}
"""What is done in every stage that something leaves; a test holds it against the transitions."""


async def _no_go(drive: Drive, reason: str) -> None:
    await rollback.unrehearse(drive)
    await drive.go(Stage.NO_GO, reason)


async def _ask(drive: Drive, reason: str) -> None:
    stage = drive.release.stage
    if stage is not Stage.NEEDS_PERSON and Stage.NEEDS_PERSON in TRANSITIONS[stage]:
        await drive.go(Stage.NEEDS_PERSON, reason)
        return
    if reason != drive.release.reason:
        await drive.record(
            "desk:release:waits",
            {"reason": reason},
            change=lambda release: replace(release, reason=reason),
            message=reason,
        )
    if stage is not Stage.NEEDS_PERSON:  # such a stage waits for people anyhow, and tries again
        await drive.pass_time(drive.world.rhythm.regard)


ON_FAILURE: Mapping[Stage, Callable[[Drive, str], Awaitable[None]]] = {
    Stage.CHECKING: _no_go,
    Stage.STAGING: _no_go,
    Stage.CANARY: rollback.after_failure,
    Stage.PROMOTING: rollback.after_failure,
    Stage.VERIFYING: rollback.after_failure,
    Stage.WATCHING: rollback.after_failure,
    Stage.ROLLING_BACK: _ask,
    Stage.VERIFYING_ROLLBACK: _ask,
}
"""Where a release goes when an act of a stage failed. A stage that is not here asks a person."""


async def _after(drive: Drive, failure: str) -> None:
    """What follows from a failure; when that fails as well, a person is asked."""
    try:
        await ON_FAILURE.get(drive.release.stage, _ask)(drive, failure)
    except ActionFailed as second:
        if drive.release.stage is not Stage.ROLLING_BACK:  # that stage tries again by itself
            await _ask(drive, f"{failure}; and then {second}")


async def drive_to_end(drive: Drive) -> None:
    """Drive a release until it has ended. Raises StaleLease when another desk took it over."""
    lookout = Lookout(drive)
    keeper = beside("keeps the lease", _keep_lease(drive))
    turn: asyncio.Task[None] | None = None
    try:
        while not drive.release.final:
            beat(f"the release is {drive.release.stage.value.replace('_', ' ')}")
            turn = asyncio.ensure_future(_turn(drive, lookout))
            await asyncio.wait({turn, keeper}, return_when=asyncio.FIRST_COMPLETED)
            if keeper.done():
                keeper.result()
            await turn
    finally:
        # A turn is a task of its own: whoever ends the drive has to end it too.
        working = [task for task in (turn, keeper) if task is not None]
        for task in working:
            task.cancel()
        await asyncio.gather(*working, return_exceptions=True)
        with contextlib.suppress(Unavailable):
            await lookout.close()
        await drive.end()


async def _keep_lease(drive: Drive) -> None:
    while True:
        await asyncio.sleep(drive.world.rhythm.lease.total_seconds() / 3)
        with contextlib.suppress(Unavailable):  # `may_act` refuses acts when the lease runs out
            await drive.renew()


async def _turn(drive: Drive, lookout: Lookout) -> None:
    """One turn: a stage's work or a person's word, and what follows when it fails."""
    try:
        await _settled(drive, _work(drive, lookout))
        drive.trouble = None
    except Unavailable as trouble:
        if drive.trouble != str(trouble):
            log.warning("release %s waits: %s", drive.release.id, trouble)
        try:
            await _settled(drive, _bide(drive, lookout, trouble))
        except Unavailable:
            await asyncio.sleep(drive.world.rhythm.keep.total_seconds())


async def _work(drive: Drive, lookout: Lookout) -> None:
    await drive.be_sure()
    if not drive.release.final:  # the write of which nobody knew may have been the last one
        await HANDLERS[drive.release.stage](drive, lookout)


async def _settled(drive: Drive, work: Awaitable[None]) -> None:
    """Do it, or what a person says meanwhile; where that fails, do what follows from the failure.

    Raises Unavailable: that is to be tried again.
    """
    try:
        try:
            await work
        except Interrupted as said:
            await _obey(drive, said.instruction)
    except ActionFailed as failure:
        log.warning("release %s: %s", drive.release.id, failure)
        with drive.undisturbed():
            await _after(drive, str(failure))
    except (NeedsPerson, Conflict, InvalidInput, NotFound) as trouble:
        await _ask(drive, sentence(trouble))


async def _obey(drive: Drive, instruction: Instruction) -> None:
    await drive.be_sure()  # what a word means depends on the stage that is really stored
    with drive.undisturbed():
        await instructions.obey(drive, instruction)


async def _bide(drive: Drive, lookout: Lookout, trouble: Unavailable) -> None:
    """Wait a moment for what did not answer; customers who are on the version are watched meanwhile."""
    stage = drive.release.came_from if drive.release.stage in WAITING else drive.release.stage
    exposed = drive.release.exposed and stage in _EXPOSING
    harm: Harm | None = None
    try:
        if exposed:
            harm = await lookout.during(_pause(drive, trouble))
        else:
            await _pause(drive, trouble)
            await drive.heed()  # what never answers must not keep a person's word from being heard
    except Interrupted as said:
        await _obey(drive, said.instruction)
        return
    nowhere = drive.release.previous is None and drive.release.stage in WAITING
    if harm is not None and not nowhere:
        await rollback.because_of(drive, lookout, harm)


async def _pause(drive: Drive, trouble: Unavailable) -> None:
    """What does not go away at once is said where people look, as far as it can be written down."""
    reason = f"{BLOCKED}{sentence(trouble)}"
    if drive.trouble == str(trouble) and drive.release.reason != reason:
        with contextlib.suppress(Unavailable):
            await drive.record(
                "desk:release:waits",
                {"reason": reason},
                change=lambda release: replace(release, reason=reason),
                message=reason,
            )
    drive.trouble = str(trouble)
    await asyncio.sleep(drive.world.rhythm.keep.total_seconds())
