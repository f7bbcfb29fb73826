"""Looking at many units often, and at systemd seldom.

One question tells of all units and is answered for everybody who asks within half a second. Between
questions a unit counts as running only while the very process that systemd named as its main one lives;
the moment that process is gone, systemd is asked anew.

Whoever watches a version must not go deaf with systemd: a quick look at one whose process lives waits
for nothing, and every other quick look for a second at most. What systemd last said counts for a
quarter of a minute; after that nothing is known.
"""

import asyncio
import math
import time

import psutil

from gonogo.adapters.local.process import Identity, identify, lives
from gonogo.adapters.systemd.systemctl import ASK_SECONDS, Standing, Systemctl, UnitState
from gonogo.domain.errors import Unavailable

FRESH_SECONDS = 0.5
STEADY_SECONDS = 5.0
LONGEST_SECONDS = 15.0
_QUICK_SECONDS = 1.0

ENDED_ALREADY = Identity(0, 0.0, "")
"""Stands in a note for the main process of a unit that was started, when nobody saw its number."""


class Look:
    """What is known of the units that match a glob."""

    def __init__(self, systemctl: Systemctl, glob: str) -> None:
        self._systemctl = systemctl
        self._glob = glob
        self._asking: asyncio.Task[None] | None = None
        self._states: dict[str, UnitState] = {}
        self._leaders: dict[str, Identity] = {}
        self._asked_at = -math.inf
        self._forgotten = 0

    async def everything(self) -> dict[str, UnitState]:
        """All of them, as systemd says now. Raises Unavailable."""
        await self._within(0, ASK_SECONDS)
        return self._states

    async def at(self, unit: str, *, thoroughly: bool) -> tuple[UnitState, Identity | None]:
        """One unit and its main process.

        Thoroughly means that systemd itself was asked within the last half second; otherwise that its
        process lives may be enough. Raises Unavailable.
        """
        patience = ASK_SECONDS if thoroughly else _QUICK_SECONDS
        if thoroughly or not self._steady(unit):
            await self._within(FRESH_SECONDS, patience)
        leader = self._leaders.get(unit)
        if leader is not None and not lives(leader):
            await self._within(0, patience)
        return self._states.get(unit) or nothing(unit), self._leaders.get(unit)

    def forget(self, unit: str) -> None:
        """What was known of this unit holds no more."""
        self._leaders.pop(unit, None)
        self._asked_at = -math.inf
        self._forgotten += 1

    def _steady(self, unit: str) -> bool:
        """Whether what is known of the unit does without a wait; asks meanwhile when it grows old."""
        leader = self._leaders.get(unit)
        age = time.monotonic() - self._asked_at
        if leader is None or age >= LONGEST_SECONDS or not lives(leader):
            return False
        if age >= STEADY_SECONDS:
            self._ask()
        return True

    def leader(self, state: UnitState) -> Identity | None:
        """Who the unit's main process is, where there is one."""
        if state.pid is None:
            return None
        try:
            return identify(psutil.Process(state.pid))
        except psutil.Error:
            return None

    async def _within(self, seconds: float, patience_seconds: float) -> None:
        """See that what is known was asked for within these seconds. Raises Unavailable."""
        begun = time.monotonic()
        while self._asked_at < begun - seconds:
            left = begun + patience_seconds - time.monotonic()
            asking = self._ask()
            await asyncio.wait({asking}, timeout=max(left, 0))
            if not asking.done():
                raise Unavailable(
                    f"systemd did not answer within {patience_seconds:g} s:"
                    f" {self._systemctl.words} show",
                    hint=f"{self._systemctl.words} status",
                )
            asking.result()

    def _ask(self) -> "asyncio.Task[None]":
        """The question that is under way, or a new one."""
        if self._asking is None or self._asking.done():
            self._asking = asyncio.ensure_future(self._question())
            self._asking.add_done_callback(_heard)
        return self._asking

    async def _question(self) -> None:
        asked_at, forgotten = time.monotonic(), self._forgotten
        self._states = await self._systemctl.units(self._glob)
        self._leaders = {
            unit: leader
            for unit, state in self._states.items()
            if state.standing is Standing.UP and (leader := self.leader(state)) is not None
        }
        # What was asked before an act may say what was true before it.
        self._asked_at = asked_at if forgotten == self._forgotten else -math.inf


def _heard(asking: "asyncio.Task[None]") -> None:
    """Nobody may be waiting any more for what went wrong."""
    if not asking.cancelled():
        asking.exception()


def nothing(unit: str) -> UnitState:
    """A unit that systemd has not loaded."""
    return UnitState(unit, "not-found", "inactive", "dead", "", None, 0, 0, 0, stale=False)
