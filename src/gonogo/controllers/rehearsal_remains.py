"""What a rehearsal makes that has to go again, by names that whoever comes next can tell.

A driver may be cut off in the middle of a rehearsal, or stand still while another takes its place: each
has processes and a database of its own, and the next ones clear up after those before them.
"""

import asyncio
import hashlib

from gonogo.controllers.drive import Drive
from gonogo.domain.errors import ActionFailed, GonogoError, InvalidInput, Unavailable, sentence
from gonogo.domain.gate import GateMode
from gonogo.domain.gate_rules import RehearsalRule
from gonogo.domain.instance import instance_id
from gonogo.domain.plan import Plan

PLACE = "rollback.rehearsal"
"""What the rehearsal's environment is called. No environment of a spec can have this name, so that
none's secrets reach it."""

_DROPS = 3
_DRIVERS_BEFORE = 3
"""Drivers in a row that may have been cut off before they could clear up after the one before them."""


def identities(release_id: str, fence: int) -> tuple[str, str]:
    """The ids of the processes that a rehearsal by the driver with this fence may have started.

    Each driver has its own, and its own database: one that stood still while another took over may
    clear up after itself when it wakes, and must not put away what the other has just begun.
    """
    before, after = (f"{PLACE}-{fence}-{part}" for part in ("before", "after"))
    return instance_id(release_id, before), instance_id(release_id, after)


def _fences(drive: Drive) -> range:
    """The fences of this driver and of those before it that may have left a rehearsal behind."""
    return range(max(1, drive.lease.fence - _DRIVERS_BEFORE), drive.lease.fence + 1)


def rehearses(drive: Drive) -> bool:
    """Whether this release has a rehearsal at all: migrations, and a rule that asks for it."""
    rules = (rule for rule in drive.plan.gates if isinstance(rule, RehearsalRule))
    return drive.plan.migrations is not None and any(
        rule.mode is not GateMode.OFF for rule in rules
    )


def database_of(drive: Drive, fence: int) -> str:
    """The name of the fresh database; ids are given by people too, and not fit for that."""
    digest = hashlib.sha256(drive.release.id.encode()).hexdigest()
    return f"gonogo_rehearsal_{digest[:16]}_{fence}"


def server_of(plan: Plan) -> str:
    """The URL of a database beside which the fresh one is made. Raises InvalidInput where none is named."""
    wanted = plan.migrations.rehearsal.database_url if plan.migrations else None
    like = wanted or plan.environments[0].database_url
    if like is None:
        raise InvalidInput(
            "the rollback rehearsal has no database to be made like",
            hint="give migrations.rehearsal.database_url, or database_url of the first environment",
        )
    return like


async def forget(drive: Drive) -> None:
    """Leave nothing of a rehearsal behind, also of one that was cut off.

    A driver whose place another has taken may stop nothing any more. What it made itself is put away all the
    same: the other one may have looked for it before it was made. Raises what stopping raised.
    """
    if not rehearses(drive):
        return
    refused: GonogoError | None = None
    for fence in _fences(drive):
        for identity in identities(drive.release.id, fence):
            grace = drive.world.rhythm.stop_grace.total_seconds()
            try:
                await drive.world.deployer.stop(identity, grace, fence=drive.lease.fence)
            except GonogoError as trouble:
                refused = refused or trouble
        await _drop_or_tell(drive, database_of(drive, fence))
    if refused is not None:
        raise refused


async def _drop_or_tell(drive: Drive, name: str) -> None:
    trouble = await _drop(drive, name)
    if trouble is not None and drive.is_news(f"left {name}", str(trouble)):
        data = {"database": name, "reason": sentence(trouble)}
        told = f"leaves the scratch database {name} behind: {sentence(trouble)}"
        await drive.record("desk:rehearsal:left", data, message=told)


async def _drop(drive: Drive, name: str) -> GonogoError | None:
    """See that the fresh database is gone; why it is not, after as many tries as are worth waiting for."""
    trouble: GonogoError | None = None
    for attempt in range(_DROPS):
        if attempt:
            await asyncio.sleep(drive.world.rhythm.keep.total_seconds())
        try:
            await drive.world.scratch.drop(server_of(drive.plan), name)
        except InvalidInput:
            return None  # there is no place in which one could have been made
        except (ActionFailed, Unavailable) as failed:
            trouble = failed
        else:
            return None
    return trouble
