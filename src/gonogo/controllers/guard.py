"""Keeping watch over customers while anything else goes on."""

import asyncio
import logging
from collections.abc import Coroutine
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from gonogo.controllers.drive import Drive
from gonogo.controllers.heartbeat import beat, beside
from gonogo.controllers.judging import Watcher
from gonogo.controllers.pace import PROBE
from gonogo.controllers.steps import died
from gonogo.domain.errors import Unavailable
from gonogo.domain.instance import InstanceState, instance_id
from gonogo.domain.verdict import Judgement, Verdict

log = logging.getLogger("gonogo.release")


@dataclass(frozen=True, slots=True)
class Harm:
    """Why a release has to be taken back: who says so and when the last of it was seen."""

    action: str
    reason: str
    at: datetime
    judgement: Judgement
    kpi: str | None = None


class Lookout:
    """The watcher of one drive, opened when the first customer may come, closed with the drive."""

    def __init__(self, drive: Drive) -> None:
        self._drive = drive
        self._stack = AsyncExitStack()
        self._watcher: Watcher | None = None
        self._opening = asyncio.Lock()
        self._next_probe = drive.world.clock.now()
        self._flushing: asyncio.Task[None] | None = None

    async def watcher(self) -> Watcher:
        """The open watcher."""
        if self._watcher is not None:
            return self._watcher
        async with self._opening:  # whoever comes while it is being opened waits for the same one
            if self._watcher is None:
                self._watcher = await self._open()
            return self._watcher

    async def _open(self) -> Watcher:
        slots = await self._drive.slots(self._drive.plan.production)
        return await self._stack.enter_async_context(Watcher(self._drive, slots))

    async def close(self) -> None:
        """Stop counting."""
        flushing, self._flushing = self._flushing, None
        if flushing is not None:
            # A write that never ends must not keep the source open; what it was to store is a gap.
            await asyncio.wait(
                {flushing}, timeout=self._drive.world.rhythm.farewell.total_seconds() / 2
            )
            flushing.cancel()
            await asyncio.gather(flushing, return_exceptions=True)
        await self._stack.aclose()
        self._watcher = None

    async def once(self) -> Harm | None:
        """Watch until the next batch, or for one short while; returns harm when there is any."""
        beat()
        drive, watcher = self._drive, await self.watcher()
        harmed = await watcher.look(drive.world.rhythm.poll)
        now = drive.world.clock.now()
        if harmed:
            found = watcher.judgement()
            rates = [each.kpi for each in found.kpis if each.verdict is Verdict.FAIL]
            gauges = [each.gauge.name for each in found.gauges if each.verdict is Verdict.FAIL]
            kpi = next(iter((*rates, *gauges)), None)
            return Harm("judge:release:fail", found.sentence, now, found, kpi)
        met = watcher.criterion_met()
        if met is not None:
            return Harm("criterion:release:fail", met, now, watcher.judgement())
        withdrawn = drive.world.withdrawn.get(self._identity)
        if withdrawn is not None:
            return Harm("desk:release:withdrawn", withdrawn, now, watcher.judgement())
        died = await self._died(watcher) if now >= self._next_probe else None
        if died is not None:
            return Harm("deployer:release:fail", died, now, watcher.judgement())
        self._keep_books(watcher)
        return None

    def _keep_books(self, watcher: Watcher) -> None:
        """Store beside the watching: a database that hangs must not make the judge deaf."""
        if self._flushing is not None and self._flushing.done():
            flushed, self._flushing = self._flushing, None
            flushed.result()
        if watcher.due() and self._flushing is None:
            self._flushing = beside("stores what was seen", self._flush(watcher))

    async def _flush(self, watcher: Watcher) -> None:
        try:
            await watcher.flush()
        except Unavailable as trouble:
            log.warning("release %s: what was seen waits: %s", self._drive.release.id, trouble)

    @property
    def _identity(self) -> str:
        return instance_id(self._drive.release.id, self._drive.plan.production.name)

    async def _died(self, watcher: Watcher) -> str | None:
        world = self._drive.world
        apart = world.pace.of_releases(world.rhythm.poll, PROBE)
        self._next_probe = world.clock.now() + apart
        instance = watcher.own
        if instance is None:
            return f"{self._drive.release.version} has no slot any more"
        status = await world.deployer.status(instance, probe=False)
        if status.state in {InstanceState.RUNNING, InstanceState.UNKNOWN}:
            return None
        return died(instance.version, status)

    async def during(self, work: Coroutine[Any, Any, None]) -> Harm | None:
        """Keep watch until the work is done. Harm ends the work; the work's own errors come through."""
        task = beside("works while it watches", work)
        try:
            while not task.done():
                harm = await self.once()
                if harm is not None:
                    return harm
            await task
            return None
        finally:
            if not task.done():
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)
