"""Looking at many units often, and at systemd seldom.

One question tells of all units and is answered for everybody who asks within half a second. Between
questions a unit counts as running only while the very process that systemd named as its main one lives;
the moment that process is gone, systemd is asked anew.
"""

import asyncio
import math
import time

import psutil

from gonogo.adapters.local.process import Identity, identify, lives
from gonogo.adapters.systemd.systemctl import Standing, Systemctl, UnitState

FRESH_SECONDS = 0.5
STEADY_SECONDS = 5.0

ENDED_ALREADY = Identity(0, 0.0, "")
"""Stands in a note for the main process of a unit that was started, when nobody saw its number."""


class Look:
    """What is known of the units that match a glob."""

    def __init__(self, systemctl: Systemctl, glob: str) -> None:
        self._systemctl = systemctl
        self._glob = glob
        self._asking = asyncio.Lock()
        self._states: dict[str, UnitState] = {}
        self._leaders: dict[str, Identity] = {}
        self._asked_at = -math.inf
        self._forgotten = 0

    async def everything(self) -> dict[str, UnitState]:
        """All of them, as systemd says now. Raises Unavailable."""
        return await self._within(0)

    async def at(self, unit: str, *, thoroughly: bool) -> tuple[UnitState, Identity | None]:
        """One unit and its main process.

        Thoroughly means that systemd itself was asked within the last half second; otherwise that its
        process lives may be enough. Raises Unavailable.
        """
        leader = self._leaders.get(unit)
        steady = leader is not None and not thoroughly
        states = await self._within(STEADY_SECONDS if steady else FRESH_SECONDS)
        leader = self._leaders.get(unit)
        if leader is not None and not lives(leader):
            states = await self._within(0)
        state = states.get(unit) or nothing(unit)
        return state, self._leaders.get(unit)

    def forget(self, unit: str) -> None:
        """What was known of this unit holds no more."""
        self._leaders.pop(unit, None)
        self._asked_at = -math.inf
        self._forgotten += 1

    def leader(self, state: UnitState) -> Identity | None:
        """Who the unit's main process is, where there is one."""
        if state.pid is None:
            return None
        try:
            return identify(psutil.Process(state.pid))
        except psutil.Error:
            return None

    async def _within(self, seconds: float) -> dict[str, UnitState]:
        wanted = time.monotonic() - seconds
        async with self._asking:
            if self._asked_at <= wanted:
                asked_at, forgotten = time.monotonic(), self._forgotten
                self._states = await self._systemctl.units(self._glob)
                # What was asked before an act may say what was true before it.
                self._asked_at = asked_at if forgotten == self._forgotten else -math.inf
                self._leaders = {
                    unit: leader
                    for unit, state in self._states.items()
                    if state.standing is Standing.UP and (leader := self.leader(state)) is not None
                }
            return self._states


def nothing(unit: str) -> UnitState:
    """A unit that systemd has not loaded."""
    return UnitState(unit, "not-found", "inactive", "dead", "", None, 0, 0, 0, stale=False)
