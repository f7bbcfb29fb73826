"""Watching what was adopted: nobody here can start it again, so people are told when it goes and comes.

A restart by whoever runs it takes moments, so only what stays away for a while is told, once.
"""

import contextlib
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from gonogo.controllers.world import World
from gonogo.domain.actor import DESK
from gonogo.domain.audit import AuditDraft
from gonogo.domain.errors import Conflict
from gonogo.domain.instance import Instance, InstanceState, InstanceStatus, release_of
from gonogo.domain.message import Message
from gonogo.domain.release import Release
from gonogo.domain.slot import RouterReading, Slot, SlotRole, empty

log = logging.getLogger("gonogo.fleet")

_PATIENCE = timedelta(seconds=2)


@dataclass(slots=True)
class _Seen:
    gone_since: datetime | None = None
    told: bool = False


class AdoptedWatch:
    """What was seen last of the adopted versions of one environment."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._seen: dict[str, _Seen] = {}

    async def look(self, slot: Slot, instance: Instance, release: Release) -> None:
        """One look at one of them. What nobody can tell now (UNKNOWN) is no news."""
        status = await self._world.deployer.status(instance, probe=False)
        seen = self._seen.setdefault(instance.id, _Seen())
        now = self._world.clock.now()
        if status.state is InstanceState.RUNNING:
            seen.gone_since = None
            if seen.told:
                seen.told = False
                await self._tell(release, slot, "back", f"listens on {slot.address} again")
        elif status.state is not InstanceState.UNKNOWN and not seen.told:
            seen.gone_since = seen.gone_since or now
            if now - seen.gone_since >= _PATIENCE:
                seen.told = True
                await self._tell(release, slot, "gone", _gone(slot, status))

    async def let_go(self, slots: Sequence[Slot], reading: RouterReading) -> None:
        """Empty the slots of those that another has taken the place of, once nobody is on them.

        Each goes on running. While a release is under way its slots are its own.
        """
        for slot in slots:
            found = reading.slots.get(slot.name)
            if not slot.adopted or slot.role is not SlotRole.RETIRING:
                continue
            if found is not None and (found.sessions or found.in_rotation):
                continue
            told = {"environment": slot.environment, "slot": slot.name, "version": slot.version}
            data = {**told, "adopted": True, "left_running": slot.address}
            subject = release_of(slot.instance or "")
            audit = AuditDraft(DESK.name, "desk:slot:emptied", subject, data)
            with contextlib.suppress(Conflict):
                await self._world.store.rearrange((empty(slot),), audit)

    async def _tell(self, release: Release, slot: Slot, what: str, said: str) -> None:
        log.warning("%s %s in %s: %s", slot.service, slot.version, slot.environment, said)
        action = f"desk:adopted:{what}"
        now = self._world.clock.now()
        data = {"environment": slot.environment, "address": slot.address, "reason": said}
        text = f"{slot.service} {slot.version} {said}"
        message = Message(self._world.new_id(), release.id, action, text, now)
        audit = AuditDraft(DESK.name, action, release.id, data)
        await self._world.store.rearrange((), audit, (message,))


def _gone(slot: Slot, status: InstanceStatus) -> str:
    harm = (
        f"customers of {slot.environment} get no answer"
        if slot.role is SlotRole.BASELINE and slot.share == 1
        else f"customers of {slot.environment} cannot go back to it"
    )
    trouble = status.detail or f"nothing listens on {slot.address}"
    return f"was adopted and does not run any more ({trouble}): {harm}, and gonogo cannot start it"
